//! A bounded cache that is never stale after a change was acknowledged.
//!
//! A change commits, then calls [`Cache::invalidate`], then is acknowledged. A load that began before the change
//! must not put its old value in afterwards: each load notes the cache's generation first, and [`Cache::insert`]
//! drops the value if anything was invalidated meanwhile.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The generation at which a load began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// A bounded map of values that are cheap to clone.
pub struct Cache<K, V> {
    state: Mutex<State<K, V>>,
    entries_max: usize,
}

struct State<K, V> {
    generation: u64,
    tick: u64,
    entries: HashMap<K, Entry<V>>,
}

struct Entry<V> {
    value: V,
    used_at_tick: u64,
}

/// How many entries are looked at to find one to throw out: an approximation of the least recently used.
const EVICTION_SAMPLE: usize = 16;

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// An empty cache of at most `entries_max` entries.
    #[must_use]
    pub fn new(entries_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                generation: 0,
                tick: 0,
                entries: HashMap::new(),
            }),
            entries_max: entries_max.max(1),
        }
    }

    /// The value, or the generation with which a load must present its result.
    pub fn get(&self, key: &K) -> Result<V, Generation> {
        let mut state = self.lock();
        state.tick = state.tick.wrapping_add(1);
        let (tick, generation) = (state.tick, state.generation);
        match state.entries.get_mut(key) {
            Some(entry) => {
                entry.used_at_tick = tick;
                Ok(entry.value.clone())
            }
            None => Err(Generation(generation)),
        }
    }

    /// Keeps what was loaded, unless something was invalidated since the load began.
    pub fn insert(&self, key: K, value: V, loaded_at: Generation) {
        let mut state = self.lock();
        if state.generation == loaded_at.0 {
            self.put(&mut state, key, value);
        }
    }

    /// The value, or this one, which is kept from now on: of several who come at once all get the same.
    pub fn get_or_insert_with(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let mut state = self.lock();
        state.tick = state.tick.wrapping_add(1);
        let tick = state.tick;
        if let Some(entry) = state.entries.get_mut(key) {
            entry.used_at_tick = tick;
            return entry.value.clone();
        }
        let value = make();
        self.put(&mut state, key.clone(), value.clone());
        value
    }

    fn put(&self, state: &mut State<K, V>, key: K, value: V) {
        if state.entries.len() >= self.entries_max && !state.entries.contains_key(&key) {
            let victim = state
                .entries
                .iter()
                .take(EVICTION_SAMPLE)
                .min_by_key(|(_, entry)| entry.used_at_tick)
                .map(|(key, _)| key.clone());
            if let Some(victim) = victim {
                state.entries.remove(&victim);
            }
        }
        let used_at_tick = state.tick;
        state.entries.insert(
            key,
            Entry {
                value,
                used_at_tick,
            },
        );
    }

    /// Forgets the value, and every load that is under way.
    pub fn invalidate(&self, key: &K) {
        let mut state = self.lock();
        state.generation = state.generation.wrapping_add(1);
        state.entries.remove(key);
    }

    /// Forgets all values that are about something, and every load that is under way: a walk over the whole cache.
    pub fn invalidate_where(&self, is_about: impl Fn(&K, &V) -> bool) {
        let mut state = self.lock();
        state.generation = state.generation.wrapping_add(1);
        state
            .entries
            .retain(|key, entry| !is_about(key, &entry.value));
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        // The map is whole between any two statements under the lock, so a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn a_load_that_began_before_a_change_is_not_kept() {
        let cache = Cache::new(4);
        let before = cache.get(&1).unwrap_err();
        cache.invalidate(&1);
        cache.insert(1, "old", before);
        let after = cache.get(&1).unwrap_err();
        cache.insert(1, "new", after);
        assert_eq!(cache.get(&1).unwrap(), "new");
    }

    #[test]
    fn what_is_about_something_is_forgotten_and_not_put_back() {
        let cache = Cache::new(4);
        for key in [1, 2, 3] {
            let generation = cache.get(&key).unwrap_err();
            cache.insert(key, key % 2, generation);
        }
        let before = cache.get(&5).unwrap_err();
        cache.invalidate_where(|_, odd| *odd == 1);
        cache.insert(5, 1, before);
        let kept = [1, 2, 3, 5].map(|key| cache.get(&key).is_ok());
        assert_eq!(kept, [false, true, false, false]);
    }

    #[test]
    fn what_is_there_is_not_made_again() {
        let cache = Cache::new(2);
        let made: Vec<i32> = [(1, 10), (1, 11), (2, 20), (3, 30), (3, 31)]
            .into_iter()
            .map(|(key, value)| cache.get_or_insert_with(&key, || value))
            .collect();
        assert_eq!(made, [10, 10, 20, 30, 30]);
        cache.invalidate(&3);
        assert_eq!(cache.get_or_insert_with(&3, || 32), 32);
        let kept = [1, 2, 3].into_iter().filter(|key| cache.get(key).is_ok());
        assert_eq!(kept.count(), 2, "it stays within its bound");
    }

    #[test]
    fn it_stays_within_its_bound() {
        let cache = Cache::new(8);
        for key in 0..100 {
            let generation = cache.get(&key).unwrap_err();
            cache.insert(key, key, generation);
        }
        let kept = (0..100).filter(|key| cache.get(key).is_ok()).count();
        assert_eq!(kept, 8);
    }
}
