//! Moving the idle end of a session on without its person doing anything: by whoever helps people.

use crate::access::Permit;
use crate::access::ceiling::hold_within_reach;
use crate::cell::Cell;
use crate::fault::Refusal;
use crate::org::settings::SessionSettings;
use crate::person::operations::as_target;
use crate::session::{Session, plan_ends, store};
use ledger::{Event, EventType, Outcome};
use vocab::future::boxed;

impl Cell {
    /// Moves the idle end of a session on as its use would, and never beyond its end; it was not used by that.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it ended meanwhile; [`Refusal::OutOfReach`] for that of somebody who may do more.
    #[boxed]
    pub async fn prolong_session(
        &self,
        permit: &Permit,
        session: &Session,
        settings: &SessionSettings,
    ) -> Result<(), Refusal> {
        permit.covers_sessions_of(&session.user_id)?;
        if session.org_id != *permit.org() {
            return Err(Refusal::NotFound);
        }
        let now = self.now();
        let (idle, _) = plan_ends(settings, session.created_at, now);
        let (by, session) = (permit.clone(), session.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let person = hold_within_reach(tx, &by, &session.user_id).await?;
                    let idle = idle.min(session.expires_at);
                    if !store::prolong(tx, &session, now, idle).await? {
                        return Err(Refusal::NotFound);
                    }
                    let event = Event::new(EventType::UserSessionRefresh, Outcome::Success, now)
                        .actor(by.actor().clone())
                        .client(by.client())
                        .target(as_target(&person))
                        .session(&session.id);
                    Ok(ledger::append(tx, by.org(), event).await?)
                })
            })
            .await
    }
}
