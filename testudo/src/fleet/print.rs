//! Answers of the control plane on a terminal.

use crate::fleet::up::EDGE_NAME;
use crate::terminal::{row, table};
use std::collections::BTreeMap;
use wire::control::{CellView, CreatedOrg, OrgView, PageLink, Pin, TlsView};
use wire::names::Host;

fn health(cell: &CellView) -> &'static str {
    match &cell.health {
        Some(health) if health.ready => "healthy",
        Some(_) => "not ready",
        None => "does not answer",
    }
}

/// All cells, a line each.
pub fn cells(cells: &[CellView]) -> String {
    let mut rows = vec![row(&[
        "CELL",
        "REGION",
        "SIZE",
        "STATE",
        "ORGS",
        "HEALTH",
        "REQUESTS/S",
        "ERRORS/S",
        "P99",
    ])];
    for cell in cells {
        let traffic = cell.traffic.as_ref();
        let count = |pick: fn(&wire::control::CellTraffic) -> u64| {
            traffic.map(pick).unwrap_or_default().to_string()
        };
        let p99 = traffic.filter(|traffic| traffic.requests > 0);
        let p99 = p99.map_or_else(
            || String::from("-"),
            |traffic| format!("{:.1} ms", traffic.p99_micros as f64 / 1_000.0),
        );
        rows.push(row(&[
            cell.name.as_str(),
            &cell.region,
            cell.size.as_str(),
            cell.state.as_str(),
            &cell.orgs.to_string(),
            health(cell),
            &count(|traffic| traffic.requests),
            &count(|traffic| traffic.errors),
            &p99,
        ]));
    }
    table(&rows)
}

/// The processes, a line each.
pub fn processes(processes: &BTreeMap<String, Option<u32>>) -> String {
    let mut rows = vec![row(&["MEMBER", "PROCESS"])];
    rows.extend(processes.iter().map(|(name, process)| {
        let process = process.map_or_else(|| String::from("-"), |process| process.to_string());
        row(&[name, &process])
    }));
    table(&rows)
}

/// What became of an edge that was to be replaced.
pub fn replaced(process: u32, handed_over: bool) -> String {
    match handed_over {
        true => format!("{EDGE_NAME} is process {process} now"),
        false => format!(
            "{EDGE_NAME} did not hand over: it ended, or hung and was killed, and was started again as process {process}. \
             Connections that it had are cut off"
        ),
    }
}

/// One cell, a line for each thing.
pub fn cell(cell: &CellView) -> String {
    let mut rows = vec![
        row(&["name", cell.name.as_str()]),
        row(&["region", &cell.region]),
        row(&["cloud", &cell.cloud]),
        row(&["regimes", &cell.regimes.join(", ")]),
        row(&["size", cell.size.as_str()]),
        row(&["state", cell.state.as_str()]),
        row(&["epoch", &cell.epoch.to_string()]),
        row(&["orgs", &cell.orgs.to_string()]),
        row(&["address", &cell.address]),
        row(&["health", health(cell)]),
    ];
    if let Some(waiting) = &cell.waiting {
        rows.push(row(&["waiting", waiting]));
    }
    table(&rows)
}

fn pin(pin: &Pin) -> String {
    let parts: Vec<&str> = [&pin.region, &pin.regime]
        .into_iter()
        .filter_map(Option::as_deref)
        .collect();
    if parts.is_empty() {
        String::from("-")
    } else {
        parts.join(", ")
    }
}

/// All orgs, a line each.
pub fn orgs(orgs: &[OrgView]) -> String {
    let mut rows = vec![row(&["ORG", "NAME", "CELL", "STATE", "PIN", "ID"])];
    rows.extend(orgs.iter().map(|org| {
        row(&[
            org.slug.as_str(),
            &org.name,
            org.cell.as_str(),
            org.state.as_str(),
            &pin(&org.pin),
            org.id.as_str(),
        ])
    }));
    table(&rows)
}

fn hosts_of(org: &OrgView) -> String {
    let hosts: Vec<&str> = org.hosts.iter().map(Host::as_str).collect();
    hosts.join(", ")
}

/// One org, a line for each thing.
pub fn org(org: &OrgView, newest_move: Option<&str>) -> String {
    let mut rows = vec![
        row(&["short name", org.slug.as_str()]),
        row(&["name", &org.name]),
        row(&["id", org.id.as_str()]),
        row(&["cell", org.cell.as_str()]),
        row(&["epoch", &org.epoch.to_string()]),
        row(&["state", org.state.as_str()]),
        row(&["pin", &pin(&org.pin)]),
        row(&["hosts", &hosts_of(org)]),
        row(&["made at", &org.created_at.to_rfc3339_millis()]),
    ];
    if let Some(newest_move) = newest_move {
        rows.push(row(&["move", newest_move]));
    }
    table(&rows)
}

/// A link to the page.
pub fn page(page: &PageLink) -> String {
    format!(
        "Open this link within ten minutes (it works once); for an hour organisations can be moved there:\n  {}\n",
        page.link
    )
}

/// What `fleet down` has stopped.
pub fn stopped(members: &[String]) -> String {
    match members {
        [] => String::from("The fleet is stopped"),
        members => format!("Stopped: {}", members.join(", ")),
    }
}

