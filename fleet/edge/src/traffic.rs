//! What an edge measures of each cell between two reports.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use wire::control::CellTraffic;
use wire::names::CellName;

/// Times are sorted into this many classes; each is a quarter longer than the one before.
const CLASSES: usize = 80;
/// The upper end of the first class, in microseconds.
const FIRST_MICROS: f64 = 50.0;
/// How much longer each class is.
const STEP: f64 = 1.25;

/// Counts per cell. There are as many as the route map has cells.
#[derive(Default)]
pub struct Traffic(Mutex<HashMap<CellName, Counts>>);

struct Counts {
    requests: u64,
    errors: u64,
    classes: [u64; CLASSES],
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer that is no server error.
    Answered,
    /// With a server error, or without an answer.
    Failed,
}

impl Traffic {
    /// Counts one request.
    pub fn count(&self, cell: &CellName, outcome: Outcome, took: Duration) {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !cells.contains_key(cell) {
            let none = Counts {
                requests: 0,
                errors: 0,
                classes: [0; CLASSES],
            };
            cells.insert(cell.clone(), none);
        }
        let Some(counts) = cells.get_mut(cell) else {
            return;
        };
        counts.requests += 1;
        counts.errors += u64::from(outcome == Outcome::Failed);
        if let Some(class) = counts.classes.get_mut(class_of(took)) {
            *class += 1;
        }
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Vec<CellTraffic> {
        let cells = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let report = |(cell, counts): (CellName, Counts)| CellTraffic {
            cell,
            requests: counts.requests,
            errors: counts.errors,
            p50_micros: quantile(&counts.classes, counts.requests, 50),
            p99_micros: quantile(&counts.classes, counts.requests, 99),
        };
        cells.into_iter().map(report).collect()
    }
}

fn class_of(took: Duration) -> usize {
    let mut end = FIRST_MICROS;
    let micros = took.as_secs_f64() * 1e6;
    let mut class = 0;
    while micros > end && class < CLASSES - 1 {
        end *= STEP;
        class += 1;
    }
    class
}

/// The upper end of the class that the request of that rank fell into.
fn quantile(classes: &[u64; CLASSES], requests: u64, percent: u64) -> u64 {
    let rank = requests.saturating_mul(percent).div_ceil(100);
    let (mut seen, mut end) = (0, FIRST_MICROS);
    for count in classes {
        seen += count;
        if seen >= rank {
            break;
        }
        end *= STEP;
    }
    Duration::from_secs_f64(end / 1e6)
        .as_micros()
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Traffic};
    use std::time::Duration;
    use wire::names::CellName;

    #[test]
    fn what_was_counted_is_told_once() {
        let (traffic, cell) = (Traffic::default(), CellName::parse("cell-a").unwrap());
        for _ in 0..98 {
            traffic.count(&cell, Outcome::Answered, Duration::from_millis(1));
        }
        traffic.count(&cell, Outcome::Failed, Duration::from_millis(100));
        traffic.count(&cell, Outcome::Failed, Duration::from_secs(3_000));
        let report = traffic.take().pop().unwrap();
        assert_eq!((report.requests, report.errors), (100, 2));
        assert!(
            (1_000..1_300).contains(&report.p50_micros),
            "{}",
            report.p50_micros
        );
        assert!(
            (100_000..130_000).contains(&report.p99_micros),
            "{}",
            report.p99_micros
        );
        assert!(traffic.take().is_empty());
    }
}
