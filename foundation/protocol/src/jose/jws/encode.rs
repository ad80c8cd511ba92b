//! Writes signed tokens. This is the hot path: the header is encoded once per key, the claims are serialised once,
//! and the token is built in one string of the right size.

use serde::Serialize;

use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::jws::TokenType;
use crate::jose::signing_key::{SigningKey, SigningKeyError};

/// What the usual claims need, so that the buffer seldom grows.
const CLAIMS_BYTES_HINT: usize = 512;

/// Why a token could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The claims cannot be JSON.
    #[error("the claims could not be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The key failed.
    #[error("the token could not be signed")]
    Sign(#[from] SigningKeyError),
    /// The key is not for the algorithm that the header names.
    #[error("the key is for another algorithm than the header names")]
    WrongKey,
}

/// The fixed part of the tokens that one key signs: keep one per key and type.
#[derive(Debug, Clone)]
pub struct CompactEncoder {
    algorithm: Algorithm,
    /// The encoded header and the first dot.
    prefix: String,
}

impl CompactEncoder {
    /// Encodes the header once.
    #[must_use]
    pub fn new(algorithm: Algorithm, kid: &str, token_type: TokenType) -> CompactEncoder {
        let header =
            serde_json::json!({ "alg": algorithm.name(), "kid": kid, "typ": token_type.name() });
        let mut prefix = base64url::render(header.to_string().as_bytes());
        prefix.push('.');
        CompactEncoder { algorithm, prefix }
    }

    /// The algorithm that the header names.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Serialises and signs.
    ///
    /// # Errors
    /// [`EncodeError`] when the claims cannot be JSON or the key does not sign.
    pub fn encode<C: Serialize + ?Sized>(
        &self,
        claims: &C,
        key: &SigningKey,
    ) -> Result<String, EncodeError> {
        if key.algorithm() != self.algorithm {
            return Err(EncodeError::WrongKey);
        }
        let input = self.prepare(claims)?;
        let signature = key.sign(input.as_bytes())?;
        Ok(input.attach(&signature))
    }

    /// Serialises without signing, for a signer that lives elsewhere.
    ///
    /// # Errors
    /// [`EncodeError::Claims`] when the claims cannot be JSON.
    pub fn prepare<C: Serialize + ?Sized>(&self, claims: &C) -> Result<SigningInput, EncodeError> {
        let mut payload = Vec::with_capacity(CLAIMS_BYTES_HINT);
        serde_json::to_writer(&mut payload, claims).map_err(EncodeError::Claims)?;
        Ok(self.prepare_payload(&payload))
    }

    /// Takes a payload that is JSON already.
    #[must_use]
    pub fn prepare_payload(&self, payload: &[u8]) -> SigningInput {
        let signature_len = base64url::rendered_len(self.algorithm.signature_bytes_hint());
        let token_len = [
            self.prefix.len(),
            base64url::rendered_len(payload.len()),
            1,
            signature_len,
        ]
        .iter()
        .sum();
        let mut text = String::with_capacity(token_len);
        text.push_str(&self.prefix);
        base64url::render_into(payload, &mut text);
        SigningInput { text }
    }
}

/// Header and payload, waiting for their signature (RFC 7515 section 5.1).
#[derive(Debug)]
pub struct SigningInput {
    text: String,
}

impl SigningInput {
    /// The bytes to sign.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The finished token.
    #[must_use]
    pub fn attach(mut self, signature: &[u8]) -> String {
        self.text.push('.');
        base64url::render_into(signature, &mut self.text);
        self.text
    }
}
