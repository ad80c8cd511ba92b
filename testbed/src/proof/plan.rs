//! Who asks for what, and when: the schedule of an open loop, drawn from a seed. The same seed gives the same arrivals,
//! so that a phase in which something is hurt is held against a quiet one of the very same requests. Pure.

use std::time::Duration;

/// What one arrival does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// A resource server asks about an access token.
    Introspection,
    /// An application renews its tokens; the refresh token is rotated.
    Refresh,
    /// A service asks for a token of its own.
    Service,
    /// A person signs in with a password.
    SignIn,
    /// A person with a session gets a code, which is redeemed twice at the same time.
    Code,
    /// An administrator adds a person.
    Create,
    /// An administrator changes a person.
    Change,
}

/// What every twenty arrivals do: a sign-in is rarer than what follows from it, and administrators are few.
const DECK: [Flow; 20] = [
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Introspection,
    Flow::Refresh,
    Flow::Refresh,
    Flow::Refresh,
    Flow::Refresh,
    Flow::Service,
    Flow::Service,
    Flow::Service,
    Flow::SignIn,
    Flow::SignIn,
    Flow::Code,
    Flow::Create,
    Flow::Change,
];

/// One arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When, from the beginning of the phase.
    pub after: Duration,
    /// Of which organisation, by its number.
    pub site: usize,
    /// What for.
    pub flow: Flow,
}

/// How hard a phase is.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Where its draws begin.
    pub seed: u64,
    /// Arrivals each second, of all organisations together.
    pub per_second: f64,
    /// How long.
    pub span: Duration,
    /// An organisation that sends more than its share.
    pub flood: Option<Flood>,
}

/// One organisation's flood.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    /// Which, by its number.
    pub site: usize,
    /// How many times its share.
    pub times: u32,
}

/// The arrivals of a phase, in their order. Every organisation has the same share, and the deck is dealt whole before it
/// is shuffled again: no phase has by chance more of the dear requests than another.
#[must_use]
pub fn plan_arrivals(load: &Load, sites: usize) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    if sites == 0 || load.per_second <= 0.0 {
        return arrivals;
    }
    let mut draws = Draws(load.seed);
    let all: Vec<usize> = (0..sites).collect();
    deal(&mut arrivals, load.per_second, load.span, &all, &mut draws);
    if let Some(flood) = load.flood {
        let share = load.per_second / sites as f64;
        // One share of it is in the ordinary arrivals already.
        let more = share * f64::from(flood.times.saturating_sub(1));
        deal(&mut arrivals, more, load.span, &[flood.site], &mut draws);
    }
    arrivals.sort_by_key(|arrival| arrival.after);
    arrivals
}

fn deal(
    arrivals: &mut Vec<Arrival>,
    per_second: f64,
    span: Duration,
    of: &[usize],
    draws: &mut Draws,
) {
    let count = (per_second * span.as_secs_f64()).floor() as u32;
    let (mut sites, mut flows) = (Vec::new(), Vec::new());
    for number in 0..count {
        if sites.is_empty() {
            sites = draws.shuffled(of);
        }
        if flows.is_empty() {
            flows = draws.shuffled(&DECK);
        }
        if let (Some(site), Some(flow)) = (sites.pop(), flows.pop()) {
            arrivals.push(Arrival {
                after: Duration::from_secs_f64(f64::from(number) / per_second),
                site,
                flow,
            });
        }
    }
}

/// Draws that a seed decides (SplitMix64).
#[derive(Debug, Clone)]
pub struct Draws(pub u64);

impl Draws {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The same things in another order.
    pub fn shuffled<T: Clone>(&mut self, things: &[T]) -> Vec<T> {
        let mut things = things.to_vec();
        for last in (1..things.len()).rev() {
            let other = self.number() % (last as u64 + 1);
            things.swap(last, usize::try_from(other).unwrap_or(last));
        }
        things
    }
}

#[cfg(test)]
mod tests {
    use super::{DECK, Flood, Flow, Load, plan_arrivals};
    use std::time::Duration;

    fn load(seed: u64, flood: Option<Flood>) -> Load {
        Load {
            seed,
            per_second: 30.0,
            span: Duration::from_secs(20),
            flood,
        }
    }

    #[test]
    fn a_seed_gives_the_same_arrivals_and_everybody_the_same_share() {
        let arrivals = plan_arrivals(&load(7, None), 30);
        assert_eq!(arrivals, plan_arrivals(&load(7, None), 30));
        assert_ne!(arrivals, plan_arrivals(&load(8, None), 30));
        assert_eq!(arrivals.len(), 600);
        for site in 0..30 {
            let own = arrivals.iter().filter(|arrival| arrival.site == site);
            assert_eq!(own.count(), 20);
        }
        let sign_ins = arrivals.iter().filter(|one| one.flow == Flow::SignIn);
        assert_eq!(sign_ins.count(), 600 / DECK.len() * 2);
        assert!(arrivals.iter().all(|one| one.after < load(7, None).span));
        assert!(plan_arrivals(&load(7, None), 0).is_empty());
    }

    #[test]
    fn a_flood_adds_to_one_organisation_and_takes_from_none() {
        let flood = Flood { site: 3, times: 50 };
        let (calm, flooded) = (
            plan_arrivals(&load(7, None), 30),
            plan_arrivals(&load(7, Some(flood)), 30),
        );
        let count = |arrivals: &[super::Arrival], site| {
            arrivals.iter().filter(|one| one.site == site).count()
        };
        assert_eq!(count(&flooded, 3), 50 * count(&calm, 3));
        assert_eq!(count(&flooded, 4), count(&calm, 4));
        assert!(flooded.is_sorted_by_key(|one| one.after));
    }
}
