//! The signing keys of one server.

use crate::admin::caller::{Answer, administrator};
use crate::admin::keys::load_rows;
use crate::admin::row::moment;
use crate::admin::servers::{draw, load_server};
use crate::view::admin::{KeyState, ServerTab};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use oauth::signing::key_scope;

/// `GET /admin/servers/{id}/keys`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    let server = load_server(&visit, &id).await?;
    let issuer = server.issuer(&visit);
    let scope = key_scope(&issuer);
    let shell = visit.shell();
    let keys = load_rows(&visit, &[(scope, server.name(&visit).to_owned())]).await?;
    let next = keys
        .iter()
        .filter(|(row, _)| row.state == KeyState::Signing)
        .map(|(_, key)| key.signs_until)
        .min();
    let tab = ServerTab::Keys {
        rows: keys.into_iter().map(|(row, _)| row).collect(),
        next_rotation: next.map(moment),
        jwks_uri: issuer.endpoint("v1/keys"),
    };
    Ok(draw(&visit, shell, &server, tab))
}
