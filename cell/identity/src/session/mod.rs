//! Sessions: what a browser holds after sign-in. The secret itself is stored nowhere, only its hash.

pub mod ending;
pub mod prolonging;
pub mod store;

use crate::access::Role;
use crate::access::ceiling::load_standing;
use crate::access::custom::capability::Capability;
use crate::cell::Cell;
use crate::fault::Fault;
use crate::org::settings::SessionSettings;
use crate::person::Person;
use crate::sign_on::ProvedAuthenticator;
use std::collections::BTreeSet;
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{OrgId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// The idle end is moved on only when this much of it has passed, so that reading a page costs no write.
pub const TOUCH_INTERVAL_SECS: i64 = 60;

/// A session of a person.
#[derive(Debug, Clone)]
pub struct Session {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id; the `sid` of logout tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The person's epoch when it began; a raised epoch ends it.
    pub user_epoch: i64,
    /// What the person has proved, and when.
    pub authenticators: Vec<ProvedAuthenticator>,
    /// The latest moment at which the person proved something.
    pub authenticated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, within [`TOUCH_INTERVAL_SECS`].
    pub last_seen_at: Timestamp,
    /// When it ends unless used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// Where the sign-in came from.
    pub address: String,
    /// The browser, as it named itself.
    pub user_agent: String,
}

/// A live session with its person.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub person: Person,
    /// The person's roles over everything now.
    pub roles: Vec<Role>,
    /// What the person may do by roles over a part of the org now.
    pub capabilities: BTreeSet<Capability>,
}

/// Whether a session is honoured: in time, and of a person who may act and whose epoch was not raised.
#[must_use]
pub fn is_live(session: &Session, person: &Person, now: Timestamp) -> bool {
    session.org_id == person.org_id
        && session.user_id == person.id
        && session.user_epoch == person.epoch
        && person.status.may_act()
        && now < session.idle_expires_at
        && now < session.expires_at
}

/// The ends of a session that is used now.
#[must_use]
pub fn plan_ends(
    settings: &SessionSettings,
    began: Timestamp,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let absolute = began.plus_secs(settings.lifetime_secs);
    (now.plus_secs(settings.idle_secs).min(absolute), absolute)
}

impl Cell {
    /// The live session whose secret the browser presented; its idle end is moved on now and then.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn session_by_secret(
        &self,
        org_id: &OrgId,
        secret: &str,
        settings: &SessionSettings,
    ) -> Result<Option<Arc<SignedIn>>, Fault> {
        let now = self.now();
        let signed_in = {
            let mut tx = self.database.read().await?;
            let Some(session) =
                store::find_by_secret(&mut tx, org_id, &SecretHash::of(secret)).await?
            else {
                return Ok(None);
            };
            load_signed_in(&mut tx, session, now).await?
        };
        let Some(signed_in) = signed_in else {
            return Ok(None);
        };
        if now.secs_since(signed_in.session.last_seen_at) >= TOUCH_INTERVAL_SECS {
            let (idle, _) = plan_ends(settings, signed_in.session.created_at, now);
            let (org_id, id) = (org_id.clone(), signed_in.session.id.clone());
            self.database
                .write(move |tx| {
                    Box::pin(async move { store::touch(tx, &org_id, &id, now, idle).await })
                })
                .await?;
        }
        Ok(Some(Arc::new(signed_in)))
    }

    /// The live session of that id.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    #[boxed]
    pub async fn session_by_id(
        &self,
        org_id: &OrgId,
        id: &SessionId,
    ) -> Result<Option<SignedIn>, Fault> {
        let now = self.now();
        let mut tx = self.database.read().await?;
        match store::load(&mut tx, org_id, id).await? {
            Some(session) => load_signed_in(&mut tx, session, now).await,
            None => Ok(None),
        }
    }
}

async fn load_signed_in(
    tx: &mut database::ReadTx,
    session: Session,
    now: Timestamp,
) -> Result<Option<SignedIn>, Fault> {
    let Some(person) = crate::person::store::load(tx, &session.org_id, &session.user_id).await?
    else {
        return Ok(None);
    };
    if !is_live(&session, &person, now) {
        return Ok(None);
    }
    let standing = load_standing(tx, &session.org_id, &session.user_id).await?;
    Ok(Some(SignedIn {
        session,
        person,
        roles: standing.roles,
        capabilities: standing.capabilities,
    }))
}
