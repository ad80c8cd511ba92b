//! Time as an argument: microseconds of UTC, and a clock that is passed by hand.

use crate::value::{FromValue, Value, ValueError};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

const MICROS_PER_SEC: i64 = 1_000_000;

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SEC))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as JWT claims carry them.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SEC)
    }

    /// The moment that many seconds later (or earlier, if negative); saturates.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(MICROS_PER_SEC)))
    }

    /// Whole seconds from `earlier` to this moment; negative if it lies after.
    #[must_use]
    pub const fn secs_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(MICROS_PER_SEC)
    }

    /// RFC 3339 with exactly three decimals and `Z`: `2026-11-23T20:31:41.123Z`.
    #[must_use]
    pub fn to_rfc3339_millis(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map(|moment| format!("{moment:.3}"))
            .unwrap_or_else(|_| String::from("invalid"))
    }

    /// Reads RFC 3339 text.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_microsecond()))
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Value::Integer(moment.0)
    }
}

impl From<&Timestamp> for Value {
    fn from(moment: &Timestamp) -> Self {
        Value::Integer(moment.0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        i64::from_value(value).map(Self)
    }
}

/// Tells the time. Decisions never ask it: they are told `now`.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Moves the clock on.
    pub fn advance_secs(&self, secs: i64) {
        self.0
            .fetch_add(secs.saturating_mul(MICROS_PER_SEC), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, ManualClock, SystemClock, Timestamp};

    #[test]
    fn a_moment_is_written_with_three_decimals_and_read_back() {
        let moment = Timestamp::from_micros(1_795_465_901_123_456);
        let text = moment.to_rfc3339_millis();
        assert_eq!(text, "2026-11-23T20:31:41.123Z");
        assert_eq!(
            Timestamp::parse_rfc3339(&text).unwrap().seconds(),
            moment.seconds()
        );
    }

    #[test]
    fn arithmetic_saturates_and_floors() {
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(
            Timestamp::from_micros(i64::MAX)
                .plus_secs(i64::MAX)
                .micros(),
            i64::MAX
        );
        let start = Timestamp::from_seconds(100);
        assert_eq!(start.plus_secs(5).secs_since(start), 5);
        assert_eq!(start.secs_since(start.plus_secs(5)), -5);
    }

    #[test]
    fn clocks_tell_time() {
        let clock = ManualClock::new(Timestamp::from_seconds(1));
        clock.advance_secs(9);
        assert_eq!(clock.now().seconds(), 10);
        assert!(SystemClock.now().seconds() > 1_700_000_000);
    }
}
