//! What another OpenID Provider answers us, as a relying party reads it (OpenID Connect Core sections 3.1.3.3 to 3.1.3.7 and
//! 5.3.2): bounded, strict, and nothing of it counts before the ID token was checked whole.

pub mod metadata;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use vocab::secret::Secret;
use vocab::text::disguises;

use crate::jose::algorithm::Algorithm;
use crate::jose::jwks::Jwks;
use crate::jose::jws::verify::{JwsError, TOKEN_BYTES_MAX, parse_unverified};
use crate::json;
use crate::jwt::{Claims, ClaimsError, Expected, Expiry, check_claims};
use crate::oidc::id_token::render_at_hash;

/// The largest answer of a token endpoint: two tokens with room.
pub const TOKEN_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The largest answer of a userinfo endpoint.
pub const USERINFO_BYTES_MAX: usize = 64 * 1024;
/// The longest subject (OpenID Connect Core section 2).
pub const SUBJECT_CHARS_MAX: usize = 255;
/// The longest mail address that is looked at (RFC 5321 section 4.5.3.1.3).
pub const EMAIL_CHARS_MAX: usize = 254;
/// The longest name that is looked at; whoever stores it has a bound of their own.
pub const NAME_CHARS_MAX: usize = 1_000;
/// The latest moment that is looked at, the end of the year 9999: sums with it stay far from overflow.
const DATE_SECS_MAX: i64 = 253_402_300_799;
/// The most that `auth_time` may lie before the moment from which on proof counts.
const FRESH_LEEWAY_SECS_MAX: i64 = 30;
/// The longest error code that is shown of another provider.
pub const ERROR_CODE_BYTES_MAX: usize = 60;

/// Why an answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not a JSON object within bounds.
    #[error("the answer is not a JSON object, is too large, or repeats a member")]
    Malformed,
    /// A member is missing, or of the wrong type or length.
    #[error("the member {0} is missing or malformed")]
    Member(&'static str),
    /// It is about somebody else than the ID token.
    #[error("the answer is about another subject")]
    Subject,
}

/// What a token endpoint gave us. Has no `Debug`: it holds tokens.
pub struct TokenAnswer {
    /// The ID token, unchecked.
    pub id_token: String,
    /// The access token.
    pub access_token: Secret<String>,
}

/// What a token endpoint gave us for ourselves. Has no `Debug`: it holds a token.
pub struct BearerAnswer {
    /// The access token.
    pub access_token: Secret<String>,
    /// For how long it is good, if that was said in seconds.
    pub lifetime_secs: Option<u32>,
}

/// Reads the answer of a token endpoint (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
///
/// # Errors
/// [`AnswerError`] if there is no bearer token, or no ID token.
pub fn parse_token_answer(bytes: &[u8]) -> Result<TokenAnswer, AnswerError> {
    let mut members = parse_members(bytes)?;
    Ok(TokenAnswer {
        access_token: take_bearer(&mut members)?,
        id_token: take_token(&mut members, "id_token")?,
    })
}

/// Reads the answer of a token endpoint to a client that asks for itself (RFC 6749 section 4.4.3).
///
/// # Errors
/// [`AnswerError`] if there is no bearer token.
pub fn parse_bearer_answer(bytes: &[u8]) -> Result<BearerAnswer, AnswerError> {
    let mut members = parse_members(bytes)?;
    let lifetime = members.get("expires_in").and_then(parse_lifetime);
    Ok(BearerAnswer {
        access_token: take_bearer(&mut members)?,
        lifetime_secs: lifetime.map(|secs| u32::try_from(secs).unwrap_or(u32::MAX)),
    })
}

/// A whole number of seconds; some endpoints say it as a text of digits.
fn parse_lifetime(said: &Value) -> Option<u64> {
    match said {
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        other => other.as_u64(),
    }
}

fn parse_members(bytes: &[u8]) -> Result<Map<String, Value>, AnswerError> {
    json::parse_object(bytes, TOKEN_ANSWER_BYTES_MAX).map_err(|_| AnswerError::Malformed)
}

fn take_bearer(members: &mut Map<String, Value>) -> Result<Secret<String>, AnswerError> {
    match members.get("token_type") {
        Some(Value::String(word)) if word.eq_ignore_ascii_case("bearer") => {}
        _ => return Err(AnswerError::Member("token_type")),
    }
    take_token(members, "access_token").map(Secret::new)
}

/// Tokens go into headers of ours: nothing but printable ASCII (RFC 6749 appendix A.12).
fn take_token(members: &mut Map<String, Value>, name: &'static str) -> Result<String, AnswerError> {
    match members.remove(name) {
        Some(Value::String(token))
            if !token.is_empty()
                && token.len() <= TOKEN_BYTES_MAX
                && token.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(token)
        }
        _ => Err(AnswerError::Member(name)),
    }
}

