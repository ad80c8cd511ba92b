//! Requests that wait because nobody serves their org for a moment: it is being switched from one cell to another, or its
//! cell is being started again. None of them was begun anywhere.
//!
//! Of all that wait for one org a single one asks its cell now and then; when it is let in, the others follow.

use reception::crowd::{Crowd, Place};
use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use wire::placement::{Standing, StandingKind};

/// How long a request waits for its org to be served again: longer than a move may stop an org.
pub const PARKED_SECS_MAX: u64 = 8;
/// How long a request waits for a cell that takes no connection: a process that was killed is back by then.
pub const UNREACHED_SECS_MAX: u64 = 3;
/// Requests that wait at one time for orgs that are being switched.
const WAITING_MAX: usize = 8_192;
/// Requests that wait at one time for cells that take no connection. They have places of their own: however many cells are
/// gone, orgs that are being switched find theirs.
const UNREACHED_MAX: usize = 2_048;
/// Bytes of bodies that wait with them, in KiB.
const BODIES_KIB_MAX: usize = 256 * 1024;
/// Requests that wait for one org.
const WAITING_EACH_MAX: usize = 1_024;
/// The same of one org.
const BODIES_EACH_KIB_MAX: usize = 32 * 1024;
/// Requests of one client that wait, for whatever org: others find places beside them.
const WAITING_CLIENT_MAX: usize = 512;
/// How often the cell is asked.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// What becomes of a request that a cell did not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It is sent again when there is a newer route.
    WhenNewer,
    /// It is sent again when there is a newer route, or the cell lets it in.
    WhenOpen,
    /// It is not sent again.
    Never,
}

/// Whether a request can be sent again that was refused by a cell with these words.
#[must_use]
pub fn decide_repeat(ours: Epoch, theirs: Option<Standing>) -> Repeat {
    match theirs {
        Some(standing) if standing.kind == StandingKind::Parked => Repeat::WhenOpen,
        // The org comes back to a cell that it left: the cell does not know of it yet, and we do.
        Some(standing) if standing.kind == StandingKind::Gone && standing.epoch < ours => {
            Repeat::WhenOpen
        }
        Some(standing) if standing.epoch > ours => Repeat::WhenNewer,
        // A cell that knows nothing newer has nothing to wait for.
        _ => Repeat::Never,
    }
}

/// For what a request waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For an org that nobody serves.
    Org,
    /// For a cell that takes no connection.
    Cell,
}

/// Where requests wait. Clones share it.
#[derive(Debug, Clone)]
pub struct Parking(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    switched: Arc<Semaphore>,
    unreached: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    clients: Crowd,
    lots: Mutex<HashMap<OrgId, Lot>>,
}

#[derive(Debug, Clone)]
struct Lot {
    spots: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    open: Arc<Notify>,
    probe: Arc<tokio::sync::Mutex<()>>,
}

/// A place to wait in; dropped, it is free.
#[derive(Debug)]
pub struct Spot {
    parking: Parking,
    org: OrgId,
    lot: Lot,
    probing: Option<OwnedMutexGuard<()>>,
    places: Vec<OwnedSemaphorePermit>,
    _of_client: Place,
}

impl Default for Parking {
    fn default() -> Self {
        Self(Arc::new(Inner {
            switched: Arc::new(Semaphore::new(WAITING_MAX)),
            unreached: Arc::new(Semaphore::new(UNREACHED_MAX)),
            bodies: Arc::new(Semaphore::new(BODIES_KIB_MAX)),
            clients: Crowd::new(WAITING_CLIENT_MAX),
            lots: Mutex::default(),
        }))
    }
}

