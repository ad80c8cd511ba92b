//! The claims of a JWT (RFC 7519): checked by type and value after the signature was.
//!
//! A claim of the wrong JSON type is a refusal, never a claim that is absent. Only [`Verified`] payloads come in here.

pub mod access_token;

use serde_json::{Map, Value};

use crate::jose::jws::verify::Verified;

/// How far clocks may be apart at most, whatever a caller asks for.
pub const LEEWAY_SECS_MAX: i64 = 300;
/// The longest string in a registered claim.
pub const CLAIM_BYTES_MAX: usize = 2048;
/// How many audiences a token may name.
pub const AUDIENCES_MAX: usize = 16;

/// Dates after the year 9999 are refused: no token means them, and sums with them stay far from overflow.
const NUMERIC_DATE_MAX: i64 = 253_402_300_799;

/// Why verified claims were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// A required claim is missing.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim has the wrong JSON type or is out of bounds.
    #[error("the claim {0} is malformed")]
    Malformed(&'static str),
    /// `iss` is somebody else.
    #[error("the claim iss names another issuer")]
    Issuer,
    /// `sub` is somebody else.
    #[error("the claim sub names another subject")]
    Subject,
    /// None of our names is in `aud`.
    #[error("the claim aud does not name this server")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` has not come, or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// `exp` lies further ahead than a token of this kind may live.
    #[error("the token lives longer than is accepted")]
    TooLong,
}

/// What to do about `exp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The claim must be there and lie ahead.
    Required,
    /// The claim is not looked at: an `id_token_hint` may have expired (OpenID Connect RP-Initiated Logout section 2).
    Ignored,
}

/// What the claims must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// The issuer that must be named, if it is known beforehand.
    pub issuer: Option<&'e str>,
    /// The subject that must be named, if it is known beforehand.
    pub subject: Option<&'e str>,
    /// Names of which `aud` must hold one; empty: the audience is not looked at here.
    pub audiences: &'e [&'e str],
    /// How far clocks may be apart, at most [`LEEWAY_SECS_MAX`].
    pub leeway_secs: i64,
    /// How far ahead `exp` may lie.
    pub lifetime_secs_max: Option<i64>,
    /// What to do about `exp`.
    pub expiry: Expiry,
}

/// Claims that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// `iss` (RFC 7519 section 4.1.1).
    pub issuer: Option<String>,
    /// `sub` (section 4.1.2).
    pub subject: Option<String>,
    /// `aud` (section 4.1.3), as a list in either form.
    pub audiences: Vec<String>,
    /// `exp` (section 4.1.4), in seconds.
    pub expires_at_secs: Option<i64>,
    /// `nbf` (section 4.1.5), in seconds.
    pub not_before_secs: Option<i64>,
    /// `iat` (section 4.1.6), in seconds.
    pub issued_at_secs: Option<i64>,
    /// `jti` (section 4.1.7).
    pub token_id: Option<String>,
    /// Every member, the above included.
    pub members: Map<String, Value>,
}

impl Claims {
    /// A string claim by name.
    ///
    /// # Errors
    /// [`ClaimsError::Malformed`] when the claim is there and is no string within bounds.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ClaimsError> {
        parse_text(&self.members, name)
    }
}

/// Reads and checks the registered claims of a verified token.
///
/// # Errors
/// [`ClaimsError`] on the first claim that is missing, malformed or says something else than expected.
pub fn check_claims(
    verified: Verified,
    expected: &Expected<'_>,
    now_secs: i64,
) -> Result<Claims, ClaimsError> {
    let claims = parse_claims(verified.into_members())?;
    check_parties(&claims, expected)?;
    check_times(&claims, expected, now_secs)?;
    Ok(claims)
}

fn parse_claims(members: Map<String, Value>) -> Result<Claims, ClaimsError> {
    Ok(Claims {
        issuer: parse_text(&members, "iss")?.map(str::to_owned),
        subject: parse_text(&members, "sub")?.map(str::to_owned),
        audiences: parse_audiences(&members)?,
        expires_at_secs: parse_date(&members, "exp")?,
        not_before_secs: parse_date(&members, "nbf")?,
        issued_at_secs: parse_date(&members, "iat")?,
        token_id: parse_text(&members, "jti")?.map(str::to_owned),
        members,
    })
}

