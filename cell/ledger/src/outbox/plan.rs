//! When to try again, pure.

/// How often a message is tried. With the waits below, the last try is about half a day after the first.
pub const ATTEMPTS_MAX: i64 = 16;
const FIRST_WAIT_SECS: i64 = 5;
const WAIT_SECS_MAX: i64 = 3 * 3_600;

/// What becomes of a message whose delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It is tried again after so many seconds.
    After(i64),
    /// It was tried often enough; it is kept for an administrator to see.
    GiveUp,
    /// The lease had run out and another worker has the message: nothing was changed.
    LeaseLost,
}

/// Doubles the wait after each attempt, up to a bound, and gives up in the end.
pub(crate) fn plan_retry(attempt: i64) -> Retry {
    if attempt >= ATTEMPTS_MAX {
        return Retry::GiveUp;
    }
    let doublings = u32::try_from(attempt.clamp(1, ATTEMPTS_MAX) - 1).unwrap_or(0);
    Retry::After(
        FIRST_WAIT_SECS
            .saturating_mul(2_i64.saturating_pow(doublings))
            .min(WAIT_SECS_MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS_MAX, Retry, plan_retry};

    #[test]
    fn waits_grow_to_a_bound_and_end() {
        let table = [
            (1, 5),
            (2, 10),
            (3, 20),
            (8, 640),
            (12, 10_240),
            (13, 10_800),
            (15, 10_800),
            (i64::MIN, 5),
        ];
        for (attempt, wait_secs) in table {
            assert_eq!(
                plan_retry(attempt),
                Retry::After(wait_secs),
                "attempt {attempt}"
            );
        }
        assert_eq!(plan_retry(ATTEMPTS_MAX), Retry::GiveUp);
        assert_eq!(plan_retry(i64::MAX), Retry::GiveUp);
    }
}
