//! The rules of refresh tokens: rotation, reuse, grace. Pure.
//!
//! A token is `family.member.secret`. The member part is the same for all tokens of a family, so that a stranger who
//! knows the family's id, which access tokens name, cannot end the family with a made-up token. The secret of each
//! next token follows from the one before it and a salt that is kept only until the next rotation: a client that lost
//! a reply gets the very same token again, and neither the store nor an old token alone gives it away.

use crate::token::store::RefreshFamily;
use aws_lc_rs::hmac;
use identity::app::rules::REFRESH_GRACE_SECS;
use protocol::jose::base64url;
use vocab::entropy::Entropy;
use vocab::id::{AppId, RefreshFamilyId};
use vocab::secret::{Secret, SecretHash, random_token};
use vocab::time::Timestamp;

/// The length of the two random parts of a token.
const PART_CHARS: usize = 43;

/// A refresh token as a client presents it. Has no `Debug`: it is secret.
pub struct PresentedToken {
    /// The family that it names.
    pub family: RefreshFamilyId,
    /// The hash of its member part.
    pub member_hash: SecretHash,
    /// The hash of the whole.
    pub hash: SecretHash,
    member: Secret<String>,
    text: Secret<String>,
}

/// Reads a token's shape.
#[must_use]
pub fn parse_refresh_token(text: &str) -> Option<PresentedToken> {
    let mut parts = text.split('.');
    let (family, member, secret) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || member.len() != PART_CHARS || secret.len() != PART_CHARS {
        return None;
    }
    Some(PresentedToken {
        family: RefreshFamilyId::parse(family).ok()?,
        member_hash: SecretHash::of(member),
        hash: SecretHash::of(text),
        member: Secret::new(member.to_owned()),
        text: Secret::new(text.to_owned()),
    })
}

/// The first token of a family, and the hash of its member part.
#[must_use]
pub fn plan_first(family: &RefreshFamilyId, entropy: &dyn Entropy) -> (Secret<String>, SecretHash) {
    let (member, secret) = (random_token(entropy, ""), random_token(entropy, ""));
    let token = format!("{family}.{}.{}", member.expose(), secret.expose());
    (Secret::new(token), SecretHash::of(member.expose()))
}

/// The token that follows the presented one, by that salt.
#[must_use]
pub fn plan_successor(presented: &PresentedToken, salt: &str) -> Secret<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    let tag = hmac::sign(&key, presented.text.expose().as_bytes());
    let secret = base64url::render(tag.as_ref());
    Secret::new(format!(
        "{}.{}.{secret}",
        presented.family,
        presented.member.expose()
    ))
}

/// Who presents a token, and where.
#[derive(Debug, Clone, Copy)]
pub struct Presenter<'a> {
    /// The server that is asked.
    pub server: &'a str,
    /// The client.
    pub app: &'a AppId,
}

/// What becomes of a presented token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshVerdict {
    /// It is the latest: the next one takes its place.
    Rotate,
    /// It is the one before the latest, and the reply may have been lost: the latest is given again.
    Repeat,
    /// It was used before: somebody has a copy, so the family ends (RFC 9700 section 4.14.2).
    Reused,
    /// It is unknown, ended, or another's.
    Refused,
}

/// Decides about a presented token.
#[must_use]
pub fn decide_refresh(
    family: &RefreshFamily,
    presented: &PresentedToken,
    presenter: Presenter<'_>,
    now: Timestamp,
) -> RefreshVerdict {
    let is_theirs = family.id == presented.family
        && family.server == presenter.server
        && family.app == *presenter.app
        && family.member_hash == presented.member_hash;
    let lives =
        family.revoked_at.is_none() && now < family.idle_expires_at && now < family.expires_at;
    if !is_theirs || !lives {
        return RefreshVerdict::Refused;
    }
    if family.token_hash == presented.hash {
        return RefreshVerdict::Rotate;
    }
    let in_grace = now < family.rotated_at.plus_secs(REFRESH_GRACE_SECS);
    if in_grace && family.previous_hash.as_ref() == Some(&presented.hash) {
        RefreshVerdict::Repeat
    } else {
        RefreshVerdict::Reused
    }
}
