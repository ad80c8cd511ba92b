//! Resource sets: listed, added, shown, renamed and removed. What they hold has a file of its own.

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::iam::{self, READ_ONLY, load_set, set_href, site, take_named};
use crate::reply::Reply;
use identity::access::custom::ResourceSet;
use identity::access::custom::sets::SetChange;
use serde_json::{Value, json};

/// `GET /api/v1/iam/resource-sets`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let sets: Vec<ResourceSet> = iam::list(&call).await?;
    let shown: Vec<Value> = sets.iter().map(|set| render(&call, set)).collect();
    let own = call.href("/api/v1/iam/resource-sets");
    Ok(Reply::of(json!({
        "resource-sets": shown,
        "_links": { "self": { "href": own } },
    })))
}

/// `POST /api/v1/iam/resource-sets`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&READ_ONLY);
    let named = take_named(&mut fields)?;
    let resources = fields.take_texts("resources")?.unwrap_or_default();
    fields.end()?;
    let resources = site(&call).parse_resources("resources", &resources)?;
    let made = call
        .cell
        .create_resource_set(&call.permit, named, resources);
    Ok(Reply::of(render(&call, &made.await?)))
}

/// `GET /api/v1/iam/resource-sets/{set}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    Ok(Reply::of(render(&call, &set)))
}

/// `PUT /api/v1/iam/resource-sets/{set}`: label and description; what it holds is changed one by one.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&READ_ONLY);
    let named = take_named(&mut fields)?;
    fields.end()?;
    let change = SetChange::Name(named);
    let changed = call.cell.change_resource_set(&call.permit, &set.id, change);
    Ok(Reply::of(render(&call, &changed.await?)))
}

/// `DELETE /api/v1/iam/resource-sets/{set}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a set over which somebody holds a role.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    call.cell.delete_resource_set(&call.permit, &set.id).await?;
    Ok(Reply::empty())
}

pub(super) fn render(call: &Call, set: &ResourceSet) -> Value {
    let href = set_href(call, &set.id);
    json!({
        "id": set.id.as_str(),
        "label": set.named.label,
        "description": set.named.description,
        "created": set.created_at.to_rfc3339_millis(),
        "lastUpdated": set.updated_at.to_rfc3339_millis(),
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
            "resources": { "href": format!("{href}/resources") },
            "bindings": { "href": format!("{href}/bindings") },
        },
    })
}
