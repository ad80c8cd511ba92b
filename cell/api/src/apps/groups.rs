//! Groups to which an app is assigned.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::groups::render::render_group;
use crate::limits::APP_GROUPS_PAGE;
use crate::reply::Reply;
use identity::access::Permission;
use identity::app::App;
use identity::app::assigned::AppGroup;
use identity::condition::Place;
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::id::GroupId;

/// What is shown of an assignment, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "lastUpdated", "_links", "_embedded"];
/// What can be shown inside of an assignment.
const GROUP: &str = "group";
/// No group's assignment comes before another's: it says that the app may be used, and no more.
pub(crate) const PRIORITY: i64 = 0;

/// `GET /api/v1/apps/{id}/groups`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&[GROUP])?.is_some();
    let app = load_app(&call).await?;
    let after = call.place()?.map(|place| place.id).unwrap_or_default();
    let limit = call.query.limit(APP_GROUPS_PAGE)?;
    let (groups, next) = call
        .cell
        .list_app_groups(&call.permit, &app.id, &after, limit)
        .await?;
    let groups = show_all(&call, &app, &groups, is_expanded).await?;
    let next = next.map(|id| Place::at(id.as_str()));
    Ok(call.paged(Reply::of(Value::from(groups)), next.as_ref()))
}

/// `GET /api/v1/apps/{id}/groups/{group}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let is_expanded = call.query.expand(&[GROUP])?.is_some();
    let app = load_app(&call).await?;
    let group = call.assigned_group("group", &app.id).await?;
    let assigned = load_assigned(&call, &app, &group.id).await?;
    let mut shown = show_all(&call, &app, &[assigned], is_expanded).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// The assignments as they are shown, with their groups if they are asked for: all of them are read together.
async fn show_all(
    call: &Call,
    app: &App,
    assigned: &[AppGroup],
    is_expanded: bool,
) -> Result<Vec<Value>, ApiError> {
    let shown = assigned.iter().map(|one| render_app_group(call, app, one));
    if !is_expanded {
        return Ok(shown.collect());
    }
    let ids: Vec<GroupId> = assigned.iter().map(|one| one.group_id.clone()).collect();
    let reader = call.permit_for(Permission::ReadDirectory)?;
    let groups = call.cell.find_groups(&reader, &ids).await?;
    let shown = assigned.iter().zip(shown).map(|(one, mut shown)| {
        let group = groups.get(&one.group_id);
        shown["_embedded"] = json!({ GROUP: group.map(|group| render_group(call, group)) });
        shown
    });
    Ok(shown.collect())
}

/// `PUT /api/v1/apps/{id}/groups/{group}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was assigned.
pub async fn assign(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let group = call.assigned_group("group", &app.id).await?;
    if call.has_body() {
        check_body(call.json()?)?;
    }
    let assigned = call
        .cell
        .assign_app_to_group(&call.permit, &app.id, &group.id)
        .await;
    assigned?;
    let assigned = load_assigned(&call, &app, &group.id).await?;
    Ok(Reply::of(render_app_group(&call, &app, &assigned)))
}

/// `DELETE /api/v1/apps/{id}/groups/{group}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn unassign(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let group = call.assigned_group("group", &app.id).await?;
    load_assigned(&call, &app, &group.id).await?;
    let taken = call
        .cell
        .unassign_app_from_group(&call.permit, &app.id, &group.id)
        .await;
    taken?;
    Ok(Reply::empty())
}

async fn load_assigned(call: &Call, app: &App, group: &GroupId) -> Result<AppGroup, ApiError> {
    let reader = call.reader()?;
    match call.cell.find_app_group(&reader, &app.id, group).await {
        Err(Refusal::NotFound) => Err(ApiError::not_found(Thing::AppGroup, group.as_str())),
        other => Ok(other?),
    }
}

fn check_body(bytes: &[u8]) -> Result<(), ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    if let Some(priority) = fields.take("priority")
        && priority != PRIORITY
    {
        return Err(ApiError::not_supported("priority"));
    }
    if let Some(profile) = fields.take_object("profile")? {
        profile.end()?;
    }
    fields.end()
}

fn render_app_group(call: &Call, app: &App, assigned: &AppGroup) -> Value {
    let app = call.href(&format!("/api/v1/apps/{}", app.id));
    let group = &assigned.group_id;
    json!({
        "id": group.as_str(),
        "lastUpdated": assigned.assigned_at.to_rfc3339_millis(),
        "priority": PRIORITY,
        "profile": {},
        "_links": {
            "self": { "href": format!("{app}/groups/{group}") },
            "app": { "href": app },
            "group": { "href": call.href(&format!("/api/v1/groups/{group}")) },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::check_body;
    use serde_json::json;

    #[test]
    fn an_assignment_says_nothing_but_that_it_is() {
        for (body, is_good) in [
            (json!({}), true),
            (
                json!({ "id": "00g", "priority": 0, "profile": {}, "_links": {} }),
                true,
            ),
            (json!({ "priority": 1 }), false),
            (json!({ "profile": { "role": "x" } }), false),
            (json!({ "other": 1 }), false),
        ] {
            let seen = check_body(body.to_string().as_bytes()).is_ok();
            assert_eq!(seen, is_good, "{body}");
        }
    }
}