/// What was done to the host names of an org, before they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostsDone<'h> {
    /// Nothing: they were asked for.
    Nothing,
    /// One was added.
    Added(&'h Host),
    /// One was removed.
    Removed(&'h Host),
}

/// What was done, and the host names, a line each.
pub fn changed_hosts(slug: &str, done: HostsDone<'_>, hosts: &[Host]) -> String {
    let rest = self::hosts(hosts);
    match done {
        HostsDone::Nothing => rest,
        HostsDone::Added(host) => format!(
            "{slug} answers at {host} now, if that name leads to an edge. Its host names:\n{rest}"
        ),
        HostsDone::Removed(host) => {
            format!("{slug} answers at {host} no more. Its host names:\n{rest}")
        }
    }
}

/// Host names, a line each.
fn hosts(hosts: &[Host]) -> String {
    if hosts.is_empty() {
        return String::from("no host names of its own");
    }
    hosts.iter().map(|host| format!("{host}\n")).collect()
}

/// What clients speak, a line for each kind; of a fleet that people reach there.
pub fn tls(view: &TlsView, origin: &str) -> String {
    if origin.starts_with("http:") {
        return format!(
            "nobody speaks TLS to this fleet: people reach it at {origin}; see `testudo fleet up --tls local`"
        );
    }
    let mut rows = vec![row(&[
        "ORG",
        "VERSION",
        "SUITE",
        "GROUP",
        "PROTOCOL",
        "HANDSHAKES",
    ])];
    rows.extend(view.counts.iter().map(|count| {
        row(&[
            count.slug.as_ref().map_or("-", |slug| slug.as_str()),
            &count.version,
            &count.suite,
            &count.group,
            &count.alpn,
            &count.handshakes.to_string(),
        ])
    }));
    let more = if view.more {
        "\nand more; name one with --org"
    } else {
        ""
    };
    format!(
        "{}since {}{more}\n",
        table(&rows),
        view.since.to_rfc3339_millis()
    )
}

/// What holds an org where it is.
fn hold(pin: &Pin) -> String {
    match (&pin.region, &pin.regime) {
        (None, None) => String::from("not pinned: it can move to any cell"),
        (Some(region), None) => format!("pinned to the region {region}"),
        (None, Some(regime)) => format!("pinned to cells that may serve {regime}"),
        (Some(region), Some(regime)) => {
            format!("pinned to the region {region}, and to cells that may serve {regime}")
        }
    }
}

/// An org that was made, and what to do next.
pub fn created(created: &CreatedOrg) -> String {
    let org = &created.org;
    let mut text = format!(
        "{} is in {} ({}), at {}\nPasskeys, sessions and issuers belong to that address: stay with it\n",
        org.slug,
        org.cell,
        hold(&org.pin),
        created.url
    );
    if let Some(setup) = &created.setup_url {
        text.push_str(
            "\nMake its first administrator within one hour, by this link (it works once):\n  ",
        );
        text.push_str(setup);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{HostsDone, changed_hosts, hold, processes, replaced, row, table, tls};
    use std::collections::BTreeMap;
    use vocab::time::Timestamp;
    use wire::control::{Pin, TlsView};
    use wire::names::Host;

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let rows = [row(&["A", "LONG", "C"]), row(&["ab", "é", ""])];
        assert_eq!(table(&rows), "A   LONG  C\nab  é\n");
    }

    #[test]
    fn what_is_missing_is_said() {
        let known = [("cell-a", Some(7)), ("control", None)];
        let known: BTreeMap<_, _> = known.map(|(name, id)| (name.to_owned(), id)).into();
        let said = processes(&known);
        assert_eq!(said, "MEMBER   PROCESS\ncell-a   7\ncontrol  -\n");
        assert_eq!(replaced(7, true), "edge-1 is process 7 now");
        assert!(replaced(7, false).contains("did not hand over"));
        let view = TlsView {
            since: Timestamp::from_seconds(1),
            counts: Vec::new(),
            more: false,
        };
        assert!(tls(&view, "http://localhost:8080").contains("nobody speaks TLS"));
        assert!(tls(&view, "https://localhost:8080").contains("HANDSHAKES"));
    }

    #[test]
    fn what_was_done_to_host_names_is_said() {
        let host = Host::parse("login.acme.com").unwrap();
        let one = [host.clone()];
        let said = changed_hosts("acme", HostsDone::Added(&host), &one);
        assert!(
            said.starts_with("acme answers at login.acme.com now"),
            "{said}"
        );
        assert!(said.ends_with("\nlogin.acme.com\n"), "{said}");
        let said = changed_hosts("acme", HostsDone::Removed(&host), &[]);
        assert!(
            said.contains("no more") && said.ends_with("no host names of its own"),
            "{said}"
        );
        let said = changed_hosts("acme", HostsDone::Nothing, &one);
        assert_eq!(said, "login.acme.com\n");
    }

    #[test]
    fn whoever_makes_an_organisation_hears_what_holds_it() {
        let pin = |region: Option<&str>, regime: Option<&str>| Pin {
            region: region.map(str::to_owned),
            regime: regime.map(str::to_owned),
        };
        for (pin, said) in [
            (pin(None, None), "not pinned: it can move to any cell"),
            (pin(Some("eu"), None), "pinned to the region eu"),
            (
                pin(None, Some("hipaa")),
                "pinned to cells that may serve hipaa",
            ),
            (
                pin(Some("eu"), Some("hipaa")),
                "pinned to the region eu, and to cells that may serve hipaa",
            ),
        ] {
            assert_eq!(hold(&pin), said);
        }
    }
}
