//! Checks signed tokens from outside: parse, then verify, then use the verified bytes only.
//!
//! [`Unverified`] gives out the header, which selects the key, and nothing of the payload but through
//! [`Unverified::peek_unverified_subject`], whose answer may only ever choose which keys to verify with.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::jwk::{Jwk, is_kid};
use crate::jose::jwks::Jwks;
use crate::jose::jws::TokenType;
use crate::jose::jws::memo::{KeySetMark, TokenMark, VerifiedMemo};
use crate::json;

/// The longest token that is read.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The largest header that is read.
pub const HEADER_BYTES_MAX: usize = 2 * 1024;
/// The longest signature: RSA with 8192 bits.
const SIGNATURE_BYTES_MAX: usize = 1024;

/// Header members that carry or fetch a key (RFC 7515 sections 4.1.2, 4.1.3, 4.1.5, 4.1.6) or change how the
/// payload is read (`crit` section 4.1.11, `b64` RFC 7797, `zip` RFC 7516): refused, for none of them is understood.
const REFUSED_MEMBERS: [&str; 7] = ["crit", "jwk", "jku", "x5u", "x5c", "b64", "zip"];

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than the bound.
    #[error("the token is too large")]
    TooLarge,
    /// Not three parts of canonical base64url, or header or payload are not strict JSON objects.
    #[error("the token is not a signed token in compact form")]
    Malformed,
    /// A header member that is not accepted.
    #[error("the token's header holds {0}, which is not accepted")]
    RefusedHeader(&'static str),
    /// The `alg` is unknown, `none`, symmetric, or not allowed here.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// No known key fits the header.
    #[error("no known key fits the token's key id and algorithm")]
    NoKey,
    /// The signature does not verify.
    #[error("the token's signature is not valid")]
    Signature,
}

/// The header of a token (RFC 7515 section 4.1), as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`, a hint which key to use.
    pub kid: Option<String>,
    /// `typ`.
    pub token_type: Option<String>,
}

impl Header {
    /// Whether `typ` says this type; `application/` may be left out and case does not matter (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn is_type(&self, token_type: TokenType) -> bool {
        self.token_type.as_deref().is_some_and(|typ| {
            let (head, tail) = typ
                .split_at_checked("application/".len())
                .unwrap_or(("", typ));
            let name = if head.eq_ignore_ascii_case("application/") {
                tail
            } else {
                typ
            };
            name.eq_ignore_ascii_case(token_type.name())
        })
    }
}

/// A token whose signature nobody has checked.
#[derive(Debug)]
pub struct Unverified<'t> {
    header: Header,
    signing_input: &'t [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What a token says whose signature was checked.
#[derive(Debug, Clone)]
pub struct Verified {
    header: Header,
    members: Map<String, Value>,
}

/// Splits and decodes a token.
///
/// # Errors
/// [`JwsError`] when the token is over its bound, malformed, or names an algorithm or header member that is not accepted.
pub fn parse_unverified(token: &str) -> Result<Unverified<'_>, JwsError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwsError::TooLarge);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    // A third dot would stand inside the payload and fail the decoding below (RFC 7515 section 5.2).
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
    let header = parse_header(&base64url::parse(header).map_err(|_| JwsError::Malformed)?)?;
    let payload = base64url::parse(payload).map_err(|_| JwsError::Malformed)?;
    let signature = base64url::parse(signature).map_err(|_| JwsError::Malformed)?;
    if signature.is_empty() || signature.len() > SIGNATURE_BYTES_MAX {
        return Err(JwsError::Malformed);
    }
    Ok(Unverified {
        header,
        signing_input: signing_input.as_bytes(),
        payload,
        signature,
    })
}

