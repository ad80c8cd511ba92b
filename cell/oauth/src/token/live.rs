//! Whether an access token that somebody presents is one of ours and alive.

use crate::grant::Attendance;
use crate::issuer::Issuer;
use crate::signing::{Wanted, verify};
use crate::token::issue::{ACCESS_TOKEN_ID_PREFIX, OPAQUE_PREFIX, TokenBond, parse_bond};
use crate::token::standing::store::{self as standing, PersonalToken, Standing};
use crate::token::store;
use identity::cell::Cell;
use identity::fault::Fault;
use protocol::jose::jws::verify::Verified;
use protocol::json;
use protocol::oauth::scope::ScopeSet;
use serde_json::{Map, Value};
use std::sync::Arc;
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
    pub person: Option<BearerPerson>,
    claims: Claims,
}

/// The claims of a token, from where they are held.
#[derive(Debug, Clone)]
enum Claims {
    /// The token carries them.
    Signed(Arc<Verified>),
    /// They were stored.
    Stored(Map<String, Value>),
}

impl Claims {
    fn members(&self) -> &Map<String, Value> {
        match self {
            Self::Signed(verified) => verified.members(),
            Self::Stored(members) => members,
        }
    }
}

/// The person that a token speaks for.
#[derive(Debug, Clone)]
pub struct BearerPerson {
    /// The id.
    pub id: UserId,
    /// What the person types to sign in.
    pub login: String,
}

impl LiveToken {
    /// All of its claims.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.claims.members()
    }

    /// A claim as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims().get(name).and_then(Value::as_str)
    }

    /// A claim as a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.claims().get(name).and_then(Value::as_i64)
    }
}

/// The token, if this server issued it and it is alive: in time, not revoked, of a family that lives, and of a person
/// who may act and has not been signed out everywhere since. All of that is one statement.
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
            Some(verified) => Some(Claims::Signed(verified)),
            None => return Ok(None),
        }
    };
    let mut tx = cell.database.read().await?;
    let claims = match signed {
        Some(claims) => claims,
        None => {
            let hash = SecretHash::of(token);
            match store::find_access_token(&mut tx, &issuer.org, issuer.key(), &hash, now).await? {
                Some(text) => Claims::Stored(
                    json::parse_object(text.as_bytes(), CLAIMS_BYTES_MAX)
                        .map_err(|error| Fault::stored("claims of a token", &error))?,
                ),
                None => return Ok(None),
            }
        }
    };
    let Some(mut live) = parse_live(claims).filter(|live| now < live.expires_at) else {
        return Ok(None);
    };
    let Some(user) = live.text("uid").and_then(|uid| UserId::parse(uid).ok()) else {
        let spent = store::is_access_token_spent(&mut tx, &issuer.org, &live.id).await?;
        return Ok((!spent).then_some(live));
    };
    let bond = parse_bond(&live.id);
    let family = match &bond {
        Some(TokenBond::Family(family)) => Some(family),
        Some(TokenBond::Epoch(_)) | None => None,
    };
    let token = PersonalToken {
        id: &live.id,
        user: &user,
        family,
    };
    let standing = standing::load(&mut tx, &issuer.org, token).await?;
    let Some(standing) = standing.filter(|standing| decide_standing(standing, bond.as_ref(), now))
    else {
        return Ok(None);
    };
    live.person = Some(BearerPerson {
        id: user,
        login: standing.login,
    });
    Ok(Some(live))
}

/// Whether a person's token stands: not ended by itself, of a person who may act, and with what its end follows from not
/// ended either. A token that names nothing of the kind is none that this release issues to people.
fn decide_standing(standing: &Standing, bond: Option<&TokenBond>, now: Timestamp) -> bool {
    if standing.is_spent || !standing.status.may_act() {
        return false;
    }
    match (bond, &standing.family) {
        (Some(TokenBond::Epoch(epoch)), _) => *epoch == standing.epoch,
        (Some(TokenBond::Family(_)), Some(family)) => {
            family.is_theirs
                && !family.is_revoked
                && family.epoch == standing.epoch
                && match family.attendance {
                    Attendance::Offline => true,
                    Attendance::WhileSignedIn => family.session.is_some_and(|session| {
                        session.is_theirs
                            && session.epoch == standing.epoch
                            && now < session.idle_expires_at
                            && now < session.expires_at
                    }),
                }
        }
        (Some(TokenBond::Family(_)) | None, _) => false,
    }
}

