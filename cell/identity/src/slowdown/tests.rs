//! The growth of the wait as a table, and what strangers, owners and floods meet.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use vocab::id::OrgId;
use vocab::time::Timestamp;

use super::{
    FAMILIAR_SECS, Failures, Familiarity, Guess, GuessedSecret, RetryAfter, SlowdownLimit,
    SlowdownLimits, SlowdownTable, Ticket, count_failure, decide_slowdown, network_of,
};

const LIMIT: SlowdownLimit = SlowdownLimit {
    free_failures: 5,
    first_delay_secs: 1,
    delay_max_secs: 60,
    forget_one_secs: 600,
};
const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn org() -> OrgId {
    OrgId::parse("00oaaaaaaaaaaaaaaaaa").unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A table and the way a guess is made at it.
struct Door {
    table: SlowdownTable,
    org: OrgId,
}

impl Door {
    fn new() -> Self {
        Self {
            table: SlowdownTable::default(),
            org: org(),
        }
    }

    fn guess(&self, account: &str, from: &str, now: Timestamp) -> Result<Ticket, RetryAfter> {
        self.guess_at(GuessedSecret::Password, account, from, now)
    }

    fn guess_at(
        &self,
        secret: GuessedSecret,
        account: &str,
        from: &str,
        now: Timestamp,
    ) -> Result<Ticket, RetryAfter> {
        let familiarity = Familiarity::Strange;
        self.table.check(
            &Guess {
                org: &self.org,
                account,
                address: address(from),
                secret,
                familiarity,
            },
            now,
        )
    }

    fn fail(&self, account: &str, from: &str, now: Timestamp) -> Result<(), RetryAfter> {
        self.guess(account, from, now)
            .map(|ticket| self.table.record_failure(ticket))
    }

    /// Strangers from many addresses keep guessing until the account as a whole is slowed down.
    fn besiege(&self, account: &str, now: Timestamp) {
        for stranger in 0..100 {
            let _ = self.fail(account, &format!("203.0.{stranger}.1"), now);
        }
    }
}

#[test]
fn the_wait_grows_and_is_capped() {
    let table = [
        (0, 0),
        (1, 0),
        (5, 0),
        (6, 1),
        (7, 2),
        (8, 4),
        (9, 8),
        (10, 16),
        (11, 32),
        (12, 60),
        (13, 60),
        (40, 60),
        (u32::MAX, 60),
    ];
    for (count, secs) in table {
        let failures = Some(Failures { count, last: NOW });
        let expected = if secs == 0 {
            Ok(())
        } else {
            Err(RetryAfter { secs })
        };
        assert_eq!(
            decide_slowdown(&LIMIT, NOW, failures),
            expected,
            "{count} failures"
        );
        assert_eq!(
            decide_slowdown(&LIMIT, NOW.plus_secs(i64::from(secs)), failures),
            Ok(()),
            "{count} failures"
        );
    }
    assert_eq!(decide_slowdown(&LIMIT, NOW, None), Ok(()));
}

#[test]
fn what_is_left_of_the_wait_is_rounded_up_and_bounded() {
    let failures = Some(Failures {
        count: 9,
        last: NOW,
    });
    let after = |micros: i64| {
        decide_slowdown(
            &LIMIT,
            Timestamp::from_micros(NOW.micros() + micros),
            failures,
        )
    };
    assert_eq!(after(1), Err(RetryAfter { secs: 8 }));
    assert_eq!(after(7_000_000), Err(RetryAfter { secs: 1 }));
    assert_eq!(after(7_999_999), Err(RetryAfter { secs: 1 }));
    assert_eq!(after(8_000_000), Ok(()));
    // Another thread read the clock a moment earlier; and then the clock was set back by a day.
    assert_eq!(after(-1_000), Err(RetryAfter { secs: 8 }));
    assert_eq!(after(-86_400_000_000), Ok(()));
}

#[test]
fn failures_are_forgotten_one_by_one() {
    let table = [
        (0, 9),
        (599, 9),
        (600, 8),
        (1_800, 6),
        (4_800, 1),
        (1_000_000, 1),
        (-50, 9),
    ];
    for (quiet_secs, count) in table {
        let now = NOW.plus_secs(quiet_secs);
        let counted = count_failure(
            &LIMIT,
            now,
            Some(Failures {
                count: 8,
                last: NOW,
            }),
        );
        assert_eq!(
            counted,
            Failures { count, last: now },
            "after {quiet_secs} s"
        );
    }
    assert_eq!(
        count_failure(&LIMIT, NOW, None),
        Failures {
            count: 1,
            last: NOW
        }
    );
}

#[test]
fn one_address_at_one_account_is_slowed_after_six_failures() {
    let door = Door::new();
    for _ in 0..6 {
        door.fail("ada", "192.0.2.1", NOW).unwrap();
    }
    assert_eq!(
        door.fail("ada", "192.0.2.1", NOW),
        Err(RetryAfter { secs: 1 })
    );
    assert_eq!(
        door.fail(" ADA ", "192.0.2.1", NOW),
        Err(RetryAfter { secs: 1 }),
        "however it is typed"
    );
    assert_eq!(door.fail("ada", "192.0.2.2", NOW), Ok(()), "from elsewhere");
    assert_eq!(
        door.fail("bob", "192.0.2.1", NOW),
        Ok(()),
        "at another account"
    );
    // What was refused does not make the wait longer.
    assert_eq!(door.fail("ada", "192.0.2.1", NOW.plus_secs(1)), Ok(()));
    assert_eq!(
        door.fail("ada", "192.0.2.1", NOW.plus_secs(1)),
        Err(RetryAfter { secs: 2 })
    );
}

#[test]
fn guesses_at_the_same_moment_do_not_slip_through_together() {
    let door = Door::new();
    let tickets: Vec<_> = (0..20)
        .filter_map(|_| door.guess("ada", "192.0.2.1", NOW).ok())
        .collect();
    assert_eq!(tickets.len(), 6);
}

#[test]
fn a_success_clears_the_pair_and_not_the_address() {
    let door = Door::new();
    for _ in 0..5 {
        door.fail("ada", "192.0.2.1", NOW).unwrap();
    }
    let ticket = door.guess("ada", "192.0.2.1", NOW).unwrap();
    door.table.record_success(ticket, NOW);
    for _ in 0..6 {
        door.fail("ada", "192.0.2.1", NOW).unwrap();
    }
    // An attacker who owns one account cannot buy free guesses at others with it.
    let door = Door::new();
    let mut refused = 0;
    for other in 0..200 {
        let ticket = door.guess("mallory", "192.0.2.66", NOW);
        ticket
            .into_iter()
            .for_each(|ticket| door.table.record_success(ticket, NOW));
        refused += u32::from(
            door.fail(&format!("account {other}"), "192.0.2.66", NOW)
                .is_err(),
        );
    }
    assert_eq!(refused, 99);
}

#[test]
fn a_known_password_does_not_clear_the_count_of_codes() {
    let door = Door::new();
    let mut tried = 0;
    for _ in 0..50 {
        let ticket = door.guess("ada", "192.0.2.1", NOW).unwrap();
        door.table.record_success(ticket, NOW);
        tried += u32::from(
            door.guess_at(GuessedSecret::Totp, "ada", "192.0.2.1", NOW)
                .is_ok(),
        );
    }
    assert_eq!(tried, 6);
}

#[test]
fn codes_of_an_app_are_slowed_over_all_addresses() {
    let door = Door::new();
    let from = |number: u32| format!("203.0.{}.{}", number / 250, number % 250 + 1);
    let tried = (0..1_000).filter(|number| {
        door.guess_at(GuessedSecret::Totp, "ada", &from(*number), NOW)
            .is_ok()
    });
    assert_eq!(tried.count(), 11);
    let later = NOW.plus_secs(3);
    let _ = door.guess_at(GuessedSecret::Totp, "ada", "198.51.100.1", later);
    let wait = door
        .guess_at(GuessedSecret::Totp, "ada", "198.51.100.2", later)
        .err();
    assert!(wait.is_some_and(|wait| wait.secs <= 300));
}

#[test]
fn a_known_password_makes_no_address_familiar_with_the_codes() {
    let door = Door::new();
    let mut tried = 0;
    for number in 0..200 {
        let from = format!("203.0.{number}.1");
        if let Ok(ticket) = door.guess("ada", &from, NOW) {
            door.table.record_success(ticket, NOW);
        }
        tried += u32::from(
            door.guess_at(GuessedSecret::Totp, "ada", &from, NOW)
                .is_ok(),
        );
    }
    assert_eq!(tried, 11);
}

#[test]
fn strangers_cannot_keep_the_owner_out() {
    let door = Door::new();
    let ticket = door.guess("ada", "192.0.2.1", NOW).unwrap();
    door.table.record_success(ticket, NOW);
    let later = NOW.plus_secs(FAMILIAR_SECS);
    door.besiege("ada", later);
    // From anywhere else the wait is short; from where the owner was before there is none.
    assert!(
        door.fail("ada", "198.51.100.1", later)
            .is_err_and(|wait| wait.secs <= 5)
    );
    assert_eq!(door.fail("ada", "192.0.2.1", later), Ok(()));
    let with_cookie = Guess {
        org: &door.org,
        account: "ada",
        address: address("198.51.100.1"),
        secret: GuessedSecret::Password,
        familiarity: Familiarity::Known("laptop"),
    };
    assert!(door.table.check(&with_cookie, later).is_ok());
    // After a month the address is one like any other.
    let forgotten = later.plus_secs(2);
    door.besiege("ada", forgotten);
    assert!(
        door.fail("ada", "192.0.2.1", forgotten)
            .is_err_and(|wait| wait.secs <= 5)
    );
    // Other accounts and other orgs notice nothing.
    assert_eq!(door.fail("bob", "198.51.100.1", later), Ok(()));
}

#[test]
fn a_known_device_is_slowed_by_its_own_failures_alone() {
    let door = Door::new();
    let guess = |device: &'static str| {
        let guess = Guess {
            org: &door.org,
            account: "ada",
            address: address("192.0.2.1"),
            secret: GuessedSecret::Password,
            familiarity: Familiarity::Known(device),
        };
        door.table.check(&guess, NOW)
    };
    // A stranger behind the same address uses up all that it is allowed, at this account and at others.
    door.besiege("ada", NOW);
    for other in 0..300 {
        let _ = door.fail("ada", "192.0.2.1", NOW);
        let _ = door.fail(&format!("account {other}"), "192.0.2.1", NOW);
    }
    assert!(door.fail("ada", "192.0.2.1", NOW).is_err());
    // The owner's device has its own count, and a thief of the device no more than anybody else.
    let taken = (0..20).filter(|_| guess("laptop").is_ok()).count();
    assert_eq!(taken, 6);
    assert!(guess("phone").is_ok());
}