fn check_parties(claims: &Claims, expected: &Expected<'_>) -> Result<(), ClaimsError> {
    if let Some(issuer) = expected.issuer {
        match claims.issuer.as_deref() {
            None => return Err(ClaimsError::Missing("iss")),
            Some(claimed) if claimed != issuer => return Err(ClaimsError::Issuer),
            Some(_) => {}
        }
    }
    if let Some(subject) = expected.subject {
        match claims.subject.as_deref() {
            None => return Err(ClaimsError::Missing("sub")),
            Some(claimed) if claimed != subject => return Err(ClaimsError::Subject),
            Some(_) => {}
        }
    }
    if expected.audiences.is_empty() {
        return Ok(());
    }
    if claims.audiences.is_empty() {
        return Err(ClaimsError::Missing("aud"));
    }
    // RFC 7519 section 4.1.3: who does not find itself in aud must refuse the token.
    match claims
        .audiences
        .iter()
        .any(|claimed| expected.audiences.contains(&claimed.as_str()))
    {
        true => Ok(()),
        false => Err(ClaimsError::Audience),
    }
}

fn check_times(claims: &Claims, expected: &Expected<'_>, now_secs: i64) -> Result<(), ClaimsError> {
    let leeway_secs = expected.leeway_secs.clamp(0, LEEWAY_SECS_MAX);
    let latest_start = now_secs.saturating_add(leeway_secs);
    if claims
        .not_before_secs
        .is_some_and(|not_before| not_before > latest_start)
    {
        return Err(ClaimsError::NotYet);
    }
    // RFC 7523 section 3, item 6 leaves iat to the server; a token from the future is a clock or a forgery.
    if claims
        .issued_at_secs
        .is_some_and(|issued_at| issued_at > latest_start)
    {
        return Err(ClaimsError::NotYet);
    }
    if expected.expiry == Expiry::Ignored {
        return Ok(());
    }
    let expires_at = claims.expires_at_secs.ok_or(ClaimsError::Missing("exp"))?;
    // RFC 7519 section 4.1.4: the current time must be before exp.
    if expires_at <= now_secs.saturating_sub(leeway_secs) {
        return Err(ClaimsError::Expired);
    }
    match expected.lifetime_secs_max {
        Some(max) if expires_at > latest_start.saturating_add(max) => Err(ClaimsError::TooLong),
        _ => Ok(()),
    }
}

fn parse_text<'m>(
    members: &'m Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'m str>, ClaimsError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=CLAIM_BYTES_MAX).contains(&text.len()) => Ok(Some(text)),
        Some(_) => Err(ClaimsError::Malformed(name)),
    }
}

/// `aud` is a string or an array of strings (RFC 7519 section 4.1.3).
fn parse_audiences(members: &Map<String, Value>) -> Result<Vec<String>, ClaimsError> {
    let malformed = ClaimsError::Malformed("aud");
    match members.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(_)) => Ok(parse_text(members, "aud")?
            .into_iter()
            .map(str::to_owned)
            .collect()),
        Some(Value::Array(entries)) if (1..=AUDIENCES_MAX).contains(&entries.len()) => entries
            .iter()
            .map(|entry| match entry {
                Value::String(text) if (1..=CLAIM_BYTES_MAX).contains(&text.len()) => {
                    Ok(text.clone())
                }
                _ => Err(malformed),
            })
            .collect(),
        Some(_) => Err(malformed),
    }
}

/// A NumericDate: seconds, fractions allowed (RFC 7519 section 2) and dropped here.
fn parse_date(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<i64>, ClaimsError> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let seconds = match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().and_then(whole_seconds)),
        _ => None,
    };
    match seconds {
        Some(seconds) if (0..=NUMERIC_DATE_MAX).contains(&seconds) => Ok(Some(seconds)),
        _ => Err(ClaimsError::Malformed(name)),
    }
}

/// Drops the fraction; the bound lies far inside `i64`.
fn whole_seconds(seconds: f64) -> Option<i64> {
    (0.0..=1e12)
        .contains(&seconds)
        .then(|| seconds.floor() as i64)
}

#[cfg(test)]
mod tests;
