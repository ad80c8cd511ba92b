//! How long sessions last.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done};
use crate::admin::form::{Shown, number, problem_of, revision_of, shell_after};
use crate::admin::settings::{self, Problems};
use crate::view::admin::SessionSettingsPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::org::settings::SessionSettings;

/// Seconds of a minute.
const MINUTE_SECS: i64 = 60;
/// The longest that a session can be let live.
const MINUTES_MAX: i64 = 30 * 24 * 60;

/// `GET /admin/settings/sessions`.
pub async fn show(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let stored = &visit.snapshot.org.settings.session;
    let minutes = |secs: i64| secs.div_euclid(MINUTE_SECS).max(1).to_string();
    let typed = [minutes(stored.idle_secs), minutes(stored.lifetime_secs)];
    let fields = (Shown::Stored, typed);
    Ok(page(&visit, visit.shell(), fields, &Problems::new()))
}

/// `POST /admin/settings/sessions`.
pub async fn save(visit: Visit) -> Answer {
    let permit =
        administrator_freshly(&visit, Permission::ManageOrg, "/admin/settings/sessions").await?;
    let mut problems = Problems::new();
    let mut read = |field: &'static str| {
        number(&visit, field, 1, MINUTES_MAX)
            .map_err(|text| problems.insert(field, text))
            .ok()
    };
    let (idle, lifetime) = (read("idle_minutes"), read("lifetime_minutes"));
    let typed = ["idle_minutes", "lifetime_minutes"].map(|field| visit.field(field).to_owned());
    let fields = (Shown::Typed, typed);
    let (Some(idle), Some(lifetime)) = (idle, lifetime) else {
        return Ok(page(&visit, visit.shell(), fields, &problems));
    };
    let mut changed = visit.snapshot.org.settings.clone();
    changed.session = SessionSettings {
        idle_secs: idle.saturating_mul(MINUTE_SECS),
        lifetime_secs: lifetime.saturating_mul(MINUTE_SECS),
    };
    match settings::save(&visit, &permit, changed).await {
        Ok(()) => Ok(visit.go("/admin/settings/sessions")),
        Err(refusal) => {
            if let Some((field, text)) = problem_of(visit.shell().t, &refusal) {
                let field = match field {
                    "lifetime_secs" => "lifetime_minutes",
                    _ => "idle_minutes",
                };
                problems.insert(field, text);
            }
            let shell = done(&visit, shell_after(&visit, refusal))?;
            Ok(page(&visit, shell, fields, &problems))
        }
    }
}

fn page(
    visit: &Visit,
    shell: Shell,
    (shown, [idle, lifetime]): (Shown, [String; 2]),
    problems: &Problems,
) -> Response {
    let input = |field: &str, value: String| Input {
        value,
        error: problems.get(field).cloned(),
    };
    visit.page(&SessionSettingsPage {
        shell,
        revision: revision_of(visit, shown, visit.snapshot.org.revision),
        idle_minutes: input("idle_minutes", idle),
        lifetime_minutes: input("lifetime_minutes", lifetime),
    })
}
