//! Trying an app: a sign-in through the real endpoints in the administrator's own browser, a token as a service asks
//! for it, the steps of a device. What is issued is shown and ended at once.

use crate::admin::apps::integrate::integration;
use crate::admin::apps::load_app;
use crate::admin::caller::{Answer, Detour, administrator, loaded};
use crate::admin::form::is_ticked;
use crate::consent::scene_of;
use crate::cookie::CookieKind;
use crate::text::Text;
use crate::view::admin::{AppTestOutcome, AppTestPage, DeviceSteps, ServiceTest, curl};
use crate::view::part::Input;
use crate::view::part::Tone;
use crate::view::shell::{Flash, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::app::rules::needs_secret;
use identity::app::settings::{Assignment, GrantKind};
use identity::app::{App, AppKind, AppStatus, store};
use identity::fault::Refusal;
use identity::server::DEFAULT_SERVER_NAME;
use oauth::trial::{Freshness, Outcome, ServiceTrial, TrialTokens, ask_for_service, begin, finish};
use serde_json::{Map, Value};
use std::sync::Arc;

/// `GET /admin/apps/{id}/test`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    Ok(page(&visit, visit.shell(), &app, Input::default(), None))
}

/// `POST /admin/apps/{id}/test`: the browser goes through the sign-in as the app would send it.
pub async fn start(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let freshness = if is_ticked(&visit, "anew") {
        Freshness::Anew
    } else {
        Freshness::AsItIs
    };
    let scopes = integration(&visit, &app, None).scopes;
    match begin(&scene_of(&visit), &permit, &app, &scopes, freshness).await {
        Ok(begun) => {
            let response = visit.go(&begun.address);
            Ok(visit.with_cookie(response, CookieKind::Trial, begun.secret.expose()))
        }
        Err(refusal) => again(&visit, &app, refusal, visit.shell().t.apps.test_off),
    }
}

/// `GET /admin/apps/{id}/test/callback`: what the app would have got.
pub async fn callback(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let secret = visit.cookie(CookieKind::Trial).unwrap_or_default();
    let answer = visit.query_fields();
    let scene = scene_of(&visit);
    let shared = Arc::new(app.clone());
    let response = match finish(&scene, &permit, &shared, &secret, &answer).await {
        Ok(outcome) => {
            let outcome = outcome_of(&visit, &app, outcome).await?;
            page(&visit, visit.shell(), &app, Input::default(), Some(outcome))
        }
        Err(refusal) => again(&visit, &app, refusal, visit.shell().t.apps.test_ended)?,
    };
    Ok(visit.without_cookie(response, CookieKind::Trial))
}

/// `POST /admin/apps/{id}/test/token`: a token as the service itself asks for it.
pub async fn ask(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let app = load_app(&visit, &id).await?;
    let (scope, secret) = (
        visit.field("scope").trim(),
        visit.field("client_secret").trim(),
    );
    let trial = ServiceTrial {
        server: DEFAULT_SERVER_NAME,
        secret: (!secret.is_empty()).then_some(secret),
        scope,
    };
    let shared = Arc::new(app.clone());
    match ask_for_service(&scene_of(&visit), &permit, &shared, &trial).await {
        Ok(outcome) => {
            let outcome = outcome_of(&visit, &app, outcome).await?;
            let scope = Input::of(scope);
            Ok(page(&visit, visit.shell(), &app, scope, Some(outcome)))
        }
        Err(refusal) => again(&visit, &app, refusal, visit.shell().t.apps.test_off),
    }
}

/// The page as before, with a word on what did not go.
fn again(visit: &Visit, app: &App, refusal: Refusal, text: &str) -> Answer {
    match refusal {
        Refusal::WrongState(_) => {
            let shell = Shell {
                flash: Some(Flash {
                    tone: Tone::Warn,
                    text: text.to_owned(),
                }),
                ..visit.shell()
            };
            Ok(page(visit, shell, app, Input::default(), None))
        }
        refusal => Ok(visit.refused(&refusal)),
    }
}

async fn outcome_of(visit: &Visit, app: &App, outcome: Outcome) -> Result<AppTestOutcome, Detour> {
    match outcome {
        Outcome::Worked(tokens) => Ok(worked(*tokens)),
        Outcome::Failed { error, description } => {
            let is_assigned = is_assigned(visit, app).await?;
            let (mend, rest) = decide_mend(visit.shell().t, &error, app.kind, is_assigned);
            let mend_href = if rest.starts_with("/admin") {
                rest.to_owned()
            } else {
                format!("/admin/apps/{}{rest}", app.id)
            };
            Ok(AppTestOutcome::Failed {
                error,
                description,
                mend,
                mend_href,
            })
        }
    }
}

