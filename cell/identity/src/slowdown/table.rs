//! Counts by key in bounded memory: sharded, and when a shard is full its oldest entry goes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vocab::time::Timestamp;

use super::{Failures, RetryAfter, SlowdownLimit, count_failure, decide_slowdown};

const SHARDS: usize = 16;

/// What a guess added to a count, so that it can be taken back.
#[derive(Debug)]
pub(super) struct Charge {
    key: u64,
    before: Option<Failures>,
    after: Failures,
}

impl Charge {
    pub(super) const fn key(&self) -> u64 {
        self.key
    }
}

pub(super) struct BoundedTable {
    shards: [Mutex<Shard>; SHARDS],
    shard_entries_max: usize,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<u64, Failures>,
    /// The same entries by age.
    by_age: BTreeSet<(Timestamp, u64)>,
}

impl BoundedTable {
    pub(super) fn new(entries_max: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(Shard::default()));
        Self {
            shards,
            shard_entries_max: entries_max.div_ceil(SHARDS).max(1),
        }
    }

    /// Decides and counts in one step.
    pub(super) fn charge(
        &self,
        key: u64,
        limit: &SlowdownLimit,
        now: Timestamp,
    ) -> Result<Charge, RetryAfter> {
        let mut shard = self.shard(key);
        let before = shard.entries.get(&key).copied();
        decide_slowdown(limit, now, before)?;
        let after = count_failure(limit, now, before);
        shard.put(key, after, self.shard_entries_max);
        Ok(Charge { key, before, after })
    }

    /// Takes a charge back. If the entry has not changed since, it is as it was; else it has one failure fewer.
    pub(super) fn undo(&self, charge: &Charge) {
        let mut shard = self.shard(charge.key);
        let Some(present) = shard.entries.get(&charge.key).copied() else {
            return;
        };
        let restored = if present == charge.after {
            charge.before
        } else {
            Some(Failures {
                count: present.count.saturating_sub(1),
                ..present
            })
            .filter(|left| left.count > 0)
        };
        match restored {
            Some(failures) => shard.put(charge.key, failures, self.shard_entries_max),
            None => shard.remove(charge.key),
        }
    }

    /// Forgets the whole entry.
    pub(super) fn clear(&self, charge: &Charge) {
        self.shard(charge.key).remove(charge.key);
    }

    pub(super) fn put(&self, key: u64, failures: Failures) {
        self.shard(key).put(key, failures, self.shard_entries_max);
    }

    pub(super) fn get(&self, key: u64) -> Option<Failures> {
        self.shard(key).entries.get(&key).copied()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let shards = self
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards
            .map(|shard| {
                assert_eq!(shard.entries.len(), shard.by_age.len());
                shard.entries.len()
            })
            .sum()
    }

    /// The keys are hashes, so their low bits spread them evenly. A shard is whole between any two of its calls, so a
    /// poisoned lock is no reason to stop.
    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        let [first, ..] = &self.shards;
        let index = usize::try_from(key % SHARDS as u64).unwrap_or_default();
        self.shards
            .get(index)
            .unwrap_or(first)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn put(&mut self, key: u64, failures: Failures, entries_max: usize) {
        if let Some(old) = self.entries.insert(key, failures) {
            self.by_age.remove(&(old.last, key));
        }
        self.by_age.insert((failures.last, key));
        while self.entries.len() > entries_max {
            let Some((_, oldest)) = self.by_age.pop_first() else {
                return;
            };
            self.entries.remove(&oldest);
        }
    }

    fn remove(&mut self, key: u64) {
        if let Some(old) = self.entries.remove(&key) {
            self.by_age.remove(&(old.last, key));
        }
    }
}
