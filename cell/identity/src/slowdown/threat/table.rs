//! The addresses that are remembered, in bounded memory, of which each org has a bounded part: whatever floods one org makes another
//! forget nothing as long as that other one remembers less. Within an org threats are forgotten last.

use super::{Notice, Suspect, ThreatLimit, count_name};
use crate::threat::Watch;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocab::time::Timestamp;

/// How many addresses are remembered; of each at most [`ThreatLimit::names`] names, of some twenty bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::slowdown) struct Room {
    /// Of all orgs together.
    pub(super) all: usize,
    /// Of these, such as are one org's.
    pub(super) of_one_org: usize,
    /// Of these, such as are threats: the others must find room beside them, or nobody would become one any more.
    pub(super) threats_of_one_org: usize,
}

impl Room {
    /// The room that a process has.
    pub(super) const MAX: Self = Self::of(8_192);

    /// So much for all: a quarter of it for one org at most, and half of that for its threats.
    pub(in crate::slowdown) const fn of(all: usize) -> Self {
        Self {
            all,
            of_one_org: all.div_ceil(4),
            threats_of_one_org: all.div_ceil(8),
        }
    }

    /// No more than a process has.
    pub(in crate::slowdown) fn at_most(all: usize) -> Self {
        Self::of(all.min(Self::MAX.all))
    }
}

/// An address of an org; hashes both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::slowdown) struct Key {
    pub(in crate::slowdown) org: u64,
    pub(in crate::slowdown) address: u64,
}

/// The addresses of all orgs.
pub(in crate::slowdown) struct ThreatTable {
    limit: ThreatLimit,
    room: Room,
    suspects: Mutex<Suspects>,
}

#[derive(Default)]
struct Suspects {
    by_org: HashMap<u64, OrgSuspects>,
    /// The orgs by how much is remembered of each.
    by_size: BTreeSet<(usize, u64)>,
    /// Of all orgs together.
    count: usize,
    /// The names that are being tried from each address just now. What has begun ends, and each is a request that is under way.
    under_way: HashMap<Key, Vec<u64>>,
}

/// Those of one org.
#[derive(Default)]
struct OrgSuspects {
    by_address: HashMap<u64, Suspect>,
    /// Those that are no threat, by when they were changed.
    ordinary: BTreeSet<(Timestamp, u64)>,
    /// Those that are, or were, by when they became one.
    threats: BTreeSet<(Timestamp, u64)>,
}

impl ThreatTable {
    pub(in crate::slowdown) fn new(limit: ThreatLimit, room: Room) -> Self {
        Self {
            limit,
            room,
            suspects: Mutex::default(),
        }
    }

    /// Whether an address is a threat now.
    pub(in crate::slowdown) fn is_threat(&self, key: Key, now: Timestamp) -> bool {
        let suspects = self.lock();
        let suspect = suspects.find(key);
        suspect.is_some_and(|suspect| suspect.is_threat(&self.limit, now))
    }

    /// Lets a name be tried from an address, unless too many others are being tried from there: what has no verdict yet is counted
    /// nowhere, and so many at once would all come before the first of them counts.
    pub(in crate::slowdown) fn enter(&self, key: Key, name: u64) -> bool {
        let mut suspects = self.lock();
        let names = suspects.under_way.entry(key).or_default();
        let different: BTreeSet<u64> = names.iter().copied().chain([name]).collect();
        // Where nobody is under way there is room, so that no empty entry stays.
        let has_room = different.len() <= self.limit.at_once.max(1);
        if has_room {
            names.push(name);
        }
        has_room
    }

    pub(super) fn leave(&self, key: Key, name: u64) {
        let mut suspects = self.lock();
        let Some(names) = suspects.under_way.get_mut(&key) else {
            return;
        };
        if let Some(place) = names.iter().position(|known| *known == name) {
            names.swap_remove(place);
        }
        if names.is_empty() {
            suspects.under_way.remove(&key);
        }
    }

    pub(super) fn fail(&self, key: Key, name: u64, now: Timestamp) {
        let mut suspects = self.lock();
        let before = suspects.take(key).unwrap_or_default();
        let counted = count_name(&self.limit, now, before, name);
        suspects.put(key, counted);
        suspects.keep_within(&self.room, key.org, (&self.limit, now));
    }

    pub(super) fn forgive(&self, key: Key, name: u64) {
        let mut suspects = self.lock();
        let Some(mut suspect) = suspects.take(key) else {
            return;
        };
        suspect.names.retain(|(known, _)| *known != name);
        if suspect.threat.is_some() || !suspect.names.is_empty() {
            suspects.put(key, suspect);
        }
    }

