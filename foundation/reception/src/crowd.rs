//! How many connections one address has: nobody takes all of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections by address. Clones share the count.
#[derive(Debug, Clone)]
pub struct Crowd {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
}

/// A place of an address; dropped, it is free.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    /// At most so many connections for each address.
    #[must_use]
    pub fn new(each_max: usize) -> Self {
        Self {
            counts: Arc::default(),
            each_max,
        }
    }

    /// A place for a connection from that address, if it has one left.
    #[must_use]
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        self.enter_within(address, self.each_max)
    }

    /// The same, with another bound than the usual one; whoever has more already keeps it.
    #[must_use]
    pub fn enter_within(&self, address: IpAddr, each_max: usize) -> Option<Place> {
        let address = subscriber_of(address);
        let mut counts = self.counts();
        match counts.entry(address) {
            Entry::Occupied(count) if *count.get() >= each_max => return None,
            Entry::Vacant(_) if each_max == 0 => return None,
            entry => *entry.or_default() += 1,
        }
        drop(counts);
        Some(Place {
            crowd: self.clone(),
            address,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        if let Entry::Occupied(mut count) = counts.entry(self.address) {
            match count.get() {
                0 | 1 => drop(count.remove()),
                _ => *count.get_mut() -= 1,
            }
        }
    }
}

/// One subscriber has a whole /64 of IPv6 (RFC 6177 section 2).
#[must_use]
pub fn subscriber_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;
    use std::net::IpAddr;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let crowd = Crowd::new(2);
        let first = crowd.enter(address("192.0.2.1")).unwrap();
        let second = crowd.enter(address("::ffff:192.0.2.1")).unwrap();
        assert!(crowd.enter(address("192.0.2.1")).is_none());
        assert!(crowd.enter(address("192.0.2.2")).is_some());
        drop(first);
        let third = crowd.enter(address("192.0.2.1"));
        assert!(third.is_some());
        drop((second, third));
        assert!(crowd.counts().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_bound_that_shrinks_takes_nothing_from_whoever_has_more() {
        let crowd = Crowd::new(3);
        let mut held: Vec<_> = (0..3)
            .map(|_| crowd.enter(address("192.0.2.1")).unwrap())
            .collect();
        assert!(crowd.enter_within(address("192.0.2.1"), 2).is_none());
        held.truncate(2);
        assert!(crowd.enter_within(address("192.0.2.1"), 2).is_none());
        held.truncate(1);
        assert!(crowd.enter_within(address("192.0.2.1"), 2).is_some());
        assert!(crowd.enter_within(address("192.0.2.9"), 0).is_none());
        drop(held);
        assert!(crowd.counts().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_subscriber() {
        let crowd = Crowd::new(1);
        let _held = crowd.enter(address("2001:db8:0:1::1")).unwrap();
        assert!(crowd.enter(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(crowd.enter(address("2001:db8:0:2::1")).is_some());
    }
}
