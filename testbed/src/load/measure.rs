//! What a run was like: counts, rates, percentiles, and the server's processor time per request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::scenario::Outcome;

/// How many different failures are kept to be shown.
const FAILURES_SHOWN: usize = 3;

/// What one or several workers have seen.
#[derive(Debug, Default)]
pub struct Samples {
    served_micros: Vec<u64>,
    refused_micros: Vec<u64>,
    failed: u64,
    failures: Vec<String>,
}

impl Samples {
    /// Adds one step.
    pub fn add(&mut self, outcome: anyhow::Result<Outcome>, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match outcome {
            Ok(Outcome::Served) => self.served_micros.push(micros),
            Ok(Outcome::Refused) => self.refused_micros.push(micros),
            Err(error) => {
                self.failed += 1;
                if self.failures.len() < FAILURES_SHOWN {
                    self.failures.push(format!("{error:#}"));
                }
            }
        }
    }

    /// Adds what another worker has seen.
    pub fn merge(&mut self, other: Self) {
        self.served_micros.extend(other.served_micros);
        self.refused_micros.extend(other.refused_micros);
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.failures.truncate(FAILURES_SHOWN);
    }

    /// The numbers of a window.
    #[must_use]
    pub fn report(mut self, took: Duration, processor_time: Duration) -> Report {
        self.served_micros.sort_unstable();
        self.refused_micros.sort_unstable();
        let served = self.served_micros.len();
        Report {
            served: served as u64,
            refused: self.refused_micros.len() as u64,
            failed: self.failed,
            failures: self.failures,
            per_second: served as f64 / took.as_secs_f64().max(f64::EPSILON),
            processor_micros_each: processor_time.as_secs_f64() * 1e6 / served.max(1) as f64,
            p50_micros: percentile(&self.served_micros, 50.0),
            p99_micros: percentile(&self.served_micros, 99.0),
            refused_p99_micros: percentile(&self.refused_micros, 99.0),
            took,
            processor_time,
            resident_kib_before: 0,
            resident_kib_after: 0,
        }
    }
}

/// The numbers of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Steps that were answered as wanted.
    pub served: u64,
    /// Steps that were refused for the sake of others (429 or 503).
    pub refused: u64,
    /// Steps that went wrong.
    pub failed: u64,
    /// What went wrong, the first few.
    pub failures: Vec<String>,
    /// Served each second.
    pub per_second: f64,
    /// The server's processor time for each served step.
    pub processor_micros_each: f64,
    /// Half of the served took no longer.
    pub p50_micros: u64,
    /// 99 of 100 served took no longer.
    pub p99_micros: u64,
    /// 99 of 100 refused took no longer.
    pub refused_p99_micros: u64,
    /// How long the window was.
    pub took: Duration,
    /// The server's processor time in the window.
    pub processor_time: Duration,
    /// What the server held in memory when the window opened.
    pub resident_kib_before: u64,
    /// And when it closed.
    pub resident_kib_after: u64,
}

impl Report {
    /// A run in which something went wrong measures nothing.
    ///
    /// # Errors
    /// When a step failed or none was served.
    pub fn judge(self) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.failed == 0,
            "{} of {} steps went wrong: {}",
            self.failed,
            self.failed + self.served + self.refused,
            self.failures.join(" | ")
        );
        anyhow::ensure!(self.served > 0, "nothing was served");
        Ok(self)
    }
}

/// The nearest-rank percentile of sorted values; 0 when there are none.
#[must_use]
pub fn percentile(sorted: &[u64], percent: f64) -> u64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!(percentile(&values, 50.0), 100);
        assert_eq!(percentile(&values, 99.0), 198);
        assert_eq!(percentile(&[7], 99.0), 7);
        assert_eq!(percentile(&[], 99.0), 0);
    }

    #[test]
    fn a_failed_step_spoils_the_run() {
        let mut samples = Samples::default();
        samples.add(Ok(Outcome::Served), Duration::from_millis(2));
        samples.add(Err(anyhow::anyhow!("no")), Duration::from_millis(1));
        let report = samples.report(Duration::from_secs(1), Duration::from_millis(10));
        assert!((report.processor_micros_each - 10_000.0).abs() < 1.0);
        assert!(report.judge().is_err());
    }
}
