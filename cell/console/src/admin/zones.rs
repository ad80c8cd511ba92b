//! Network zones: the list, and the form of one.

use crate::admin::caller::{
    Answer, Detour, administrator, administrator_freshly, done, found, loaded,
};
use crate::admin::form::{
    Shown, is_ticked, problem_of, revision, revision_of, shell_after, typed_again,
};
use crate::view::admin::{ZoneFormPage, ZoneRow, ZonesPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::sign_on::Zone;
use identity::sign_on::aside::all_rules;
use identity::sign_on::operations::zone_problem;
use identity::sign_on::store::{self, StoredPolicy, StoredZone};
use identity::sign_on::zone::{ZoneReach, ZoneState, parse_ranges};
use ipnet::IpNet;
use vocab::id::ZoneId;

/// Ranges of a zone that the list shows.
const SHOWN_RANGES: usize = 5;

/// `GET /admin/zones`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let (zones, policies) = {
        let org = &visit.context.org;
        let mut tx = loaded(&visit, visit.cell.database.read().await)?;
        let zones = store::load_all_zones(&mut tx, org).await;
        let policies = store::load_all_policies(&mut tx, org).await;
        (loaded(&visit, zones)?, loaded(&visit, policies)?)
    };
    Ok(visit.page(&ZonesPage {
        shell: visit.shell(),
        rows: zones
            .iter()
            .map(|stored| zone_row(stored, &policies))
            .collect(),
        own_address: visit.facts.client.ip.clone(),
    }))
}

fn zone_row(stored: &StoredZone, policies: &[StoredPolicy]) -> ZoneRow {
    let zone = &stored.zone;
    // Those at rest as well: a zone that one of them names stays.
    let rules = policies
        .iter()
        .flat_map(|stored| all_rules(&stored.policy, &stored.aside));
    let speaking = rules
        .filter(|rule| rule.conditions.zones.named().contains(&zone.id))
        .count();
    let more = zone.ranges.len().saturating_sub(SHOWN_RANGES);
    ZoneRow {
        id: zone.id.to_string(),
        name: zone.name.clone(),
        ranges: zone
            .ranges
            .iter()
            .take(SHOWN_RANGES)
            .map(render_range)
            .collect(),
        more: u64::try_from(more).unwrap_or(u64::MAX),
        blocked: zone.blocked,
        active: stored.active,
        rules: u64::try_from(speaking).unwrap_or(u64::MAX),
    }
}

/// A range of one address is written as that address.
fn render_range(range: &IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() {
        range.addr().to_string()
    } else {
        range.to_string()
    }
}

/// `GET /admin/zones/new`.
pub async fn show_new(visit: Visit) -> Answer {
    administrator_freshly(&visit, Permission::ManagePolicies, &visit.path).await?;
    Ok(page(&visit, visit.shell(), None, Inputs::default()))
}

/// `POST /admin/zones/new`.
pub async fn create(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, "/admin/zones").await?;
    let outcome = match read_ranges(&visit) {
        Ok(ranges) => visit
            .cell
            .create_zone(&permit, visit.field("name"), ranges, posted_reach(&visit))
            .await
            .map(drop),
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => Ok(visit.go("/admin/zones")),
        Err(refusal) => refused(&visit, None, refusal),
    }
}

/// `GET /admin/zones/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let stored = load_zone(&visit, &id).await?;
    let inputs = Inputs::of(&stored.zone);
    Ok(page(&visit, visit.shell(), Some(&stored), inputs))
}

/// `POST /admin/zones/{id}`.
pub async fn save(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, "/admin/zones").await?;
    let stored = load_zone(&visit, &id).await?;
    let outcome = match read_ranges(&visit) {
        Ok(ranges) => {
            let zone = Zone {
                id: stored.zone.id.clone(),
                name: visit.field("name").trim().to_owned(),
                ranges,
                blocked: is_ticked(&visit, "blocked"),
            };
            visit
                .cell
                .update_zone(&permit, zone, revision(&visit))
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => Ok(visit.go("/admin/zones")),
        Err(refusal) => refused(&visit, Some(&stored), refusal),
    }
}