/// The code of an error that a provider answered with, if it is one word within its bound (RFC 6749 section 4.1.2.1).
#[must_use]
pub fn parse_error_code(text: &str) -> Option<&str> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let fits = (1..=ERROR_CODE_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_word);
    fits.then_some(text)
}

/// The error of a token endpoint's answer (RFC 6749 section 5.2).
#[must_use]
pub fn parse_token_error(bytes: &[u8]) -> Option<String> {
    let members = parse_members(bytes).ok()?;
    let code = members.get("error").and_then(Value::as_str)?;
    parse_error_code(code).map(str::to_owned)
}

/// What an ID token must say.
#[derive(Clone, Copy)]
pub struct Expectation<'e> {
    /// The provider, as it calls itself.
    pub issuer: &'e str,
    /// What it calls us.
    pub client_id: &'e str,
    /// What we sent along for this one sign-in.
    pub nonce: &'e str,
    /// The access token that came with it.
    pub access_token: &'e str,
    /// When the browser left, in seconds: a token from before was made for another sign-in.
    pub left_at_secs: i64,
    /// How far the provider's clock may be off.
    pub leeway_secs: i64,
    /// Whether the person had to prove it anew, after the browser left.
    pub is_fresh: bool,
}

/// Why an ID token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// The token itself: its form, algorithm, key or signature.
    #[error(transparent)]
    Token(#[from] JwsError),
    /// A claim.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// `nonce` is not the one that was sent.
    #[error("the claim nonce is not the one that was sent")]
    Nonce,
    /// `azp` names another client, or none where there are several audiences.
    #[error("the claim azp names another client")]
    AuthorizedParty,
    /// `at_hash` is that of another access token.
    #[error("the claim at_hash is that of another access token")]
    AccessTokenHash,
    /// It was issued before the browser left.
    #[error("the token was issued before it was asked for")]
    Early,
    /// The person did not prove anew who they are, or the provider does not say that they did.
    #[error("the claim auth_time does not say that proof was given anew")]
    Stale,
}

impl IdTokenError {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token(JwsError::TooLarge | JwsError::Malformed) => "ID_TOKEN_MALFORMED",
            Self::Token(JwsError::RefusedHeader(_)) => "ID_TOKEN_HEADER",
            Self::Token(JwsError::Algorithm) => "ID_TOKEN_ALGORITHM",
            Self::Token(JwsError::NoKey) => "ID_TOKEN_UNKNOWN_KEY",
            Self::Token(JwsError::Signature) => "ID_TOKEN_SIGNATURE",
            Self::Claims(ClaimsError::Issuer) => "ID_TOKEN_ISSUER",
            Self::Claims(ClaimsError::Audience) => "ID_TOKEN_AUDIENCE",
            Self::Claims(ClaimsError::Expired) => "ID_TOKEN_EXPIRED",
            Self::Claims(ClaimsError::NotYet) => "ID_TOKEN_NOT_YET",
            Self::Claims(_) => "ID_TOKEN_CLAIMS",
            Self::Nonce => "ID_TOKEN_NONCE",
            Self::AuthorizedParty => "ID_TOKEN_AZP",
            Self::AccessTokenHash => "ID_TOKEN_AT_HASH",
            Self::Early => "ID_TOKEN_EARLY",
            Self::Stale => "ID_TOKEN_AUTH_TIME",
        }
    }
}

/// What a provider says of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonClaims {
    /// `sub`.
    pub subject: String,
    /// `email`.
    pub email: Option<String>,
    /// `email_verified`; only what says so plainly does.
    pub email_verified: Option<bool>,
    /// `given_name`.
    pub given_name: Option<String>,
    /// `family_name`.
    pub family_name: Option<String>,
    /// `auth_time`, in seconds.
    pub auth_time_secs: Option<i64>,
}

/// Checks an ID token by all of OpenID Connect Core section 3.1.3.7.
///
/// # Errors
/// [`IdTokenError`] on the first thing that is not as it must be.
pub fn check_id_token(
    token: &str,
    keys: &Jwks,
    expected: &Expectation<'_>,
    now_secs: i64,
) -> Result<PersonClaims, IdTokenError> {
    // No list of algorithms but ours: neither `none` nor a symmetric one is among them, whatever the token says.
    let verified = parse_unverified(token)?.verify(keys, &Algorithm::ALL)?;
    let algorithm = verified.header().algorithm;
    let claims = check_claims(
        verified,
        &Expected {
            issuer: Some(expected.issuer),
            subject: None,
            audiences: &[expected.client_id],
            leeway_secs: expected.leeway_secs,
            lifetime_secs_max: None,
            expiry: Expiry::Required,
        },
        now_secs,
    )?;
    check_binding(&claims, expected)?;
    check_access_token(&claims, algorithm, expected.access_token)?;
    let person = read_person(&claims.members)?;
    let issued_at = claims.issued_at_secs.ok_or(ClaimsError::Missing("iat"))?;
    let earliest = expected.left_at_secs.saturating_sub(expected.leeway_secs);
    if issued_at < earliest {
        return Err(IdTokenError::Early);
    }
    // Proof from shortly before would pass for proof given anew: clocks that keep time differ by less.
    let leeway_secs = expected.leeway_secs.min(FRESH_LEEWAY_SECS_MAX);
    let since = expected.left_at_secs.saturating_sub(leeway_secs);
    if expected.is_fresh && person.auth_time_secs.is_none_or(|at| at < since) {
        return Err(IdTokenError::Stale);
    }
    Ok(person)
}

