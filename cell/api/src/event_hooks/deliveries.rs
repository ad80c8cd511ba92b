//! The log of what a hook was told, and telling it once more: operations of our own.

use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::event_hooks::load;
use crate::event_hooks::render::hook_href;
use crate::limits::DELIVERIES_PAGE;
use crate::receivers::refused;
use crate::reply::Reply;
use crate::shown::moment;
use identity::condition::Place;
use identity::event_hook::EventHook;
use identity::event_hook::deliveries::{Delivery, DeliveryState};
use identity::fault::Refusal;
use serde_json::{Value, json};
use vocab::id::HookDeliveryId;

/// `GET …/deliveries`: the newest first.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let limit = call.query.limit(DELIVERIES_PAGE)?;
    let before = match call.place()? {
        Some(place) => {
            let wrong = |_| ApiError::invalid("after", "it is no cursor of this list");
            place.id.parse().map_err(wrong)?
        }
        None => i64::MAX,
    };
    // One more than a page has tells whether another follows.
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let found = call
        .cell
        .list_hook_deliveries(&call.permit, &hook.id, before, most);
    let mut found = found.await?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|delivery| Place::at(&delivery.number.to_string()));
    let shown: Vec<Value> = found
        .iter()
        .map(|delivery| render(&call, &hook, delivery))
        .collect();
    Ok(call.paged(Reply::of(Value::from(shown)), next.as_ref()))
}

fn parse_id(call: &Call) -> Result<HookDeliveryId, ApiError> {
    let named = call.parameter("delivery");
    HookDeliveryId::parse(named).map_err(|_| missing(call))
}

fn missing(call: &Call) -> ApiError {
    ApiError::not_found(Thing::HookDelivery, call.parameter("delivery"))
}

/// `GET …/deliveries/{delivery}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let id = parse_id(&call)?;
    let found = call.cell.find_hook_delivery(&call.permit, &hook.id, &id);
    match found.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => Ok(Reply::of(render(&call, &hook, &other?))),
    }
}

/// `POST …/deliveries/{delivery}/redeliver`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn redeliver(call: Call) -> Result<Reply, ApiError> {
    let hook = load(&call).await?;
    let id = parse_id(&call)?;
    let repeated = call.cell.repeat_hook_delivery(&call.permit, &hook.id, &id);
    match repeated.await {
        Err(Refusal::NotFound) => Err(missing(&call)),
        other => {
            let delivery = other.map_err(refused)?;
            Ok(Reply::of(render(&call, &hook, &delivery)))
        }
    }
}

fn render(call: &Call, hook: &EventHook, delivery: &Delivery) -> Value {
    let href = format!("{}/deliveries/{}", hook_href(call, hook), delivery.id);
    let mut links = json!({ "self": { "href": href, "hints": { "allow": ["GET"] } } });
    if delivery.state != DeliveryState::Waiting {
        links["redeliver"] =
            json!({ "href": format!("{href}/redeliver"), "hints": { "allow": ["POST"] } });
    }
    json!({
        "id": delivery.id.as_str(),
        "created": moment(Some(delivery.created_at)),
        "status": delivery.state.as_str(),
        "eventType": delivery.event_type,
        "eventCount": delivery.events,
        "attempts": delivery.attempts,
        "redeliveries": delivery.repeats,
        "lastAttempt": delivery.attempted_at.map(|at| json!({
            "at": moment(Some(at)),
            "durationMillis": delivery.took_ms,
            "responseStatus": delivery.status,
            "responseBody": delivery.answer,
            "failure": delivery.trouble,
        })),
        "_links": links,
    })
}
