//! Who has a role by themselves, of whatever kind; what comes of groups is told by the groups.

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::ASSIGNEES_PAGE;
use crate::reply::Reply;
use serde_json::{Value, json};
use vocab::id::UserId;

/// `GET /api/v1/iam/assignees/users`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let limit = call.query.limit(ASSIGNEES_PAGE)?;
    let found = call
        .cell
        .list_assignees(&call.permit, call.place()?, limit)
        .await?;
    let shown = found.people.iter().map(|user| render(&call, user));
    let mut body = json!({ "value": shown.collect::<Value>(), "_links": {} });
    if let Some(next) = &found.next {
        body["_links"]["next"] = json!({ "href": call.href_after(next) });
    }
    Ok(Reply::of(body))
}

fn render(call: &Call, user: &UserId) -> Value {
    let href = call.href(&format!("/api/v1/users/{user}"));
    json!({
        "id": user.as_str(),
        "orn": format!("orn:okta:directory:{}:users:{user}", call.context.org),
        "_links": {
            "self": { "href": href },
            "roles": { "href": format!("{href}/roles") },
        },
    })
}
