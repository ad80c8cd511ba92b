//! What a provider publishes of itself (OpenID Connect Discovery 1.0 sections 3 and 4), as far as a relying party needs it:
//! bounded, and only of the issuer that was asked.

use crate::json;
use crate::oidc::relying::AnswerError;
use serde_json::{Map, Value};

/// The largest document that is read.
pub const METADATA_BYTES_MAX: usize = 64 * 1024;
/// The longest address in it.
pub const ADDRESS_BYTES_MAX: usize = 1_024;
/// Most words of a list in it that are looked at.
const WORDS_MAX: usize = 200;
/// Where it stands below the issuer (Discovery section 4).
const PATH: &str = "/.well-known/openid-configuration";
/// The scopes that are of use, in the order in which they are asked for.
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// What a provider publishes of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// Where browsers are sent.
    pub authorization: String,
    /// Where codes are redeemed.
    pub token: String,
    /// Where it tells more of somebody, if anywhere.
    pub userinfo: Option<String>,
    /// Where its public keys are.
    pub jwks: String,
    /// Whether a secret is taken in the body and not in the header.
    pub secret_in_body_alone: bool,
    /// What can be asked for, of what is of use.
    pub scopes: Vec<&'static str>,
}

/// Where an issuer's document stands.
#[must_use]
pub fn metadata_address(issuer: &str) -> String {
    format!("{}{PATH}", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// Reads the document of an issuer. What stands there of another one is that of whoever wrote it (Discovery section 4.3).
///
/// # Errors
/// [`AnswerError`] for anything but that.
pub fn parse_metadata(bytes: &[u8], issuer: &str) -> Result<ProviderMetadata, AnswerError> {
    let members =
        json::parse_object(bytes, METADATA_BYTES_MAX).map_err(|_| AnswerError::Malformed)?;
    if members.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return Err(AnswerError::Member("issuer"));
    }
    let methods = words(&members, "token_endpoint_auth_methods_supported")?;
    let has = |word: &str| methods.as_ref().is_some_and(|known| known.contains(&word));
    let offered = words(&members, "scopes_supported")?;
    let is_offered = |scope: &&str| {
        let known = offered.as_ref();
        // One that does not say what it knows is asked for what everybody knows.
        *scope == "openid" || known.is_none_or(|known| known.contains(scope))
    };
    Ok(ProviderMetadata {
        authorization: address(&members, "authorization_endpoint")?,
        token: address(&members, "token_endpoint")?,
        userinfo: match members.contains_key("userinfo_endpoint") {
            true => Some(address(&members, "userinfo_endpoint")?),
            false => None,
        },
        jwks: address(&members, "jwks_uri")?,
        secret_in_body_alone: has("client_secret_post") && !has("client_secret_basic"),
        scopes: SCOPES.into_iter().filter(is_offered).collect(),
    })
}

fn address(members: &Map<String, Value>, name: &'static str) -> Result<String, AnswerError> {
    let text = members.get(name).and_then(Value::as_str);
    let text = text.ok_or(AnswerError::Member(name))?;
    let fits = (1..=ADDRESS_BYTES_MAX).contains(&text.len());
    match fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err(AnswerError::Member(name)),
    }
}

fn words<'m>(
    members: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<&'m str>>, AnswerError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Array(list)) if list.len() <= WORDS_MAX => {
            let words: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            words.map(Some).ok_or(AnswerError::Member(name))
        }
        Some(_) => Err(AnswerError::Member(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::{METADATA_BYTES_MAX, metadata_address, parse_metadata};
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    const ISSUER: &str = "https://idp.example/tenant";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://idp.example/authorize",
            "token_endpoint": "https://idp.example/token",
            "userinfo_endpoint": "https://idp.example/userinfo",
            "jwks_uri": "https://idp.example/keys",
            "scopes_supported": ["address", "profile", "openid", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "claims_supported": ["sub"],
        })
    }

    fn read(document: &Value) -> Option<super::ProviderMetadata> {
        parse_metadata(document.to_string().as_bytes(), ISSUER).ok()
    }

    #[test]
    fn what_is_published_is_read() {
        let found = read(&document()).unwrap();
        assert_eq!(found.authorization, "https://idp.example/authorize");
        assert_eq!(
            found.userinfo.as_deref(),
            Some("https://idp.example/userinfo")
        );
        assert_eq!(found.scopes, ["openid", "email", "profile"]);
        assert!(found.secret_in_body_alone);
        let mut plain = document();
        for name in [
            "userinfo_endpoint",
            "scopes_supported",
            "token_endpoint_auth_methods_supported",
        ] {
            plain.as_object_mut().unwrap().remove(name);
        }
        let found = read(&plain).unwrap();
        assert_eq!(found.userinfo, None);
        assert_eq!(found.scopes.len(), 3);
        assert!(!found.secret_in_body_alone);
        assert_eq!(
            metadata_address("https://idp.example/tenant/"),
            "https://idp.example/tenant/.well-known/openid-configuration"
        );
    }

    #[test]
    fn what_is_not_that_issuers_document_is_refused() {
        for (name, value) in [
            ("issuer", json!("https://other.example")),
            ("issuer", json!("https://idp.example/tenant/")),
            ("issuer", Value::Null),
            ("authorization_endpoint", json!("")),
            ("token_endpoint", json!(["https://idp.example/token"])),
            ("token_endpoint", Value::Null),
            ("userinfo_endpoint", json!("https://idp.example/\u{202e}")),
            (
                "jwks_uri",
                json!(format!("https://idp.example/{}", "k".repeat(1_024))),
            ),
            ("scopes_supported", json!("openid")),
            ("scopes_supported", json!([1])),
            ("scopes_supported", json!(vec!["x"; 201])),
        ] {
            let mut document = document();
            document[name] = value.clone();
            assert_eq!(read(&document), None, "{name} {value}");
        }
        let large = format!("{{\"x\":\"{}\"}}", "y".repeat(METADATA_BYTES_MAX));
        for bytes in ["", "[]", "{\"issuer\":1,\"issuer\":2}", &large] {
            assert!(parse_metadata(bytes.as_bytes(), ISSUER).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(bytes in vec(any::<u8>(), 0..512)) {
            assert!(parse_metadata(&bytes, ISSUER).is_err());
        }
    }
}