#[test]
fn failures_of_a_client_are_counted_by_address_alone() {
    let door = Door::new();
    let from = |number: u32| format!("203.0.{}.{}", number / 250, number % 250 + 1);
    let taken = (0..1_000).filter(|number| {
        door.guess_at(GuessedSecret::ClientSecret, "app", &from(*number), NOW)
            .is_ok()
    });
    assert_eq!(taken.count(), 1_000);
    let taken = (0..20).filter(|_| {
        door.guess_at(GuessedSecret::ClientSecret, "app", "192.0.2.1", NOW)
            .is_ok()
    });
    assert_eq!(taken.count(), 6);
    assert_eq!(
        door.fail("app", "192.0.2.1", NOW),
        Ok(()),
        "passwords are counted apart"
    );
}

#[test]
fn one_mailbox_is_not_filled_from_many_addresses() {
    let door = Door::new();
    let sent = (0..1_000).filter(|number| {
        let from = format!("203.0.{}.{}", number / 250, number % 250 + 1);
        door.guess_at(GuessedSecret::Mail, "ada", &from, NOW)
            .is_ok()
    });
    assert_eq!(sent.count(), 6);
}

#[test]
fn a_guess_that_was_not_judged_is_not_counted() {
    let door = Door::new();
    for _ in 0..50 {
        let ticket = door.guess("ada", "192.0.2.1", NOW).unwrap();
        door.table.release(ticket);
    }
    assert_eq!(
        (
            door.table.pairs.len(),
            door.table.accounts.len(),
            door.table.addresses.len()
        ),
        (0, 0, 0)
    );
    // Two at once, taken back in the order in which they came.
    let (first, second) = (
        door.guess("ada", "192.0.2.1", NOW).unwrap(),
        door.guess("ada", "192.0.2.1", NOW).unwrap(),
    );
    door.table.release(first);
    door.table.release(second);
    assert_eq!((door.table.pairs.len(), door.table.addresses.len()), (0, 0));
}

