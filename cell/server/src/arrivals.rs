//! How many sign-ins begin from one address. Each one is a row until it ends, so nobody may begin them without end.
//!
//! The generic cell rate algorithm (ITU-T I.371): for each address one moment is kept, that at which all of its sign-ins
//! would have begun one by one at the even pace. An address that is behind that moment has its whole burst.

use reception::crowd::subscriber_of;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use vocab::time::Timestamp;

/// The even pace, of an address behind which a whole company may sit: five a second.
const PACE_MICROS: i64 = 200_000;
/// So many may come at once.
const BURST: i64 = 1_000;
/// Addresses that are remembered; one takes about fifty bytes.
const ADDRESSES_MAX: usize = 65_536;

/// Sign-ins by address. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    moments: Arc<Mutex<HashMap<IpAddr, Timestamp>>>,
}

impl Arrivals {
    /// Lets one more begin, or says how many seconds to wait. This machine's own addresses are not counted: whoever
    /// calls from there is a proxy for others, or at home.
    ///
    /// # Errors
    /// The seconds, at least one.
    pub fn admit(&self, address: IpAddr, now: Timestamp) -> Result<(), i64> {
        if address.to_canonical().is_loopback() {
            return Ok(());
        }
        let address = subscriber_of(address);
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let next = decide_arrival(moments.get(&address).copied(), now)?;
        if moments.len() >= ADDRESSES_MAX && !moments.contains_key(&address) {
            moments.retain(|_, moment| *moment > now);
            // So many addresses at once are one crowd that cannot be told apart; memory stays bounded.
            if moments.len() >= ADDRESSES_MAX {
                moments.clear();
            }
        }
        moments.insert(address, next);
        Ok(())
    }
}

/// The moment of an address after one more sign-in, or how many seconds to wait.
fn decide_arrival(moment: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, i64> {
    let ahead = |moment: Timestamp| moment.micros().saturating_sub(now.micros());
    let moment = moment
        .filter(|moment| ahead(*moment) > 0)
        // Further ahead than any burst reaches: the clock was set back.
        .filter(|moment| ahead(*moment) <= BURST.saturating_mul(PACE_MICROS))
        .unwrap_or(now);
    let over = ahead(moment)
        .saturating_add(PACE_MICROS)
        .saturating_sub(BURST.saturating_mul(PACE_MICROS));
    if over > 0 {
        return Err(over.div_euclid(1_000_000).saturating_add(1));
    }
    Ok(Timestamp::from_micros(
        moment.micros().saturating_add(PACE_MICROS),
    ))
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES_MAX, Arrivals, BURST, PACE_MICROS, decide_arrival};
    use std::net::{IpAddr, Ipv4Addr};
    use vocab::time::Timestamp;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn after(micros: i64) -> Timestamp {
        Timestamp::from_micros(START.micros() + micros)
    }

    /// How many of that many are let in.
    fn admitted(arrivals: &Arrivals, address: &str, now: Timestamp, tries: i64) -> i64 {
        let address = address.parse().unwrap();
        let tries = (0..tries).filter(|_| arrivals.admit(address, now).is_ok());
        i64::try_from(tries.count()).unwrap()
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_pace() {
        let arrivals = Arrivals::default();
        assert_eq!(admitted(&arrivals, "192.0.2.1", START, BURST + 50), BURST);
        // The same address, written otherwise; another one.
        assert_eq!(admitted(&arrivals, "::ffff:192.0.2.1", START, 5), 0);
        assert_eq!(admitted(&arrivals, "192.0.2.2", START, 5), 5);
        assert_eq!(admitted(&arrivals, "192.0.2.1", after(PACE_MICROS), 5), 1);
        assert_eq!(
            admitted(&arrivals, "192.0.2.1", after(11 * PACE_MICROS), 50),
            10
        );
        let rested = after(BURST * PACE_MICROS * 2);
        assert_eq!(admitted(&arrivals, "192.0.2.1", rested, BURST + 50), BURST);
        // A network of IPv6 is one subscriber.
        assert_eq!(admitted(&arrivals, "2001:db8::1", START, BURST), BURST);
        assert_eq!(admitted(&arrivals, "2001:db8::2", START, 5), 0);
        assert_eq!(
            admitted(&arrivals, "127.0.0.1", START, BURST + 50),
            BURST + 50
        );
    }

    #[test]
    fn the_wait_is_named_and_no_clock_makes_it_long() {
        let full = after(BURST * PACE_MICROS);
        assert_eq!(decide_arrival(Some(full), START), Err(1));
        for set_back in [after(BURST * PACE_MICROS + 1), after(i64::MAX / 4)] {
            assert_eq!(
                decide_arrival(Some(set_back), START),
                Ok(after(PACE_MICROS))
            );
        }
        for past in [
            None,
            Some(START),
            Some(after(-1)),
            Some(Timestamp::from_micros(i64::MIN)),
        ] {
            assert_eq!(decide_arrival(past, START), Ok(after(PACE_MICROS)));
        }
    }

    #[test]
    fn so_many_addresses_are_remembered_and_no_more() {
        let arrivals = Arrivals::default();
        for number in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 10 {
            let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
            arrivals.admit(address, START).unwrap();
        }
        assert!(arrivals.moments.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