fn worked(tokens: TrialTokens) -> AppTestOutcome {
    AppTestOutcome::Worked {
        id_token: tokens.id_token.map(claims_of).unwrap_or_default(),
        access_token: claims_of(tokens.access_token),
        refreshes: tokens.refreshes,
    }
}

fn claims_of(claims: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    claims
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// Whether the administrator may use the app at all: the first thing that goes wrong.
async fn is_assigned(visit: &Visit, app: &App) -> Result<bool, Detour> {
    let Some(signed_in) = visit.signed_in() else {
        return Ok(false);
    };
    if app.settings.visibility == Assignment::Everyone || app.kind == AppKind::Service {
        return Ok(true);
    }
    let (org, user) = (&visit.context.org, &signed_in.person.id);
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let assigned = store::is_assigned(&mut tx, org, &app.id, user).await;
    drop(tx);
    loaded(visit, assigned)
}

/// What to do about an error, and where: below the app's page, or elsewhere in the administration.
fn decide_mend(
    t: &'static Text,
    error: &str,
    kind: AppKind,
    is_assigned: bool,
) -> (&'static str, &'static str) {
    let t = &t.apps;
    match error {
        "access_denied" if !is_assigned => (t.mend_assign, "/assignments"),
        "access_denied" if kind == AppKind::Service => (t.mend_scope, "/admin/servers"),
        "access_denied" => (t.mend_denied, "/sign-on"),
        "unauthorized_client" => (t.mend_grant, ""),
        "invalid_scope" => (t.mend_scope, "/admin/servers"),
        "invalid_client" => (t.mend_client, "/credentials"),
        _ => (t.mend_other, "/admin/log"),
    }
}

fn page(
    visit: &Visit,
    shell: Shell,
    app: &App,
    scope: Input,
    outcome: Option<AppTestOutcome>,
) -> Response {
    let has = |grant| app.settings.grants.contains(&grant);
    let facts = integration(visit, app, None);
    let service = (app.kind == AppKind::Service).then(|| ServiceTest {
        scope: if outcome.is_none() {
            Input::of(&facts.scopes)
        } else {
            scope
        },
        secret: needs_secret(app.settings.client_authentication).then(Input::default),
        command: curl(&facts),
    });
    let device = has(GrantKind::DeviceCode).then(|| device_steps(visit, app));
    visit.page(&AppTestPage {
        shell,
        id: app.id.to_string(),
        name: app.label.clone(),
        is_active: app.status == AppStatus::Active,
        signs_in: has(GrantKind::AuthorizationCode),
        service,
        device,
        outcome,
    })
}

/// What a device does (RFC 8628 section 3). Ids and addresses of ours need no quoting in a shell.
fn device_steps(visit: &Visit, app: &App) -> DeviceSteps {
    let base = &visit.context.base_url;
    let id = &app.id;
    DeviceSteps {
        begin: format!(
            "curl --data client_id={id} \\\n  --data scope=openid \\\n  {base}/oauth2/v1/device/authorize"
        ),
        page: format!("{base}/device"),
        poll: format!(
            "curl --data client_id={id} \\\n  \
             --data grant_type=urn:ietf:params:oauth:grant-type:device_code \\\n  \
             --data device_code=\"$DEVICE_CODE\" \\\n  {base}/oauth2/v1/token"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::decide_mend;
    use crate::text::en;
    use identity::app::AppKind;

    #[test]
    fn every_error_leads_to_where_it_is_mended() {
        let t = &en::TEXT;
        let table = [
            ("access_denied", AppKind::Web, false, "/assignments"),
            ("access_denied", AppKind::Web, true, "/sign-on"),
            ("access_denied", AppKind::Service, true, "/admin/servers"),
            ("unauthorized_client", AppKind::Web, true, ""),
            ("invalid_client", AppKind::Service, true, "/credentials"),
            ("invalid_scope", AppKind::Service, true, "/admin/servers"),
            ("server_error", AppKind::Web, true, "/admin/log"),
        ];
        for (error, kind, is_assigned, href) in table {
            assert_eq!(decide_mend(t, error, kind, is_assigned).1, href, "{error}");
        }
    }
}
