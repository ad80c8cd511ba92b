//! Ending sessions before their time: by their person, or by an administrator.
//!
//! What apps must hear of it is added by the caller, in the same transaction: this crate knows no app protocol.

use crate::access::Permit;
use crate::access::ceiling::hold_within_reach;
use crate::behavior::store::forget_places;
use crate::cell::Cell;
use crate::credential::store as credentials;
use crate::fault::Refusal;
use crate::person::operations::as_target;
use crate::person::{Person, store as people};
use crate::session::store;
use database::{DatabaseFault, WriteTx};
use ledger::{Event, EventType, Outcome};
use vocab::future::boxed;
use vocab::id::{OrgId, SessionId, UserId};

/// Which sessions of a person end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// This one.
    One(SessionId),
    /// All but this one, and every token that did not come of it.
    AllBut(SessionId),
    /// All, and with them every token of the person.
    All,
}

/// An ending that is permitted, to be done in the caller's transaction.
pub struct PlannedEnding {
    permit: Permit,
    person: Person,
    ending: Ending,
    event: Event,
}

impl PlannedEnding {
    /// Whose sessions they are.
    #[must_use]
    pub fn whose(&self) -> (&OrgId, &UserId) {
        (&self.person.org_id, &self.person.id)
    }

    /// Which sessions end.
    #[must_use]
    pub const fn which(&self) -> &Ending {
        &self.ending
    }

    /// Ends them, with a log row; returns which there were.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the person has no session of the id that is named; [`Refusal::OutOfReach`] for somebody
    /// who may do more.
    #[boxed]
    pub async fn apply(self, tx: &mut WriteTx) -> Result<Vec<SessionId>, Refusal> {
        let (org_id, user_id) = (&self.person.org_id, &self.person.id);
        hold_within_reach(tx, &self.permit, user_id).await?;
        let ended = match &self.ending {
            Ending::One(id) => {
                if !store::delete(tx, org_id, user_id, id).await? {
                    return Err(Refusal::NotFound);
                }
                vec![id.clone()]
            }
            Ending::AllBut(kept) => {
                let ended = store::delete_all_but(tx, org_id, user_id, kept).await?;
                shut_out(tx, org_id, user_id).await?;
                store::carry_over(tx, org_id, user_id, kept).await?;
                ended
            }
            Ending::All => {
                shut_out(tx, org_id, user_id).await?;
                store::delete_all(tx, org_id, user_id).await?
            }
        };
        ledger::append(tx, org_id, self.event).await?;
        Ok(ended)
    }
}

/// Ends what was proved for the person so far, and what is under way on the strength of it: sign-ins, codes and grants of
/// an earlier epoch count no more, and the seed of an authenticator app that somebody may have seen is drawn anew.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn shut_out(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    people::raise_epoch(tx, org_id, user_id).await?;
    // No device and no address is usual any more: whoever had one of them begins like a stranger.
    forget_places(tx, org_id, user_id).await?;
    credentials::delete_pending_totp(tx, org_id, user_id).await
}

impl Cell {
    /// Prepares the end of sessions of a person.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a person whose sessions the permit does not cover.
    #[boxed]
    pub async fn plan_session_end(
        &self,
        permit: &Permit,
        user_id: &UserId,
        ending: Ending,
    ) -> Result<PlannedEnding, Refusal> {
        permit.covers_sessions_of(user_id)?;
        let mut tx = self.database.read().await?;
        let person = people::load(&mut tx, permit.org(), user_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        drop(tx);
        let kind = match &ending {
            Ending::One(_) => EventType::UserSessionEnd,
            Ending::AllBut(_) | Ending::All => EventType::UserSessionClear,
        };
        let event = Event::new(kind, Outcome::Success, self.now())
            .actor(permit.actor().clone())
            .client(permit.client())
            .target(as_target(&person));
        let event = match &ending {
            Ending::One(id) => event.session(id),
            Ending::AllBut(kept) => event.session(kept).detail("kept", "this session"),
            Ending::All => event,
        };
        Ok(PlannedEnding {
            permit: permit.clone(),
            person,
            ending,
            event,
        })
    }
}
