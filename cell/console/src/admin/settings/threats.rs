//! What is done about addresses from which many different names fail to sign in.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::{Shown, problem_of, revision, revision_of, shell_after};
use crate::view::admin::ThreatsPage;
use crate::view::part::{Choice, Input};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::threat::{ThreatAction, ThreatSettings};
use vocab::id::ZoneId;

const HERE: &str = "/admin/settings/threats";

/// `GET /admin/settings/threats`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let settings = visit.snapshot.org.settings.threats.clone();
    let settings = (Shown::Stored, &settings);
    Ok(page(&visit, visit.shell(), settings, Input::default()))
}

/// `POST /admin/settings/threats`.
pub async fn save(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let word = visit.field("action");
    let mut known = ThreatAction::ALL.into_iter();
    let action = found(&visit, known.find(|action| action.as_str() == word))?;
    let ticked = visit.fields("zone").map(|id| ZoneId::parse(id).ok());
    let zones = found(&visit, ticked.collect::<Option<Vec<ZoneId>>>())?;
    let (excluded, seen) = (Some(zones.clone()), Some(revision(&visit)));
    let changed = visit.cell.change_threats(&permit, action, excluded, seen);
    match changed.await {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let error =
                problem.map_or_else(Input::default, |(_, text)| Input::default().refused(text));
            let settings = ThreatSettings {
                action,
                exclude_zones: zones,
            };
            let settings = (Shown::Typed, &settings);
            Ok(page(&visit, shell, settings, error))
        }
    }
}

fn page(
    visit: &Visit,
    shell: Shell,
    (shown, settings): (Shown, &ThreatSettings),
    zones_error: Input,
) -> Response {
    let zones = visit.snapshot.zones.iter().map(|zone| {
        let is_excluded = settings.exclude_zones.contains(&zone.id);
        Choice::new(zone.id.as_str(), &zone.name).ticked(is_excluded)
    });
    visit.page(&ThreatsPage {
        revision: revision_of(visit, shown, visit.snapshot.org.revision),
        action: Input::of(settings.action.as_str()),
        zones: zones.collect(),
        zones_error,
        shell,
    })
}
