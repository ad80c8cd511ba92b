//! The system log: a page of it by a filter, and one row.

use crate::admin::caller::{Answer, administrator, found, loaded};
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor, search_of};
use crate::admin::row::{log_row, moment, party_name};
use crate::view::admin::{Fact, LogEntryPage, LogFilter as Asked, LogPage};
use crate::view::row::Outcome as ShownOutcome;
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use database::{DatabaseFault, ReadTx};
use identity::access::Permission;
use identity::fault::Fault;
use identity::{app, group, person};
use ledger::body::{LogEvent, PartyBody};
use ledger::{EventType, LogFilter, LogRow, Outcome};
use protocol::keywords::Keywords;
use vocab::id::{AppId, GroupId, OrgId, UserId};
use vocab::time::Timestamp;

/// Most stretches of the log that are looked through for one page of a family of event types.
const STRETCHES_MAX: usize = 5;
/// Rows of such a stretch.
const STRETCH_ROWS: usize = 500;

/// `GET /admin/log`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadLog).await?;
    let asked = asked_of(&visit);
    let org = &visit.context.org;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let filter = loaded(&visit, load_filter(&mut tx, org, &asked).await)?;
    let before = cursor_of(&visit);
    let page = match decide_events(&asked) {
        Events::All => ledger::load_page(&mut tx, org, &filter, before, PAGE_ROWS)
            .await
            .map(|page| (page.rows, page.next)),
        Events::One(event_type) => {
            let filter = LogFilter {
                event_type: Some(event_type),
                ..filter
            };
            ledger::load_page(&mut tx, org, &filter, before, PAGE_ROWS)
                .await
                .map(|page| (page.rows, page.next))
        }
        Events::Family => load_family(&mut tx, org, &filter, &asked.event, before).await,
        Events::None => Ok((Vec::new(), None)),
    };
    drop(tx);
    let (rows, next) = loaded(&visit, page)?;
    let kept = ["q", "event", "actor", "target", "outcome", "from", "to"];
    Ok(visit.page(&LogPage {
        shell: visit.shell(),
        filter: asked,
        rows: rows
            .iter()
            .map(|row| log_row(visit.shell().t, row))
            .collect(),
        pager: pager(&visit, &kept, next.map(render_seq)),
    }))
}

/// What the visitor filters by.
pub(super) fn asked_of(visit: &Visit) -> Asked {
    Asked {
        words: search_of(visit, "q"),
        event: search_of(visit, "event"),
        actor: search_of(visit, "actor"),
        target: search_of(visit, "target"),
        outcome: search_of(visit, "outcome"),
        from: search_of(visit, "from"),
        to: search_of(visit, "to"),
    }
}

/// The cursor of the rows before that one.
#[must_use]
pub fn render_seq(seq: i64) -> String {
    render_cursor(&[&seq.to_string()])
}

/// The row before which the visitor's page begins.
#[must_use]
pub fn cursor_of(visit: &Visit) -> Option<i64> {
    after_of(visit).parse().ok()
}

/// Which types of event are meant by the beginning of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Events {
    /// Of any type.
    All,
    /// Of this one.
    One(EventType),
    /// Of several that begin so.
    Family,
    /// Of none that there is.
    None,
}

pub(super) fn decide_events(asked: &Asked) -> Events {
    // What is no keyword, or one too many, is found nowhere: the page says what is.
    if Keywords::parse(&asked.words).is_err() {
        return Events::None;
    }
    let beginning = asked.event.as_str();
    if beginning.is_empty() {
        return Events::All;
    }
    if let Some(event_type) = EventType::parse(beginning) {
        return Events::One(event_type);
    }
    let mut family = EventType::ALL
        .iter()
        .copied()
        .filter(|known| known.as_str().starts_with(beginning));
    match (family.next(), family.next()) {
        (Some(_), Some(_)) => Events::Family,
        (Some(only), None) => Events::One(only),
        (None, _) => Events::None,
    }
}

