//! Custom roles: listed, added, shown, renamed and removed. What they permit has a file of its own.

use crate::body::Fields;
use crate::call::Call;
use crate::error::ApiError;
use crate::iam::{self, READ_ONLY, load_role, role_href, take_named};
use crate::reply::Reply;
use identity::access::custom::CustomRole;
use identity::access::custom::capability::Capability;
use identity::access::custom::roles::RoleChange;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `GET /api/v1/iam/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let roles: Vec<CustomRole> = iam::list(&call).await?;
    let shown: Vec<Value> = roles.iter().map(|role| render(&call, role)).collect();
    let own = call.href("/api/v1/iam/roles");
    Ok(Reply::of(json!({
        "roles": shown,
        "_links": { "self": { "href": own } },
    })))
}

/// `POST /api/v1/iam/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&READ_ONLY);
    let named = take_named(&mut fields)?;
    let permissions = fields.take_texts("permissions")?.unwrap_or_default();
    fields.end()?;
    let capabilities: BTreeSet<Capability> = permissions
        .iter()
        .map(|name| parse_permission("permissions", name))
        .collect::<Result<_, _>>()?;
    let made = call
        .cell
        .create_custom_role(&call.permit, named, capabilities);
    Ok(Reply::of(render(&call, &made.await?)))
}

/// `GET /api/v1/iam/roles/{role}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    Ok(Reply::of(render(&call, &role)))
}

/// `PUT /api/v1/iam/roles/{role}`: label and description; what it permits is changed one by one.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    fields.ignore_read_only(&READ_ONLY);
    let named = take_named(&mut fields)?;
    fields.end()?;
    let change = RoleChange::Name(named);
    let changed = call.cell.change_custom_role(&call.permit, &role.id, change);
    Ok(Reply::of(render(&call, &changed.await?)))
}

/// `DELETE /api/v1/iam/roles/{role}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a role that somebody holds.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    call.cell.delete_custom_role(&call.permit, &role.id).await?;
    Ok(Reply::empty())
}

/// Reads the name of a permission.
///
/// # Errors
/// [`ApiError`] for a name that is not enforced here: nobody is made to believe that it is.
pub(super) fn parse_permission(field: &str, name: &str) -> Result<Capability, ApiError> {
    let shown: String = name
        .chars()
        .take(crate::limits::SHOWN_ID_CHARS_MAX)
        .collect();
    let problem = format!("{shown} is not enforced here");
    Capability::parse(name).ok_or_else(|| ApiError::invalid(field, &problem))
}

pub(super) fn render(call: &Call, role: &CustomRole) -> Value {
    let href = role_href(call, &role.id);
    json!({
        "id": role.id.as_str(),
        "label": role.named.label,
        "description": role.named.description,
        "created": role.created_at.to_rfc3339_millis(),
        "lastUpdated": role.updated_at.to_rfc3339_millis(),
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
            "permissions": { "href": format!("{href}/permissions") },
        },
    })
}
