//! What would be sent to the SCIM server of an app, without anything being sent.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::provisioning::accounts::parse_user;
use crate::provisioning::{load, missing};
use crate::reply::Reply;
use crate::shown::text;
use identity::condition::Place;
use identity::fault::Refusal;
use identity::provisioning::plan::{Planned, PlannedRequest};
use serde_json::{Value, json};

/// `GET …/provisioning/plan`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let place = call.place()?.map(|place| place.id);
    let planned = call
        .cell
        .plan_provisioning(&call.permit, &app.id, place.as_deref());
    let page = planned.await?;
    let next = page.next.as_deref().map(Place::at);
    let shown: Vec<Value> = page.planned.iter().map(render).collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

/// `GET …/provisioning/accounts/{user}/plan`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for somebody whom the app does not concern.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let ((app, _), user) = (load(&call).await?, parse_user(&call)?);
    match call
        .cell
        .plan_provisioning_of(&call.permit, &app.id, &user)
        .await
    {
        Err(Refusal::NotFound) => Err(missing(&call, Thing::AppUser, "user")),
        other => Ok(Reply::of(render(&other?))),
    }
}

fn render(planned: &Planned) -> Value {
    let requests: Vec<Value> = planned.requests.iter().map(render_request).collect();
    json!({
        "id": planned.user_id.as_str(),
        "login": text(&planned.login),
        "step": planned.step.as_str(),
        "requests": requests,
    })
}

fn render_request(request: &PlannedRequest) -> Value {
    json!({ "method": request.method, "path": request.path, "body": request.body })
}
