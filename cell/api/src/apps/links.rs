//! What a person finds on the page of apps: those in use that the person may start, and that say where they begin.

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::APP_LINKS_PAGE;
use crate::reply::Reply;
use identity::app::App;
use identity::app::search::{AppSearch, MAKE};
use serde_json::{Value, json};
use vocab::id::UserId;

/// `GET /api/v1/users/{id}/appLinks`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let person = call.user("id").await?.person;
    let search = AppSearch::usable_by(&person.id);
    let limit = call.query.limit(APP_LINKS_PAGE)?;
    let found = call
        .cell
        .search_apps(&call.permit, &search, call.place()?, limit)
        .await?;
    let links: Vec<Value> = found
        .apps
        .iter()
        .filter_map(|app| render_link(app, &person.id))
        .collect();
    Ok(call.paged(Reply::of(Value::from(links)), found.next.as_ref()))
}

fn render_link(app: &App, user: &UserId) -> Option<Value> {
    let start = Some(app.settings.initiate_login_uri.as_str()).filter(|uri| !uri.is_empty())?;
    Some(json!({
        "id": app.id.as_str(),
        "label": app.label,
        "linkUrl": start,
        "appName": MAKE,
        "appInstanceId": app.id.as_str(),
        "appAssignmentId": user.as_str(),
        "credentialsSetup": false,
        "hidden": false,
        "sortOrder": 0,
    }))
}
