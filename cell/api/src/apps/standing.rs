//! What holds of every app here and is not for anybody to choose, though the interface has fields for it. It is shown as it
//! is. Whoever sends it back is not refused, and whoever asks for something else is: nothing is taken and ignored.

use crate::body::Fields;
use crate::error::ApiError;
use identity::app::rules::REFRESH_GRACE_SECS;
use identity::app::settings::{AppSettings, GrantKind};
use serde_json::{Value, json};

/// Of the app itself.
#[must_use]
pub fn of_app() -> Value {
    json!({ "accessibility": { "selfService": false }, "licensing": {}, "profile": {} })
}

/// Of where it is seen, but for what hides it.
#[must_use]
pub fn of_visibility() -> Value {
    json!({ "autoLaunch": false, "autoSubmitToolbar": false, "appLinks": {} })
}

/// Of its credentials: people have one name in all apps.
#[must_use]
pub fn of_credentials() -> Value {
    json!({ "userNameTemplate": { "template": "${source.login}", "type": "BUILT_IN" }, "signing": {} })
}

/// Of its proof: keys of the server are rotated by themselves.
#[must_use]
pub fn of_proof() -> Value {
    json!({ "autoKeyRotation": true })
}

/// Of its settings.
#[must_use]
pub fn of_settings() -> Value {
    json!({
        "app": {},
        "notes": {},
        "notifications": { "vpn": { "network": { "connection": "DISABLED" } } },
        "manualProvisioning": false,
    })
}

/// Of what it may do as a client. The issuer is that of the address by which the org was reached, and redirect addresses
/// are compared whole.
#[must_use]
pub fn of_client(settings: &AppSettings) -> Value {
    let rotation = match settings.grants.contains(&GrantKind::RefreshToken) {
        true => json!({ "rotation_type": "ROTATE", "leeway": REFRESH_GRACE_SECS }),
        false => Value::Null,
    };
    json!({
        "issuer_mode": "DYNAMIC",
        "wildcard_redirect": "DISABLED",
        "dpop_bound_access_tokens": false,
        "participate_slo": false,
        "frontchannel_logout_session_required": false,
        "subject_type": "public",
        "idp_initiated_login": { "mode": "DISABLED", "default_scope": [] },
        "network": { "connection": "ANYWHERE" },
        "refresh_token": rotation,
    })
}

/// Takes the fields that `standing` names, each of which must say what it says there.
///
/// # Errors
/// [`ApiError`] naming the first that asks for something else.
pub fn take(fields: &mut Fields, place: &str, standing: &Value) -> Result<(), ApiError> {
    let Value::Object(known) = standing else {
        return Ok(());
    };
    for (name, value) in known {
        if let Some(given) = fields.take(name) {
            accept(&format!("{place}{name}"), &given, value)?;
        }
    }
    Ok(())
}

/// As deep as what holds.
fn accept(place: &str, given: &Value, standing: &Value) -> Result<(), ApiError> {
    match (given, standing) {
        (Value::Object(given), Value::Object(standing)) => {
            for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let place = format!("{place}.{name}");
                match standing.get(name) {
                    Some(standing) => accept(&place, value, standing)?,
                    None => return Err(ApiError::not_supported(&place)),
                }
            }
            Ok(())
        }
        (given, standing) if given == standing => Ok(()),
        (_, Value::Object(_) | Value::Null) => Err(ApiError::not_supported(place)),
        (_, standing) => {
            let problem = format!("it is not supported here: only {standing} is");
            Err(ApiError::invalid(place, &problem))
        }
    }
}

/// One object of several.
#[must_use]
pub fn joined<const N: usize>(parts: [Value; N]) -> Value {
    let mut whole = serde_json::Map::new();
    for part in parts {
        if let Value::Object(part) = part {
            whole.extend(part);
        }
    }
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::{of_client, take};
    use crate::body::Fields;
    use identity::app::settings::{AppSettings, GrantKind};
    use serde_json::{Value, json};

    fn is_taken(given: &Value, standing: &Value) -> bool {
        let mut fields = Fields::parse(given.to_string().as_bytes()).unwrap();
        take(&mut fields, "", standing).is_ok() && fields.end().is_ok()
    }

    #[test]
    fn what_holds_is_taken_and_nothing_else() {
        let standing = json!({ "off": false, "deep": { "mode": "NO", "list": [] }, "none": {} });
        for (given, is_good) in [
            (json!({}), true),
            (standing.clone(), true),
            (json!({ "off": null, "deep": { "mode": null } }), true),
            (json!({ "deep": {} }), true),
            (json!({ "off": true }), false),
            (json!({ "off": {} }), false),
            (json!({ "deep": "NO" }), false),
            (json!({ "deep": { "mode": "YES" } }), false),
            (json!({ "deep": { "list": ["a"] } }), false),
            (json!({ "deep": { "other": false } }), false),
            (json!({ "none": { "a": 1 } }), false),
            (json!({ "other": null, "more": 1 }), false),
        ] {
            assert_eq!(is_taken(&given, &standing), is_good, "{given}");
        }
    }

    #[test]
    fn only_who_may_refresh_rotates_refresh_tokens() {
        let rotation = json!({ "refresh_token": { "rotation_type": "ROTATE", "leeway": 30 } });
        let mut settings = AppSettings::default();
        assert!(!is_taken(&rotation, &of_client(&settings)));
        settings.grants.push(GrantKind::RefreshToken);
        assert!(is_taken(&rotation, &of_client(&settings)));
    }
}
