//! An inline hook as the API shows it. What is secret in it is not shown.

use crate::call::Call;
use crate::inline_hooks::channel;
use crate::inline_hooks::input::VERSION;
use crate::shown::{moment, status_of};
use identity::inline_hook::InlineHook;
use serde_json::{Value, json};

/// The address of a hook in the API.
pub(crate) fn hook_href(call: &Call, hook: &InlineHook) -> String {
    call.href(&format!("/api/v1/inlineHooks/{}", hook.id))
}

/// A hook.
pub(crate) fn render_hook(call: &Call, hook: &InlineHook) -> Value {
    let href = hook_href(call, hook);
    let mut links = json!({
        "self": { "href": href, "hints": { "allow": ["GET", "PUT", "POST", "DELETE"] } },
        "execute": by(&href, "execute", "POST"),
        "calls": { "href": calls_href(call, hook), "hints": { "allow": ["GET"] } },
    });
    if hook.active {
        links["deactivate"] = by(&href, "lifecycle/deactivate", "POST");
    } else {
        links["activate"] = by(&href, "lifecycle/activate", "POST");
        links["delete"] = json!({ "href": href, "hints": { "allow": ["DELETE"] } });
    }
    json!({
        "id": hook.id.as_str(),
        "name": hook.name,
        "type": hook.kind.as_str(),
        "version": VERSION,
        "status": status_of(hook.active),
        "created": moment(Some(hook.created_at)),
        "lastUpdated": moment(Some(hook.updated_at)),
        "channel": channel::render(hook),
        "_links": links,
    })
}

fn by(href: &str, rest: &str, method: &str) -> Value {
    json!({ "href": format!("{href}/{rest}"), "hints": { "allow": [method] } })
}

/// Where the log tells of the calls of a hook.
fn calls_href(call: &Call, hook: &InlineHook) -> String {
    let filter = format!("target.id+eq+%22{}%22", hook.id);
    call.href(&format!(
        "/api/v1/logs?filter={filter}&sortOrder=DESCENDING"
    ))
}
