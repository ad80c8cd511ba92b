//! The one place where a guess at a sign-in is let through: slowed down, and held against its address; and where the log is told of a
//! threat, once for as long as it is one.

use crate::cell::Cell;
use crate::org::context::RequestFacts;
use crate::slowdown::threat::Notice;
use crate::slowdown::{Guess, Halt, Ticket};
use crate::snapshot::OrgSnapshot;
use crate::threat::{Watch, decide_watch};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// What an address is called as a target of a row.
const ADDRESS: &str = "IPAddress";
/// Why it is taken for a threat.
const MANY_NAMES: &str = "MANY_NAMES_FAILED";

impl Cell {
    /// Lets a guess at a sign-in through, or says why not, before anything is judged. A row about the address that the log still owes,
    /// because whoever made a threat of it went away or the store failed, is written now.
    ///
    /// # Errors
    /// [`Halt`].
    #[boxed]
    pub async fn admit(
        &self,
        snapshot: &OrgSnapshot,
        guess: &Guess<'_>,
        request: &RequestFacts,
    ) -> Result<Ticket, Halt> {
        let settings = &snapshot.org.settings.threats;
        let watch = decide_watch(settings, &snapshot.zones, guess.address);
        if let Some(notice) = self.slowdown.owed_notice(guess, watch, request.now) {
            // In a box: what is seldom done must not make the future of every sign-in large.
            Box::pin(self.note_threat(guess.org, notice, request)).await;
        }
        self.slowdown.check_sign_in(guess, watch, request.now)
    }

    /// Counts a guess at a sign-in as failed. The log has a row when that makes a threat of its address.
    #[boxed]
    pub async fn record_failed_sign_in(&self, org: &OrgId, ticket: Ticket, request: &RequestFacts) {
        if let Some(notice) = self.slowdown.record_failed_sign_in(ticket) {
            Box::pin(self.note_threat(org, notice, request)).await;
        }
    }

    /// Writes the row, in a task of its own: whoever asks may go away at any moment, and the row must not go with them. One that is
    /// not written lets nobody in, keeps nobody out, and is tried again later.
    async fn note_threat(&self, org: &OrgId, notice: Notice, request: &RequestFacts) {
        let event = threat_event(notice.watch(), &request.client, request.now);
        let (cell, org) = (self.clone(), org.clone());
        let task = tokio::spawn(async move {
            let written = cell
                .database
                .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }));
            match written.await {
                Ok(()) => notice.written(),
                Err(fault) => {
                    tracing::warn!(error = ?fault, "a threat is not in the log yet; it will be tried again");
                }
            }
        });
        if let Err(error) = task.await {
            tracing::error!(%error, "the row about a threat broke off");
        }
    }
}

fn threat_event(watch: Watch, client: &ClientFacts, now: Timestamp) -> Event {
    let outcome = match watch {
        Watch::Block => Outcome::Deny,
        Watch::Audit | Watch::Off => Outcome::Allow,
    };
    Event::new(EventType::SecurityThreatDetected, outcome, now)
        .actor(Actor::unknown(""))
        .client(client)
        .target(Target::other(ADDRESS, &client.ip, &client.ip))
        .reason(MANY_NAMES)
}