/// Reads what every access token of ours carries.
fn parse_live(claims: Claims) -> Option<LiveToken> {
    let members = claims.members();
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let id = text("jti")
        .filter(|id| id.starts_with(ACCESS_TOKEN_ID_PREFIX))?
        .to_owned();
    let app = AppId::parse(text("cid")?).ok()?;
    let expires_at = Timestamp::from_seconds(members.get("exp").and_then(Value::as_i64)?);
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

#[cfg(test)]
mod tests {
    use super::decide_standing;
    use crate::grant::Attendance;
    use crate::token::issue::TokenBond;
    use crate::token::standing::store::{FamilyStanding, SessionStanding, Standing};
    use identity::person::PersonStatus;
    use vocab::entropy::SeededEntropy;
    use vocab::id::RefreshFamilyId;
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn standing() -> Standing {
        let session = SessionStanding {
            is_theirs: true,
            epoch: 7,
            idle_expires_at: NOW.plus_secs(1),
            expires_at: NOW.plus_secs(1),
        };
        let family = FamilyStanding {
            is_theirs: true,
            epoch: 7,
            is_revoked: false,
            attendance: Attendance::WhileSignedIn,
            session: Some(session),
        };
        Standing {
            is_spent: false,
            login: String::from("ada"),
            status: PersonStatus::Active,
            epoch: 7,
            family: Some(family),
        }
    }

    fn of_family(change: impl FnOnce(&mut FamilyStanding)) -> Standing {
        let mut standing = standing();
        if let Some(family) = &mut standing.family {
            change(family);
        }
        standing
    }

    fn of_session(change: impl FnOnce(&mut SessionStanding)) -> Standing {
        of_family(|family| {
            if let Some(session) = &mut family.session {
                change(session);
            }
        })
    }

    #[test]
    fn a_token_stands_with_all_that_its_end_follows_from() {
        let family = RefreshFamilyId::generate(&SeededEntropy::new(1));
        let family = TokenBond::Family(family);
        let holds = |standing: &Standing| decide_standing(standing, Some(&family), NOW);
        assert!(holds(&standing()));
        let offline = |family: &mut FamilyStanding| {
            family.attendance = Attendance::Offline;
            family.session = None;
        };
        assert!(
            holds(&of_family(offline)),
            "it does not ask for the session"
        );
        let ended = [
            Standing {
                is_spent: true,
                ..standing()
            },
            Standing {
                status: PersonStatus::Suspended,
                ..standing()
            },
            Standing {
                epoch: 8,
                ..standing()
            },
            Standing {
                family: None,
                ..standing()
            },
            of_family(|family| family.is_theirs = false),
            of_family(|family| family.epoch = 6),
            of_family(|family| family.is_revoked = true),
            of_family(|family| family.session = None),
            of_session(|session| session.is_theirs = false),
            of_session(|session| session.epoch = 6),
            of_session(|session| session.idle_expires_at = NOW),
            of_session(|session| session.expires_at = NOW),
        ];
        for standing in ended {
            assert!(!holds(&standing), "{standing:?}");
        }
    }

    #[test]
    fn a_token_without_family_stands_in_its_epoch_alone() {
        let alone = Standing {
            family: None,
            ..standing()
        };
        let table = [
            (Some(TokenBond::Epoch(7)), true),
            (Some(TokenBond::Epoch(6)), false),
            (None, false),
        ];
        for (bond, holds) in table {
            assert_eq!(
                decide_standing(&alone, bond.as_ref(), NOW),
                holds,
                "{bond:?}"
            );
        }
    }
}
