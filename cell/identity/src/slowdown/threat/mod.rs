//! Addresses that are taken for a threat: those from which many different names failed to sign in within a short time. Whoever
//! tries one common password on everybody stays below the count of each account, and is seen by this one.
//!
//! A name that gets in is forgotten, so that an office in which people mistype and then do not counts for nothing. What was
//! never judged counts for nothing either, and what was abandoned counts as failed.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocab::time::Timestamp;

/// Addresses that are remembered; of each at most [`ThreatLimit::names`] names, of some twenty bytes.
pub(super) const ADDRESSES_MAX: usize = 8_192;

/// When an address is a threat, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreatLimit {
    /// So many different names failed …
    pub names: usize,
    /// … within so long.
    pub within_secs: i64,
    /// It is one for so long, whatever it does meanwhile; then it is counted anew.
    pub lasts_secs: i64,
}

impl Default for ThreatLimit {
    fn default() -> Self {
        Self {
            names: 20,
            within_secs: 10 * 60,
            lasts_secs: 30 * 60,
        }
    }
}

/// An address that is a threat, seen again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// For the first time since it became one.
    First,
    /// Not for the first time.
    Again,
}

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Suspect {
    /// Names that failed and did not get in since, oldest first.
    names: Vec<(u64, Timestamp)>,
    /// When it became a threat, and whether it was seen since.
    threat: Option<(Timestamp, Sighting)>,
}

impl Suspect {
    fn is_threat(&self, limit: &ThreatLimit, now: Timestamp) -> bool {
        // One that lies ahead was counted before the clock was set back: it lasts no longer for that.
        self.threat
            .is_some_and(|(since, _)| now.secs_since(since).abs() < limit.lasts_secs)
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
        threat: Some((now, Sighting::First)),
    }
}

/// The addresses, bounded; the one that was changed longest ago goes first.
pub(super) struct ThreatTable {
    limit: ThreatLimit,
    addresses_max: usize,
    suspects: Mutex<Suspects>,
}

#[derive(Default)]
struct Suspects {
    by_key: HashMap<u64, (Suspect, Timestamp)>,
    by_age: BTreeSet<(Timestamp, u64)>,
}

impl ThreatTable {
    pub(super) fn new(limit: ThreatLimit, addresses_max: usize) -> Self {
        Self {
            limit,
            addresses_max,
            suspects: Mutex::default(),
        }
    }

    /// Whether an address is a threat now, and whether that was seen before.
    pub(super) fn find(&self, key: u64, now: Timestamp) -> Option<Sighting> {
        let mut suspects = self.lock();
        let (suspect, _) = suspects.by_key.get_mut(&key)?;
        if !suspect.is_threat(&self.limit, now) {
            return None;
        }
        let (_, sighting) = suspect.threat.as_mut()?;
        Some(std::mem::replace(sighting, Sighting::Again))
    }

    fn fail(&self, key: u64, name: u64, now: Timestamp) {
        let mut suspects = self.lock();
        let suspect = suspects.take(key).unwrap_or_default();
        let counted = count_name(&self.limit, now, suspect, name);
        suspects.put(key, counted, now, self.addresses_max);
    }

    fn forgive(&self, key: u64, name: u64) {
        let mut suspects = self.lock();
        if let Some((suspect, _)) = suspects.by_key.get_mut(&key) {
            suspect.names.retain(|(known, _)| *known != name);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let suspects = self.lock();
        assert_eq!(suspects.by_key.len(), suspects.by_age.len());
        suspects.by_key.len()
    }

    /// Nothing is left half done between two calls, so a poisoned lock is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Suspects {
    fn take(&mut self, key: u64) -> Option<Suspect> {
        let (suspect, at) = self.by_key.remove(&key)?;
        self.by_age.remove(&(at, key));
        Some(suspect)
    }

    fn put(&mut self, key: u64, suspect: Suspect, now: Timestamp, max: usize) {
        self.by_key.insert(key, (suspect, now));
        self.by_age.insert((now, key));
        while self.by_key.len() > max {
            let Some((_, oldest)) = self.by_age.pop_first() else {
                return;
            };
            self.by_key.remove(&oldest);
        }
    }
}

/// A name that is being tried from an address: failed, unless something else is said of it.
pub(super) struct Trial {
    pub(super) table: Arc<ThreatTable>,
    pub(super) key: u64,
    pub(super) name: u64,
    pub(super) at: Timestamp,
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
}

impl Drop for Trial {
    fn drop(&mut self) {
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
