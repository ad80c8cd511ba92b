//! The administrator roles of a person: the standard ones. A person has each at most once, so that a role stands for its
//! assignment, and the id of an assignment is the same for as long as there are roles.

use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use crate::role;
use identity::access::Permission;
use identity::person::Person;
use identity::person::roles::GrantedRole;
use serde_json::Value;

/// `GET /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let granted = call.cell.list_roles(&call.permit, &person.id).await?;
    let roles = granted
        .into_iter()
        .map(|granted| render(&call, &person, granted));
    Ok(Reply::of(roles.collect()))
}

/// `POST /api/v1/users/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was granted.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let wanted = role::parse_grant(call.json()?)?;
    if !call
        .cell
        .grant_role(&call.permit, &person.id, wanted)
        .await?
    {
        return Err(ApiError::of(ErrorCode::AlreadyAssigned));
    }
    let granted = find(&call, &person, role::render_id(wanted)).await?;
    Ok(Reply::created(render(&call, &person, granted)))
}

/// `GET /api/v1/users/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let granted = find(&call, &person, call.parameter("rid")).await?;
    Ok(Reply::of(render(&call, &person, granted)))
}

/// `DELETE /api/v1/users/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was taken.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let named = call.parameter("rid");
    let missing = || ApiError::not_found(Thing::RoleAssignment, named);
    let held = role::parse_id(named).ok_or_else(missing)?;
    if call
        .cell
        .revoke_role(&call.permit, &person.id, held)
        .await?
    {
        Ok(Reply::empty())
    } else {
        Err(missing())
    }
}

async fn find(call: &Call, person: &Person, id: &str) -> Result<GrantedRole, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let granted = call.cell.list_roles(&reader, &person.id).await?;
    let mut granted = granted.into_iter();
    granted
        .find(|granted| role::render_id(granted.role) == id)
        .ok_or_else(|| ApiError::not_found(Thing::RoleAssignment, id))
}

fn render(call: &Call, person: &Person, granted: GrantedRole) -> Value {
    let assignee = call.href(&format!("/api/v1/users/{}", person.id));
    role::render(granted.role, "USER", granted.granted_at, &assignee)
}
