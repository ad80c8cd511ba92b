//! The one place where a guess at a sign-in is let through: slowed down, and held against its address.

use crate::cell::Cell;
use crate::org::context::RequestFacts;
use crate::slowdown::threat::Sighting;
use crate::slowdown::{Guess, Halt, Ticket};
use crate::snapshot::OrgSnapshot;
use crate::threat::{Watch, decide_watch};
use ledger::{Actor, ClientFacts, Event, EventType, Outcome, Target};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// What an address is called as a target of a row.
const ADDRESS: &str = "IPAddress";
/// Why it is taken for a threat.
const MANY_NAMES: &str = "MANY_NAMES_FAILED";

impl Cell {
    /// Lets a guess at a sign-in through, or says why not, before anything is judged. The log has a row when an address is seen
    /// for the first time since it became a threat.
    ///
    /// # Errors
    /// [`Halt`].
    pub async fn admit(
        &self,
        snapshot: &OrgSnapshot,
        guess: &Guess<'_>,
        request: &RequestFacts,
    ) -> Result<Ticket, Halt> {
        let settings = &snapshot.org.settings.threats;
        let watch = decide_watch(settings, &snapshot.zones, guess.address);
        let checked = self.slowdown.check_sign_in(guess, watch, request.now);
        let sighting = match &checked {
            Ok((_, sighting)) => *sighting,
            Err(Halt::Threat(sighting)) => Some(*sighting),
            Err(Halt::Slow(_)) => None,
        };
        if sighting == Some(Sighting::First) {
            let event = threat_event(watch, &request.client, request.now);
            // In a box: what is seldom done must not make the future of every sign-in large.
            Box::pin(self.note_threat(guess.org, event)).await;
        }
        checked.map(|(ticket, _)| ticket)
    }

    /// A row that is not written must not let anybody in, nor keep anybody out.
    async fn note_threat(&self, org: &OrgId, event: Event) {
        let org = org.clone();
        let noted = self
            .database
            .write(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }));
        if let Err(fault) = noted.await {
            tracing::warn!(error = ?fault, "a threat is not in the log");
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
