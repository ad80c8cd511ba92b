//! What the organisations of one cell have seen in a phase.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::measure::percentile;

/// How many different failures are kept to be shown.
const FAILURES_SHOWN: usize = 5;

/// Counts and times. An operation is one flow from the moment at which it should have begun to its last answer.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    requests: u64,
    operations: u64,
    asked_to_wait: u64,
    cut_off: u64,
    failed: u64,
    failures: Vec<String>,
    micros: Vec<u64>,
}

/// How an operation ended.
#[derive(Debug)]
pub enum Outcome {
    /// As wanted.
    Served,
    /// Refused for the sake of others (429): there was no room to hash one more password.
    AskedToWait,
    /// The process that served it was killed meanwhile, by us.
    CutOff,
    /// Refused or not answered.
    Failed(String),
}

/// The numbers of a tally.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Requests over the edge.
    pub requests: u64,
    /// Operations, each of one or several requests.
    pub operations: u64,
    /// Operations that were refused for the sake of others (429).
    pub asked_to_wait: u64,
    /// Operations that were under way in the very process that was killed or held up, or came while it was away.
    pub cut_off: u64,
    /// Operations with a request that was refused otherwise or not answered.
    pub failed: u64,
    /// What went wrong, the first few.
    pub failures: Vec<String>,
    /// Half of the operations took no longer.
    pub p50_micros: u64,
    /// 99 of 100 operations took no longer.
    pub p99_micros: u64,
    /// No operation took longer.
    pub longest_micros: u64,
}

impl Tally {
    /// Adds one operation.
    pub fn add(&mut self, outcome: Outcome, requests: u64, took: Duration) {
        self.operations += 1;
        self.requests += requests;
        self.micros
            .push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        match outcome {
            Outcome::Served => {}
            Outcome::AskedToWait => self.asked_to_wait += 1,
            Outcome::CutOff => self.cut_off += 1,
            Outcome::Failed(failure) => {
                self.failed += 1;
                self.show(failure);
            }
        }
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: Self) {
        self.operations += other.operations;
        self.requests += other.requests;
        self.asked_to_wait += other.asked_to_wait;
        self.cut_off += other.cut_off;
        self.failed += other.failed;
        self.micros.extend(other.micros);
        other
            .failures
            .into_iter()
            .for_each(|failure| self.show(failure));
    }

    fn show(&mut self, failure: String) {
        if self.failures.len() < FAILURES_SHOWN && !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    /// The numbers. A failed operation counts with the time that it took to fail: no failure makes a phase look fast by
    /// leaving it out.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut micros = self.micros.clone();
        micros.sort_unstable();
        Figures {
            requests: self.requests,
            operations: self.operations,
            asked_to_wait: self.asked_to_wait,
            cut_off: self.cut_off,
            failed: self.failed,
            failures: self.failures.clone(),
            p50_micros: percentile(&micros, 50.0),
            p99_micros: percentile(&micros, 99.0),
            longest_micros: micros.last().copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Tally};
    use std::time::Duration;

    #[test]
    fn tallies_add_up_and_show_each_failure_once() {
        let mut tally = Tally::default();
        tally.add(Outcome::Served, 3, Duration::from_millis(1));
        let mut other = Tally::default();
        for _ in 0..9 {
            let no = Outcome::Failed(String::from("no"));
            other.add(no, 1, Duration::from_millis(9));
        }
        tally.merge(other);
        let figures = tally.figures();
        assert_eq!(
            (figures.operations, figures.requests, figures.failed),
            (10, 12, 9)
        );
        assert_eq!(figures.failures, ["no"]);
        assert_eq!((figures.p50_micros, figures.p99_micros), (9_000, 9_000));
    }
}
