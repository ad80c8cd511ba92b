//! When an address becomes a threat, for how long, and who is not taken for one.

use super::{ADDRESSES_MAX, Sighting, Suspect, ThreatLimit, count_name};
use crate::slowdown::{
    ENTRIES_MAX, Familiarity, Guess, GuessedSecret, Halt, SlowdownLimits, SlowdownTable, Ticket,
};
use crate::threat::Watch;
use proptest::collection::vec;
use proptest::prelude::proptest;
use vocab::id::OrgId;
use vocab::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const HERE: &str = "192.0.2.1";

fn limit() -> ThreatLimit {
    ThreatLimit::default()
}

struct Door {
    table: SlowdownTable,
    org: OrgId,
}

type Checked = Result<(Ticket, Option<Sighting>), Halt>;

impl Door {
    fn new() -> Self {
        Self {
            table: SlowdownTable::default(),
            org: OrgId::parse("00oaaaaaaaaaaaaaaaaa").unwrap(),
        }
    }

    fn come(
        &self,
        name: &str,
        (from, familiarity): (&str, Familiarity<'_>),
        watch: Watch,
        now: Timestamp,
    ) -> Checked {
        let guess = Guess {
            org: &self.org,
            account: name,
            address: from.parse().unwrap(),
            secret: GuessedSecret::Password,
            familiarity,
        };
        self.table.check_sign_in(&guess, watch, now)
    }

    fn strange(&self, name: &str, from: &str, watch: Watch, now: Timestamp) -> Checked {
        self.come(name, (from, Familiarity::Strange), watch, now)
    }

    /// So many names fail, one after the other.
    fn fail(&self, count: usize, from: &str, now: Timestamp) {
        for number in 0..count {
            let name = format!("name {number}");
            let (ticket, _) = self.strange(&name, from, Watch::Audit, now).unwrap();
            self.table.record_failure(ticket);
        }
    }
}

#[test]
fn as_many_names_as_the_limit_says_make_a_threat() {
    let limit = limit();
    let step = limit.within_secs / 40;
    for (names, spread, expected) in [
        (limit.names - 1, 0, false),
        (limit.names, 0, true),
        (limit.names, step, true),
        // Older ones are forgotten meanwhile.
        (limit.names * 2, limit.within_secs / 10, false),
    ] {
        let mut suspect = Suspect::default();
        let mut now = NOW;
        for name in 0..names {
            now = now.plus_secs(spread);
            suspect = count_name(&limit, now, suspect, u64::try_from(name).unwrap());
        }
        assert_eq!(suspect.is_threat(&limit, now), expected, "{names} {spread}");
    }
    // One name as often as one likes is one name.
    let one = (0..100).fold(Suspect::default(), |suspect, _| {
        count_name(&limit, NOW, suspect, 7)
    });
    assert!(!one.is_threat(&limit, NOW));
}

#[test]
fn a_threat_is_seen_once_for_the_first_time_and_ends_by_itself() {
    let (door, limit) = (Door::new(), limit());
    door.fail(limit.names, HERE, NOW);
    let (ticket, seen) = door.strange("ada", HERE, Watch::Audit, NOW).unwrap();
    assert_eq!(seen, Some(Sighting::First));
    door.table.record_failure(ticket);
    let (_, seen) = door.strange("bob", HERE, Watch::Audit, NOW).unwrap();
    assert_eq!(seen, Some(Sighting::Again));
    let halted = door.strange("eve", HERE, Watch::Block, NOW).unwrap_err();
    assert_eq!(halted, Halt::Threat(Sighting::Again));
    // What is tried meanwhile does not prolong it.
    let last = NOW.plus_secs(limit.lasts_secs - 1);
    for number in 0..100 {
        let from_threat = door.strange(&format!("n{number}"), HERE, Watch::Block, last);
        assert!(from_threat.is_err());
    }
    let over = NOW.plus_secs(limit.lasts_secs);
    let (_, seen) = door.strange("eve", HERE, Watch::Block, over).unwrap();
    assert_eq!(seen, None);
    // A clock that is set back prolongs nothing for long.
    let door = Door::new();
    door.fail(limit.names, HERE, NOW);
    let back = NOW.plus_secs(-limit.lasts_secs);
    assert!(door.strange("eve", HERE, Watch::Block, back).is_ok());
}

#[test]
fn whoever_gets_in_is_forgotten_and_what_was_never_judged_does_not_count() {
    let (door, limit) = (Door::new(), limit());
    for number in 0..200 {
        let name = format!("clumsy {number}");
        let now = NOW.plus_secs(number * 11);
        let failed = door.strange(&name, HERE, Watch::Block, now).unwrap().0;
        door.table.record_failure(failed);
        let right = door.strange(&name, HERE, Watch::Block, now).unwrap().0;
        door.table.record_success(right, now);
        let busy = door.strange(&format!("busy {number}"), HERE, Watch::Block, now);
        door.table.release(busy.unwrap().0);
    }
    // What is dropped was given up by whoever asked.
    for number in 0..limit.names {
        let name = format!("dropped {number}");
        drop(door.strange(&name, "192.0.2.2", Watch::Block, NOW));
    }
    let halted = door.strange("ada", "192.0.2.2", Watch::Block, NOW);
    assert_eq!(halted.unwrap_err(), Halt::Threat(Sighting::First));
    // Many at the same moment are none while nothing is said of them.
    let many: Vec<Ticket> = (0..limit.names * 2)
        .map(|number| {
            let name = format!("at once {number}");
            let come = door.strange(&name, "192.0.2.3", Watch::Block, NOW);
            come.unwrap().0
        })
        .collect();
    for ticket in many {
        door.table.record_success(ticket, NOW);
    }
    assert!(door.strange("ada", "192.0.2.3", Watch::Block, NOW).is_ok());
}

#[test]
fn owners_neighbours_and_other_orgs_are_not_kept_out() {
    let (door, limit) = (Door::new(), limit());
    let (ticket, _) = door.strange("ada", HERE, Watch::Block, NOW).unwrap();
    door.table.record_success(ticket, NOW);
    door.fail(limit.names, HERE, NOW);
    assert!(door.strange("bob", HERE, Watch::Block, NOW).is_err());
    // That she signed in from there is told to nobody.
    assert!(door.strange("ada", HERE, Watch::Block, NOW).is_err());
    let device = (HERE, Familiarity::Known("device"));
    assert!(door.come("bob", device, Watch::Block, NOW).is_ok());
    assert!(door.strange("bob", HERE, Watch::Off, NOW).is_ok());
    assert!(door.strange("bob", "192.0.2.2", Watch::Block, NOW).is_ok());
    let other = Door {
        org: OrgId::parse("00obbbbbbbbbbbbbbbbb").unwrap(),
        ..door
    };
    assert!(other.strange("bob", HERE, Watch::Block, NOW).is_ok());
    // A customer of IPv6 has many addresses, and is one.
    for number in 0..limit.names {
        let from = format!("2001:db8::{number:x}");
        let come = other.strange(&format!("name {number}"), &from, Watch::Block, NOW);
        other.table.record_failure(come.unwrap().0);
    }
    let (same, next) = ("2001:db8::ffff", "2001:db8:0:1::1");
    assert!(other.strange("bob", same, Watch::Block, NOW).is_err());
    assert!(other.strange("bob", next, Watch::Block, NOW).is_ok());
}

#[test]
fn what_fails_in_the_names_of_apps_keeps_no_people_out() {
    let door = Door::new();
    let app = |number: usize| {
        let guess = Guess {
            org: &door.org,
            account: &format!("app {number}"),
            address: HERE.parse().unwrap(),
            secret: GuessedSecret::ClientSecret,
            familiarity: Familiarity::Strange,
        };
        door.table.check_sign_in(&guess, Watch::Block, NOW)
    };
    for number in 0..limit().names {
        door.table.record_failure(app(number).unwrap().0);
    }
    assert!(app(99).is_err());
    assert!(door.strange("ada", HERE, Watch::Block, NOW).is_ok());
}

#[test]
fn memory_is_bounded() {
    let table = SlowdownTable::new(SlowdownLimits::default(), 64);
    let org = OrgId::parse("00oaaaaaaaaaaaaaaaaa").unwrap();
    for number in 0..1_000_u32 {
        let guess = Guess {
            org: &org,
            account: "ada",
            address: std::net::Ipv4Addr::from_bits(number).into(),
            secret: GuessedSecret::ClientSecret,
            familiarity: Familiarity::Strange,
        };
        let come = table.check_sign_in(&guess, Watch::Audit, NOW);
        table.record_failure(come.unwrap().0);
    }
    assert_eq!(table.threats.len(), 64);
    const { assert!(ADDRESSES_MAX <= ENTRIES_MAX) };
}

proptest! {
    #[test]
    fn a_suspect_never_holds_more_names_than_the_limit(steps in vec((-2_000_i64..2_000, 0_u64..60), 0..300)) {
        let limit = limit();
        let mut suspect = Suspect::default();
        let mut now = NOW;
        for (secs, name) in steps {
            now = now.plus_secs(secs);
            suspect = count_name(&limit, now, suspect, name);
            assert!(suspect.names.len() < limit.names);
        }
    }
}
