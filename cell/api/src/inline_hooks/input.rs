//! What a body says of an inline hook.

use crate::body::Fields;
use crate::error::ApiError;
use crate::inline_hooks::channel::{channel_of, take_channel};
use crate::shown::{SWITCH, status_of};
use identity::inline_hook::settings::InlineHookChange;
use identity::inline_hook::{InlineHook, InlineHookKind};

/// The version of what hooks are asked.
pub(crate) const VERSION: &str = "1.0.0";
/// What is shown of a hook, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 4] = ["id", "created", "lastUpdated", "_links"];
/// Types that are known in the field; a hook of another one than [`InlineHookKind`] has could not be asked anything here.
pub(crate) const TYPES: [&str; 6] = [
    "com.okta.import.transform",
    "com.okta.oauth2.tokens.transform",
    "com.okta.saml.tokens.transform",
    "com.okta.telephony.provider",
    "com.okta.user.credential.password.import",
    "com.okta.user.pre-registration",
];

/// What becomes of that which a body does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It must name everything.
    Replace,
    /// The rest stays.
    Update,
}

/// Holds the word for a type against those of the field.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn check_kind(field: &str, word: &str) -> Result<(), ApiError> {
    if TYPES.contains(&word) {
        Ok(())
    } else {
        Err(ApiError::invalid(field, "there is no such type of hook"))
    }
}

fn take_kind(
    fields: &mut Fields,
    present: Option<&InlineHook>,
) -> Result<InlineHookKind, ApiError> {
    let word = fields.take_text("type")?;
    match (present, word) {
        (Some(present), None) => Ok(present.kind),
        (Some(present), Some(word)) if word == present.kind.as_str() => Ok(present.kind),
        (Some(_), Some(_)) => Err(fields.refusal("type", "a hook keeps its type")),
        (None, None) => Err(fields.refusal("type", "it is required")),
        (None, Some(word)) => {
            check_kind("type", &word)?;
            InlineHookKind::from_word(&word).ok_or_else(|| ApiError::not_supported("type"))
        }
    }
}

/// Reads a hook. Of one that is there, a body may repeat how it stands.
///
/// # Errors
/// [`ApiError`] naming the field.
pub(crate) fn parse_hook(
    bytes: &[u8],
    base_url: &str,
    present: Option<(&InlineHook, Merge)>,
) -> Result<(InlineHookKind, InlineHookChange), ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let hook = present.map(|(hook, _)| hook);
    let active = hook.is_none_or(|hook| hook.active);
    fields.take_only("status", &[status_of(active)], SWITCH)?;
    fields.take_only("version", &[VERSION], "use 1.0.0")?;
    let kind = take_kind(&mut fields, hook)?;
    let kept = match present {
        Some((hook, Merge::Update)) => Some(hook),
        _ => None,
    };
    let name = fields.take_text("name")?;
    let name = name.or_else(|| kept.map(|hook| hook.name.clone()));
    let channel = match (take_channel(&mut fields)?, kept) {
        (Some(channel), _) => channel,
        (None, Some(hook)) => channel_of(hook),
        (None, None) => return Err(fields.refusal("channel", "it is required")),
    };
    fields.end()?;
    let change = InlineHookChange {
        name: name.unwrap_or_default(),
        uri: channel.uri,
        headers: channel.headers,
        auth: channel.auth,
        base_url: base_url.to_owned(),
    };
    Ok((kind, change))
}

#[cfg(test)]
mod tests {
    use super::parse_hook;
    use identity::inline_hook::InlineHookKind;
    use identity::inline_hook::oauth::{GivenProof, OAuthChange};
    use identity::inline_hook::settings::InlineHookAuth;
    use serde_json::{Value, json};

    fn hook() -> Value {
        json!({
            "name": "Claims", "status": "ACTIVE", "version": "1.0.0",
            "type": "com.okta.oauth2.tokens.transform",
            "id": "cal", "created": "x", "lastUpdated": "x", "_links": {},
            "channel": { "type": "HTTP", "version": "1.0.0", "config": {
                "uri": "https://hooks.example/in", "method": "POST",
                "headers": [{ "key": "X-Team", "value": "blue" }],
                "authScheme": { "type": "HEADER", "key": "Authorization", "value": "secret" },
            } },
        })
    }