#[test]
fn what_one_count_refuses_the_others_do_not_count() {
    let limits = SlowdownLimits {
        address: SlowdownLimit {
            free_failures: 0,
            first_delay_secs: 10,
            delay_max_secs: 10,
            forget_one_secs: 10,
        },
        ..SlowdownLimits::default()
    };
    let door = Door {
        table: SlowdownTable::new(limits, 100),
        org: org(),
    };
    door.fail("ada", "192.0.2.1", NOW).unwrap();
    for _ in 0..50 {
        assert_eq!(
            door.fail("ada", "192.0.2.1", NOW),
            Err(RetryAfter { secs: 10 })
        );
        assert_eq!(
            door.fail("bob", "192.0.2.1", NOW),
            Err(RetryAfter { secs: 10 })
        );
    }
    assert_eq!(door.fail("ada", "192.0.2.2", NOW), Ok(()));
    assert_eq!((door.table.pairs.len(), door.table.accounts.len()), (2, 1));
}

#[test]
fn memory_is_bounded_and_the_oldest_entry_goes_first() {
    let door = Door {
        table: SlowdownTable::new(SlowdownLimits::default(), 160),
        org: org(),
    };
    for _ in 0..6 {
        door.fail("recent", "192.0.2.1", NOW.plus_secs(5_000))
            .unwrap();
    }
    for number in 0..5_000_i64 {
        let from = format!("203.{}.{}.1", number / 250, number % 250);
        let _ = door.fail(&format!("account {number}"), &from, NOW.plus_secs(number));
    }
    let sizes = [
        door.table.pairs.len(),
        door.table.accounts.len(),
        door.table.addresses.len(),
    ];
    assert!(
        sizes.into_iter().all(|size| (100..=160).contains(&size)),
        "{sizes:?}"
    );
    assert!(
        door.fail("recent", "192.0.2.1", NOW.plus_secs(5_000))
            .is_err()
    );
}

