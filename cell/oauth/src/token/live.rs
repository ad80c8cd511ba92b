//! Whether an access token that somebody presents is one of ours and alive.

use crate::issuer::Issuer;
use crate::signing::{Wanted, verify};
use crate::token::issue::{ACCESS_TOKEN_ID_PREFIX, OPAQUE_PREFIX, family_of_token_id};
use crate::token::store;
use identity::cell::Cell;
use identity::fault::Fault;
use identity::person::Person;
use protocol::json;
use protocol::oauth::scope::ScopeSet;
use serde_json::{Map, Value};
use vocab::id::{AppId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// The most bytes of the claims of an opaque token.
const CLAIMS_BYTES_MAX: usize = 64 * 1024;

/// An access token of ours that is alive.
#[derive(Debug, Clone)]
pub struct LiveToken {
    /// Its id.
    pub id: String,
    /// The app that it was issued to.
    pub app: AppId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// The person that it speaks for, if for one.
    pub person: Option<Person>,
    /// All of its claims.
    pub claims: Map<String, Value>,
}

impl LiveToken {
    /// A claim as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim as a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }
}

/// The token, if this server issued it and it is alive: in time, not revoked, of a family that lives, and of a person
/// who may act. One read transaction.
///
/// # Errors
/// [`Fault`] if keys or store fail.
pub async fn load(
    cell: &Cell,
    issuer: &Issuer,
    token: &str,
    now: Timestamp,
) -> Result<Option<LiveToken>, Fault> {
    let signed = if token.starts_with(OPAQUE_PREFIX) {
        None
    } else {
        match verify(cell, issuer, token, Wanted::AccessToken).await? {
            Some(verified) => Some(verified.into_members()),
            None => return Ok(None),
        }
    };
    let mut tx = cell.database.read().await?;
    let claims = match signed {
        Some(claims) => claims,
        None => {
            let hash = SecretHash::of(token);
            match store::find_access_token(&mut tx, &issuer.org, issuer.key(), &hash, now).await? {
                Some(text) => json::parse_object(text.as_bytes(), CLAIMS_BYTES_MAX)
                    .map_err(|error| Fault::stored("claims of a token", &error))?,
                None => return Ok(None),
            }
        }
    };
    let Some(mut live) = parse_live(claims).filter(|live| now < live.expires_at) else {
        return Ok(None);
    };
    if store::is_access_token_spent(&mut tx, &issuer.org, &live.id).await? {
        return Ok(None);
    }
    if let Some(family) = family_of_token_id(&live.id)
        && store::is_family_ended(&mut tx, &issuer.org, &family).await?
    {
        return Ok(None);
    }
    if let Some(user) = live.text("uid").and_then(|uid| UserId::parse(uid).ok()) {
        let person = identity::person::store::load(&mut tx, &issuer.org, &user).await?;
        match person.filter(|person| person.status.may_act()) {
            Some(person) => live.person = Some(person),
            None => return Ok(None),
        }
    }
    Ok(Some(live))
}

/// Reads what every access token of ours carries.
fn parse_live(claims: Map<String, Value>) -> Option<LiveToken> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let id = text("jti")
        .filter(|id| id.starts_with(ACCESS_TOKEN_ID_PREFIX))?
        .to_owned();
    let app = AppId::parse(text("cid")?).ok()?;
    let expires_at = Timestamp::from_seconds(claims.get("exp").and_then(Value::as_i64)?);
    let scopes = ScopeSet::parse(text("scope").unwrap_or_default()).ok()?;
    Some(LiveToken {
        id,
        app,
        expires_at,
        scopes,
        person: None,
        claims,
    })
}
