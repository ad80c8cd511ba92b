//! The signing keys of a server: which there are, and the next one at once.

use crate::authorization_servers::render::{algorithm_of, server_href};
use crate::authorization_servers::{KEY_USE, load};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::reply::Reply;
use identity::fault::Fault;
use identity::server::AuthorizationServer;
use keys::{KeyPhase, KeyView, ServerKeyScope};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `GET …/credentials/keys`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    listed(&call, &server).await
}

async fn listed(call: &Call, server: &AuthorizationServer) -> Result<Reply, ApiError> {
    let keys = load_keys(call, server).await?;
    let keys: Vec<Value> = keys
        .iter()
        .filter_map(|key| render_key(call, server, key))
        .collect();
    Ok(Reply::of(Value::from(keys)))
}

async fn load_keys(call: &Call, server: &AuthorizationServer) -> Result<Vec<KeyView>, Fault> {
    let scope = ServerKeyScope::Custom(server.id.clone());
    let mut keys = call.cell.signing_keys.list(&call.context.org).await?;
    keys.retain(|key| key.server == scope);
    Ok(keys)
}

/// `GET …/credentials/keys/{key}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let named = call.parameter("key");
    let keys = load_keys(&call, &server).await?;
    let key = keys.iter().find(|key| key.kid == named);
    let key = key.and_then(|key| render_key(&call, &server, key));
    key.map(Reply::of)
        .ok_or_else(|| ApiError::not_found(Thing::Key, named))
}

/// `POST …/credentials/lifecycle/keyRotate`: of every algorithm that the server signs by. The next key signs as soon as
/// nobody's copy of the published keys can lack it.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn rotate(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    fields.take_only("use", &[KEY_USE], "keys are for signatures: sig")?;
    fields.end()?;
    let scope = ServerKeyScope::Custom(server.id.clone());
    let keys = load_keys(&call, &server).await?;
    let signing = keys.iter().filter(|key| key.phase == KeyPhase::Signing);
    let mut algorithms: BTreeSet<_> = signing.map(|key| key.algorithm).collect();
    if algorithms.is_empty() {
        // Nothing was signed yet: there is a key from now on, and one that follows it.
        let algorithm = algorithm_of(server.config.access_token_algorithm);
        let made = call
            .cell
            .signing_keys
            .ensure_signer(&call.context.org, &scope, algorithm);
        made.await.map_err(Fault::from)?;
        algorithms.insert(algorithm);
    }
    for algorithm in algorithms {
        let rotated = call
            .cell
            .rotate_signing_key(&call.permit, &scope, algorithm);
        rotated.await?;
    }
    listed(&call, &server).await
}

/// A published key; none for one that is published no more.
fn render_key(call: &Call, server: &AuthorizationServer, key: &KeyView) -> Option<Value> {
    let status = match key.phase {
        KeyPhase::Signing => "ACTIVE",
        KeyPhase::Next => "NEXT",
        KeyPhase::Retiring => "EXPIRED",
        KeyPhase::Gone => return None,
    };
    let mut shown: Value = serde_json::from_str(&key.public_jwk).ok()?;
    let fields = shown.as_object_mut()?;
    fields.insert("kid".into(), Value::from(key.kid.as_str()));
    fields.insert("status".into(), Value::from(status));
    fields.insert("use".into(), Value::from(KEY_USE));
    let href = format!("{}/credentials/keys/{}", server_href(call, server), key.kid);
    let links = json!({ "self": { "href": href, "hints": { "allow": ["GET"] } } });
    fields.insert("_links".into(), links);
    Some(shown)
}
