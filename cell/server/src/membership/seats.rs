//! The seats of orgs: whether something may be begun for an org now, and how much of it is still under way.
//!
//! To be let in and to be counted is one step under one lock: whoever closes a seat knows of all who came before and lets
//! nobody in afterwards. A look-up takes the read lock of one shard and the lock of one seat, each for an instant.

use crate::membership::admission::{Admission, decide_admission};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use wire::org_move::side::{Place, PlaceState};
use wire::placement::Standing;

/// Shards of the table, so that cores do not meet at one lock.
const SHARDS: usize = 16;
/// Most seats of one shard; those that nobody sits in make room for others and are read again.
const SHARD_SEATS_MAX: usize = 8_192;

/// The seats of all orgs that were asked for.
#[derive(Default)]
pub(crate) struct Seats {
    shards: [RwLock<HashMap<OrgId, Arc<Seat>>>; SHARDS],
}

/// The seat of one org.
#[derive(Default)]
pub(crate) struct Seat {
    state: Mutex<State>,
    left: Notify,
    cut: Arc<Notify>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// None until it was read, and of an org that this cell does not know.
    place: Option<Place>,
    requests: u32,
    deliveries: u32,
    /// Until when no delivery is begun.
    hushed_until: Option<Instant>,
}

/// What is begun for an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The answer to a request. Cut off, it is asked again by whoever asked.
    Request,
    /// Something that leaves the cell. Cut off, it may have left, and nobody knows.
    Delivery,
}

/// Something that was begun for an org. It counts until it is dropped.
pub struct UnderWay(Arc<Seat>, Kind);

/// What became of a wish to begin something.
pub enum Entry {
    /// It may begin.
    Entered(UnderWay),
    /// It may not; what is known of the org's place, if anything.
    Refused(Option<Standing>),
}

impl Seats {
    /// The seat of an org, made if there is none.
    pub(crate) fn seat(&self, org: &OrgId) -> Arc<Seat> {
        let shard = self.shard(org);
        let known = shard
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(org)
            .map(Arc::clone);
        known.unwrap_or_else(|| {
            let mut seats = shard.write().unwrap_or_else(PoisonError::into_inner);
            if seats.len() >= SHARD_SEATS_MAX {
                // Seats are handed out under this lock alone: one that only the table holds has nobody in it.
                seats.retain(|_, seat| Arc::strong_count(seat) > 1);
            }
            Arc::clone(seats.entry(org.clone()).or_default())
        })
    }

    fn shard(&self, org: &OrgId) -> &RwLock<HashMap<OrgId, Arc<Seat>>> {
        // The last letter of an id is random.
        let last = org.as_str().bytes().next_back().unwrap_or_default();
        let [first, ..] = &self.shards;
        self.shards.get(usize::from(last) % SHARDS).unwrap_or(first)
    }
}

impl Seat {
    /// What is known of the org's place; none if it was not read yet.
    pub(crate) fn place(&self) -> Option<Place> {
        self.lock().place
    }

    /// Notes a place that was read, unless one is known: what was read may be older.
    pub(crate) fn learn(&self, read: Place) {
        self.lock().place.get_or_insert(read);
    }

    /// The epoch of an org that is served has risen to this one at least.
    pub(crate) fn raise(&self, epoch: Epoch) {
        let mut state = self.lock();
        let place = state.place.as_mut();
        if let Some(place) = place.filter(|place| place.state == PlaceState::Serving) {
            place.epoch = place.epoch.max(epoch);
        }
    }

    /// The org's place is this from now on.
    pub(crate) fn set(&self, place: Place) {
        self.lock().place = Some(place);
    }

    /// Nobody is let in any more, if the org is served at that epoch; false if it is not.
    pub(crate) fn park(&self, epoch: Epoch) -> bool {
        let mut state = self.lock();
        let served = state
            .place
            .as_mut()
            .filter(|place| place.epoch == epoch && place.state == PlaceState::Serving);
        served.is_some_and(|place| {
            place.state = PlaceState::Parked;
            true
        })
    }

    /// Lets somebody in and counts him, if the org is served at the epoch that he goes by, or goes by none. Of a hushed org
    /// nothing leaves.
    pub(crate) fn enter(self: Arc<Self>, asked: Option<Epoch>, kind: Kind) -> Entry {
        let mut state = self.lock();
        let admission = match kind {
            Kind::Delivery if state.hushed_until > Some(Instant::now()) => Admission::Refuse(None),
            _ => decide_admission(state.place, asked),
        };
        if admission == Admission::Serve {
            let count = state.count(kind);
            *count = count.saturating_add(1);
        }
        drop(state);
        match admission {
            Admission::Serve => Entry::Entered(UnderWay(self, kind)),
            Admission::Refuse(standing) => Entry::Refused(standing),
        }
    }

    /// Begins no delivery for so long; says how many are under way.
    pub(crate) fn hush(&self, time: Duration) -> u32 {
        let mut state = self.lock();
        state.hushed_until = Some(Instant::now() + time);
        state.deliveries
    }

