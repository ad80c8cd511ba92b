//! Targets and whether a run has met them: for every benchmark the same.

use std::fmt::Write as _;

use serde::Serialize;

/// One target.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// What is asked.
    pub target: String,
    /// What was found.
    pub found: f64,
    /// The bound.
    pub bound: f64,
    /// Whether it was met.
    pub is_met: bool,
}

/// A target that is met up to a bound.
pub fn at_most(target: impl Into<String>, found: f64, bound: f64) -> Verdict {
    Verdict {
        target: format!("{}, at most", target.into()),
        found,
        bound,
        is_met: found <= bound,
    }
}

/// A target that is met from a bound on.
pub fn at_least(target: impl Into<String>, found: f64, bound: f64) -> Verdict {
    Verdict {
        target: format!("{}, at least", target.into()),
        found,
        bound,
        is_met: found >= bound,
    }
}

/// One line for each.
pub fn render(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    let widths = verdicts
        .iter()
        .map(|verdict| verdict.target.chars().count());
    let width = widths.max().unwrap_or_default();
    for verdict in verdicts {
        let word = if verdict.is_met { "met   " } else { "MISSED" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{word}  {:<width$} {:>8.2} (bound {:.2})",
            verdict.target, verdict.found, verdict.bound
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{at_least, at_most, render};

    #[test]
    fn a_bound_itself_is_met() {
        let text = render(&[
            at_most("ready, ms", 300.0, 300.0),
            at_most("ready, ms", 300.1, 300.0),
            at_least("throughput", 8.0, 8.0),
            at_least("throughput", 7.9, 8.0),
        ]);
        let words: Vec<&str> = text.lines().map(|line| &line[..6]).collect();
        assert_eq!(words, ["met   ", "MISSED", "met   ", "MISSED"]);
        assert!(text.contains("throughput, at least     7.90 (bound 8.00)"));
    }
}
