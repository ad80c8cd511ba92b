//! Hook keys: listed, made, shown, renamed and removed. Of a pair the public half alone is shown.

pub(crate) mod described;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use crate::shown::moment;
use identity::fault::{Fault, Refusal};
use identity::hook_key::HookKey;
use identity::hook_key::operations::HookKeyInUse;
use serde_json::{Value, json};
use vocab::id::HookKeyId;

/// What is shown of a key, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 6] = [
    "id",
    "keyId",
    "created",
    "lastUpdated",
    "isUsed",
    "_embedded",
];
/// How long whoever finds keys being made is asked to stay away.
const MAKING_SECS: u32 = 1;
/// What `expand` puts into a key.
pub(crate) const PUBLIC_KEY: &str = "publickey";

/// `GET /api/v1/hook-keys`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let keys = call.cell.list_hook_keys(&call.permit).await?;
    Ok(Reply::of(keys.iter().map(render).collect()))
}

/// `POST /api/v1/hook-keys`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was made. Where others of the org are being made: when to come back.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = parse_name(call.json()?)?;
    let key = call.cell.create_hook_key(&call.permit, name).await;
    let key = key.map_err(|refusal| match refusal {
        Refusal::WrongState(_) => ApiError::slow(MAKING_SECS),
        other => other.into(),
    })?;
    let made = HookKeyInUse {
        key,
        used_by: Vec::new(),
    };
    Ok(Reply::of(render_whole(&made)?))
}

/// `GET /api/v1/hook-keys/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_whole = call.query.expand(&[PUBLIC_KEY])?.is_some();
    let key = load(&call).await?;
    Ok(Reply::of(match is_whole {
        true => render_whole(&key)?,
        false => render(&key),
    }))
}

/// `GET /api/v1/hook-keys/public/{key}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show_public(call: Call) -> Result<Reply, ApiError> {
    let named = call.parameter("key");
    let key = call.cell.find_public_hook_key(&call.permit, named).await;
    let key = key.map_err(|refusal| missing(refusal, named))?;
    Ok(Reply::of(render_public(&key)?))
}

/// `PUT /api/v1/hook-keys/{id}`: it is renamed.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let key = load(&call).await?;
    let name = parse_name(call.json()?)?;
    let renamed = call.cell.rename_hook_key(&call.permit, key, name).await?;
    Ok(Reply::of(render_whole(&renamed)?))
}

/// `DELETE /api/v1/hook-keys/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a key that a hook uses.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let key = load(&call).await?;
    let deleted = call.cell.delete_hook_key(&call.permit, key.key).await;
    deleted.map_err(|refusal| match refusal {
        Refusal::WrongState(why) => ApiError::invalid("isUsed", why),
        other => other.into(),
    })?;
    Ok(Reply::empty())
}

/// The key that the path names.
async fn load(call: &Call) -> Result<HookKeyInUse, ApiError> {
    let named = call.parameter("id");
    let id = HookKeyId::parse(named).map_err(|_| ApiError::not_found(Thing::HookKey, named))?;
    let found = call.cell.find_hook_key(&call.permit, &id).await;
    found.map_err(|refusal| missing(refusal, named))
}

fn missing(refusal: Refusal, named: &str) -> ApiError {
    match refusal {
        Refusal::NotFound => ApiError::not_found(Thing::HookKey, named),
        other => other.into(),
    }
}

fn parse_name(bytes: &[u8]) -> Result<String, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let name = fields.take_text("name")?.unwrap_or_default();
    fields.end()?;
    Ok(name)
}

fn render(key: &HookKeyInUse) -> Value {
    let HookKeyInUse { key, used_by } = key;
    json!({
        "id": key.id.as_str(),
        "keyId": key.kid,
        "name": key.name,
        "created": moment(Some(key.created_at)),
        "lastUpdated": moment(Some(key.updated_at)),
        // A text, as clients in the field read it.
        "isUsed": (!used_by.is_empty()).to_string(),
    })
}

fn render_whole(key: &HookKeyInUse) -> Result<Value, ApiError> {
    let mut shown = render(key);
    shown["_embedded"] = render_public(&key.key)?;
    Ok(shown)
}

fn render_public(key: &HookKey) -> Result<Value, ApiError> {
    let jwk = serde_json::from_str(&key.public_jwk);
    Ok(jwk.map_err(|error| Fault::stored("public half of a hook key", &error))?)
}