/// `POST /admin/zones/{id}/remove`.
pub async fn remove(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManagePolicies, "/admin/zones").await?;
    let stored = load_zone(&visit, &id).await?;
    match visit.cell.delete_zone(&permit, &stored.zone.id).await {
        Ok(()) => Ok(visit.go("/admin/zones")),
        Err(refusal) => as_stored(&visit, &stored, refusal),
    }
}

/// `POST /admin/zones/{id}/activate`.
pub async fn activate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, ZoneState::Active).await
}

/// `POST /admin/zones/{id}/deactivate`.
pub async fn deactivate(Path(id): Path<String>, visit: Visit) -> Answer {
    switch(&visit, &id, ZoneState::Resting).await
}

async fn switch(visit: &Visit, id: &str, state: ZoneState) -> Answer {
    let permit = administrator_freshly(visit, Permission::ManagePolicies, "/admin/zones").await?;
    let stored = load_zone(visit, id).await?;
    let switched = visit.cell.switch_zone(&permit, &stored.zone.id, state);
    match switched.await {
        Ok(()) => Ok(visit.go("/admin/zones")),
        Err(refusal) => as_stored(visit, &stored, refusal),
    }
}

/// The form as the zone is stored, with a refusal above it.
fn as_stored(visit: &Visit, stored: &StoredZone, refusal: Refusal) -> Answer {
    let shell = done(visit, shell_after(visit, refusal))?;
    let inputs = Inputs::of(&stored.zone);
    Ok(page(visit, shell, Some(stored), inputs))
}

/// What stands in the form.
#[derive(Default)]
struct Inputs {
    shown: Shown,
    name: Input,
    ranges: Input,
    blocked: Input,
}

impl Inputs {
    fn of(zone: &Zone) -> Self {
        let lines: Vec<String> = zone.ranges.iter().map(render_range).collect();
        Self {
            shown: Shown::Stored,
            name: Input::of(&zone.name),
            ranges: Input::of(lines.join("\n")),
            blocked: Input::ticked(zone.blocked),
        }
    }
}

fn posted_reach(visit: &Visit) -> ZoneReach {
    if is_ticked(visit, "blocked") {
        ZoneReach::Blocked
    } else {
        ZoneReach::Named
    }
}

fn read_ranges(visit: &Visit) -> Result<Vec<IpNet>, Refusal> {
    parse_ranges(visit.field("ranges"))
        .map_err(|error| Refusal::invalid("ranges", zone_problem(&error)))
}

fn refused(visit: &Visit, stored: Option<&StoredZone>, refusal: Refusal) -> Answer {
    let problem = problem_of(visit.shell().t, &refusal);
    let input = |field: &str| typed_again(visit, field, field, problem.as_ref());
    let inputs = Inputs {
        shown: Shown::Typed,
        name: input("name"),
        ranges: input("ranges"),
        blocked: input("blocked"),
    };
    let shell = done(visit, shell_after(visit, refusal))?;
    Ok(page(visit, shell, stored, inputs))
}

fn page(visit: &Visit, shell: Shell, stored: Option<&StoredZone>, inputs: Inputs) -> Response {
    let present = stored.map_or(0, |stored| stored.revision);
    visit.page(&ZoneFormPage {
        shell,
        id: stored.map(|stored| stored.zone.id.to_string()),
        revision: revision_of(visit, inputs.shown, present),
        active: stored.is_none_or(|stored| stored.active),
        name: inputs.name,
        ranges: inputs.ranges,
        blocked: inputs.blocked,
        own_address: visit.facts.client.ip.clone(),
    })
}

async fn load_zone(visit: &Visit, id: &str) -> Result<StoredZone, Detour> {
    let id = found(visit, ZoneId::parse(id).ok())?;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let zone = store::load_zone(&mut tx, &visit.context.org, &id).await;
    drop(tx);
    found(visit, loaded(visit, zone)?)
}