impl Parking {
    /// A place for a client to wait in with a body of that many bytes; none if too many wait already.
    #[must_use]
    pub fn enter(
        &self,
        org: &OrgId,
        client: IpAddr,
        wait: Wait,
        body_bytes: usize,
    ) -> Option<Spot> {
        let of_client = self.0.clients.enter(client)?;
        let all = match wait {
            Wait::Org => &self.0.switched,
            Wait::Cell => &self.0.unreached,
        };
        let all = Arc::clone(all).try_acquire_owned().ok()?;
        let kib = u32::try_from(body_bytes.div_ceil(1024)).ok()?;
        let body = Arc::clone(&self.0.bodies)
            .try_acquire_many_owned(kib)
            .ok()?;
        let mut lots = self.lots();
        let lot = lots.entry(org.clone()).or_insert_with(|| Lot {
            spots: Arc::new(Semaphore::new(WAITING_EACH_MAX)),
            bodies: Arc::new(Semaphore::new(BODIES_EACH_KIB_MAX)),
            open: Arc::default(),
            probe: Arc::default(),
        });
        let own = Arc::clone(&lot.bodies).try_acquire_many_owned(kib).ok()?;
        let each = Arc::clone(&lot.spots).try_acquire_owned().ok()?;
        Some(Spot {
            parking: self.clone(),
            org: org.clone(),
            lot: lot.clone(),
            probing: None,
            places: vec![all, body, own, each],
            _of_client: of_client,
        })
    }

