//! A bounded table in memory. What falls out is dropped at once, so that keys are wiped and not merely forgotten.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Values by key; when it is full, the one that was not used for longest goes.
pub(crate) struct Cache<K, V> {
    slots: RwLock<HashMap<K, Slot<V>>>,
    /// Counts removals: what was loaded before one may be older than it, and is not kept.
    removals: AtomicU64,
    /// Counts uses; the clock of "longest".
    uses: AtomicU64,
    entries_max: usize,
}

struct Slot<V> {
    value: Arc<V>,
    used: AtomicU64,
}

impl<K: Hash + Eq + Clone, V> Cache<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            slots: RwLock::default(),
            removals: AtomicU64::new(0),
            uses: AtomicU64::new(0),
            entries_max,
        }
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(key)?;
        slot.used.store(self.tick(), Ordering::Relaxed);
        Some(Arc::clone(&slot.value))
    }

    /// What to give [`Self::insert`] later: take it before loading the value.
    pub(crate) fn removals(&self) -> u64 {
        self.removals.load(Ordering::Acquire)
    }

    /// Keeps a value, unless something was removed since `removals` was taken.
    pub(crate) fn insert(&self, key: K, value: Arc<V>, removals: u64) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if self.removals() != removals {
            return;
        }
        if slots.len() >= self.entries_max && !slots.contains_key(&key) {
            // A walk over the whole table, but only for an entry that cost a read of the store anyway.
            let oldest = slots
                .iter()
                .min_by_key(|(_, slot)| slot.used.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                slots.remove(&oldest);
            }
        }
        slots.insert(
            key,
            Slot {
                value,
                used: AtomicU64::new(self.tick()),
            },
        );
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        self.removals.fetch_add(1, Ordering::Release);
        slots.remove(key);
    }

    /// Removes every entry whose key is such.
    pub(crate) fn remove_where(&self, is_such: impl Fn(&K) -> bool) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        self.removals.fetch_add(1, Ordering::Release);
        slots.retain(|key, _| !is_such(key));
    }

    fn tick(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use std::sync::Arc;

    #[test]
    fn what_was_not_used_for_longest_goes_and_is_dropped() {
        let cache: Cache<u8, u8> = Cache::new(2);
        let one = Arc::new(1);
        cache.insert(1, Arc::clone(&one), 0);
        cache.insert(2, Arc::new(2), 0);
        assert_eq!(cache.get(&1).as_deref(), Some(&1));
        cache.insert(3, Arc::new(3), 0);
        assert_eq!((cache.get(&2), cache.get(&3).as_deref()), (None, Some(&3)));
        cache.insert(1, Arc::new(9), 0);
        assert_eq!(Arc::strong_count(&one), 1);
        cache.remove(&1);
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn what_has_something_in_common_goes_together() {
        let cache: Cache<u8, u8> = Cache::new(4);
        let (odd, loading) = (Arc::new(1), cache.removals());
        for key in 1..=4 {
            cache.insert(key, Arc::clone(&odd), loading);
        }
        cache.remove_where(|key| key % 2 == 1);
        let left = [1, 2, 3, 4].map(|key| cache.get(&key).is_some());
        assert_eq!(left, [false, true, false, true]);
        assert_eq!(Arc::strong_count(&odd), 3);
        cache.insert(1, odd, loading);
        assert!(cache.get(&1).is_none());
    }

    #[test]
    fn what_was_loaded_before_a_removal_is_not_kept() {
        let cache: Cache<u8, u8> = Cache::new(2);
        let loading = cache.removals();
        cache.remove(&1);
        cache.insert(1, Arc::new(1), loading);
        assert_eq!(cache.get(&1), None);
        cache.insert(1, Arc::new(1), cache.removals());
        assert_eq!(cache.get(&1).as_deref(), Some(&1));
    }
}
