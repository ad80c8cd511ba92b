//! What a body says of an event hook.

use crate::body::Fields;
use crate::error::ApiError;
use crate::receivers::take_channel;
use crate::shown::{SWITCH, status_of};
use identity::event_hook::EventHook;
use identity::event_hook::channel::HookChange;

/// How events are named.
pub(crate) const EVENT_TYPE: &str = "EVENT_TYPE";
/// What is shown of a hook, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "createdBy", "lastUpdated", "_links"];

/// Reads a hook. Of one that is there, a body may repeat how it stands.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_hook(
    bytes: &[u8],
    base_url: &str,
    present: Option<&EventHook>,
) -> Result<HookChange, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let active = present.is_none_or(|hook| hook.active);
    let verified = present.is_some_and(|hook| hook.verified);
    fields.take_only("status", &[status_of(active)], SWITCH)?;
    let shown = verification_of(verified);
    let told = "it is verified by lifecycle/verify";
    fields.take_only("verificationStatus", &[shown], told)?;
    let name = fields.take_text("name")?.unwrap_or_default();
    let description = fields.take_text("description")?.unwrap_or_default();
    let events = fields.take_object("events")?;
    let mut events = events.ok_or_else(|| fields.refusal("events", "it is required"))?;
    events.take_only("type", &[EVENT_TYPE], "use EVENT_TYPE")?;
    let types = events.take_texts("items")?.unwrap_or_default();
    if events.take("filter").is_some() {
        let problem = "events are chosen by their types alone";
        return Err(events.refusal("filter", problem));
    }
    events.end()?;
    let channel = take_channel(&mut fields)?;
    let channel = channel.ok_or_else(|| fields.refusal("channel", "it is required"))?;
    fields.end()?;
    Ok(HookChange {
        name,
        description,
        types,
        uri: channel.uri,
        headers: channel.headers,
        auth: channel.auth,
        base_url: base_url.to_owned(),
    })
}

/// The word for whether an address has shown that it wants to be told.
pub(crate) const fn verification_of(verified: bool) -> &'static str {
    if verified { "VERIFIED" } else { "UNVERIFIED" }
}

#[cfg(test)]
mod tests {
    use super::parse_hook;
    use serde_json::{Value, json};

    fn hook() -> Value {
        json!({
            "name": "Siem", "description": "x", "status": "ACTIVE", "verificationStatus": "UNVERIFIED",
            "id": "who", "created": "x", "createdBy": "x", "lastUpdated": "x", "_links": {},
            "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"], "filter": null },
            "channel": { "type": "HTTP", "version": "1.0.0", "config": {
                "uri": "https://hooks.example/in", "method": "POST",
                "headers": [{ "key": "X-Team", "value": "blue" }],
                "authScheme": { "type": "HEADER", "key": "Authorization", "value": "secret" },
            } },
        })
    }

    #[test]
    fn a_hook_is_read_as_it_is_shown() {
        let read = parse_hook(hook().to_string().as_bytes(), "https://id.example", None).unwrap();
        assert_eq!(
            (read.name.as_str(), read.description.as_str()),
            ("Siem", "x")
        );
        assert_eq!(read.types, ["user.lifecycle.create"]);
        assert_eq!(read.uri, "https://hooks.example/in");
        assert_eq!(read.headers[0].name, "X-Team");
        let (name, value) = read.auth.as_ref().unwrap();
        assert_eq!(
            (name.as_str(), value.as_ref().unwrap().expose().as_str()),
            ("Authorization", "secret")
        );
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for (place, value) in [
            ("/status", json!("INACTIVE")),
            ("/verificationStatus", json!("VERIFIED")),
            ("/events/type", json!("FLOW")),
            ("/events/filter", json!({ "type": "EXPRESSION_LANGUAGE" })),
            ("/events/items", json!("user.lifecycle.create")),
            ("/events", json!(null)),
            ("/channel", json!([])),
            ("/channel/type", json!("OAUTH")),
            ("/channel/version", json!("2.0.0")),
            ("/channel/config/method", json!("GET")),
            ("/channel/config/headers", json!([1])),
            ("/channel/config/authScheme/type", json!("BASIC")),
            ("/channel/config/uri", json!(1)),
            ("/name", json!(1)),
        ] {
            let mut body = hook();
            *body.pointer_mut(place).unwrap() = value;
            let read = parse_hook(body.to_string().as_bytes(), "https://id.example", None);
            assert!(read.is_err(), "{place}");
        }
        let mut body = hook();
        body["channel"]["config"]["clientId"] = json!("x");
        assert!(parse_hook(body.to_string().as_bytes(), "", None).is_err());
    }
}
