//! Public keys by which an app proves itself. A new one is added beside the present ones, clients are moved to it, and the
//! old one is taken away: a key that is there is in use.

use crate::apps::input::parse_key;
use crate::apps::load_app;
use crate::apps::render::render_key;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::app::App;
use identity::app::client_keys::keys_of;
use protocol::jose::jwk::Jwk;
use serde_json::Value;

/// `GET /api/v1/apps/{id}/credentials/jwks`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let keys: Vec<Value> = keys_of(&app)
        .iter()
        .map(|key| render_key(&call, &app, key))
        .collect();
    Ok(Reply::of(Value::from(keys)))
}

/// `GET /api/v1/apps/{id}/credentials/jwks/{key}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let key = find_key(&call, &app)?;
    Ok(Reply::of(render_key(&call, &app, &key)))
}

/// `POST /api/v1/apps/{id}/credentials/jwks`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let key = parse_key(Value::Object(Fields::parse(call.json()?)?.rest()))?;
    let added = call.cell.add_app_key(&call.permit, &app.id, key).await?;
    Ok(Reply::created(render_key(&call, &app, &added)))
}

/// `DELETE /api/v1/apps/{id}/credentials/jwks/{key}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let id = find_key(&call, &app)?.thumbprint();
    let removed = call.cell.remove_app_key(&call.permit, &app.id, &id);
    removed.await?;
    Ok(Reply::empty())
}

fn find_key(call: &Call, app: &App) -> Result<Jwk, ApiError> {
    let named = call.parameter("key");
    let mut keys = keys_of(app).into_iter();
    let found = keys.find(|key| key.thumbprint() == named);
    found.ok_or_else(|| ApiError::not_found(Thing::AppKey, named))
}