    /// Deliveries are begun again.
    pub(crate) fn unhush(&self) {
        self.lock().hushed_until = None;
    }

    /// Of those who change how the org stands, one after the other: what the seat says follows what the store says.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// How much is under way.
    pub(crate) fn under_way(&self) -> u32 {
        let state = self.lock();
        state.requests.saturating_add(state.deliveries)
    }

    /// How many deliveries are under way.
    pub(crate) fn deliveries(&self) -> u32 {
        self.lock().deliveries
    }

    /// Cuts off what comes slowly for the org: every body that is watched and has not come whole.
    pub(crate) fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// Waits until nothing is under way.
    pub(crate) async fn emptied(&self) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            left.as_mut().enable();
            if self.under_way() == 0 {
                return;
            }
            left.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn count(&mut self, kind: Kind) -> &mut u32 {
        match kind {
            Kind::Request => &mut self.requests,
            Kind::Delivery => &mut self.deliveries,
        }
    }
}

impl UnderWay {
    /// Ready once what comes slowly for the org is cut off.
    pub(crate) fn cut(&self) -> OwnedNotified {
        Arc::clone(&self.0.cut).notified_owned()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        let count = state.count(self.1);
        *count = count.saturating_sub(1);
        let is_last = state.requests == 0 && state.deliveries == 0;
        drop(state);
        if is_last {
            self.0.left.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Kind, SHARD_SEATS_MAX, SHARDS, Seat, Seats, UnderWay};
    use std::sync::Arc;
    use std::time::Duration;
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;
    use wire::org_move::side::{Place, PlaceState};

    fn served() -> Arc<Seat> {
        let seat = Arc::new(Seat::default());
        seat.set(Place {
            epoch: Epoch::FIRST,
            state: PlaceState::Serving,
        });
        seat
    }

    fn enter(seat: &Arc<Seat>) -> Option<UnderWay> {
        enter_as(seat, Kind::Request)
    }

    fn enter_as(seat: &Arc<Seat>, kind: Kind) -> Option<UnderWay> {
        match Arc::clone(seat).enter(Some(Epoch::FIRST), kind) {
            Entry::Entered(under_way) => Some(under_way),
            Entry::Refused(_) => None,
        }
    }

    #[test]
    fn nothing_leaves_a_hushed_org_and_requests_go_on() {
        let seat = served();
        let (request, delivery) = (enter(&seat), enter_as(&seat, Kind::Delivery));
        assert!(request.is_some() && delivery.is_some());
        assert_eq!((seat.under_way(), seat.deliveries()), (2, 1));
        assert_eq!(seat.hush(Duration::from_secs(3_600)), 1);
        assert!(enter_as(&seat, Kind::Delivery).is_none());
        assert!(enter(&seat).is_some());
        drop(delivery);
        assert_eq!(
            seat.hush(Duration::ZERO),
            0,
            "it lasts no longer than it is asked for"
        );
        assert!(enter_as(&seat, Kind::Delivery).is_some());
        seat.hush(Duration::from_secs(3_600));
        seat.unhush();
        assert!(enter_as(&seat, Kind::Delivery).is_some());
    }

    #[tokio::test]
    async fn whoever_parks_waits_for_all_who_came_before_and_for_nobody_else() {
        let seat = served();
        let (one, other) = (enter(&seat).unwrap(), enter(&seat).unwrap());
        assert!(!seat.park(Epoch::FIRST.next()), "another epoch");
        assert!(seat.park(Epoch::FIRST));
        assert!(!seat.park(Epoch::FIRST), "it is parked");
        assert!(enter(&seat).is_none());
        let waiting = tokio::spawn({
            let seat = Arc::clone(&seat);
            async move { seat.emptied().await }
        });
        drop(one);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(other);
        waiting.await.unwrap();
    }

    #[test]
    fn what_is_read_late_changes_nothing() {
        let seat = served();
        seat.park(Epoch::FIRST);
        seat.learn(Place {
            epoch: Epoch::FIRST,
            state: PlaceState::Serving,
        });
        assert!(enter(&seat).is_none());
    }

    #[test]
    fn seats_with_somebody_in_them_stay() {
        let (seats, entropy) = (Seats::default(), SeededEntropy::new(5));
        let org = OrgId::generate(&entropy);
        let seat = seats.seat(&org);
        seat.set(Place {
            epoch: Epoch::FIRST,
            state: PlaceState::Serving,
        });
        let under_way = enter(&seat);
        drop(seat);
        for _ in 0..3 * SHARDS * SHARD_SEATS_MAX {
            seats.seat(&OrgId::generate(&entropy));
        }
        assert_eq!(seats.seat(&org).under_way(), 1);
        drop(under_way);
        assert_eq!(seats.seat(&org).under_way(), 0);
        for shard in &seats.shards {
            assert!(shard.read().unwrap().len() <= SHARD_SEATS_MAX);
        }
    }
}
