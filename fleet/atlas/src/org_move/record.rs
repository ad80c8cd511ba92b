//! The record of a move, and how it goes from phase to phase.

use crate::counted::Moment;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::org_move::view::{MoveView, Phase};

/// How often the giver of a leg is fenced before the leg is given up.
pub const FENCES_MAX: i64 = 4;
/// How long the way back stays open at least after it failed.
const RETRY_SECS_MIN: i64 = 60;
/// Longest reason that is kept.
const REASON_CHARS_MAX: usize = 300;

/// A move as the register keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRecord {
    /// Its id.
    pub id: MoveId,
    /// The org.
    pub org: OrgId,
    /// Its short name.
    pub slug: Slug,
    /// Where it was when the move began.
    pub source: CellName,
    /// Where it shall be.
    pub target: CellName,
    /// The cell that serves the org on this leg.
    pub giver: CellName,
    /// The cell that gets what changes.
    pub taker: CellName,
    /// The epoch at which the giver serves.
    pub leg: Epoch,
    /// How far it is.
    pub phase: Phase,
    /// Counts the changes of this record.
    pub revision: i64,
    /// Counts the fences, from 1.
    pub attempt: i64,
    /// Whether it is being taken back.
    pub returning: bool,
    /// Why it is given up, or what kept it waiting.
    pub reason: Option<String>,
    /// Rows the org had at first.
    pub rows_total: i64,
    /// How long it can be taken back after the switch.
    pub keep_secs: i64,
    /// Until when it can, in counted time.
    pub until: Option<Timestamp>,
    /// Since when the giver is being stopped, or has stopped; none if it did not come to that.
    pub fenced_at: Option<Timestamp>,
    /// How long nobody served the org.
    pub pause_micros: Option<i64>,
    /// Of a move that is over: whether the taker has to remove yet what it has of the org.
    pub left_behind: bool,
    /// Whether the cell that it was switched to is given up for lost.
    pub abandoned: bool,
    /// Whether the taker has to remove first what another move left there. It is read with the record, not written.
    pub waits_for_taker: bool,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it came to its phase.
    pub updated_at: Timestamp,
}

/// Why a move goes to another phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// It comes on.
    Next(Phase),
    /// Copying begins; the org has so many rows.
    Copy(i64),
    /// The giver did not stop, and why; it goes on.
    Undrained(String),
    /// The fence is taken back, and why.
    Loosen(String),
    /// The fence of this attempt is over.
    Loosened,
    /// It cannot go on.
    Retreat(String),
    /// The taker has nothing of the org any more.
    Cleaned,
}

impl MoveRecord {
    /// Whether the org is still served where it was at first, by the register.
    #[must_use]
    pub fn is_before_switch(&self) -> bool {
        self.giver == self.source && !self.returning
    }

    /// The record after an entry; its phase decides what is done next.
    #[must_use]
    pub fn enter(&self, entry: Entry, now: Moment) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        next.updated_at = now.clock;
        match entry {
            Entry::Next(phase) => next.come_to(phase, now),
            Entry::Copy(rows) => {
                next.rows_total = rows;
                next.come_to(Phase::Copying, now);
            }
            Entry::Undrained(reason) => {
                next.reason = Some(shorten(&reason));
                next.fenced_at = None;
                next.phase = Phase::Loosening;
            }
            Entry::Loosen(reason) => {
                next.reason = Some(shorten(&reason));
                next.phase = Phase::Loosening;
            }
            Entry::Loosened => {
                next.attempt += 1;
                next.fenced_at = None;
                next.phase = match self.fenced_at {
                    // It was served all the while: what was compared is as good as before.
                    None => Phase::Closing,
                    // Whatever it was that took too long or differed: all rows are compared anew.
                    Some(_) => Phase::Verifying,
                };
                if next.tries() == 0 {
                    next.retreat(now);
                }
            }
            Entry::Retreat(reason) => {
                next.reason = Some(shorten(&reason));
                next.retreat(now);
            }
            Entry::Cleaned => {
                next.left_behind = false;
                // It has come to no other phase: when it was over is what was asked for.
                next.updated_at = self.updated_at;
            }
        }
        next
    }

    /// How many fences of this leg were taken back. Numbers of fences rise from leg to leg, and each leg begins with a fresh
    /// set of them.
    #[must_use]
    pub const fn tries(&self) -> i64 {
        (self.attempt - 1) % FENCES_MAX
    }

    /// Before the switch all is undone; after it the cell that serves goes on, and there is time to ask for the way back again.
    fn retreat(&mut self, now: Moment) {
        if self.is_before_switch() {
            self.phase = Phase::Undoing;
        } else {
            self.phase = Phase::Following;
            let again = now.counted.plus_secs(self.keep_secs.max(RETRY_SECS_MIN));
            self.until = self.until.max(Some(again));
        }
        self.returning = false;
    }

    fn come_to(&mut self, phase: Phase, now: Moment) {
        match phase {
            Phase::Fencing => self.fenced_at = Some(now.clock),
            Phase::Following | Phase::Purging if self.phase == Phase::Activating => {
                let passed = |since: Timestamp| now.clock.micros().saturating_sub(since.micros());
                // A clock that was set back meanwhile tells nothing.
                self.pause_micros = self.fenced_at.take().map(|since| passed(since).max(0));
                self.until = Some(now.counted.plus_secs(self.keep_secs));
                self.reason = self.reason.take().filter(|_| self.abandoned);
            }
            // The org is free from here on; what the taker has is removed beside whatever comes next.
            Phase::Done | Phase::Undone => self.left_behind = true,
            _ => {}
        }
        self.phase = phase;
    }

    /// The record after the placement was switched: the taker serves, at the next epoch.
    #[must_use]
    pub fn switch(&self, clock: Timestamp) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        next.updated_at = clock;
        next.phase = Phase::Activating;
        next.leg = self.leg.next();
        next.attempt = self.attempt - self.tries() + FENCES_MAX;
        std::mem::swap(&mut next.giver, &mut next.taker);
        next
    }

    /// The record after the cell that it was switched to was given up before it is known to serve: the other one, which has all
    /// up to its fence, serves again, at an epoch that the lost one never had. There is no way from there back to the lost one.
    #[must_use]
    pub fn abandon(&self, clock: Timestamp) -> Self {
        let mut next = self.switch(clock);
        next.abandoned = true;
        next.returning = next.giver == next.source;
        next.reason = Some(format!("{} was given up for lost", next.taker));
        next
    }

    /// What operators see.
    #[must_use]
    pub fn view(&self, rows_done: i64) -> MoveView {
        MoveView {
            id: self.id.clone(),
            slug: self.slug.clone(),
            source: self.source.clone(),
            target: self.target.clone(),
            phase: self.phase,
            serving: self.giver.clone(),
            epoch: self.leg,
            returning: self.returning,
            rows_total: self.rows_total,
            rows_done,
            pause_micros: self.pause_micros,
            until: self.until,
            reason: self.reason.clone(),
            left_behind: self.left_behind.then(|| self.taker.clone()),
            requested_by: self.requested_by.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn shorten(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}
