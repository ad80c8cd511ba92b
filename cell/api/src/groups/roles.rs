//! The roles that a group gives whoever is in it: standard ones, and custom ones over resource sets.

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::iam::assignments;
use crate::reply::Reply;
use crate::role::{self, Wanted};
use identity::access::Permission;
use identity::access::custom::Holder;
use serde_json::Value;
use vocab::id::{GroupId, RoleBindingId};

/// `GET /api/v1/groups/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    Ok(Reply::of(Value::from(load_all(&call, &group).await?)))
}

/// `POST /api/v1/groups/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was given.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    let wanted = match role::parse_wanted(call.json()?)? {
        Wanted::Standard(role) => role,
        Wanted::Custom { role, set } => {
            let holder = Holder::Group(group);
            let given = assignments::give(&call, holder, (&role, &set)).await?;
            return Ok(Reply::created(given));
        }
    };
    let given = call.cell.grant_group_role(&call.permit, &group, wanted);
    if !given.await? {
        return Err(ApiError::of(ErrorCode::AlreadyAssigned));
    }
    let given = find(&call, &group, role::render_id(wanted)).await?;
    Ok(Reply::created(given))
}

/// `GET /api/v1/groups/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    Ok(Reply::of(find(&call, &group, call.parameter("rid")).await?))
}

/// `DELETE /api/v1/groups/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was taken.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?.id;
    let named = call.parameter("rid");
    if let Ok(id) = RoleBindingId::parse(named) {
        assignments::take(&call, &Holder::Group(group), &id).await?;
        return Ok(Reply::empty());
    }
    let held = role::parse_id(named).ok_or_else(|| missing(named))?;
    let taken = call.cell.revoke_group_role(&call.permit, &group, held);
    match taken.await? {
        true => Ok(Reply::empty()),
        false => Err(missing(named)),
    }
}

async fn load_all(call: &Call, group: &GroupId) -> Result<Vec<Value>, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let standard = call.cell.list_group_roles(&reader, group).await?;
    let assignee = call.href(&format!("/api/v1/groups/{group}"));
    let standard = standard
        .into_iter()
        .map(|given| role::render(given.role, "GROUP", given.granted_at, &assignee));
    let custom = assignments::list(call, &Holder::Group(group.clone())).await?;
    Ok(standard.chain(custom).collect())
}

async fn find(call: &Call, group: &GroupId, id: &str) -> Result<Value, ApiError> {
    let mut roles = load_all(call, group).await?.into_iter();
    let found = roles.find(|role| role["id"] == id);
    found.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> ApiError {
    ApiError::not_found(Thing::RoleAssignment, id)
}
