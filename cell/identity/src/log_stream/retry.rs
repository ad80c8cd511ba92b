//! When a receiver is tried again that did not take what it was sent, and when its administrators are told. Pure.

use crate::log_stream::Standing;
use vocab::time::Timestamp;

/// Longest pause between two attempts. There is no last attempt: what waits is safe in the log.
pub const PAUSE_SECS_MAX: i64 = 300;
/// How long a receiver fails before its administrators are told: one that is started anew is back by then.
pub const ALERT_AFTER_SECS: i64 = 300;
const MICROS_PER_SEC: i64 = 1_000_000;

/// When to try again after so many failures in a row. Half of the pause is drawn, so that all who wait for one receiver do not
/// come back at once.
#[must_use]
pub fn decide_next(now: Timestamp, failures: i64, drawn: u16) -> Timestamp {
    let doublings = u32::try_from(failures.clamp(1, 16) - 1).unwrap_or(0);
    let pause = PAUSE_SECS_MAX.min(1_i64 << doublings) * MICROS_PER_SEC;
    let half = pause / 2;
    let share = half * i64::from(drawn) / i64::from(u16::MAX);
    Timestamp::from_micros(now.micros() + half + share)
}

/// Whether administrators are told now that a stream fails: once, until something is taken again.
#[must_use]
pub fn decide_alert(standing: &Standing, now: Timestamp) -> bool {
    !standing.alerted
        && standing
            .failing_since
            .is_some_and(|since| now.secs_since(since) >= ALERT_AFTER_SECS)
}

#[cfg(test)]
mod tests {
    use super::{decide_alert, decide_next};
    use crate::log_stream::Standing;
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    #[test]
    fn pauses_double_up_to_a_bound() {
        for (failures, least_ms, most_ms) in [
            (1, 500, 1_000),
            (2, 1_000, 2_000),
            (5, 8_000, 16_000),
            (9, 128_000, 256_000),
            (10, 150_000, 300_000),
            (i64::MAX, 150_000, 300_000),
            (0, 500, 1_000),
        ] {
            for (drawn, ms) in [(0, least_ms), (u16::MAX, most_ms)] {
                let next = decide_next(NOW, failures, drawn);
                assert_eq!((next.micros() - NOW.micros()) / 1_000, ms, "{failures}");
            }
        }
    }

    #[test]
    fn who_fails_for_long_is_told_of_once() {
        for (failing_secs, alerted, expected) in [
            (None, false, false),
            (Some(299), false, false),
            (Some(300), false, true),
            (Some(9_000), false, true),
            (Some(300), true, false),
        ] {
            let standing = Standing {
                failing_since: failing_secs.map(|secs: i64| NOW.plus_secs(-secs)),
                alerted,
                ..Standing::default()
            };
            assert_eq!(decide_alert(&standing, NOW), expected);
        }
    }
}
