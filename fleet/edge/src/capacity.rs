//! How full the edge is, and what follows for whoever comes: while there is room each client may have much of it, and the less
//! is left, the less of that one client gets.

use crate::listener::Bounds;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The edge is crowded while the last of so many parts of its places is being taken.
const PARTS: usize = 4;
/// Of the places that are left in a crowded edge, a client may have one of so many...
const LEFT_EACH_PART: usize = 32;
/// ...and this many in any case.
const CROWDED_EACH_MIN: usize = 16;

/// Whether there are places enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// There are.
    Roomy,
    /// Few are left.
    Crowded,
}

/// The places for connections. Clones share them.
#[derive(Debug, Clone)]
pub struct Capacity {
    places: Arc<Semaphore>,
    all: usize,
    each: usize,
}

fn decide_fill(all: usize, left: usize) -> Fill {
    if left > all / PARTS {
        Fill::Roomy
    } else {
        Fill::Crowded
    }
}

/// How many connections a client may have for one more of its connections to be taken.
fn decide_each_max((all, each): (usize, usize), left: usize) -> usize {
    match decide_fill(all, left) {
        Fill::Roomy => each,
        Fill::Crowded => (left / LEFT_EACH_PART).max(CROWDED_EACH_MIN).min(each),
    }
}

impl Capacity {
    /// All places free.
    #[must_use]
    pub fn new(bounds: &Bounds) -> Self {
        Self {
            places: Arc::new(Semaphore::new(bounds.connections)),
            all: bounds.connections,
            each: bounds.connections_each,
        }
    }

    /// The places.
    #[must_use]
    pub const fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    /// How full it is.
    #[must_use]
    pub fn fill(&self) -> Fill {
        decide_fill(self.all, self.places.available_permits())
    }

    /// How many connections a client may have, the one that has just taken this place among them.
    #[must_use]
    pub fn each_max(&self, place: &OwnedSemaphorePermit) -> usize {
        let left = self.places.available_permits() + place.num_permits();
        decide_each_max((self.all, self.each), left)
    }
}

#[cfg(test)]
mod tests {
    use super::{CROWDED_EACH_MIN, Fill, decide_each_max, decide_fill};
    use crate::listener::Bounds;

    #[test]
    fn the_less_is_left_the_less_one_client_may_have() {
        for (all, each, left, max, fill) in [
            (16_384, 2_048, 16_384, 2_048, Fill::Roomy),
            (16_384, 2_048, 4_097, 2_048, Fill::Roomy),
            (16_384, 2_048, 4_096, 128, Fill::Crowded),
            (16_384, 2_048, 1_024, 32, Fill::Crowded),
            (16_384, 2_048, 512, 16, Fill::Crowded),
            (16_384, 2_048, 0, 16, Fill::Crowded),
            (16_384, 8, 1_024, 8, Fill::Crowded),
            (8, 4, 3, 4, Fill::Roomy),
            (8, 4, 1, 4, Fill::Crowded),
        ] {
            let told = format!("{left} of {all}, {each} each");
            assert_eq!(decide_each_max((all, each), left), max, "{told}");
            assert_eq!(decide_fill(all, left), fill, "{told}");
        }
    }

    /// Clients that take all that they may, one after the other: how many it takes to leave nothing to the others.
    #[test]
    fn few_clients_do_not_take_all_places() {
        let bounds = Bounds::default();
        let (all, each) = (bounds.connections, bounds.connections_each);
        let (mut left, mut clients) = (all, 0);
        while left > 0 {
            let mut own = 0;
            while left > 0 && own < decide_each_max((all, each), left) {
                (own, left) = (own + 1, left - 1);
            }
            assert!(own >= CROWDED_EACH_MIN.min(left));
            clients += 1;
        }
        assert!(clients > 100, "{clients}");
    }
}
