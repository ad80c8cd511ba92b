//! When a certificate is asked for. Pure.

use crate::tls::certificate::parse_address;
use vocab::time::Timestamp;
use wire::names::Host;

/// A certificate is renewed when less than one of this many parts of its life is left.
const RENEW_PARTS: i64 = 3;
/// Renewals are spread over one of this many parts of the life: those that were made on one day are not renewed on one.
const SPREAD_PARTS: i64 = 12;
/// The first pause after a failure, in seconds; each further one is twice as long. A public authority takes five failures
/// an hour for one host.
const PAUSE_FIRST_SECS: i64 = 120;
/// The longest pause.
const PAUSE_MAX_SECS: i64 = 6 * 3_600;
/// The longest pause while nobody answers: who comes back is asked soon.
const PAUSE_UNREACHABLE_SECS_MAX: i64 = 600;
/// The shortest pause where the authority said that we ask too much.
const PAUSE_LIMITED_SECS: i64 = 3_600;

/// What is known of one host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// From when to when its certificate is good, if it has one.
    pub life: Option<(Timestamp, Timestamp)>,
    /// How many times in a row it was asked for in vain.
    pub failures: u32,
    /// No sooner than this.
    pub not_before: Timestamp,
    /// Drawn once for each certificate.
    pub jitter: u8,
}

/// Whether it is time to ask for a certificate.
#[must_use]
pub fn decide_due(standing: &Standing, now: Timestamp) -> bool {
    if now < standing.not_before {
        return false;
    }
    let Some((begins, ends)) = standing.life else {
        return true;
    };
    let life = ends.secs_since(begins).max(0);
    let spread = life / SPREAD_PARTS * i64::from(standing.jitter) / i64::from(u8::MAX);
    now >= ends.plus_secs(-life / RENEW_PARTS + spread)
}

/// How a failure is taken by an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It asks for fewer requests.
    Limited,
    /// It counts it, as a proof that failed.
    Refused,
    /// It knows nothing of it.
    Unreachable,
}

/// How long nothing is asked for after so many failures: between half of the pause and the whole of it.
#[must_use]
pub fn decide_pause_secs(failures: u32, failure: Failure, jitter: u8) -> i64 {
    let doublings = failures.saturating_sub(1).min(16);
    let pause = PAUSE_FIRST_SECS.saturating_mul(1_i64 << doublings);
    let pause = match failure {
        Failure::Limited => pause.clamp(PAUSE_LIMITED_SECS, PAUSE_MAX_SECS),
        Failure::Refused => pause.min(PAUSE_MAX_SECS),
        Failure::Unreachable => pause.min(PAUSE_UNREACHABLE_SECS_MAX),
    };
    pause / 2 + pause / 2 * i64::from(jitter) / i64::from(u8::MAX)
}

/// Whether a public authority could know the host: it has a name in the DNS, below a domain.
#[must_use]
pub fn decide_eligible(host: &str) -> bool {
    parse_address(host).is_none()
        && Host::parse(host).is_ok()
        && host.contains('.')
        && !host.ends_with(".localhost")
}

/// How many certificates may be asked for because a client named a host for the first time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Budget {
    since: Timestamp,
    used: u32,
}

impl Budget {
    /// At most this many in an hour: whoever names every host there is does not use up what authorities allow.
    pub const ASKED_PER_HOUR_MAX: u32 = 60;

    /// Takes one; false if none is left.
    pub fn take(&mut self, now: Timestamp) -> bool {
        if now.secs_since(self.since) >= 3_600 || now < self.since {
            *self = Self {
                since: now,
                used: 0,
            };
        }
        if self.used >= Self::ASKED_PER_HOUR_MAX {
            return false;
        }
        self.used += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Budget, Failure, PAUSE_MAX_SECS, PAUSE_UNREACHABLE_SECS_MAX, Standing, decide_due,
        decide_eligible, decide_pause_secs,
    };
    use vocab::time::Timestamp;

    const DAY: i64 = 86_400;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * DAY)
    }

    #[test]
    fn a_certificate_is_renewed_in_the_last_third_of_its_life() {
        let none = Standing::default();
        let waits = Standing {
            not_before: at(5),
            ..none
        };
        let has = |jitter| Standing {
            life: Some((at(0), at(90))),
            jitter,
            ..none
        };
        let failed = Standing {
            not_before: at(75),
            ..has(0)
        };
        let table = [
            (none, 0, true),
            (waits, 4, false),
            (waits, 5, true),
            (has(0), 59, false),
            (has(0), 60, true),
            (has(255), 60, false),
            (has(255), 66, false),
            (has(255), 68, true),
            (has(0), 91, true),
            (failed, 74, false),
            (failed, 75, true),
        ];
        for (standing, day, due) in table {
            assert_eq!(decide_due(&standing, at(day)), due, "{standing:?} on {day}");
        }
        let mad = Standing {
            life: Some((at(9), at(1))),
            ..none
        };
        assert!(decide_due(&mad, at(9)));
    }

    #[test]
    fn pauses_double_are_bounded_and_spread() {
        let table = [
            (1, Failure::Refused, 255, 120),
            (1, Failure::Refused, 0, 60),
            (2, Failure::Refused, 255, 240),
            (5, Failure::Refused, 255, 1_920),
            (40, Failure::Refused, 255, PAUSE_MAX_SECS),
            (u32::MAX, Failure::Refused, 0, PAUSE_MAX_SECS / 2),
            (1, Failure::Limited, 255, 3_600),
            (40, Failure::Limited, 255, PAUSE_MAX_SECS),
            (1, Failure::Unreachable, 255, 120),
            (40, Failure::Unreachable, 255, PAUSE_UNREACHABLE_SECS_MAX),
        ];
        for (failures, failure, jitter, secs) in table {
            assert_eq!(decide_pause_secs(failures, failure, jitter), secs);
        }
    }

    #[test]
    fn only_names_of_the_dns_are_asked_for() {
        let table = [
            ("id.example.com", true),
            ("acme.example", true),
            ("localhost", false),
            ("acme.localhost", false),
            ("intranet", false),
            ("192.0.2.1", false),
            ("[::1]", false),
            ("::1", false),
            ("a..b", false),
            ("*.example.com", false),
            ("..", false),
        ];
        for (host, eligible) in table {
            assert_eq!(decide_eligible(host), eligible, "{host}");
        }
    }

    #[test]
    fn what_strangers_can_cause_is_bounded_by_the_hour() {
        let mut budget = Budget::default();
        let taken = (0..100).filter(|_| budget.take(at(3))).count();
        assert_eq!(taken, Budget::ASKED_PER_HOUR_MAX as usize);
        assert!(budget.take(at(3).plus_secs(3_600)));
        // A clock that was set back does not stop it for good.
        assert!(budget.take(at(1)));
    }
}
