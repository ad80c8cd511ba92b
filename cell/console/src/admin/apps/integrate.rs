//! What an app needs to know: addresses, client id, code to begin with.

use crate::admin::apps::{draw, kind_of, load_app};
use crate::admin::caller::{Answer, administrator};
use crate::view::admin::{AppReadyPage, AppTab, Integration};
use crate::view::shell::Right;
use crate::visit::Visit;
use axum::extract::Path;
use axum::response::Response;
use identity::access::Permission;
use identity::app::settings::{ClientAuthentication, GrantKind};
use identity::app::{App, AppKind};
use identity::server::DEFAULT_SERVER_NAME;

/// `GET /admin/apps/{id}/integrate`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    let tab = AppTab::Integrate {
        integration: integration(&visit, &app, None),
        test_href: test_href(&visit, &app),
    };
    Ok(draw(&visit, visit.shell(), &app, tab))
}

/// `GET /admin/apps/{id}/ready`.
pub async fn show_ready(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let app = load_app(&visit, &id).await?;
    Ok(ready_page(&visit, &app, integration(&visit, &app, None)))
}

/// The last step of the wizard.
pub(super) fn ready_page(visit: &Visit, app: &App, integration: Integration) -> Response {
    visit.page(&AppReadyPage {
        shell: visit.shell(),
        id: app.id.to_string(),
        name: app.label.clone(),
        kind: kind_of(app.kind),
        integration,
        test_href: test_href(visit, app),
    })
}

fn test_href(visit: &Visit, app: &App) -> Option<String> {
    let may_try = visit.shell().may(Right::ChangeApps);
    may_try.then(|| format!("/admin/apps/{}/test", app.id))
}

/// What an app needs to know. People sign in at the org's own server; a service gets its tokens from the preset custom
/// one, whose scopes are the org's to choose.
pub(super) fn integration(visit: &Visit, app: &App, client_secret: Option<String>) -> Integration {
    let base = &visit.context.base_url;
    let (issuer, token_endpoint) = if app.kind == AppKind::Service {
        let issuer = format!("{base}/oauth2/{DEFAULT_SERVER_NAME}");
        let token_endpoint = format!("{issuer}/v1/token");
        (issuer, token_endpoint)
    } else {
        (base.clone(), format!("{base}/oauth2/v1/token"))
    };
    Integration {
        discovery: format!("{issuer}/.well-known/openid-configuration"),
        issuer,
        token_endpoint,
        client_id: app.id.to_string(),
        client_secret,
        signs: app.settings.client_authentication == ClientAuthentication::PrivateKeyJwt,
        redirect_uri: app
            .settings
            .redirect_uris
            .first()
            .cloned()
            .unwrap_or_default(),
        scopes: scopes_to_try(visit, app),
    }
}

fn scopes_to_try(visit: &Visit, app: &App) -> String {
    if app.kind != AppKind::Service {
        let offline = app.settings.grants.contains(&GrantKind::RefreshToken);
        return String::from(if offline {
            "openid profile email offline_access"
        } else {
            "openid profile email"
        });
    }
    let server = visit.snapshot.server(DEFAULT_SERVER_NAME);
    let names = server.map(|server| {
        server
            .config
            .scopes
            .iter()
            .map(|scope| scope.name.clone())
            .collect::<Vec<_>>()
    });
    names.unwrap_or_default().join(" ")
}
