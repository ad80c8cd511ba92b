//! What was sent to the SCIM server of an app.

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::PROVISIONED_PAGE;
use crate::provisioning::load;
use crate::reply::Reply;
use crate::shown::moment;
use identity::condition::Place;
use identity::provisioning::requests::Request;
use serde_json::{Value, json};

/// `GET …/provisioning/requests`: the newest first.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let (app, _) = load(&call).await?;
    let limit = call.query.limit(PROVISIONED_PAGE)?;
    let before = match call.place()? {
        Some(place) => {
            let wrong = |_| ApiError::invalid("after", "it is no cursor of this list");
            place.id.parse().map_err(wrong)?
        }
        None => i64::MAX,
    };
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = call
        .cell
        .list_provisioning_requests(&call.permit, &app.id, before, most);
    let mut found = found.await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|request| Place::at(&request.number.to_string()));
    let shown: Vec<Value> = found.iter().map(render).collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

fn render(request: &Request) -> Value {
    json!({
        "id": request.number.to_string(),
        "at": moment(Some(request.at)),
        "subject": request.subject,
        "method": request.method,
        "path": request.path,
        "responseStatus": request.status,
        "durationMillis": request.took_ms,
        "failure": request.trouble,
        "responseError": request.answer,
    })
}