/// Rows of a family of types, picked from a bounded stretch of the log: a page may come back short, with a place to go
/// on from.
async fn load_family(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    beginning: &str,
    mut before: Option<i64>,
) -> Result<(Vec<LogRow>, Option<i64>), DatabaseFault> {
    let mut rows = Vec::new();
    for _ in 0..STRETCHES_MAX {
        let page = ledger::load_page(tx, org, filter, before, STRETCH_ROWS).await?;
        for row in page.rows {
            if !row.event_type.starts_with(beginning) {
                continue;
            }
            if rows.len() == PAGE_ROWS {
                let next = rows.last().map(|last: &LogRow| last.seq);
                return Ok((rows, next));
            }
            rows.push(row);
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok((rows, before))
}

/// The filter that is meant, but for the type: names of people, groups and apps become their ids.
pub(super) async fn load_filter(
    tx: &mut ReadTx,
    org: &OrgId,
    asked: &Asked,
) -> Result<LogFilter, Fault> {
    let actor = if asked.actor.is_empty() {
        None
    } else {
        Some(load_party(tx, org, &asked.actor).await?)
    };
    let target = if asked.target.is_empty() {
        None
    } else {
        Some(load_party(tx, org, &asked.target).await?)
    };
    Ok(LogFilter {
        event_type: None,
        keywords: Keywords::parse(&asked.words).unwrap_or_default(),
        actor,
        target,
        outcome: Outcome::parse(&asked.outcome),
        since: parse_moment(&asked.from),
        until: parse_moment(&asked.to),
    })
}

/// The id of whoever is called so; a text that names nobody is taken for an id.
async fn load_party(tx: &mut ReadTx, org: &OrgId, name: &str) -> Result<String, Fault> {
    let is_id =
        UserId::parse(name).is_ok() || GroupId::parse(name).is_ok() || AppId::parse(name).is_ok();
    if is_id {
        return Ok(name.to_owned());
    }
    if let Some(person) = person::store::find_by_identifier(tx, org, name).await? {
        return Ok(person.id.to_string());
    }
    if let Some(group) = group::store::find_by_name(tx, org, name).await? {
        return Ok(group.id.to_string());
    }
    let app = app::store::find_by_label(tx, org, name).await?;
    Ok(app.map_or_else(|| name.to_owned(), |app| app.id.to_string()))
}

/// A moment as a form sends it: `YYYY-MM-DDTHH:MM`, seconds or not, in UTC.
fn parse_moment(text: &str) -> Option<Timestamp> {
    const TO_THE_MINUTE: usize = 16;
    let seconds = if text.len() == TO_THE_MINUTE {
        ":00Z"
    } else {
        "Z"
    };
    Timestamp::parse_rfc3339(&format!("{text}{seconds}"))
}

/// `GET /admin/log/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadLog).await?;
    let seq: i64 = found(&visit, id.parse().ok())?;
    let org = &visit.context.org;
    let mut tx = loaded(&visit, visit.cell.database.read().await)?;
    let row = ledger::load_event(&mut tx, org, seq).await;
    let former = ledger::load_event(&mut tx, org, seq.saturating_sub(1)).await;
    drop(tx);
    let row = found(&visit, loaded(&visit, row)?)?;
    let former = loaded(&visit, former)?
        .map(|former| former.hash)
        .unwrap_or_default();
    let shell = visit.shell();
    let event = row.event();
    let shown = log_row(shell.t, &row);
    Ok(visit.page(&LogEntryPage {
        message: shown.message,
        event: row.event_type.clone(),
        outcome: ShownOutcome::parse(&row.outcome),
        at: moment(row.published_at),
        facts: event
            .as_ref()
            .map(|event| facts_of(&shell, event))
            .unwrap_or_default(),
        changes: event.as_ref().map(changes_of).unwrap_or_default(),
        json: indented(&row.body),
        chain: (row.hash, former),
        shell,
    }))
}

fn facts_of(shell: &Shell, event: &LogEvent<'_>) -> Vec<Fact> {
    let t = shell.t;
    let mut facts = vec![party_fact(t.watch.actor, &event.actor)];
    facts.extend(
        event
            .target
            .iter()
            .map(|target| party_fact(t.watch.target, target)),
    );
    // Whoever may see the log alone is not led to pages that are closed to them.
    if !shell.may(Right::SeeDirectory) {
        facts.iter_mut().for_each(|fact| fact.href = None);
    }
    let client = event.client.as_ref();
    let context = event.authentication_context.as_ref();
    let texts = [
        (
            t.watch.address,
            client.and_then(|client| client.ip_address.clone()),
        ),
        (
            "User-Agent",
            client
                .and_then(|client| client.user_agent.as_ref())
                .map(|agent| agent.raw_user_agent.clone()),
        ),
        ("reason", event.outcome.reason.clone()),
        (
            "credentialType",
            context.and_then(|context| context.credential_type.clone()),
        ),
        (
            "externalSessionId",
            context.and_then(|context| context.external_session_id.clone()),
        ),
        ("transaction", event.transaction.id.clone()),
    ];
    let known = texts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into_owned())));
    let details = event
        .debug_context
        .iter()
        .flat_map(|context| context.debug_data.iter())
        .map(|(name, value)| (name.to_string(), value.to_string()));
    facts.extend(known.chain(details).map(|(name, value)| Fact {
        name,
        value,
        href: None,
    }));
    facts
}

