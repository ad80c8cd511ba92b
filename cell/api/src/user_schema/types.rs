//! Types of people: there is one, which everybody has.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::org;
use crate::reply::Reply;
use crate::user_schema::render::{schema_href, type_href};
use crate::user_schema::{DEFAULT, type_id};
use identity::org::Org;
use serde_json::{Value, json};

/// `GET /api/v1/meta/types/user`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let org = org::load(&call).await?;
    Ok(Reply::of(json!([render(&call, &org)])))
}

/// `GET /api/v1/meta/types/user/{type}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let named = call.parameter("type");
    if named != DEFAULT && named != type_id(&call.context.org) {
        return Err(ApiError::not_found(Thing::UserType, named));
    }
    let org = org::load(&call).await?;
    Ok(Reply::of(render(&call, &org)))
}

fn render(call: &Call, org: &Org) -> Value {
    json!({
        "id": type_id(&org.id),
        "name": "user",
        "displayName": "User",
        "default": true,
        "created": org.created_at.to_rfc3339_millis(),
        "lastUpdated": org.created_at.to_rfc3339_millis(),
        "_links": {
            "self": { "href": type_href(call, &org.id), "hints": { "allow": ["GET"] } },
            "schema": { "href": schema_href(call, &org.id) },
        },
    })
}
