//! The control plane's signature over the state of the route map (Ed25519, RFC 8032).

use crate::routes::map::{Digest, parse_hex};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use vocab::time::Timestamp;
use zeroize::Zeroizing;

/// Sets these signatures apart from every other one of the same key.
const DOMAIN: &[u8] = b"testudo route head 1\n";

/// A state of the route map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The last change that is in it.
    pub cursor: i64,
    /// The hash over its entries.
    pub root: Digest,
    /// When it was signed.
    pub signed_at: Timestamp,
}

/// A state of the route map that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// The state.
    pub head: Head,
    /// 128 hexadecimal digits.
    pub signature: String,
}

/// Whoever signs route maps.
pub struct RouteSigner(Ed25519KeyPair);

/// The key could not be made, kept or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key that signs route maps cannot be used")]
pub struct SignerError;

impl RouteSigner {
    /// A new key.
    ///
    /// # Errors
    /// [`SignerError`] if the system has no randomness.
    pub fn generate() -> Result<Self, SignerError> {
        Ed25519KeyPair::generate()
            .map(Self)
            .map_err(|_| SignerError)
    }

    /// A key that was kept.
    ///
    /// # Errors
    /// [`SignerError`] if the bytes are none.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, SignerError> {
        Ed25519KeyPair::from_pkcs8(bytes)
            .map(Self)
            .map_err(|_| SignerError)
    }

    /// The key, to be kept (PKCS#8, RFC 8410).
    ///
    /// # Errors
    /// [`SignerError`] if it cannot be written.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SignerError> {
        let document = self.0.to_pkcs8v1().map_err(|_| SignerError)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// What followers pin: 64 hexadecimal digits.
    #[must_use]
    pub fn public_hex(&self) -> String {
        render_hex(self.0.public_key().as_ref())
    }

    /// Answers for a state.
    #[must_use]
    pub fn sign(&self, head: Head) -> SignedHead {
        SignedHead {
            signature: render_hex(self.0.sign(&signed_bytes(&head)).as_ref()),
            head,
        }
    }
}

/// Whoever follows route maps.
#[derive(Clone)]
pub struct RouteVerifier([u8; 32]);

impl RouteVerifier {
    /// Reads what [`RouteSigner::public_hex`] wrote.
    ///
    /// # Errors
    /// [`SignerError`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, SignerError> {
        parse_hex(text.trim()).map(Self).ok_or(SignerError)
    }

    /// Whether the signature is of the pinned key and over this head.
    #[must_use]
    pub fn verify(&self, signed: &SignedHead) -> bool {
        let Some(signature) = parse_hex::<64>(&signed.signature) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&signed_bytes(&signed.head), &signature)
            .is_ok()
    }
}

fn signed_bytes(head: &Head) -> Vec<u8> {
    let mut bytes = DOMAIN.to_vec();
    bytes.extend_from_slice(&head.cursor.to_be_bytes());
    bytes.extend_from_slice(&head.signed_at.micros().to_be_bytes());
    bytes.extend_from_slice(head.root.bytes());
    bytes
}

fn render_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
