//! What a token of a server would say, without issuing it.

use crate::admin::caller::{Answer, Detour, administrator, loaded};
use crate::admin::paging::search_of;
use crate::admin::servers::access::render_lifetime;
use crate::admin::servers::{Server, draw, load_server};
use crate::view::admin::{PreviewForm, ServerTab, TokenPreview};
use crate::view::part::{Choice, Input};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::app::App;
use identity::app::settings::GrantKind;
use identity::person::Person;
use identity::{app, person};
use oauth::events::grant_name;
use oauth::preview::{Preview, PreviewQuestion, load};
use vocab::id::AppId;

/// Most apps that the form offers.
const OFFERED_MAX: i64 = 50;
/// Longest list of scopes that is read.
const SCOPE_CHARS_MAX: usize = 1_024;
/// The grants that can be asked about.
const GRANTS: [GrantKind; 4] = [
    GrantKind::AuthorizationCode,
    GrantKind::RefreshToken,
    GrantKind::ClientCredentials,
    GrantKind::DeviceCode,
];

/// `GET /admin/servers/{id}/preview`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_server(&visit, &id).await?;
    let (app_id, login) = (search_of(&visit, "app"), search_of(&visit, "person"));
    let found = load_things(&visit, &app_id, &login).await?;
    let grant = GRANTS
        .into_iter()
        .find(|grant| grant_name(*grant) == visit.parameter("grant"));
    let scope: String = visit
        .parameter("scope")
        .chars()
        .take(SCOPE_CHARS_MAX)
        .collect();
    let mut person = Input::of(&login);
    let t = visit.shell().t;
    let answer = match (&found.app, grant) {
        _ if !login.is_empty() && found.person.is_none() => {
            person = person.refused(t.servers.preview_nobody);
            TokenPreview::Unasked
        }
        (Some(app), Some(grant)) => {
            let question = PreviewQuestion {
                app,
                grant,
                person: found.person.as_ref(),
                scope: &scope,
            };
            preview(&visit, &server, question).await?
        }
        _ => TokenPreview::Unasked,
    };
    let form = PreviewForm {
        app: Input::of(app_id),
        apps: found.apps,
        find_app: Input::of(search_of(&visit, "find_app")),
        person,
        grant: Input::of(grant.map_or("", grant_name)),
        grants: GRANTS
            .iter()
            .map(|grant| Choice::new(grant_name(*grant), grant_name(*grant)))
            .collect(),
        scope: Input::of(scope),
    };
    let tab = ServerTab::Preview { form, answer };
    Ok(draw(&visit, visit.shell(), &server, tab))
}

/// What the question names, and the apps that it may name.
struct Found {
    apps: Vec<Choice>,
    app: Option<App>,
    person: Option<Person>,
}

async fn load_things(visit: &Visit, app_id: &str, login: &str) -> Result<Found, Detour> {
    let org = &visit.context.org;
    let mut tx = loaded(visit, visit.cell.database.read().await)?;
    let sought = search_of(visit, "find_app");
    let page = app::store::load_page(&mut tx, org, &sought, "", OFFERED_MAX).await;
    let mut apps: Vec<Choice> = loaded(visit, page)?
        .into_iter()
        .map(|app| Choice::new(app.id.as_str(), app.label))
        .collect();
    let app = match AppId::parse(app_id) {
        Ok(id) => loaded(visit, app::store::load(&mut tx, org, &id).await)?,
        Err(_) => None,
    };
    if let Some(app) = app
        .as_ref()
        .filter(|app| !apps.iter().any(|choice| choice.value == app.id.as_str()))
    {
        apps.push(Choice::new(app.id.as_str(), app.label.as_str()));
    }
    let person = if login.is_empty() {
        None
    } else {
        let found = person::store::find_by_identifier(&mut tx, org, login).await;
        loaded(visit, found)?
    };
    drop(tx);
    Ok(Found { apps, app, person })
}

async fn preview(
    visit: &Visit,
    server: &Server,
    question: PreviewQuestion<'_>,
) -> Result<TokenPreview, Detour> {
    let t = visit.shell().t;
    if !server.is_active() {
        return Ok(TokenPreview::Refused {
            reason: t.servers.preview_off.to_owned(),
        });
    }
    let issuer = server.issuer(visit);
    let preview = load(&visit.cell, &issuer, question, visit.facts.now).await;
    Ok(match loaded(visit, preview)? {
        Preview::Refused(denial) => TokenPreview::Refused {
            reason: format!("{}: {}", denial.code, denial.description),
        },
        Preview::Issued {
            access_token,
            id_token,
            rule,
            access_secs,
        } => TokenPreview::Issued {
            id_token: id_token.as_ref().map(indented),
            access_token: indented(&access_token),
            rule: t
                .servers
                .preview_rule
                .replace("{lifetime}", &render_lifetime(&t.servers, access_secs))
                .replace("{rule}", &rule),
        },
    })
}

fn indented(claims: &serde_json::Value) -> String {
    serde_json::to_string_pretty(claims).unwrap_or_default()
}
