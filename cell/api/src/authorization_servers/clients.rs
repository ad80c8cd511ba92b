//! The apps that have refresh tokens of a server, and those tokens.

use crate::authorization_servers::load as load_server;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::CLIENTS_OF_SERVER_PAGE;
use crate::refresh_tokens::Tokens;
use crate::reply::Reply;
use identity::access::Permission;
use identity::condition::Place;
use identity::fault::Refusal;
use oauth::held::of_app;
use serde_json::{Value, json};
use vocab::id::AppId;

/// `GET /api/v1/authorizationServers/{id}/clients`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load_server(&call).await?.id;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(CLIENTS_OF_SERVER_PAGE)?;
    let page = (after.as_str(), limit);
    let asked = of_app::list_apps_of_server(&call.cell, &call.permit, server.as_str(), page);
    let (apps, has_more) = asked.await?;
    let next = apps.last().filter(|_| has_more);
    let next = next.map(|(id, _)| Place::at(id.as_str()));
    let base = call.href(&format!("/api/v1/authorizationServers/{server}/clients"));
    let shown = apps
        .iter()
        .map(|(id, label)| {
            json!({
                "client_id": id.as_str(),
                "client_name": label,
                "_links": { "tokens": { "href": format!("{base}/{id}/tokens") } },
            })
        })
        .collect();
    Ok(call.paged(Reply::of(Value::Array(shown)), next.as_ref()))
}

async fn load(call: &Call) -> Result<Tokens, ApiError> {
    let server = load_server(call).await?.id;
    let named = call.parameter("client");
    let missing = || ApiError::not_found(Thing::Client, named);
    let id = AppId::parse(named).map_err(|_| missing())?;
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let app = match call.cell.find_app(&reader, &id).await {
        Err(Refusal::NotFound) => return Err(missing()),
        other => other?,
    };
    let path = format!("/api/v1/authorizationServers/{server}/clients/{id}");
    Ok(Tokens {
        href: call.href(&path),
        server: Some(server.to_string()),
        app,
    })
}

/// `GET …/clients/{client}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_tokens(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.list(&call).await
}

/// `GET …/clients/{client}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_token(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.one(&call).await
}

/// `DELETE …/clients/{client}/tokens`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_tokens(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.revoke_all(&call).await
}

/// `DELETE …/clients/{client}/tokens/{token}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke_token(call: Call) -> Result<Reply, ApiError> {
    load(&call).await?.revoke(&call).await
}
