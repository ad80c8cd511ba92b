//! Targets of the standard roles of apps.

use crate::api_access::app_of;
use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::role_targets as shared;
use identity::access::narrowed::RoleHolder;

async fn holder(call: &Call) -> Result<RoleHolder, ApiError> {
    Ok(RoleHolder::App(app_of(call).await?.id.clone()))
}

/// `GET /oauth2/v1/clients/{id}/roles/{rid}/targets/groups`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_groups(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::list_groups(call, holder).await
}

/// `PUT /oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add_group(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::add_group(call, holder).await
}

/// `DELETE /oauth2/v1/clients/{id}/roles/{rid}/targets/groups/{gid}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was removed.
pub async fn remove_group(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::remove_group(call, holder).await
}

/// `GET /oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list_apps(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::list_apps(call, holder).await
}

/// `PUT /oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add_kind(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::add_kind(call, holder).await
}

/// `DELETE /oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was removed.
pub async fn remove_kind(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::remove_kind(call, holder).await
}

/// `PUT /oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn add_app(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::add_app(call, holder).await
}

/// `DELETE /oauth2/v1/clients/{id}/roles/{rid}/targets/catalog/apps/{app}/{instance}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was removed.
pub async fn remove_app(call: Call) -> Result<Reply, ApiError> {
    let holder = holder(&call).await?;
    shared::remove_app(call, holder).await
}
