//! Time as the register counts it: how long something lasted, whatever the clocks of machines say.
//!
//! A clock that is set an hour ahead would end at once whatever has an hour left. So what must last is measured in counted
//! time: each process adds, by a clock that is never set, how long it was between two looks, and no more than a bounded step.
//! Counted time stands still while nobody counts. What is granted in it becomes longer by that, never shorter.

use crate::refusal::Refusal;
use crate::store;
use database::Database;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use vocab::time::Timestamp;

/// How often it is counted while something is measured.
const ROUND: Duration = Duration::from_secs(1);
/// Most that is added at once: whoever hung for an hour did not measure it.
const STEP_MAX: Duration = Duration::from_secs(5);

/// What time it is, for people and for what must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By the machine's clock.
    pub clock: Timestamp,
    /// By the register's count.
    pub counted: Timestamp,
}

/// The count of this process. Clones share it.
#[derive(Clone)]
pub struct Counted(Arc<Mutex<Look>>);

#[derive(Clone, Copy)]
struct Look {
    counted: Timestamp,
    at: Instant,
}

impl Counted {
    /// The register's count; it begins at what the clock says when nobody has counted yet.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn open(database: &Database, clock: Timestamp) -> Result<Self, Refusal> {
        let counted = database
            .write(move |tx| Box::pin(async move { store::begin_counting(tx, clock).await }))
            .await?;
        let at = Instant::now();
        Ok(Self(Arc::new(Mutex::new(Look { counted, at }))))
    }

    /// The time of the last look.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.look().counted
    }

    /// Adds what passed since the last look, once in a while.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn count(&self, database: &Database) -> Result<(), Refusal> {
        let last = self.look();
        let passed = last.at.elapsed();
        if passed < ROUND {
            return Ok(());
        }
        let wanted = plan_count(last.counted, passed);
        let counted = database
            .write(move |tx| Box::pin(async move { store::raise_counted(tx, wanted).await }))
            .await?;
        let at = Instant::now();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Look { counted, at };
        Ok(())
    }

    fn look(&self) -> Look {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the count comes to that was this much when `passed` began. Another process may have counted the same time: the higher
/// count is kept, never the sum.
#[must_use]
pub fn plan_count(seen: Timestamp, passed: Duration) -> Timestamp {
    let step = i64::try_from(passed.min(STEP_MAX).as_micros()).unwrap_or(0);
    Timestamp::from_micros(seen.micros().saturating_add(step))
}

#[cfg(test)]
mod tests {
    use super::plan_count;
    use std::time::Duration;
    use vocab::time::Timestamp;

    #[test]
    fn a_step_is_what_passed_and_never_much() {
        let seen = Timestamp::from_seconds(1_000);
        for (passed_millis, counted_millis) in
            [(0, 0), (1_000, 1_000), (5_000, 5_000), (3_600_000, 5_000)]
        {
            let counted = plan_count(seen, Duration::from_millis(passed_millis));
            let step = counted.micros() - seen.micros();
            assert_eq!(step, counted_millis * 1_000, "{passed_millis}");
        }
    }
}
