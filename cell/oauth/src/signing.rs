//! Signs tokens of a server and checks them again. The signature is made outside of any transaction.

use crate::issuer::Issuer;
use identity::app::settings::TokenAlgorithm;
use identity::cell::Cell;
use identity::fault::Fault;
use keys::{JwksDocument, KeyFault, ServerKeyScope};
use protocol::jose::algorithm::Algorithm;
use protocol::jose::jws::TokenType;
use protocol::jose::jws::verify::Verified;
use serde::Serialize;
use std::sync::Arc;

/// Whose keys a server signs with.
#[must_use]
pub fn key_scope(issuer: &Issuer) -> ServerKeyScope {
    issuer
        .server
        .clone()
        .map_or(ServerKeyScope::Org, ServerKeyScope::Custom)
}

/// The algorithm of a setting.
#[must_use]
pub const fn algorithm(setting: TokenAlgorithm) -> Algorithm {
    match setting {
        TokenAlgorithm::RS256 => Algorithm::Rs256,
        TokenAlgorithm::ES256 => Algorithm::Es256,
        TokenAlgorithm::EdDSA => Algorithm::EdDsa,
    }
}

/// Writes a token of that type, signed by the server.
///
/// # Errors
/// [`Fault::Key`] if there is no key or it does not sign.
pub async fn sign<C: Serialize + Sync>(
    cell: &Cell,
    issuer: &Issuer,
    algorithm: Algorithm,
    token_type: TokenType,
    claims: &C,
) -> Result<String, Fault> {
    let signer = cell
        .signing_keys
        .active_signer(&issuer.org, &key_scope(issuer), algorithm)
        .await?;
    signer
        .encode(token_type, claims)
        .map_err(|_| Fault::Key(KeyFault::Internal("signing a token")))
}

/// The published keys, with one of every algorithm, so that a client which keeps them knows each key that may sign.
///
/// # Errors
/// [`Fault::Key`] if they cannot be had.
pub async fn published(cell: &Cell, issuer: &Issuer) -> Result<Arc<JwksDocument>, Fault> {
    Ok(cell
        .signing_keys
        .published_jwks(&issuer.org, &key_scope(issuer), &Algorithm::ALL)
        .await?)
}

/// Whether a token must say its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An access token (RFC 9068 section 4).
    AccessToken,
    /// An ID token of ours.
    IdToken,
}

/// The verified token, if a published key of this org and server signed it and it names the server.
///
/// # Errors
/// [`Fault::Key`] if the keys cannot be had.
pub async fn verify(
    cell: &Cell,
    issuer: &Issuer,
    token: &str,
    wanted: Wanted,
) -> Result<Option<Arc<Verified>>, Fault> {
    let checked = cell
        .signing_keys
        .verify(&issuer.org, &key_scope(issuer), token)
        .await?;
    let Ok(verified) = checked else {
        return Ok(None);
    };
    let token_type = match wanted {
        Wanted::AccessToken => TokenType::AccessToken,
        Wanted::IdToken => TokenType::Jwt,
    };
    let header = verified.header();
    let named = verified.members().get("iss");
    let is_ours = header.is_type(token_type)
        && header.kid.is_some()
        && named
            .and_then(serde_json::Value::as_str)
            .is_some_and(|iss| issuer.is_named_by(iss));
    Ok(is_ours.then_some(verified))
}
