//! Addresses that are taken for a threat: those from which many different names failed to sign in within a short time. Whoever
//! tries one common password on everybody stays below the count of each account, and is seen by this one.
//!
//! A name that gets in is forgotten, so that an office in which people mistype and then do not counts for nothing. What was
//! never judged counts for nothing either, and what was abandoned counts as failed.

pub(super) mod table;
#[cfg(test)]
mod tests;

use self::table::{Key, ThreatTable};
use crate::threat::Watch;
use std::sync::Arc;
use vocab::time::Timestamp;

/// How long nobody tries again to write a row that could not be written: whoever is refused costs no write each time.
const OWED_AGAIN_SECS: i64 = 10;

/// When an address is a threat, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreatLimit {
    /// So many different names failed …
    pub names: usize,
    /// … within so long.
    pub within_secs: i64,
    /// It is one for so long, whatever it does meanwhile; then it is counted anew.
    pub lasts_secs: i64,
    /// Where threats are refused, so many different names may be tried from an address at the same moment: what has no verdict yet
    /// does not count.
    pub at_once: usize,
}

impl Default for ThreatLimit {
    fn default() -> Self {
        Self {
            names: 20,
            within_secs: 10 * 60,
            lasts_secs: 30 * 60,
            at_once: 20,
        }
    }
}

/// How the row that the log has of a threat fares: one for each, for as long as it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// It is to be written, from then on.
    Owed(Timestamp),
    /// Somebody is writing it.
    UnderWay,
    /// It is written.
    Written,
}

/// That an address is a threat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Threat {
    /// Since when.
    since: Timestamp,
    row: Row,
}

impl Threat {
    /// Whether the caller is to write the row.
    fn claim(&mut self, now: Timestamp) -> bool {
        // What lies further ahead than any pause was noted before the clock was set back.
        let is_due = |at: Timestamp| !(1..=OWED_AGAIN_SECS).contains(&at.secs_since(now));
        let is_claimed = matches!(self.row, Row::Owed(at) if is_due(at));
        if is_claimed {
            self.row = Row::UnderWay;
        }
        is_claimed
    }

    /// It was written, or whoever claimed it gave up.
    fn settle(&mut self, is_written: bool, now: Timestamp) {
        self.row = match is_written {
            true => Row::Written,
            false => Row::Owed(now.plus_secs(OWED_AGAIN_SECS)),
        };
    }
}

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Suspect {
    /// Names that failed and did not get in since, oldest first.
    names: Vec<(u64, Timestamp)>,
    /// Whether it is a threat, or was one.
    threat: Option<Threat>,
}

impl Suspect {
    fn is_threat(&self, limit: &ThreatLimit, now: Timestamp) -> bool {
        // One that lies ahead was counted before the clock was set back: it lasts no longer for that.
        self.threat
            .is_some_and(|threat| now.secs_since(threat.since).abs() < limit.lasts_secs)
    }

    /// When a name failed last.
    fn last_failed(&self) -> Timestamp {
        self.names.last().map(|(_, at)| *at).unwrap_or_default()
    }
}

/// What is known of an address after one more failure.
fn count_name(limit: &ThreatLimit, now: Timestamp, suspect: Suspect, name: u64) -> Suspect {
    if suspect.is_threat(limit, now) {
        return suspect;
    }
    let mut names = suspect.names;
    names.retain(|(known, at)| *known != name && now.secs_since(*at).abs() < limit.within_secs);
    names.push((name, now));
    if names.len() < limit.names {
        return Suspect {
            names,
            threat: None,
        };
    }
    Suspect {
        names: Vec::new(),
        threat: Some(Threat {
            since: now,
            row: Row::Owed(now),
        }),
    }
}

/// A name that is being tried from an address: failed, unless something else is said of it.
pub(super) struct Trial {
    pub(super) table: Arc<ThreatTable>,
    pub(super) key: Key,
    pub(super) name: u64,
    pub(super) at: Timestamp,
    pub(super) watch: Watch,
    /// Whether it was let in as one of those that are tried at once.
    pub(super) has_entered: bool,
    pub(super) verdict: Verdict,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Failed,
    Right,
    Unjudged,
}

impl Trial {
    pub(super) fn end(mut self, verdict: Verdict) {
        self.verdict = verdict;
    }

    /// It failed: the row that the log owes of it, if that made a threat of the address.
    pub(super) fn fail(self) -> Option<Notice> {
        let (table, key) = (Arc::clone(&self.table), self.key);
        let (watch, at) = (self.watch, self.at);
        self.end(Verdict::Failed);
        table.claim(key, watch, at)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if self.has_entered {
            self.table.leave(self.key, self.name);
        }
        match self.verdict {
            Verdict::Failed => self.table.fail(self.key, self.name, self.at),
            Verdict::Right => self.table.forgive(self.key, self.name),
            Verdict::Unjudged => {}
        }
    }
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial")
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// A row that the log owes of a threat, for one to write. What is dropped before it was written is owed again.
#[must_use = "write the row"]
pub struct Notice {
    table: Arc<ThreatTable>,
    key: Key,
    since: Timestamp,
    at: Timestamp,
    watch: Watch,
    is_written: bool,
}

impl Notice {
    /// How the address was looked at.
    #[must_use]
    pub const fn watch(&self) -> Watch {
        self.watch
    }

    /// It is in the log.
    pub fn written(mut self) {
        self.is_written = true;
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        self.table.settle(self);
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
