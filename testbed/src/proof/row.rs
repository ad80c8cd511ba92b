//! What a scenario has found, and the verdict against its bound. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::proof::audit::Audit;
use crate::proof::tally::Figures;

/// How much longer 99 of 100 operations of others may take while a neighbour is hurt.
pub const P99_TIMES_MAX: f64 = 1.1;

/// One line of the table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Row {
    /// What was done.
    pub name: String,
    /// The organisations of others, while nothing was hurt.
    pub quiet: Option<Figures>,
    /// The same while something was.
    pub others: Option<Figures>,
    /// The organisations of the cell that was hurt, meanwhile.
    pub hurt: Option<Figures>,
    /// How far the p99 of two quiet phases lay apart, as the larger over the smaller: what this machine's own unrest does.
    pub unrest_times: Option<f64>,
    /// How long it took until everybody was answered again, at the longest.
    pub recovered_millis: u64,
    /// Answers for another organisation than was asked for.
    pub wrong_routes: u64,
    /// Refusals of known organisations where there must be none.
    pub refused: u64,
    /// The books.
    pub audit: Audit,
    /// System logs that were walked.
    pub logs: u64,
    /// Those that are not whole.
    pub logs_broken: u64,
    /// Whether times are judged.
    pub times: Times,
    /// Why it could not be tried here.
    pub not_tried: Option<String>,
    /// What one scenario alone measures, by its name.
    pub figures: BTreeMap<String, f64>,
    /// What is to be known beside the numbers.
    pub notes: Vec<String>,
    /// Every bound that was missed; met if there is none.
    pub missed: Vec<String>,
}

/// Whether times are judged: on a busy machine they say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// They are.
    Judged,
    /// They are not.
    #[default]
    Ignored,
}

impl Row {
    /// How many times the quiet p99 the other is.
    #[must_use]
    pub fn p99_times(&self) -> Option<f64> {
        let (quiet, others) = (self.quiet.as_ref()?, self.others.as_ref()?);
        Some(others.p99_micros as f64 / (quiet.p99_micros as f64).max(1.0))
    }

    /// Holds the row against its bounds.
    #[must_use]
    pub fn judge(mut self) -> Self {
        self.missed = decide_missed(&self);
        self
    }
}

fn decide_missed(row: &Row) -> Vec<String> {
    let mut missed = Vec::new();
    let mut at_most = |what: &str, found: u64, bound: u64| {
        if found > bound {
            missed.push(format!("{what}: {found}, at most {bound}"));
        }
    };
    let failed = |figures: &Option<Figures>| figures.as_ref().map_or(0, |figures| figures.failed);
    at_most("failed while all was quiet", failed(&row.quiet), 0);
    at_most("failed of others", failed(&row.others), 0);
    // On a busy machine there is less room for password hashes: refusals are then what they are for.
    if row.times == Times::Judged {
        let others = row.quiet.iter().chain(&row.others);
        let asked = others.map(|figures| figures.asked_to_wait).sum();
        at_most("others asked to wait", asked, 0);
    }
    at_most("refused", row.refused, 0);
    at_most("wrong routes", row.wrong_routes, 0);
    at_most("lost writes", row.audit.lost, 0);
    at_most("doubled writes", row.audit.doubled, 0);
    at_most("wrong answers", row.audit.wrong, 0);
    at_most("broken logs", row.logs_broken, 0);
    if let Some(times) = row.p99_times()
        && row.times == Times::Judged
        && times > P99_TIMES_MAX
    {
        missed.push(format!(
            "p99 of others: {times:.2} times the quiet one, at most {P99_TIMES_MAX}"
        ));
    }
    missed
}

#[cfg(test)]
mod tests {
    use super::{Figures, Row, Times};

    fn row(failed: u64, p99_micros: u64, times: Times) -> Row {
        let figures = |failed, p99_micros| {
            Some(Figures {
                failed,
                p99_micros,
                ..Figures::default()
            })
        };
        Row {
            quiet: figures(0, 1_000),
            others: figures(failed, p99_micros),
            hurt: figures(99, 9_999_999),
            times,
            ..Row::default()
        }
    }

    #[test]
    fn others_may_not_notice_and_the_hurt_may() {
        let table = [
            (0, 1_099, Times::Judged, 0),
            (0, 1_101, Times::Judged, 1),
            (0, 9_000, Times::Ignored, 0),
            (1, 1_000, Times::Ignored, 1),
            (1, 9_000, Times::Judged, 2),
        ];
        for (failed, p99, times, missed) in table {
            assert_eq!(row(failed, p99, times).judge().missed.len(), missed);
        }
    }

    #[test]
    fn nothing_may_be_lost_doubled_wrong_or_broken() {
        let mut bad = row(0, 1_000, Times::Ignored);
        bad.audit.lost = 1;
        bad.audit.doubled = 1;
        bad.audit.wrong = 1;
        bad.logs_broken = 1;
        bad.wrong_routes = 1;
        bad.refused = 1;
        assert_eq!(bad.judge().missed.len(), 6);
    }
}
