//! What a hook is told, as receivers in the field read it.

use crate::reply::without_nulls;
use identity::event_hook::EventHook;
use identity::event_hook::deliveries::Delivery;
use ledger::LogRow;
use serde_json::{Value, json};

/// The type of what is told.
const ENVELOPE_TYPE: &str = "com.okta.event_hook";
/// The version of that.
const ENVELOPE_VERSION: &str = "1.0";
/// The version of the form around it.
const CLOUD_EVENTS_VERSION: &str = "0.1";

/// The body of a delivery: the same for every attempt, byte for byte.
#[must_use]
pub fn render_envelope(hook: &EventHook, delivery: &Delivery, rows: &[LogRow]) -> Vec<u8> {
    let events: Vec<Value> = rows.iter().filter_map(LogRow::shown).collect();
    let envelope = json!({
        "eventType": ENVELOPE_TYPE,
        "eventTypeVersion": ENVELOPE_VERSION,
        "cloudEventsVersion": CLOUD_EVENTS_VERSION,
        "source": format!("{}/api/v1/eventHooks/{}", hook.config.base_url, hook.id),
        "eventId": delivery.id.as_str(),
        "data": { "events": events },
        "eventTime": delivery.created_at.to_rfc3339_millis(),
        "contentType": "application/json",
    });
    without_nulls(envelope).to_string().into_bytes()
}