/// That the token is for this client and this one sign-in.
fn check_binding(claims: &Claims, expected: &Expectation<'_>) -> Result<(), IdTokenError> {
    let nonce = claims.text("nonce")?.ok_or(IdTokenError::Nonce)?;
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(IdTokenError::Nonce);
    }
    match claims.text("azp")? {
        Some(party) if party != expected.client_id => Err(IdTokenError::AuthorizedParty),
        None if claims.audiences.len() > 1 => Err(IdTokenError::AuthorizedParty),
        _ => Ok(()),
    }
}

fn check_access_token(
    claims: &Claims,
    algorithm: Algorithm,
    access_token: &str,
) -> Result<(), IdTokenError> {
    match claims.text("at_hash")? {
        Some(hash) if hash != render_at_hash(algorithm, access_token) => {
            Err(IdTokenError::AccessTokenHash)
        }
        _ => Ok(()),
    }
}

/// Reads what a userinfo endpoint says of the subject of an ID token (OpenID Connect Core section 5.3.2).
///
/// # Errors
/// [`AnswerError::Subject`] if it is about somebody else, else what is wrong with it.
pub fn parse_userinfo(bytes: &[u8], subject: &str) -> Result<PersonClaims, AnswerError> {
    let members =
        json::parse_object(bytes, USERINFO_BYTES_MAX).map_err(|_| AnswerError::Malformed)?;
    let person = read_person(&members).map_err(|error| match error {
        ClaimsError::Missing(name) | ClaimsError::Malformed(name) => AnswerError::Member(name),
        _ => AnswerError::Malformed,
    })?;
    if person.subject == subject {
        Ok(person)
    } else {
        Err(AnswerError::Subject)
    }
}

/// What an ID token says, and a userinfo endpoint where the token is silent. An address and whether it is verified belong together:
/// neither source vouches for the other's.
#[must_use]
pub fn complete(person: PersonClaims, more: PersonClaims) -> PersonClaims {
    let is_same = person.email.is_none() || person.email == more.email;
    let (email, email_verified) = match (&person.email, person.email_verified) {
        (Some(_), Some(_)) => (person.email, person.email_verified),
        _ if is_same => (more.email, more.email_verified),
        _ => (person.email, person.email_verified),
    };
    PersonClaims {
        email,
        email_verified,
        given_name: person.given_name.or(more.given_name),
        family_name: person.family_name.or(more.family_name),
        ..person
    }
}

fn read_person(members: &Map<String, Value>) -> Result<PersonClaims, ClaimsError> {
    let subject = read_text(members, "sub", SUBJECT_CHARS_MAX)?;
    let subject = subject.ok_or(ClaimsError::Missing("sub"))?;
    // Pages show it where there is no address.
    if subject.chars().any(disguises) {
        return Err(ClaimsError::Malformed("sub"));
    }
    Ok(PersonClaims {
        subject,
        email: read_text(members, "email", EMAIL_CHARS_MAX)?,
        email_verified: match members.get("email_verified") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(is_verified)) => Some(*is_verified),
            // Some providers send the word.
            Some(Value::String(word)) => Some(word == "true"),
            Some(_) => return Err(ClaimsError::Malformed("email_verified")),
        },
        given_name: read_text(members, "given_name", NAME_CHARS_MAX)?,
        family_name: read_text(members, "family_name", NAME_CHARS_MAX)?,
        auth_time_secs: match members.get("auth_time") {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => number
                .as_i64()
                .filter(|secs| (0..=DATE_SECS_MAX).contains(secs)),
            Some(_) => return Err(ClaimsError::Malformed("auth_time")),
        },
    })
}

/// A text on one line, within its bound; an empty one is none.
fn read_text(
    members: &Map<String, Value>,
    name: &'static str,
    chars_max: usize,
) -> Result<Option<String>, ClaimsError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text))
            if text.chars().count() <= chars_max && !text.chars().any(char::is_control) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(ClaimsError::Malformed(name)),
    }
}
