//! When a peer is tried again, and what is not tried again by itself. Pure.

use vocab::time::Timestamp;

/// Longest pause between two attempts.
pub const PAUSE_SECS_MAX: i64 = 60 * 60;
/// Longest pause that a peer is granted.
pub const ASKED_SECS_MAX: i64 = 24 * 60 * 60;
/// So many failures in a row of a peer that answers, and it is left alone for a while.
pub const FAILURES_BEFORE_PAUSE: i64 = 3;
const MICROS_PER_SEC: i64 = 1_000_000;

/// What an answer, or that there is none, means for what was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again, and meanwhile other things are done at the peer.
    Later,
    /// It is tried again, and the peer is left alone until then.
    PeerLater,
    /// Somebody must look at it first.
    Parked,
}

/// What a status that is no success means. A token that is refused is the connection's matter, not one person's.
#[must_use]
pub const fn decide_fate(status: u16) -> Fate {
    match status {
        401 | 429 | 502..=504 => Fate::PeerLater,
        408 | 425 | 500 | 505..=599 => Fate::Later,
        _ => Fate::Parked,
    }
}

/// When to try again after so many failures in a row, and not before the moment that was asked for. Half of the pause is drawn, so that
/// all who wait do not come back at once.
#[must_use]
pub fn decide_next(
    now: Timestamp,
    failures: i64,
    asked_secs: Option<u32>,
    drawn: u16,
) -> Timestamp {
    let doublings = u32::try_from(failures.clamp(1, 16) - 1).unwrap_or(0);
    let pause = PAUSE_SECS_MAX.min(1_i64 << doublings) * MICROS_PER_SEC;
    let half = pause / 2;
    let share = half * i64::from(drawn) / i64::from(u16::MAX);
    let asked = i64::from(asked_secs.unwrap_or(0)).min(ASKED_SECS_MAX) * MICROS_PER_SEC;
    Timestamp::from_micros(now.micros() + (half + share).max(asked))
}

/// When something is tried again that was refused, and cannot be left: it begins with a pause of a minute.
#[must_use]
pub fn decide_next_refused(now: Timestamp, attempts: i64, drawn: u16) -> Timestamp {
    decide_next(now, attempts.saturating_add(6), None, drawn)
}

/// Whether a peer that failed so often is left alone for a while.
#[must_use]
pub const fn is_left_alone(fate: Fate, failures: i64) -> bool {
    match fate {
        Fate::PeerLater => true,
        Fate::Later => failures >= FAILURES_BEFORE_PAUSE,
        Fate::Parked => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, decide_fate, decide_next, is_left_alone};
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    #[test]
    fn pauses_double_up_to_a_bound_and_respect_what_is_asked() {
        for (failures, asked, least_ms, most_ms) in [
            (1, None, 500, 1_000),
            (2, None, 1_000, 2_000),
            (5, None, 8_000, 16_000),
            (12, None, 1_024_000, 2_048_000),
            (13, None, 1_800_000, 3_600_000),
            (i64::MAX, None, 1_800_000, 3_600_000),
            (0, None, 500, 1_000),
            (1, Some(30), 30_000, 30_000),
            (1, Some(0), 500, 1_000),
            (13, Some(30), 1_800_000, 3_600_000),
            (1, Some(u32::MAX), 86_400_000, 86_400_000),
        ] {
            for (drawn, ms) in [(0, least_ms), (u16::MAX, most_ms)] {
                let next = decide_next(NOW, failures, asked, drawn);
                assert_eq!(
                    (next.micros() - NOW.micros()) / 1_000,
                    ms,
                    "{failures} {asked:?}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_mend_itself_is_not_tried_again() {
        for (status, expected) in [
            (301, Fate::Parked),
            (400, Fate::Parked),
            (401, Fate::PeerLater),
            (403, Fate::Parked),
            (404, Fate::Parked),
            (408, Fate::Later),
            (409, Fate::Parked),
            (429, Fate::PeerLater),
            (500, Fate::Later),
            (501, Fate::Parked),
            (503, Fate::PeerLater),
            (504, Fate::PeerLater),
            (599, Fate::Later),
        ] {
            assert_eq!(decide_fate(status), expected, "{status}");
        }
        assert!(is_left_alone(Fate::PeerLater, 1));
        assert!(!is_left_alone(Fate::Later, 2));
        assert!(is_left_alone(Fate::Later, 3));
        assert!(!is_left_alone(Fate::Parked, 9));
    }
}
