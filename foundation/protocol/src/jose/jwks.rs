//! A set of public keys (RFC 7517 section 5): what clients register and what we publish.

use serde_json::{Value, json};

use crate::jose::jwk::{Jwk, JwkError};
use crate::json;

/// The largest key set that is read.
pub const JWKS_BYTES_MAX: usize = 64 * 1024;
/// How many keys a set may have: each may be tried once for a token that names none.
pub const JWKS_KEYS_MAX: usize = 16;

/// Why a key set was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not a JSON object with an array `keys`, within bounds.
    #[error(
        "the key set is not a JSON object with an array \"keys\", is too large, or repeats a member"
    )]
    Malformed,
    /// More keys than the bound.
    #[error("the key set has more than 16 keys")]
    TooManyKeys,
    /// A key of the set is malformed or private.
    #[error("key {index} of the set: {source}")]
    Key {
        /// Where in the set, from 0.
        index: usize,
        /// What is wrong with it.
        source: JwkError,
    },
    /// No key of the set can verify RS256, ES256 or EdDSA.
    #[error("the key set has no key for RS256, ES256 or EdDSA signatures")]
    NoUsableKey,
}

/// A bounded set of public keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    /// Parses a key set. Keys for other algorithms or uses are passed over (RFC 7517 section 5); malformed keys
    /// and keys with private members are errors.
    ///
    /// # Errors
    /// [`JwksError`] when the text is no key set with a usable key.
    pub fn parse(bytes: &[u8]) -> Result<Jwks, JwksError> {
        let members =
            json::parse_object(bytes, JWKS_BYTES_MAX).map_err(|_| JwksError::Malformed)?;
        let Some(Value::Array(entries)) = members.get("keys") else {
            return Err(JwksError::Malformed);
        };
        if entries.len() > JWKS_KEYS_MAX {
            return Err(JwksError::TooManyKeys);
        }
        let mut keys = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let Value::Object(entry) = entry else {
                return Err(JwksError::Malformed);
            };
            match Jwk::from_members(entry) {
                Ok(key) => keys.push(key),
                Err(JwkError::Unsupported) => {}
                Err(source) => return Err(JwksError::Key { index, source }),
            }
        }
        if keys.is_empty() {
            return Err(JwksError::NoUsableKey);
        }
        Ok(Jwks { keys })
    }

    /// A set of our own keys, for publishing or verifying.
    ///
    /// # Errors
    /// [`JwksError::TooManyKeys`] over the bound.
    pub fn from_keys(keys: Vec<Jwk>) -> Result<Jwks, JwksError> {
        if keys.len() > JWKS_KEYS_MAX {
            return Err(JwksError::TooManyKeys);
        }
        Ok(Jwks { keys })
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The set as a JSON document.
    #[must_use]
    pub fn render(&self) -> String {
        let keys: Vec<Value> = self.keys.iter().map(Jwk::render).collect();
        json!({ "keys": keys }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{JWKS_KEYS_MAX, Jwks, JwksError};
    use crate::jose::algorithm::Algorithm;
    use crate::jose::jwk::{Jwk, JwkError};
    use crate::jose::signing_key::SigningKey;

    fn key(kid: &str) -> Jwk {
        SigningKey::generate(Algorithm::Es256)
            .unwrap()
            .public_jwk(kid)
            .unwrap()
    }

    #[test]
    fn renders_what_it_parses() {
        let set = Jwks::from_keys(vec![key("a"), key("b")]).unwrap();
        assert_eq!(Jwks::parse(set.render().as_bytes()).unwrap(), set);
        assert_eq!(Jwks::default().render(), r#"{"keys":[]}"#);
    }

    #[test]
    fn passes_over_foreign_keys_and_refuses_bad_ones() {
        let good = key("good").render();
        let set = |entries: &[&str]| format!("{{\"keys\":[{}]}}", entries.join(","));
        let foreign = r#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#;
        let parsed = Jwks::parse(set(&[foreign, &good.to_string()]).as_bytes()).unwrap();
        assert_eq!(parsed.keys().len(), 1);
        let table: &[(String, JwksError)] = &[
            (set(&[foreign]), JwksError::NoUsableKey),
            (set(&[]), JwksError::NoUsableKey),
            (
                set(&[r#"{"kty":"oct","k":"AA"}"#]),
                JwksError::Key {
                    index: 0,
                    source: JwkError::Private,
                },
            ),
            (
                set(&[&good.to_string(), r#"{"kty":"RSA"}"#]),
                JwksError::Key {
                    index: 1,
                    source: JwkError::Member("n"),
                },
            ),
            (set(&["7"]), JwksError::Malformed),
            ("{}".into(), JwksError::Malformed),
            ("[]".into(), JwksError::Malformed),
            (set(&[foreign; JWKS_KEYS_MAX + 1]), JwksError::TooManyKeys),
        ];
        for (text, error) in table {
            assert_eq!(Jwks::parse(text.as_bytes()).unwrap_err(), *error, "{text}");
        }
        assert_eq!(
            Jwks::from_keys(vec![key("a"); 17]).unwrap_err(),
            JwksError::TooManyKeys
        );
    }
}
