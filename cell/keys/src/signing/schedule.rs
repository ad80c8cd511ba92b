//! How long keys sign and how long they are published before and after, with the bounds that keep clients whole.

/// How long a process may serve what it read before it looks again.
pub(crate) const RECHECK_SECS: i64 = 60;
/// Room for clocks that differ and commits that take their time.
const MARGIN_SECS: i64 = 120;

/// How long keys sign and how long they are published before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationSchedule {
    period_secs: i64,
    publish_lead_secs: i64,
    jwks_max_age_secs: i64,
    token_lifetime_max_secs: i64,
}

/// Why a schedule cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A key would sign before everyone who cached the published keys knows it.
    #[error(
        "keys must be published at least {least} seconds before they sign, not {given}: caches last that long"
    )]
    LeadTooShort {
        /// The given lead.
        given: i64,
        /// The least possible.
        least: i64,
    },
    /// The next key would have to be published before this one signs.
    #[error(
        "a key must sign for longer ({period} seconds) than the next is published ahead ({lead} seconds)"
    )]
    PeriodTooShort {
        /// The given period.
        period: i64,
        /// The given lead.
        lead: i64,
    },
    /// A duration is negative, or longer than ten years.
    #[error("{0} must be between 0 and ten years")]
    OutOfRange(&'static str),
}

impl RotationSchedule {
    /// A schedule: each key signs for `period_secs`, is published `publish_lead_secs` before that, and for
    /// `token_lifetime_max_secs` after, so that every token it signed can be checked to its end; whoever fetches the
    /// published keys may keep them for `jwks_max_age_secs`.
    ///
    /// # Errors
    /// [`ScheduleError`] when somebody would meet an unknown key.
    pub fn new(
        period_secs: i64,
        publish_lead_secs: i64,
        jwks_max_age_secs: i64,
        token_lifetime_max_secs: i64,
    ) -> Result<Self, ScheduleError> {
        const LONGEST_SECS: i64 = 10 * 366 * 86_400;
        let schedule = Self {
            period_secs,
            publish_lead_secs,
            jwks_max_age_secs,
            token_lifetime_max_secs,
        };
        let named = [
            ("the period", period_secs),
            ("the lead", publish_lead_secs),
            ("the age of cached keys", jwks_max_age_secs),
            ("the lifetime of tokens", token_lifetime_max_secs),
        ];
        if let Some((name, _)) = named
            .iter()
            .find(|(_, secs)| !(0..=LONGEST_SECS).contains(secs))
        {
            return Err(ScheduleError::OutOfRange(name));
        }
        let least = schedule.handover_secs();
        if publish_lead_secs < least {
            return Err(ScheduleError::LeadTooShort {
                given: publish_lead_secs,
                least,
            });
        }
        if period_secs <= publish_lead_secs {
            return Err(ScheduleError::PeriodTooShort {
                period: period_secs,
                lead: publish_lead_secs,
            });
        }
        Ok(schedule)
    }

    /// How long a key signs.
    #[must_use]
    pub const fn period_secs(&self) -> i64 {
        self.period_secs
    }

    /// How long a key is published before it signs, when all goes by plan.
    #[must_use]
    pub const fn publish_lead_secs(&self) -> i64 {
        self.publish_lead_secs
    }

    /// How long whoever fetches the published keys may keep them.
    #[must_use]
    pub const fn jwks_max_age_secs(&self) -> i64 {
        self.jwks_max_age_secs
    }

    /// How long a key is published after it signed last.
    #[must_use]
    pub const fn token_lifetime_max_secs(&self) -> i64 {
        self.token_lifetime_max_secs
    }

    /// The shortest time from publishing a key to signing with it after which no cache lacks it: the age of what
    /// clients keep, of what our own processes keep, and a margin.
    #[must_use]
    pub const fn handover_secs(&self) -> i64 {
        self.jwks_max_age_secs + RECHECK_SECS + MARGIN_SECS
    }
}

impl Default for RotationSchedule {
    /// 90 days of signing, published a week before and a week after; cached for a quarter of an hour, so that a
    /// revoked key is gone soon.
    fn default() -> Self {
        const DAY_SECS: i64 = 86_400;
        Self {
            period_secs: 90 * DAY_SECS,
            publish_lead_secs: 7 * DAY_SECS,
            jwks_max_age_secs: 900,
            token_lifetime_max_secs: 7 * DAY_SECS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RotationSchedule, ScheduleError};

    #[test]
    fn a_schedule_that_would_surprise_a_client_is_refused() {
        let default = RotationSchedule::default();
        let same = RotationSchedule::new(
            default.period_secs,
            default.publish_lead_secs,
            default.jwks_max_age_secs,
            default.token_lifetime_max_secs,
        );
        assert_eq!(same, Ok(default));
        let table = [
            (
                (86_400, 1_079, 900, 0),
                ScheduleError::LeadTooShort {
                    given: 1_079,
                    least: 1_080,
                },
            ),
            (
                (1_080, 1_080, 900, 0),
                ScheduleError::PeriodTooShort {
                    period: 1_080,
                    lead: 1_080,
                },
            ),
            ((-1, 0, 0, 0), ScheduleError::OutOfRange("the period")),
            (
                (1, 0, 0, i64::MAX),
                ScheduleError::OutOfRange("the lifetime of tokens"),
            ),
        ];
        for ((period, lead, age, lifetime), error) in table {
            assert_eq!(
                RotationSchedule::new(period, lead, age, lifetime),
                Err(error)
            );
        }
        assert!(RotationSchedule::new(1_081, 1_080, 900, 0).is_ok());
    }
}
