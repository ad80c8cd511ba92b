//! Whether an access token that somebody presents is one of ours and alive.

use crate::grant::{Attendance, decide_attendance};
use crate::issuer::Issuer;
use crate::signing::{Wanted, verify};
use crate::token::issue::{ACCESS_TOKEN_ID_PREFIX, OPAQUE_PREFIX, TokenBond, parse_bond};
use crate::token::store;
use database::ReadTx;
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
/// who may act and has not been signed out everywhere since. One read transaction.
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
    if let Some(user) = live.text("uid").and_then(|uid| UserId::parse(uid).ok()) {
        let person = identity::person::store::load(&mut tx, &issuer.org, &user).await?;
        let Some(person) = person.filter(|person| person.status.may_act()) else {
            return Ok(None);
        };
        if !holds(&mut tx, &person, &live.id, now).await? {
            return Ok(None);
        }
        live.person = Some(person);
    }
    Ok(Some(live))
}

/// Whether what the end of a person's token follows from has not ended. A token that names nothing of the kind is none
/// that this release issues to people.
async fn holds(
    tx: &mut ReadTx,
    person: &Person,
    token_id: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let family = match parse_bond(token_id) {
        Some(TokenBond::Epoch(epoch)) => return Ok(epoch == person.epoch),
        Some(TokenBond::Family(family)) => store::load_family(tx, &person.org_id, &family).await?,
        None => None,
    };
    let Some(family) = family.filter(|family| family.revoked_at.is_none()) else {
        return Ok(false);
    };
    if family.grantor.user != person.id || family.grantor.epoch != person.epoch {
        return Ok(false);
    }
    match decide_attendance(&family.grant.scopes()?) {
        Attendance::Offline => Ok(true),
        Attendance::WhileSignedIn => {
            let (org, id) = (&person.org_id, &family.grantor.session);
            let session = identity::session::store::load(tx, org, id).await?;
            Ok(session.is_some_and(|session| identity::session::is_live(&session, person, now)))
        }
    }
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