#[test]
fn addresses_of_one_customer_are_one() {
    assert_eq!(network_of(address("192.0.2.1")), address("192.0.2.1"));
    assert_eq!(
        network_of(address("::ffff:192.0.2.1")),
        address("192.0.2.1")
    );
    assert_eq!(
        network_of(address("2001:db8:1:2:3:4:5:6")),
        address("2001:db8:1:2::")
    );
    let door = Door::new();
    let taken = (0..50).filter(|host| {
        door.fail("ada", &format!("2001:db8:1:2::{host:x}"), NOW)
            .is_ok()
    });
    assert_eq!(taken.count(), 6);
}

proptest! {
    #[test]
    fn the_wait_never_exceeds_its_cap(
        count in any::<u32>(),
        last in any::<i64>(),
        now in any::<i64>(),
        free_failures in any::<u32>(),
        first_delay_secs in any::<u32>(),
        delay_max_secs in any::<u32>(),
        forget_one_secs in any::<u32>(),
    ) {
        let limit = SlowdownLimit { free_failures, first_delay_secs, delay_max_secs, forget_one_secs };
        let (now, last) = (Timestamp::from_micros(now), Timestamp::from_micros(last));
        let failures = Some(Failures { count, last });
        if let Err(wait) = decide_slowdown(&limit, now, failures) {
            assert!((1..=delay_max_secs).contains(&wait.secs));
        }
        let counted = count_failure(&limit, now, failures);
        assert!(counted.count >= 1 && counted.count <= count.saturating_add(1));
    }

    #[test]
    fn waiting_as_told_is_enough(gaps in vec(0_i64..100, 0..60)) {
        let door = Door::new();
        let mut now = NOW;
        for gap in gaps {
            now = now.plus_secs(gap);
            if let Err(wait) = door.fail("ada", "192.0.2.1", now) {
                now = now.plus_secs(i64::from(wait.secs));
                assert_eq!(door.fail("ada", "192.0.2.1", now), Ok(()));
            }
        }
    }

    #[test]
    fn any_identifier_and_address_is_counted(account in any::<String>(), bits in any::<u128>()) {
        let door = Door::new();
        let from = IpAddr::from(std::net::Ipv6Addr::from_bits(bits)).to_string();
        let taken = (0..20).filter(|_| door.fail(&account, &from, NOW).is_ok());
        assert_eq!(taken.count(), 6);
    }
}
