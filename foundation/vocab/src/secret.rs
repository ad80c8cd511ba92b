//! Secrets that cannot be printed by accident, and the hashes by which tokens are stored.

use crate::entropy::Entropy;
use crate::hex;
use crate::value::{FromValue, Value, ValueError};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Random bytes behind every bearer token: 256 bits.
pub const TOKEN_BYTES: usize = 32;

/// A value that has no `Debug`, `Display` or `Serialize`, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value into custody.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each call is a place to look at in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Draws a bearer token: the prefix and 43 base64url characters (256 random bits).
#[must_use]
pub fn random_token(entropy: &dyn Entropy, prefix: &str) -> Secret<String> {
    let mut bytes = [0_u8; TOKEN_BYTES];
    entropy.fill(&mut bytes);
    let mut token = String::with_capacity(prefix.len() + 43);
    token.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut token);
    bytes.zeroize();
    Secret(token)
}

/// SHA-256 of a token of high entropy: what is stored in its place, as 64 hexadecimal characters.
///
/// Never for passwords: those go through the password pool.
#[derive(Debug, Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0_u8; 32];
        let computed = digest::digest(&digest::SHA256, token.as_bytes());
        for (to, from) in hash.iter_mut().zip(computed.as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// The hash as lower-case hexadecimal.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::render(&self.0)
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl From<SecretHash> for Value {
    fn from(hash: SecretHash) -> Self {
        Value::Text(hash.to_hex())
    }
}

impl From<&SecretHash> for Value {
    fn from(hash: &SecretHash) -> Self {
        Value::Text(hash.to_hex())
    }
}

impl FromValue for SecretHash {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let hash = match value {
            Value::Text(text) => hex::parse(text),
            _ => None,
        };
        hash.map(Self).ok_or(ValueError {
            wanted: "SHA-256 hash",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretHash, random_token};
    use crate::entropy::{SeededEntropy, SystemEntropy};
    use crate::value::{FromValue, Value};

    #[test]
    fn a_token_has_its_prefix_and_256_bits() {
        let token = random_token(&SystemEntropy, "trt.");
        assert!(token.expose().starts_with("trt."));
        assert_eq!(token.expose().len(), 4 + 43);
    }

    #[test]
    fn a_hash_survives_storage_and_tells_tokens_apart() {
        let entropy = SeededEntropy::new(3);
        let (one, two) = (random_token(&entropy, ""), random_token(&entropy, ""));
        let hash = SecretHash::of(one.expose());
        assert_eq!(SecretHash::from_value(&Value::from(hash)).unwrap(), hash);
        assert_ne!(SecretHash::of(two.expose()), hash);
    }

    #[test]
    fn the_hash_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(SecretHash::of("abc").to_hex(), expected);
    }

    #[test]
    fn a_damaged_hash_is_refused() {
        for text in ["", "ab", &"g".repeat(64), &"+f".repeat(32), &"é".repeat(32)] {
            assert!(SecretHash::from_value(&Value::from(text)).is_err());
        }
    }
}
