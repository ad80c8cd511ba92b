//! Groups that are pushed to the SCIM server of an app.

use crate::apps::load_app;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::PUSHES_PAGE;
use crate::provisioning::{href, missing, refused};
use crate::reply::Reply;
use crate::shown::moment;
use crate::whole_list::page_of;
use identity::app::App;
use identity::fault::Refusal;
use identity::provisioning::push::{Afterwards, NewPush, Push, PushTo};
use serde_json::{Value, json};
use vocab::id::{GroupId, GroupPushId};

/// How a push stands, as it is shown and asked for.
pub(crate) const STATUSES: &[&str] = &["ACTIVE", "INACTIVE", "ERROR"];

/// `GET …/group-push/mappings`: there are few.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let status = call.query.get("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(ApiError::invalid("status", "use ACTIVE, INACTIVE or ERROR"));
    }
    let source = call.query.get("sourceGroupId");
    let mut pushes = call.cell.list_pushes(&call.permit, &app.id).await?;
    pushes.retain(|push| {
        status.is_none_or(|status| status_of(push) == status)
            && source.is_none_or(|source| push.group_id.as_str() == source)
    });
    let (pushes, next) = page_of(&call, pushes, PUSHES_PAGE, |push| push.id.as_str())?;
    let shown: Vec<Value> = pushes
        .iter()
        .map(|push| render(&call, &app, push))
        .collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

async fn load(call: &Call) -> Result<(App, Push), ApiError> {
    let app = load_app(call).await?;
    let missing = || missing(call, Thing::GroupPush, "mapping");
    let id = GroupPushId::parse(call.parameter("mapping")).map_err(|_| missing())?;
    match call.cell.find_push(&call.permit, &app.id, &id).await {
        Err(Refusal::NotFound) => Err(missing()),
        other => Ok((app, other?)),
    }
}

/// `GET …/group-push/mappings/{mapping}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let (app, push) = load(&call).await?;
    Ok(Reply::of(render(&call, &app, &push)))
}

/// `POST …/group-push/mappings`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let app = load_app(&call).await?;
    let new = parse_new(call.json()?)?;
    let push = call.cell.add_push(&call.permit, &app, new).await;
    Ok(Reply::created(render(&call, &app, &push.map_err(refused)?)))
}

/// `PATCH …/group-push/mappings/{mapping}`: switches it.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn update(call: Call) -> Result<Reply, ApiError> {
    let (app, push) = load(&call).await?;
    let mut fields = Fields::parse(call.json()?)?;
    let active = take_status(&mut fields)?;
    let active = active.ok_or_else(|| fields.refusal("status", "it is required"))?;
    fields.end()?;
    let switched = call.cell.switch_push(&call.permit, &app, &push.id, active);
    let push = switched.await.map_err(refused)?;
    Ok(Reply::of(render(&call, &app, &push)))
}

/// `DELETE …/group-push/mappings/{mapping}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for one that is switched on.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let (app, push) = load(&call).await?;
    let afterwards = match call.query.flag("deleteTargetGroup", false)? {
        true => Afterwards::Goes,
        false => Afterwards::Stays,
    };
    let removed = call
        .cell
        .remove_push(&call.permit, &app, &push.id, afterwards);
    removed.await.map_err(refused)?;
    Ok(Reply::empty())
}

fn take_status(fields: &mut Fields) -> Result<Option<bool>, ApiError> {
    match fields.take_text("status")?.as_deref() {
        None => Ok(None),
        Some("ACTIVE") => Ok(Some(true)),
        Some("INACTIVE") => Ok(Some(false)),
        Some(_) => Err(fields.refusal("status", "use ACTIVE or INACTIVE")),
    }
}

fn parse_new(bytes: &[u8]) -> Result<NewPush, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    let source = fields.take_text("sourceGroupId")?.unwrap_or_default();
    let group_id = GroupId::parse(&source)
        .map_err(|_| fields.refusal("sourceGroupId", "this organisation has no such group"))?;
    let active = take_status(&mut fields)?.unwrap_or(true);
    let to = match (
        fields.take_text("targetGroupName")?,
        fields.take_text("targetGroupId")?,
    ) {
        (Some(name), None) => PushTo::Named(name),
        (None, Some(id)) => PushTo::Known(id),
        _ => return Err(fields.refusal("targetGroupName", "name it, or targetGroupId, not both")),
    };
    fields.end()?;
    Ok(NewPush {
        group_id,
        to,
        active,
    })
}

fn status_of(push: &Push) -> &'static str {
    match (push.active, &push.trouble) {
        (false, _) => "INACTIVE",
        (true, Some(_)) if push.due_at.is_none() => "ERROR",
        (true, _) => "ACTIVE",
    }
}

fn render(call: &Call, app: &App, push: &Push) -> Value {
    let path = format!("/group-push/mappings/{}", push.id);
    let source = call.href(&format!("/api/v1/groups/{}", push.group_id));
    json!({
        "id": push.id.as_str(),
        "status": status_of(push),
        "sourceGroupId": push.group_id.as_str(),
        "targetGroupId": push.peer_id,
        "errorSummary": push.trouble,
        "created": moment(Some(push.created_at)),
        "lastUpdated": moment(Some(push.updated_at)),
        "lastPush": moment(push.pushed_at),
        "_links": {
            "self": { "href": href(call, app, &path), "hints": { "allow": ["GET", "PATCH", "DELETE"] } },
            "app": { "href": href(call, app, "") },
            "sourceGroup": { "href": source },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::parse_new;
    use identity::provisioning::push::PushTo;
    use serde_json::json;

    #[test]
    fn a_push_names_one_group_at_the_app() {
        let source = "00g00000000000000000";
        let named = |name: &str| Some((PushTo::Named(name.to_owned()), true));
        for (body, expected) in [
            (
                json!({ "sourceGroupId": source, "targetGroupName": "N" }),
                named("N"),
            ),
            (
                json!({ "sourceGroupId": source, "targetGroupId": "7", "status": "INACTIVE" }),
                Some((PushTo::Known("7".to_owned()), false)),
            ),
            (json!({ "sourceGroupId": source }), None),
            (
                json!({ "sourceGroupId": source, "targetGroupId": "7", "targetGroupName": "N" }),
                None,
            ),
            (
                json!({ "sourceGroupId": "x", "targetGroupName": "N" }),
                None,
            ),
            (
                json!({ "sourceGroupId": source, "targetGroupName": "N", "status": "ERROR" }),
                None,
            ),
            (
                json!({ "sourceGroupId": source, "targetGroupName": "N", "appConfig": { "type": "ACTIVE_DIRECTORY" } }),
                None,
            ),
        ] {
            let read = parse_new(body.to_string().as_bytes()).ok();
            assert_eq!(read.map(|new| (new.to, new.active)), expected, "{body}");
        }
    }
}
