//! All that these commands print: progress lines, the table of steps, and the verdict.
//!
//! The only file of this crate that may write to the terminal.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It held.
    Passed,
    /// It did not hold, or could not be tried although it should have been.
    Failed,
    /// It could not be tried here, and that is no fault of the tree; says why.
    Skipped(String),
}

/// One step that has ended.
#[derive(Debug, Clone)]
pub struct Step {
    /// What was checked.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// The steps of one run, in order.
#[derive(Debug)]
pub struct Steps {
    done: Vec<Step>,
    began: Instant,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            done: Vec::new(),
            began: Instant::now(),
        }
    }
}

impl Steps {
    /// Runs two lists of steps at the same time, and keeps the verdicts of the first before those of the second.
    ///
    /// For steps of which one list waits more than it works. Their lines mix: what says much keeps its output in files.
    pub fn run_side_by_side(
        &mut self,
        one: impl FnOnce(&mut Self) + Send,
        other: impl FnOnce(&mut Self),
    ) {
        let mut firsts = Self::default();
        let mut seconds = Self::default();
        std::thread::scope(|scope| {
            scope.spawn(|| one(&mut firsts));
            other(&mut seconds);
        });
        self.done.extend(firsts.done);
        self.done.extend(seconds.done);
    }

    /// Runs one step, with a line before and after, and keeps its verdict. True when it did not fail.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<Verdict>) -> bool {
        line(&format!("\n== {name}"));
        let started = Instant::now();
        let verdict = match work() {
            Ok(verdict) => verdict,
            Err(error) => {
                failure(&error.context(name.to_owned()));
                Verdict::Failed
            }
        };
        let took = started.elapsed();
        let words = match &verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Failed => "FAILED".to_owned(),
            Verdict::Skipped(why) => format!("skipped: {why}"),
        };
        line(&format!("== {name}: {words} ({})", render_duration(took)));
        let held = verdict != Verdict::Failed;
        self.done.push(Step {
            name: name.to_owned(),
            verdict,
            took,
        });
        held
    }

    /// Prints the table, which steps failed, and last the count; the code to exit with.
    pub fn finish(self) -> ExitCode {
        line(&render_table(&self.done, self.began.elapsed()));
        let failed = count(&self.done, &Verdict::Failed);
        if failed > 0 {
            line(&render_failed_names(&self.done));
        }
        line(&render_count(&self.done));
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn count(steps: &[Step], verdict: &Verdict) -> usize {
    steps.iter().filter(|step| step.verdict == *verdict).count()
}

/// The line that closes a run: `N passed, M failed`. What was skipped is neither.
pub fn render_count(steps: &[Step]) -> String {
    format!(
        "{} passed, {} failed",
        count(steps, &Verdict::Passed),
        count(steps, &Verdict::Failed)
    )
}

fn render_failed_names(steps: &[Step]) -> String {
    let names: Vec<&str> = steps
        .iter()
        .filter(|step| step.verdict == Verdict::Failed)
        .map(|step| step.name.as_str())
        .collect();
    format!("failed: {}", names.join(", "))
}

/// The table of steps with their durations, and how long the whole run took: less than their sum where two ran at once.
pub fn render_table(steps: &[Step], whole: Duration) -> String {
    let width = steps
        .iter()
        .map(|step| step.name.chars().count())
        .max()
        .unwrap_or(0)
        .max("total".len());
    let mut table = String::new();
    for step in steps {
        let (word, note) = match &step.verdict {
            Verdict::Passed => ("passed", ""),
            Verdict::Failed => ("FAILED", ""),
            Verdict::Skipped(why) => ("skipped", why.as_str()),
        };
        let row = format!(
            "{:<width$}  {word:<7}  {:>10}  {note}",
            step.name,
            render_duration(step.took)
        );
        let _ = write!(table, "\n{}", row.trim_end());
    }
    let _ = write!(
        table,
        "\n{:<width$}           {:>10}",
        "total",
        render_duration(whole)
    );
    table
}

/// `0.4 s`, `12.3 s`, `3 min 05 s`.
pub fn render_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// Prints one line, at once: a log that is read while it grows must not lag.
#[expect(
    clippy::print_stdout,
    reason = "the one place that prints for a person"
)]
pub fn line(text: &str) {
    println!("{text}");
    let _ = std::io::stdout().flush();
}

/// Prints an error with its causes.
pub fn failure(error: &anyhow::Error) {
    line(&format!("error: {error:#}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, verdict: Verdict, seconds: u64) -> Step {
        Step {
            name: name.to_owned(),
            verdict,
            took: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn the_count_leaves_out_what_was_skipped() {
        let steps = [
            step("format", Verdict::Passed, 1),
            step("clippy", Verdict::Failed, 2),
            step("advisories", Verdict::Skipped("no database".to_owned()), 3),
        ];
        assert_eq!(render_count(&steps), "1 passed, 1 failed");
        assert_eq!(render_failed_names(&steps), "failed: clippy");
    }

    #[test]
    fn the_table_says_why_a_step_was_skipped_and_how_long_all_took() {
        let steps = [
            step("format", Verdict::Passed, 1),
            step("advisories", Verdict::Skipped("no database".to_owned()), 64),
        ];
        assert_eq!(
            render_table(&steps, Duration::from_secs(64)),
            "\nformat      passed        1.0 s\
             \nadvisories  skipped  1 min 04 s  no database\
             \ntotal                1 min 04 s"
        );
    }

    #[test]
    fn steps_side_by_side_are_all_kept_and_judged() {
        let mut steps = Steps::default();
        steps.run("before", || Ok(Verdict::Passed));
        steps.run_side_by_side(
            |steps| {
                steps.run("one", || anyhow::bail!("no"));
            },
            |steps| {
                steps.run("other", || Ok(Verdict::Passed));
            },
        );
        let names: Vec<&str> = steps.done.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["before", "one", "other"]);
        assert_eq!(render_failed_names(&steps.done), "failed: one");
        assert_eq!(steps.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn a_failed_step_fails_the_run() {
        let mut steps = Steps::default();
        assert!(steps.run("holds", || Ok(Verdict::Passed)));
        assert!(!steps.run("breaks", || anyhow::bail!("no")));
        assert_eq!(steps.finish(), ExitCode::FAILURE);
    }
}
