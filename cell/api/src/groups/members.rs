//! Who belongs to a group.

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::MEMBERS_PAGE;
use crate::reply::Reply;
use crate::users::render::render_listed;
use identity::condition::Place;
use serde_json::Value;

/// `GET /api/v1/groups/{id}/users`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let group = call.group("id").await?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(MEMBERS_PAGE)?;
    let (members, next) = call
        .cell
        .list_members(&call.permit, &group.id, &after, limit)
        .await?;
    let members: Vec<Value> = members
        .iter()
        .map(|record| render_listed(&call, record))
        .collect();
    let next = next.map(|id| Place::at(id.as_str()));
    Ok(call.paged(Reply::of(Value::from(members)), next.as_ref()))
}

/// `PUT /api/v1/groups/{id}/users/{user}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn add(call: Call) -> Result<Reply, ApiError> {
    let (group, person) = (call.group("id").await?, call.user("user").await?.person);
    let added = call
        .cell
        .add_group_member(&call.permit, &group.id, &person.id);
    added.await?;
    Ok(Reply::empty())
}

/// `DELETE /api/v1/groups/{id}/users/{user}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn remove(call: Call) -> Result<Reply, ApiError> {
    let (group, person) = (call.group("id").await?, call.user("user").await?.person);
    let removed = call
        .cell
        .remove_group_member(&call.permit, &group.id, &person.id);
    removed.await?;
    Ok(Reply::empty())
}