    #[test]
    fn a_hook_is_read_as_it_is_shown() {
        let (kind, read) = parse_hook(hook().to_string().as_bytes(), "", None)
            .ok()
            .unwrap();
        assert_eq!(kind, InlineHookKind::TokenTransform);
        assert_eq!(read.name, "Claims");
        assert_eq!(read.uri, "https://hooks.example/in");
        assert_eq!(read.headers[0].name, "X-Team");
        let InlineHookAuth::Header(Some((name, Some(value)))) = read.auth else {
            panic!("it is asked without a header");
        };
        assert_eq!(name, "Authorization");
        assert_eq!(value.expose(), "secret");
    }

    fn oauth_hook(proof: &str) -> Value {
        let mut hook = hook();
        hook["channel"] = json!({ "type": "OAUTH", "version": "1.0.0", "config": {
            "uri": "https://hooks.example/in", "method": "POST",
            "headers": [{ "key": "X-Team", "value": "blue" }], "authScheme": null,
            "authType": proof, "clientId": "us", "scope": "hook:ask",
            "tokenUrl": "https://as.example/token",
        } });
        let (field, value) = match proof {
            "client_secret_post" => ("clientSecret", "let me in"),
            _ => ("hookKeyId", "HKYabcdefghijklmnopq"),
        };
        hook["channel"]["config"][field] = json!(value);
        hook
    }

    fn read_oauth(hook: &Value) -> Option<OAuthChange> {
        let read = parse_hook(hook.to_string().as_bytes(), "", None).ok()?;
        match read.1.auth {
            InlineHookAuth::Token(change) => Some(change),
            InlineHookAuth::Header(_) => None,
        }
    }

    #[test]
    fn a_channel_with_tokens_is_read_with_its_one_proof() {
        let by_secret = read_oauth(&oauth_hook("client_secret_post")).unwrap();
        assert_eq!(by_secret.client_id, "us");
        assert_eq!(by_secret.token_uri, "https://as.example/token");
        assert_eq!(by_secret.scope, "hook:ask");
        let GivenProof::Secret(Some(secret)) = by_secret.proof else {
            panic!("the secret was not read");
        };
        assert_eq!(secret.expose(), "let me in");
        let by_key = read_oauth(&oauth_hook("private_key_jwt")).unwrap();
        assert!(matches!(by_key.proof, GivenProof::Key(_)));
        for (place, value) in [
            ("authType", json!(null)),
            ("authType", json!("client_secret_basic")),
            ("authType", json!("none")),
            ("hookKeyId", json!("x")),
            ("hookKeyId", json!(null)),
            ("clientSecret", json!("let me in")),
            (
                "authScheme",
                json!({ "type": "HEADER", "key": "A", "value": "b" }),
            ),
            ("method", json!("PUT")),
            ("audience", json!("x")),
        ] {
            let mut hook = oauth_hook("private_key_jwt");
            hook["channel"]["config"][place] = value;
            assert!(read_oauth(&hook).is_none(), "{place}");
        }
        let mut both = oauth_hook("client_secret_post");
        both["channel"]["config"]["hookKeyId"] = json!("HKYabcdefghijklmnopq");
        assert!(read_oauth(&both).is_none());
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for (place, value) in [
            ("/type", json!(null)),
            ("/type", json!("com.okta.other")),
            ("/type", json!("com.okta.saml.tokens.transform")),
            ("/type", json!("com.okta.user.pre-registration")),
            ("/status", json!("INACTIVE")),
            ("/version", json!("2.0.0")),
            ("/name", json!(1)),
            ("/channel", json!(null)),
            ("/channel/type", json!("OAUTH")),
            ("/channel/type", json!("SMTP")),
            ("/channel/config", json!(null)),
            ("/channel/config/method", json!("PUT")),
        ] {
            let mut body = hook();
            *body.pointer_mut(place).unwrap() = value;
            let read = parse_hook(body.to_string().as_bytes(), "", None);
            assert!(read.is_err(), "{place}");
        }
        let mut body = hook();
        body["channel"]["config"]["clientId"] = json!("x");
        assert!(parse_hook(body.to_string().as_bytes(), "", None).is_err());
    }
}
