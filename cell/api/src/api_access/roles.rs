//! Roles of apps that act for themselves.

use crate::api_access::app_of;
use crate::call::Call;
use crate::error::{ApiError, ErrorCode, Thing};
use crate::reply::Reply;
use crate::role;
use identity::access::{Permission, Role};
use identity::app::App;
use identity::fault::Refusal;
use identity::person::roles::GrantedRole;
use serde_json::Value;

/// `GET /oauth2/v1/clients/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let roles = call.cell.list_app_roles(&call.permit, &app.id).await?;
    let roles = roles.iter().map(|held| render(&call, &app, *held));
    Ok(Reply::of(roles.collect()))
}

/// `GET /oauth2/v1/clients/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let role = named(&call)?;
    Ok(Reply::of(find(&call, &app, role).await?))
}

/// `POST /oauth2/v1/clients/{id}/roles`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was given.
pub async fn grant(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let role = role::parse_grant(call.json()?)?;
    match call.cell.grant_app_role(&call.permit, &app.id, role).await {
        Err(Refusal::WrongState(why)) => Err(ApiError::invalid("type", why)),
        Ok(false) => Err(ApiError::of(ErrorCode::AlreadyAssigned)),
        Ok(true) => Ok(Reply::of(find(&call, &app, role).await?)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// `DELETE /oauth2/v1/clients/{id}/roles/{rid}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn revoke(call: Call) -> Result<Reply, ApiError> {
    let app = app_of(&call).await?;
    let role = named(&call)?;
    match call.cell.revoke_app_role(&call.permit, &app.id, role).await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => other.map(|()| Reply::empty()).map_err(ApiError::from),
    }
}

async fn find(call: &Call, app: &App, role: Role) -> Result<Value, ApiError> {
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let roles = call.cell.list_app_roles(&reader, &app.id).await?;
    let found = roles.into_iter().find(|held| held.role == role);
    let held = found.ok_or_else(|| missing(call))?;
    Ok(render(call, app, held))
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::RoleAssignment, call.parameter("rid"))
}

fn named(call: &Call) -> Result<Role, ApiError> {
    role::parse_id(call.parameter("rid")).ok_or_else(|| missing(call))
}

fn render(call: &Call, app: &App, held: GrantedRole) -> Value {
    let assignee = call.href(&format!("/oauth2/v1/clients/{}", app.id));
    role::render(held.role, "CLIENT", held.granted_at, &assignee)
}