    fn lots(&self) -> MutexGuard<'_, HashMap<OrgId, Lot>> {
        self.0.lots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spot {
    /// Waits until it is worth to send the request again; false when the time is over. With `probes`, one of all who wait
    /// tries it now and then.
    pub async fn wait(
        &mut self,
        newer: impl Future<Output = bool>,
        probes: bool,
        deadline: Instant,
    ) -> bool {
        let end = sleep_until(deadline);
        if !probes {
            return tokio::select! {
                is_newer = newer => is_newer,
                () = end => false,
            };
        }
        let (open, probe) = (Arc::clone(&self.lot.open), Arc::clone(&self.lot.probe));
        let probing = &mut self.probing;
        let turn = async move {
            if probing.is_none() {
                *probing = Some(probe.lock_owned().await);
            }
            sleep(PROBE_PAUSE).await;
        };
        tokio::select! {
            is_newer = newer => is_newer,
            () = open.notified() => true,
            () = turn => true,
            () = end => false,
        }
    }

    /// The request was let in: the others need not wait for their turn.
    pub fn leave(self) {
        self.lot.open.notify_waiters();
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        let mut lots = self.parking.lots();
        self.places.clear();
        if self.lot.spots.available_permits() == WAITING_EACH_MAX {
            lots.remove(&self.org);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        BODIES_EACH_KIB_MAX, BODIES_KIB_MAX, Parking, Repeat, UNREACHED_MAX, WAITING_CLIENT_MAX,
        WAITING_EACH_MAX, Wait, decide_repeat,
    };
    use std::future::pending;
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;
    use tokio::time::Instant;
    use vocab::entropy::SeededEntropy;
    use vocab::epoch::Epoch;
    use vocab::id::OrgId;
    use wire::placement::{Standing, StandingKind};

    #[test]
    fn what_is_sent_again() {
        let at = |number| Epoch::try_from(number).unwrap();
        let said = |epoch, kind| {
            Some(Standing {
                epoch: at(epoch),
                kind,
            })
        };
        let table = [
            (said(2, StandingKind::Parked), Repeat::WhenOpen),
            (said(3, StandingKind::Parked), Repeat::WhenOpen),
            (said(3, StandingKind::Gone), Repeat::WhenNewer),
            (said(3, StandingKind::Serving), Repeat::WhenNewer),
            (said(1, StandingKind::Gone), Repeat::WhenOpen),
            (said(2, StandingKind::Gone), Repeat::Never),
            (said(1, StandingKind::Serving), Repeat::Never),
            (None, Repeat::Never),
        ];
        for (theirs, repeat) in table {
            assert_eq!(decide_repeat(at(2), theirs), repeat, "{theirs:?}");
        }
    }

    fn org() -> OrgId {
        OrgId::generate(&SeededEntropy::new(1))
    }

    fn client(number: usize) -> IpAddr {
        Ipv4Addr::from_bits(u32::try_from(number).unwrap()).into()
    }

    #[test]
    fn no_client_takes_all_places() {
        let parking = Parking::default();
        let (one, entropy) = (client(1), SeededEntropy::new(4));
        let spots: Vec<_> = (0..WAITING_CLIENT_MAX)
            .map(|at| {
                let org = OrgId::generate(&entropy);
                let wait = if at % 2 == 0 { Wait::Org } else { Wait::Cell };
                parking.enter(&org, one, wait, 0).unwrap()
            })
            .collect();
        assert!(parking.enter(&org(), one, Wait::Org, 0).is_none());
        assert!(parking.enter(&org(), one, Wait::Cell, 0).is_none());
        assert!(parking.enter(&org(), client(2), Wait::Org, 0).is_some());
        drop(spots);
        assert!(parking.enter(&org(), one, Wait::Org, 0).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn one_probes_and_when_it_is_let_in_all_are() {
        let parking = Parking::default();
        let end = Instant::now() + Duration::from_secs(5);
        let mut first = parking.enter(&org(), client(0), Wait::Org, 10).unwrap();
        assert!(first.wait(pending(), true, end).await);
        let mut others = Vec::new();
        for _ in 0..10 {
            let mut spot = parking.enter(&org(), client(0), Wait::Org, 10).unwrap();
            others.push(tokio::spawn(async move {
                let again = spot.wait(pending(), true, end).await;
                (again, Instant::now())
            }));
        }
        tokio::task::yield_now().await;
        let let_in = Instant::now();
        first.leave();
        for other in others {
            assert_eq!(other.await.unwrap(), (true, let_in));
        }
        assert!(parking.lots().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_route_ends_the_wait_and_so_does_the_time() {
        let parking = Parking::default();
        let end = Instant::now() + Duration::from_secs(5);
        let mut spot = parking.enter(&org(), client(0), Wait::Org, 10).unwrap();
        assert!(spot.wait(async { true }, false, end).await);
        assert!(!spot.wait(pending(), false, end).await);
        assert_eq!(Instant::now(), end);
        // Whoever probes gives its turn on when it goes.
        let mut probing = parking.enter(&org(), client(0), Wait::Org, 10).unwrap();
        let end = end + Duration::from_secs(5);
        assert!(probing.wait(pending(), true, end).await);
        drop(probing);
        assert!(spot.wait(pending(), true, end).await);
    }

    #[test]
    fn no_org_takes_all_places() {
        let parking = Parking::default();
        let spots: Vec<_> = (0..WAITING_EACH_MAX)
            .map(|at| parking.enter(&org(), client(at), Wait::Org, 10).unwrap())
            .collect();
        assert!(parking.enter(&org(), client(0), Wait::Org, 10).is_none());
        let other = OrgId::generate(&SeededEntropy::new(2));
        assert!(parking.enter(&other, client(0), Wait::Org, 10).is_some());
        drop(spots);
        assert!(
            parking.lots().is_empty() && parking.enter(&org(), client(0), Wait::Org, 10).is_some()
        );
    }

    #[test]
    fn a_cell_that_is_gone_takes_no_place_of_orgs_that_are_switched_and_bodies_are_bounded() {
        let parking = Parking::default();
        let entropy = SeededEntropy::new(3);
        let orgs: Vec<_> = (0..3).map(|_| OrgId::generate(&entropy)).collect();
        let spots: Vec<_> = (0..UNREACHED_MAX)
            .map(|at| {
                parking
                    .enter(&orgs[at % 3], client(at), Wait::Cell, 0)
                    .unwrap()
            })
            .collect();
        assert!(parking.enter(&org(), client(0), Wait::Cell, 0).is_none());
        assert!(parking.enter(&org(), client(0), Wait::Org, 0).is_some());
        drop(spots);
        let each = BODIES_EACH_KIB_MAX * 1024;
        let first = parking.enter(&org(), client(0), Wait::Org, each).unwrap();
        assert!(parking.enter(&org(), client(0), Wait::Org, 1).is_none());
        assert!(parking.enter(&org(), client(0), Wait::Org, 0).is_some());
        let others: Vec<_> = (1..BODIES_KIB_MAX / BODIES_EACH_KIB_MAX)
            .map(|_| {
                let other = OrgId::generate(&entropy);
                parking.enter(&other, client(0), Wait::Org, each).unwrap()
            })
            .collect();
        let one_more = OrgId::generate(&entropy);
        assert!(parking.enter(&one_more, client(0), Wait::Org, 1).is_none());
        drop(others);
        assert!(parking.enter(&one_more, client(0), Wait::Org, 1).is_some());
        drop(first);
        assert!(parking.enter(&org(), client(0), Wait::Org, each).is_some());
    }
}
