//! Which roles are held over a set. A binding is there as long as somebody holds it.

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::iam::{find, load_role, load_set, set_href, site};
use crate::reply::Reply;
use identity::access::custom::{CustomRole, MEMBERS_MAX, ResourceSet, store};
use identity::fault::{Fault, Refusal};
use serde_json::{Value, json};
use vocab::id::CustomRoleId;

/// `GET /api/v1/iam/resource-sets/{set}/bindings`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let roles = {
        let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
        let roles = store::bindings::load_roles_of_set(&mut tx, &call.context.org, &set.id).await;
        roles.map_err(Fault::from)?
    };
    let href = set_href(&call, &set.id);
    let shown = roles.iter().map(|role| {
        let own = format!("{href}/bindings/{role}");
        json!({
            "id": role.as_str(),
            "_links": {
                "self": { "href": own },
                "members": { "href": format!("{own}/members") },
            },
        })
    });
    Ok(Reply::of(json!({
        "roles": shown.collect::<Value>(),
        "_links": {
            "self": { "href": format!("{href}/bindings") },
            "resource-set": { "href": href },
        },
    })))
}

/// `POST /api/v1/iam/resource-sets/{set}/bindings`.
///
/// # Errors
/// [`ApiError`] as every operation; nobody was given anything.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let set = load_set(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    let named = fields.take_text("role")?;
    let named = named.ok_or_else(|| fields.refusal("role", "it is required"))?;
    let members = fields.take_texts("members")?.unwrap_or_default();
    fields.end()?;
    let role: Option<CustomRole> = find(&call, &named).await?;
    let role = role.ok_or_else(|| ApiError::not_found(Thing::CustomRole, &named))?;
    let holders = site(&call).parse_holders("members", &members, MEMBERS_MAX)?;
    let bound = call
        .cell
        .bind_role(&call.permit, (&role.id, &set.id), holders);
    bound.await?;
    Ok(Reply::of(render(&call, &set, &role.id)))
}

/// `GET /api/v1/iam/resource-sets/{set}/bindings/{role}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let (set, role) = load_held(&call).await?;
    Ok(Reply::of(render(&call, &set, &role)))
}

/// `DELETE /api/v1/iam/resource-sets/{set}/bindings/{role}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let (set, role) = load_held(&call).await?;
    let ended = call.cell.unbind_everybody(&call.permit, (&role, &set.id));
    match ended.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|()| Reply::empty()).map_err(ApiError::from),
    }
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RoleBinding, call.parameter("role"))
}

/// Set and role of the path, if somebody holds the role over the set.
pub(super) async fn load_held(call: &Call) -> Result<(ResourceSet, CustomRoleId), ApiError> {
    let (set, role) = (load_set(call).await?, load_role(call).await?.id);
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let roles = store::bindings::load_roles_of_set(&mut tx, &call.context.org, &set.id).await;
    match roles.map_err(Fault::from)?.contains(&role) {
        true => Ok((set, role)),
        false => Err(missing(call)),
    }
}

pub(super) fn render(call: &Call, set: &ResourceSet, role: &CustomRoleId) -> Value {
    let href = set_href(call, &set.id);
    let own = format!("{href}/bindings/{role}");
    json!({
        "id": role.as_str(),
        "_links": {
            "self": { "href": own },
            "bindings": { "href": format!("{href}/bindings") },
            "resource-set": { "href": href },
            "members": { "href": format!("{own}/members") },
        },
    })
}
