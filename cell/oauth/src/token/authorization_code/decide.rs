//! Whether a code may be redeemed (RFC 6749 section 4.1.3, RFC 7636 section 4.6). Pure.

use crate::denial::Denial;
use crate::grant::{GrantDocument, Grantor};
use protocol::oauth::pkce::{Challenge, Verifier};
use vocab::id::{AppId, RefreshFamilyId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// A code as it is stored.
#[derive(Debug, Clone)]
pub struct StoredCode {
    /// The hash of the code.
    pub hash: SecretHash,
    /// The server that issued it.
    pub server: String,
    /// The app that it was issued to.
    pub app: AppId,
    /// Whose grant it is.
    pub grantor: Grantor,
    /// What was granted.
    pub grant: GrantDocument,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
    /// The refresh family that came from it.
    pub family: Option<RefreshFamilyId>,
    /// The access token that came from it: its id and its end.
    pub access_token: Option<(String, Timestamp)>,
}

/// What a client presents beside the code.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// `redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`.
    pub verifier: Option<&'a Verifier>,
}

/// What becomes of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeVerdict {
    /// It may be redeemed, unless somebody was faster.
    Redeem,
    /// It was redeemed before: what came from it ends (RFC 6749 section 4.1.2).
    Replayed,
    /// It may not be redeemed.
    Refused(Denial),
}

/// One text for what a stranger must not tell apart.
pub const UNKNOWN: Denial =
    Denial::invalid_grant("the code is unknown, expired, used or another client's");

/// Decides about a code.
#[must_use]
pub fn decide_code(
    code: &StoredCode,
    server: &str,
    app: &AppId,
    presented: Presented<'_>,
    now: Timestamp,
) -> CodeVerdict {
    if code.app != *app || code.server != server {
        return CodeVerdict::Refused(UNKNOWN);
    }
    if code.used_at.is_some() {
        return CodeVerdict::Replayed;
    }
    if now >= code.expires_at {
        return CodeVerdict::Refused(UNKNOWN);
    }
    match decide_address(&code.grant, presented.redirect_uri)
        .and_then(|()| decide_proof(code.grant.code_challenge.as_deref(), presented.verifier))
    {
        Ok(()) => CodeVerdict::Redeem,
        Err(denial) => CodeVerdict::Refused(denial),
    }
}

/// The address must be the same, and must be named if the authorization request named it (RFC 6749 section 4.1.3).
fn decide_address(grant: &GrantDocument, presented: Option<&str>) -> Result<(), Denial> {
    let same = match presented {
        None => !grant.redirect_uri_was_named,
        presented => presented == grant.redirect_uri.as_deref(),
    };
    if same {
        Ok(())
    } else {
        Err(Denial::invalid_grant(
            "redirect_uri is not the one of the authorization request",
        ))
    }
}

/// A challenge needs its verifier, and a verifier needs a challenge: else a code that was obtained without one could
/// be slipped to a client that uses PKCE (RFC 9700 section 4.8.2).
fn decide_proof(challenge: Option<&str>, verifier: Option<&Verifier>) -> Result<(), Denial> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Denial::invalid_grant(
            "code_verifier was sent, but code_challenge was not",
        )),
        (Some(_), None) => Err(Denial::invalid_grant("code_verifier is missing")),
        (Some(challenge), Some(verifier)) => match Challenge::parse(challenge) {
            Ok(challenge) if challenge.is_met_by(verifier) => Ok(()),
            _ => Err(Denial::invalid_grant(
                "code_verifier does not fit code_challenge",
            )),
        },
    }
}
