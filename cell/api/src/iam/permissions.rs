//! What a custom role permits. Conditions on a permission are not evaluated here, and refused.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::iam::roles::parse_permission;
use crate::iam::{load_role, role_href};
use crate::reply::Reply;
use identity::access::custom::capability::Capability;
use identity::access::custom::roles::RoleChange;
use identity::access::custom::{CustomRole, GrantedCapability, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};

/// `GET /api/v1/iam/roles/{role}/permissions`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    let granted = load(&call, &role).await?;
    let shown = granted.iter().map(|one| render(&call, &role, *one));
    Ok(Reply::of(
        json!({ "permissions": shown.collect::<Value>() }),
    ))
}

/// `GET /api/v1/iam/roles/{role}/permissions/{permission}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    let wanted = named(&call)?;
    let mut granted = load(&call, &role).await?.into_iter();
    let found = granted.find(|one| one.capability == wanted);
    let found = found.ok_or_else(|| missing(&call))?;
    Ok(Reply::of(render(&call, &role, found)))
}

/// `POST /api/v1/iam/roles/{role}/permissions/{permission}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    let capability = parse_permission("permissionType", call.parameter("permission"))?;
    if call.has_body() {
        let mut fields = Fields::parse(call.json()?)?;
        if fields.take("conditions").is_some() {
            let cause = "conditions: a permission holds or does not";
            return Err(ApiError::because(ErrorCode::Unsupported, cause));
        }
        fields.end()?;
    }
    let change = RoleChange::Grant(capability);
    let changed = call.cell.change_custom_role(&call.permit, &role.id, change);
    changed.await?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/iam/roles/{role}/permissions/{permission}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for the last one.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let role = load_role(&call).await?;
    let change = RoleChange::Revoke(named(&call)?);
    let changed = call.cell.change_custom_role(&call.permit, &role.id, change);
    match changed.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|_| Reply::empty()).map_err(ApiError::from),
    }
}

fn named(call: &Call) -> Result<Capability, ApiError> {
    Capability::parse(call.parameter("permission")).ok_or_else(|| missing(call))
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::Permission, call.parameter("permission"))
}

async fn load(call: &Call, role: &CustomRole) -> Result<Vec<GrantedCapability>, Fault> {
    let mut tx = call.cell.database.read().await?;
    store::roles::load_capabilities(&mut tx, &call.context.org, &role.id).await
}

fn render(call: &Call, role: &CustomRole, granted: GrantedCapability) -> Value {
    let href = role_href(call, &role.id);
    let (name, since) = (
        granted.capability.as_str(),
        granted.granted_at.to_rfc3339_millis(),
    );
    json!({
        "label": name,
        "created": since,
        "lastUpdated": since,
        "_links": {
            "self": { "href": format!("{href}/permissions/{name}") },
            "role": { "href": href },
        },
    })
}
