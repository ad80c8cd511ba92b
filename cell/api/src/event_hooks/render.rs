//! An event hook as the API shows it. What is secret in it is not shown.

use crate::call::Call;
use crate::event_hooks::input::{EVENT_TYPE, verification_of};
use crate::receivers::render_channel;
use crate::shown::{moment, status_of, text};
use identity::event_hook::EventHook;
use serde_json::{Value, json};

/// The address of a hook in the API.
pub(crate) fn hook_href(call: &Call, hook: &EventHook) -> String {
    call.href(&format!("/api/v1/eventHooks/{}", hook.id))
}

/// A hook.
pub(crate) fn render_hook(call: &Call, hook: &EventHook) -> Value {
    let config = &hook.config;
    json!({
        "id": hook.id.as_str(),
        "name": hook.name,
        "description": text(&config.description),
        "status": status_of(hook.active),
        "verificationStatus": verification_of(hook.verified),
        "created": moment(Some(hook.created_at)),
        "createdBy": config.created_by,
        "lastUpdated": moment(Some(hook.updated_at)),
        "events": { "type": EVENT_TYPE, "items": hook.types },
        "channel": render_channel(config),
        "_links": render_links(&hook_href(call, hook), hook),
    })
}

fn render_links(href: &str, hook: &EventHook) -> Value {
    let by_post =
        |rest: &str| json!({ "href": format!("{href}/{rest}"), "hints": { "allow": ["POST"] } });
    let mut links = json!({
        "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
        "verify": by_post("lifecycle/verify"),
        "deliveries": { "href": format!("{href}/deliveries"), "hints": { "allow": ["GET"] } },
    });
    let step = if hook.active {
        "deactivate"
    } else {
        "activate"
    };
    links[step] = by_post(&format!("lifecycle/{step}"));
    links
}