/// As [`Unverified::verify`], but a signature that these keys were found to have made is not computed again, and a token
/// that was read lately is not read again. `mark` must be that of `keys`. The token must name its key: what names none
/// would be tried with each.
///
/// # Errors
/// As [`parse_unverified`] and [`Unverified::verify`].
pub fn verify_remembering(
    token: &str,
    (keys, mark): (&Jwks, &KeySetMark),
    allowed: &[Algorithm],
    memo: &VerifiedMemo,
) -> Result<Arc<Verified>, JwsError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwsError::TooLarge);
    }
    let token_mark = TokenMark::of(mark, token);
    if let Some(verified) = memo.recall(&token_mark) {
        let is_allowed = allowed.contains(&verified.header.algorithm);
        return is_allowed.then_some(verified).ok_or(JwsError::Algorithm);
    }
    let unverified = parse_unverified(token)?;
    if unverified.header.kid.is_none() {
        return Err(JwsError::NoKey);
    }
    let verified = if memo.holds(&token_mark) {
        unverified.check(keys, allowed, |_, _| true)?
    } else {
        unverified.verify(keys, allowed)?
    };
    let verified = Arc::new(verified);
    memo.note(&token_mark, token.len(), &verified);
    Ok(verified)
}

impl Unverified<'_> {
    /// The header. It is not verified either, and serves to choose a key.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The `sub` that the token claims, to find out whose keys to verify it with (RFC 7521 section 4.2: a client
    /// may leave `client_id` out). Not a fact: verify, then read the verified claims.
    #[must_use]
    pub fn peek_unverified_subject(&self) -> Option<String> {
        let mut members = json::parse_object(&self.payload, TOKEN_BYTES_MAX).ok()?;
        match members.remove("sub") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Checks the signature: the algorithm must be allowed and be the key's own, and the key must be one of `keys`.
    ///
    /// A token that names a key id is tried with the keys of that id and with keys that have none; a token that
    /// names none is tried with every key of its algorithm. Sets are bounded, so the work is.
    ///
    /// # Errors
    /// [`JwsError`] when the algorithm is not allowed, no key fits, no key verifies, or the payload is no JSON object.
    pub fn verify(self, keys: &Jwks, allowed: &[Algorithm]) -> Result<Verified, JwsError> {
        self.check(keys, allowed, |token, key| {
            key.verifies(token.signing_input, &token.signature)
        })
    }

    fn check(
        self,
        keys: &Jwks,
        allowed: &[Algorithm],
        verifies: impl Fn(&Self, &Jwk) -> bool,
    ) -> Result<Verified, JwsError> {
        if !allowed.contains(&self.header.algorithm) {
            return Err(JwsError::Algorithm);
        }
        let mut candidates = keys
            .keys()
            .iter()
            .filter(|key| self.may_be_signed_by(key))
            .peekable();
        if candidates.peek().is_none() {
            return Err(JwsError::NoKey);
        }
        if !candidates.any(|key| verifies(&self, key)) {
            return Err(JwsError::Signature);
        }
        let members =
            json::parse_object(&self.payload, TOKEN_BYTES_MAX).map_err(|_| JwsError::Malformed)?;
        Ok(Verified {
            header: self.header,
            members,
        })
    }

    fn may_be_signed_by(&self, key: &Jwk) -> bool {
        let fits_kid = match (self.header.kid.as_deref(), key.kid()) {
            (Some(wanted), Some(kid)) => wanted == kid,
            _ => true,
        };
        fits_kid && key.algorithm() == self.header.algorithm
    }
}

impl Verified {
    /// The header, now verified.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The members of the payload.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The members, taken out.
    #[must_use]
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }
}

fn parse_header(bytes: &[u8]) -> Result<Header, JwsError> {
    let members = json::parse_object(bytes, HEADER_BYTES_MAX).map_err(|_| JwsError::Malformed)?;
    if let Some(name) = REFUSED_MEMBERS
        .into_iter()
        .find(|name| members.contains_key(*name))
    {
        return Err(JwsError::RefusedHeader(name));
    }
    let algorithm = match members.get("alg") {
        Some(Value::String(name)) => Algorithm::parse(name).ok_or(JwsError::Algorithm)?,
        _ => return Err(JwsError::Malformed),
    };
    let kid = match members.get("kid") {
        None => None,
        Some(Value::String(kid)) if is_kid(kid) => Some(kid.clone()),
        Some(_) => return Err(JwsError::Malformed),
    };
    let token_type = match members.get("typ") {
        None => None,
        Some(Value::String(typ)) => Some(typ.clone()),
        Some(_) => return Err(JwsError::Malformed),
    };
    Ok(Header {
        algorithm,
        kid,
        token_type,
    })
}
