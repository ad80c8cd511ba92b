//! A private key in memory, ready to sign: what the hot path holds.

use protocol::jose::algorithm::Algorithm;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::encode::{CompactEncoder, EncodeError};
use protocol::jose::signing_key::{SigningKey, SigningKeyError};
use serde::Serialize;
use std::fmt;

/// A private key that signs for one server, with the headers of its tokens encoded already.
pub struct Signer {
    kid: String,
    key: SigningKey,
    id_token: CompactEncoder,
    access_token: CompactEncoder,
    logout_token: CompactEncoder,
}

impl Signer {
    pub(crate) fn new(kid: String, key: SigningKey) -> Self {
        let encoder = |token_type| CompactEncoder::new(key.algorithm(), &kid, token_type);
        let (id_token, access_token, logout_token) = (
            encoder(TokenType::Jwt),
            encoder(TokenType::AccessToken),
            encoder(TokenType::LogoutToken),
        );
        Self {
            kid,
            key,
            id_token,
            access_token,
            logout_token,
        }
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Signs bytes.
    ///
    /// # Errors
    /// [`SigningKeyError::Sign`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        self.key.sign(message)
    }

    /// Writes a signed token with these claims.
    ///
    /// # Errors
    /// [`EncodeError`] when the claims cannot be JSON or the library fails.
    pub fn encode<C: Serialize + ?Sized>(
        &self,
        token_type: TokenType,
        claims: &C,
    ) -> Result<String, EncodeError> {
        let encoder = match token_type {
            TokenType::Jwt => &self.id_token,
            TokenType::AccessToken => &self.access_token,
            TokenType::LogoutToken => &self.logout_token,
        };
        encoder.encode(claims, &self.key)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish()
    }
}
