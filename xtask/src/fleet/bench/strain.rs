//! Gives orders to the program that strains a door.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Connections that are kept busy.
const CONNECTIONS: usize = 64;
/// Who come and go, at a time.
const WORKERS: usize = 16;

/// The group that keys are agreed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// X25519, which every door knows.
    X25519,
    /// X25519 with ML-KEM-768.
    Hybrid,
}

/// What a run has found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Requests that were answered with success.
    pub served: u64,
    /// And those that were not.
    pub failed: u64,
    /// The first failure.
    pub failure: Option<String>,
    /// Served each second.
    pub per_second: f64,
    /// Half took no longer.
    pub p50_micros: f64,
    /// 99 of 100 took no longer.
    pub p99_micros: f64,
    /// The door's processor time for each.
    pub processor_micros_each: f64,
    /// The door's memory before.
    pub resident_kib_before: u64,
    /// And after.
    pub resident_kib_after: u64,
}

impl Report {
    /// What each connection that rests holds, in bytes.
    pub fn bytes_each(&self) -> f64 {
        let grown = self
            .resident_kib_after
            .saturating_sub(self.resident_kib_before);
        grown as f64 * 1024.0 / (self.served as f64).max(1.0)
    }
}

/// The middle one of several runs, by what is looked at in them. What failed in any of them is kept.
pub fn middle_of(mut runs: Vec<Report>, looked_at: fn(&Report) -> f64) -> Report {
    let failed = runs.iter().map(|run| run.failed).sum();
    let failure = runs.iter().find_map(|run| run.failure.clone());
    runs.sort_by(|one, other| looked_at(one).total_cmp(&looked_at(other)));
    let middle = runs.len() / 2;
    let middle = runs.into_iter().nth(middle).unwrap_or_default();
    Report {
        failed,
        failure,
        ..middle
    }
}

/// Connections that are kept and always busy.
pub fn closed(seconds: f64) -> Value {
    json!({ "closed": { "connections": CONNECTIONS, "seconds": seconds } })
}

/// Requests by the clock.
pub fn open(per_second: f64, seconds: f64) -> Value {
    json!({ "open": { "per_second": per_second, "seconds": seconds } })
}

/// A new connection for each request.
pub fn fresh(seconds: f64) -> Value {
    json!({ "fresh": { "workers": WORKERS, "seconds": seconds } })
}

/// Connections that rest.
pub fn idle(connections: usize) -> Value {
    json!({ "idle": { "connections": connections } })
}

#[cfg(test)]
mod tests {
    use super::{Report, middle_of};

    #[test]
    fn the_middle_run_counts_and_the_failures_of_all() {
        let run = |p99_micros, failed| Report {
            p99_micros,
            failed,
            failure: (failed > 0).then(|| format!("{failed}")),
            ..Report::default()
        };
        let runs = vec![run(9.0, 2), run(1.0, 0), run(5.0, 0)];
        let middle = middle_of(runs, |run| run.p99_micros);
        assert!((middle.p99_micros - 5.0).abs() < f64::EPSILON);
        assert_eq!((middle.failed, middle.failure.as_deref()), (2, Some("2")));
        let none = middle_of(Vec::new(), |run| run.p99_micros);
        assert_eq!(none.served, 0);
    }
}