fn party_fact(name: &str, party: &PartyBody<'_>) -> Fact {
    let id = &party.id;
    let href = if UserId::parse(id).is_ok() {
        Some(format!("/admin/people/{id}"))
    } else if GroupId::parse(id).is_ok() {
        Some(format!("/admin/groups/{id}"))
    } else if AppId::parse(id).is_ok() {
        // Ids of apps, of log streams and of identity providers begin alike.
        let place = match party.kind.as_ref() {
            "LogStream" => "settings/streams",
            "IdentityProvider" => "settings/providers",
            _ => "apps",
        };
        Some(format!("/admin/{place}/{id}"))
    } else {
        None
    };
    Fact {
        name: name.to_owned(),
        value: party_name(party),
        href,
    }
}

fn changes_of(event: &LogEvent<'_>) -> Vec<(String, String, String)> {
    let details = event
        .target
        .iter()
        .filter_map(|target| target.change_details.as_ref());
    details
        .flat_map(|change| {
            let names: std::collections::BTreeSet<&String> =
                change.from.keys().chain(change.to.keys()).collect();
            names.into_iter().map(|name| {
                let side =
                    |values: &std::collections::BTreeMap<String, String>| values.get(name).cloned();
                (
                    name.clone(),
                    side(&change.from).unwrap_or_default(),
                    side(&change.to).unwrap_or_default(),
                )
            })
        })
        .collect()
}

/// The row as it was hashed, indented; as it stands if it is no JSON.
fn indented(body: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(body);
    value
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Asked, Events, decide_events, parse_moment};
    use ledger::EventType;

    #[test]
    fn the_beginning_of_a_name_means_all_one_some_or_no_types() {
        let decide = |event: &str, words: &str| {
            decide_events(&Asked {
                event: event.to_owned(),
                words: words.to_owned(),
                ..Asked::default()
            })
        };
        for (event, words, expected) in [
            ("", "", Events::All),
            ("", "ada", Events::All),
            ("", "ada -", Events::None),
            (
                "user.session.start",
                "",
                Events::One(EventType::UserSessionStart),
            ),
            (
                "user.session.sta",
                "",
                Events::One(EventType::UserSessionStart),
            ),
            ("user.session", "", Events::Family),
            ("nothing.like.it", "", Events::None),
        ] {
            assert_eq!(decide(event, words), expected, "{event} {words}");
        }
    }

    #[test]
    fn moments_of_forms_are_read() {
        let at = parse_moment("2026-11-23T20:31").unwrap();
        assert_eq!(at.to_rfc3339_millis(), "2026-11-23T20:31:00.000Z");
        assert_eq!(
            parse_moment("2026-11-23T20:31:05").unwrap().secs_since(at),
            5
        );
        assert!(parse_moment("").is_none());
        assert!(parse_moment("yesterday").is_none());
    }
}