    /// The row that the log owes of a threat, if nobody is writing it and it was not written.
    pub(in crate::slowdown) fn claim(
        self: &Arc<Self>,
        key: Key,
        watch: Watch,
        now: Timestamp,
    ) -> Option<Notice> {
        let mut suspects = self.lock();
        let suspect = suspects.find_mut(key)?;
        if !suspect.is_threat(&self.limit, now) {
            return None;
        }
        let threat = suspect.threat.as_mut()?;
        let since = threat.since;
        threat.claim(now).then(|| Notice {
            table: Arc::clone(self),
            key,
            since,
            at: now,
            watch,
            is_written: false,
        })
    }

    /// What came of a row.
    pub(super) fn settle(&self, notice: &Notice) {
        let mut suspects = self.lock();
        let suspect = suspects.find_mut(notice.key);
        let threat = suspect.and_then(|suspect| suspect.threat.as_mut());
        if let Some(threat) = threat.filter(|threat| threat.since == notice.since) {
            threat.settle(notice.is_written, notice.at);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let suspects = self.lock();
        let sizes: BTreeSet<(usize, u64)> = suspects
            .by_org
            .iter()
            .map(|(org, own)| (own.len(), *org))
            .collect();
        assert_eq!(sizes, suspects.by_size);
        for own in suspects.by_org.values() {
            assert_eq!(own.ordinary.len() + own.threats.len(), own.len());
            assert_ne!(own.len(), 0);
        }
        assert_eq!(
            sizes.iter().map(|(size, _)| size).sum::<usize>(),
            suspects.count
        );
        suspects.count
    }

    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.lock().under_way.len()
    }

    /// Nothing is left half done between two calls, so a poisoned lock is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Suspects {
    fn find(&self, key: Key) -> Option<&Suspect> {
        self.by_org.get(&key.org)?.by_address.get(&key.address)
    }

    fn find_mut(&mut self, key: Key) -> Option<&mut Suspect> {
        let own = self.by_org.get_mut(&key.org)?;
        own.by_address.get_mut(&key.address)
    }

    /// Changes what is remembered of an org, and follows it in the order of sizes.
    fn change<T>(&mut self, org: u64, change: impl FnOnce(&mut OrgSuspects) -> T) -> T {
        let own = self.by_org.entry(org).or_default();
        let before = own.len();
        let changed = change(own);
        let after = own.len();
        self.by_size.remove(&(before, org));
        match after {
            0 => {
                self.by_org.remove(&org);
            }
            _ => {
                self.by_size.insert((after, org));
            }
        }
        self.count = self.count + after - before;
        changed
    }

    fn take(&mut self, key: Key) -> Option<Suspect> {
        self.change(key.org, |own| own.take(key.address))
    }

    fn put(&mut self, key: Key, suspect: Suspect) {
        self.change(key.org, |own| own.put(key.address, suspect));
    }

    /// Forgets what there is no room for: of the org first, and then of the one of which most is remembered.
    fn keep_within(&mut self, room: &Room, org: u64, now: (&ThreatLimit, Timestamp)) {
        let is_over = |own: &OrgSuspects| {
            own.len() > room.of_one_org || own.threats.len() > room.threats_of_one_org
        };
        while self.by_org.get(&org).is_some_and(is_over) {
            self.change(org, |own| own.forget_one(room, now));
        }
        while self.count > room.all {
            let Some((_, largest)) = self.by_size.last().copied() else {
                return;
            };
            self.change(largest, |own| own.forget_one(room, now));
        }
    }
}

impl OrgSuspects {
    fn len(&self) -> usize {
        self.by_address.len()
    }

    /// A threat keeps the moment at which it became one: what is tried meanwhile makes it no younger.
    fn put(&mut self, address: u64, suspect: Suspect) {
        match suspect.threat {
            Some(threat) => self.threats.insert((threat.since, address)),
            None => self.ordinary.insert((suspect.last_failed(), address)),
        };
        self.by_address.insert(address, suspect);
    }

    fn take(&mut self, address: u64) -> Option<Suspect> {
        let suspect = self.by_address.remove(&address)?;
        match suspect.threat {
            Some(threat) => self.threats.remove(&(threat.since, address)),
            None => self.ordinary.remove(&(suspect.last_failed(), address)),
        };
        Some(suspect)
    }

    /// Forgets a threat that is over or one too many, else what is no threat, else the oldest threat.
    fn forget_one(&mut self, room: &Room, (limit, now): (&ThreatLimit, Timestamp)) {
        let oldest = self.threats.first().map(|(_, address)| *address);
        let is_first = |address: &u64| {
            let suspect = self.by_address.get(address);
            self.threats.len() > room.threats_of_one_org
                || suspect.is_none_or(|suspect| !suspect.is_threat(limit, now))
        };
        let ordinary = self.ordinary.first().map(|(_, address)| *address);
        if let Some(address) = oldest.filter(is_first).or(ordinary).or(oldest) {
            self.take(address);
        }
    }
}
