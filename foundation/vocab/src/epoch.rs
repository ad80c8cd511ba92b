//! The age of something that two parties can see at different times: a placement, a route map, a state.
//!
//! Whoever sets it compares and swaps on the epoch it read; whoever consumes it refuses one that is older than its own.

use crate::value::{FromValue, Value, ValueError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Counts the changes of one thing, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Epoch(i64);

/// Why a number is no epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is a whole number from 1")]
pub struct EpochError;

impl Epoch {
    /// The epoch of a thing that was never changed.
    pub const FIRST: Self = Self(1);

    /// The epoch after one more change. At the end of all numbers it stays: a comparison then refuses every change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The epoch as a number, from 1.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Reads decimal digits alone: no sign, no space, no leading zero.
    ///
    /// # Errors
    /// [`EpochError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, EpochError> {
        let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        if !canonical {
            return Err(EpochError);
        }
        Self::try_from(text.parse::<i64>().map_err(|_| EpochError)?)
    }
}

impl TryFrom<i64> for Epoch {
    type Error = EpochError;
    fn try_from(number: i64) -> Result<Self, EpochError> {
        if number >= 1 {
            Ok(Self(number))
        } else {
            Err(EpochError)
        }
    }
}

impl From<Epoch> for i64 {
    fn from(epoch: Epoch) -> Self {
        epoch.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Epoch> for Value {
    fn from(epoch: Epoch) -> Self {
        Self::Integer(epoch.0)
    }
}

impl From<&Epoch> for Value {
    fn from(epoch: &Epoch) -> Self {
        Self::Integer(epoch.0)
    }
}

impl FromValue for Epoch {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let number = i64::from_value(value)?;
        Self::try_from(number).map_err(|_| ValueError { wanted: "epoch" })
    }
}

#[cfg(test)]
mod tests {
    use super::Epoch;

    #[test]
    fn epochs_are_counted_from_one() {
        assert_eq!(Epoch::parse("1"), Ok(Epoch::FIRST));
        assert_eq!(Epoch::FIRST.next().number(), 2);
        assert!(Epoch::FIRST.next() > Epoch::FIRST);
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            " 1",
            "1 ",
            "9223372036854775808",
            "x",
        ] {
            assert!(Epoch::parse(bad).is_err(), "{bad:?}");
        }
        let last = Epoch::parse("9223372036854775807").unwrap();
        assert_eq!(last.next(), last);
        assert!(serde_json::from_str::<Epoch>("0").is_err());
    }
}
