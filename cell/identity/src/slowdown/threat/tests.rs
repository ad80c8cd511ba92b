//! When an address becomes a threat, for how long, and who is not taken for one.

use super::table::{Key, Room, ThreatTable};
use super::{OWED_AGAIN_SECS, Suspect, ThreatLimit, count_name};
use crate::slowdown::{
    CROWD_WAIT_SECS, ENTRIES_MAX, Familiarity, Guess, GuessedSecret, Halt, RetryAfter,
    SlowdownTable, Ticket,
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

type Checked = Result<Ticket, Halt>;

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
            let ticket = self.strange(&name, from, Watch::Audit, now).unwrap();
            self.table.record_failure(ticket);
        }
    }

    /// Whether the log owes a row of an address now; who asks gives it back.
    fn owes(&self, from: &str, now: Timestamp) -> bool {
        let guess = Guess {
            org: &self.org,
            account: "anybody",
            address: from.parse().unwrap(),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Strange,
        };
        let notice = self.table.owed_notice(&guess, Watch::Audit, now);
        notice.is_some()
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
fn a_threat_ends_by_itself() {
    let (door, limit) = (Door::new(), limit());
    door.fail(limit.names, HERE, NOW);
    let ticket = door.strange("ada", HERE, Watch::Audit, NOW).unwrap();
    door.table.record_failure(ticket);
    let halted = door.strange("eve", HERE, Watch::Block, NOW).unwrap_err();
    assert_eq!(halted, Halt::Threat);
    // What is tried meanwhile does not prolong it.
    let last = NOW.plus_secs(limit.lasts_secs - 1);
    for number in 0..100 {
        let from_threat = door.strange(&format!("n{number}"), HERE, Watch::Block, last);
        assert!(from_threat.is_err());
    }
    let over = NOW.plus_secs(limit.lasts_secs);
    assert!(door.strange("eve", HERE, Watch::Block, over).is_ok());
    // A clock that is set back prolongs nothing for long.
    let door = Door::new();
    door.fail(limit.names, HERE, NOW);
    let back = NOW.plus_secs(-limit.lasts_secs);
    assert!(door.strange("eve", HERE, Watch::Block, back).is_ok());
}

#[test]
fn the_log_owes_one_row_of_a_threat_until_it_is_written() {
    let (door, limit) = (Door::new(), limit());
    let mut now = NOW;
    for _ in 0..2 {
        door.fail(limit.names - 1, HERE, now);
        assert!(!door.owes(HERE, now));
        // Whoever makes it a threat is given the row; nobody else is meanwhile.
        let last = door.strange("the last", HERE, Watch::Block, now).unwrap();
        let notice = door.table.record_failed_sign_in(last).unwrap();
        assert_eq!(notice.watch(), Watch::Block);
        assert!(!door.owes(HERE, now));
        // Given up: it is owed again, though not at every attempt.
        drop(notice);
        assert!(!door.owes(HERE, now));
        let later = now.plus_secs(OWED_AGAIN_SECS);
        assert!(door.owes(HERE, later));
        assert!(!door.owes(HERE, later));
        assert!(
            door.owes(HERE, now.plus_secs(-60)),
            "the clock was set back"
        );
        let guess = Guess {
            org: &door.org,
            account: "anybody",
            address: HERE.parse().unwrap(),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Strange,
        };
        let later = later.plus_secs(OWED_AGAIN_SECS);
        let notice = door.table.owed_notice(&guess, Watch::Audit, later);
        notice.unwrap().written();
        for secs in [0, 60, limit.lasts_secs] {
            assert!(!door.owes(HERE, later.plus_secs(secs)), "{secs}");
        }
        // The next time it becomes one is another threat.
        now = now.plus_secs(limit.lasts_secs);
    }
}

#[test]
fn names_that_are_tried_at_once_are_bounded_by_their_number() {
    let (door, limit) = (Door::new(), limit());
    let try_at = |name: &str| door.strange(name, HERE, Watch::Block, NOW);
    let mut under_way: Vec<Ticket> = (0..limit.at_once)
        .map(|number| try_at(&format!("name {number}")).unwrap())
        .collect();
    let slow = Halt::Slow(RetryAfter {
        secs: CROWD_WAIT_SECS,
    });
    assert_eq!(try_at("one more").unwrap_err(), slow);
    // One of those who are there is no further name, and elsewhere, and where nothing is refused, nobody waits.
    under_way.push(try_at("name 0").unwrap());
    assert!(
        door.strange("one more", "192.0.2.2", Watch::Block, NOW)
            .is_ok()
    );
    assert!(door.strange("one more", HERE, Watch::Audit, NOW).is_ok());
    // Each way in which one ends makes room: right, never judged, and wrong, by word or because it was given up.
    for end in 0..4 {
        let ended = under_way.remove(1);
        match end {
            0 => door.table.record_success(ended, NOW),
            1 => door.table.release(ended),
            2 => door.table.record_failure(ended),
            _ => drop(ended),
        }
        let next = format!("next {end}");
        under_way.push(try_at(&next).unwrap());
        assert_eq!(try_at("one more").unwrap_err(), slow, "{end}");
    }
    // All that come before the first of them counts are no more than that.
    for ticket in under_way.drain(..) {
        door.table.record_failure(ticket);
    }
    assert_eq!(try_at("one more").unwrap_err(), Halt::Threat);
    assert_eq!(door.table.threats.under_way(), 0);
}

#[test]
fn whoever_gets_in_is_forgotten_and_what_was_never_judged_does_not_count() {
    let (door, limit) = (Door::new(), limit());
    for number in 0..200 {
        let name = format!("clumsy {number}");
        let now = NOW.plus_secs(number * 11);
        let failed = door.strange(&name, HERE, Watch::Block, now).unwrap();
        door.table.record_failure(failed);
        let right = door.strange(&name, HERE, Watch::Block, now).unwrap();
        door.table.record_success(right, now);
        let busy = door.strange(&format!("busy {number}"), HERE, Watch::Block, now);
        door.table.release(busy.unwrap());
    }
    // What is dropped was given up by whoever asked.
    for number in 0..limit.names {
        let name = format!("dropped {number}");
        drop(door.strange(&name, "192.0.2.2", Watch::Block, NOW));
    }
    let halted = door.strange("ada", "192.0.2.2", Watch::Block, NOW);
    assert_eq!(halted.unwrap_err(), Halt::Threat);
    assert!(door.owes("192.0.2.2", NOW));
    // Many at the same moment are none while nothing is said of them.
    let many: Vec<Ticket> = (0..limit.at_once)
        .map(|number| {
            let name = format!("at once {number}");
            let come = door.strange(&name, "192.0.2.3", Watch::Block, NOW);
            come.unwrap()
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
    let ticket = door.strange("ada", HERE, Watch::Block, NOW).unwrap();
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
        other.table.record_failure(come.unwrap());
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
        door.table.record_failure(app(number).unwrap());
    }
    assert!(app(99).is_err());
    assert!(door.strange("ada", HERE, Watch::Block, NOW).is_ok());
}

/// A table with room for 64 addresses, of one org 16, and of these 8 threats.
fn small() -> ThreatTable {
    ThreatTable::new(limit(), Room::of(64))
}

/// So many names fail from an address of an org.
fn fail(table: &ThreatTable, org: u64, address: u64, (names, now): (usize, Timestamp)) {
    for name in 0..names {
        let name = u64::try_from(name).unwrap();
        table.fail(Key { org, address }, name, now);
    }
}

#[test]
fn what_floods_one_org_makes_another_forget_nothing() {
    let table = small();
    let names = limit().names;
    let is_threat = |org, address| table.is_threat(Key { org, address }, NOW);
    for address in 0..3 {
        fail(&table, 1, address, (names, NOW));
    }
    // One org has its part, and no more.
    for address in 0..1_000 {
        fail(&table, 2, address, (names, NOW.plus_secs(1)));
    }
    assert_eq!(table.len(), 3 + 8);
    for address in 1_000..2_000 {
        fail(&table, 2, address, (1, NOW.plus_secs(2)));
    }
    assert_eq!(table.len(), 3 + 16);
    // Many together take of those of whom most is remembered.
    for org in 3..13 {
        for address in 0..100 {
            fail(&table, org, address, (1, NOW.plus_secs(3)));
        }
    }
    assert_eq!(table.len(), 64);
    for address in 0..3 {
        assert!(is_threat(1, address), "{address}");
    }
    const { assert!(Room::MAX.all <= ENTRIES_MAX) };
}

#[test]
fn threats_are_forgotten_last_and_leave_room_for_others() {
    let table = small();
    let limit = limit();
    let is_threat = |address, now| table.is_threat(Key { org: 1, address }, now);
    for address in 0..8 {
        fail(&table, 1, address, (limit.names, NOW));
    }
    let later = NOW.plus_secs(1);
    for address in 100..1_100 {
        fail(&table, 1, address, (limit.names - 1, later));
    }
    assert_eq!(table.len(), 16);
    for address in 0..8 {
        assert!(is_threat(address, later), "{address}");
    }
    // One that comes newly is counted all the same, and the oldest makes room when it becomes a threat.
    fail(&table, 1, 2_000, (limit.names, later));
    assert!(is_threat(2_000, later));
    let left = (0..8).filter(|address| is_threat(*address, later)).count();
    assert_eq!((left, table.len()), (7, 15));
    // Those that are over go first.
    let over = later.plus_secs(limit.lasts_secs);
    for address in 3_000..3_016 {
        fail(&table, 1, address, (1, over));
    }
    assert_eq!(table.len(), 16);
    for address in 3_000..3_016 {
        fail(&table, 1, address, (limit.names - 1, over));
    }
    let names = u64::try_from(limit.names).unwrap();
    table.fail(
        Key {
            org: 1,
            address: 3_000,
        },
        names,
        over,
    );
    assert!(is_threat(3_000, over), "nothing of it was forgotten");
}

#[test]
fn whoever_gets_in_takes_no_room() {
    let table = small();
    let key = Key { org: 1, address: 1 };
    fail(&table, 1, 1, (2, NOW));
    table.forgive(key, 0);
    assert_eq!(table.len(), 1);
    table.forgive(key, 1);
    table.forgive(key, 1);
    assert_eq!(table.len(), 0);
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
