//! The apps that have refresh tokens of a server, and those tokens. The organisation's own server has no such page: its tokens
//! are ended on the pages of apps.

use crate::admin::apps::load_app;
use crate::admin::caller::{Answer, administrator, done};
use crate::admin::held::{self, Which};
use crate::admin::paging::{PAGE_ROWS, after_of, pager, render_cursor};
use crate::admin::servers::{Server, draw, load_custom};
use crate::view::admin::ServerTab;
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::fault::Refusal;
use identity::server::AuthorizationServer;
use oauth::held::of_app;
use std::sync::Arc;

/// `GET /admin/servers/{id}/clients`.
pub async fn list(Path(id): Path<String>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_custom(&visit, &id).await?;
    let after = after_of(&visit);
    let page = (after.as_str(), PAGE_ROWS);
    let apps = of_app::list_apps_of_server(&visit.cell, &reader, server.id.as_str(), page).await;
    let (apps, has_more) = done(&visit, apps)?;
    let next = apps.last().filter(|_| has_more);
    let next = next.map(|(id, _)| render_cursor(&[id.as_str()]));
    let rows = apps.into_iter().map(|(id, label)| LinkRow {
        id: id.to_string(),
        name: label,
        about: String::new(),
    });
    let tab = ServerTab::Clients {
        rows: rows.collect(),
        pager: pager(&visit, &[], next),
    };
    Ok(draw(&visit, visit.shell(), &Server::Custom(server), tab))
}

/// `GET /admin/servers/{id}/clients/{client}`.
pub async fn show(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_custom(&visit, &id).await?;
    let app = load_app(&visit, &client).await?;
    page(&visit, visit.shell(), &reader, (server, &app)).await
}

/// `POST /admin/servers/{id}/clients/{client}/revoke`.
pub async fn revoke(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let app = load_app(&visit, &client).await?;
    let revoked = held::revoke(&visit, &permit, which(&server, &app)).await?;
    answer(&visit, (server, &app), revoked.map(|()| true)).await
}

/// `POST /admin/servers/{id}/clients/{client}/revoke-all`.
pub async fn revoke_all(Path((id, client)): Path<(String, String)>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ManageServers).await?;
    let server = load_custom(&visit, &id).await?;
    let app = load_app(&visit, &client).await?;
    let revoked = held::revoke_all(&visit, &permit, which(&server, &app)).await;
    answer(&visit, (server, &app), revoked).await
}

fn which<'a>(server: &'a AuthorizationServer, app: &'a App) -> Which<'a> {
    Which {
        app,
        server: Some(server.id.as_str()),
    }
}

async fn answer(
    visit: &Visit,
    (server, app): (Arc<AuthorizationServer>, &App),
    outcome: Result<bool, Refusal>,
) -> Answer {
    match held::told(visit, outcome)? {
        None => Ok(visit.go(&format!("/admin/servers/{}/clients/{}", server.id, app.id))),
        Some(shell) => {
            let reader = administrator(visit, Permission::ReadDirectory).await?;
            page(visit, shell, &reader, (server, app)).await
        }
    }
}

async fn page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    (server, app): (Arc<AuthorizationServer>, &App),
) -> Answer {
    let tokens = held::load(visit, reader, which(&server, app)).await?;
    let app = LinkRow {
        id: app.id.to_string(),
        name: app.label.clone(),
        about: String::new(),
    };
    let tab = ServerTab::Client { app, tokens };
    Ok(draw(visit, shell, &Server::Custom(server), tab))
}
