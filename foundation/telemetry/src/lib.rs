//! What an operator hears of a process: its log, by field names that stand here once, and its end when what must last breaks off.

pub mod lasting;

use std::io::{self, IsTerminal as _};
use tracing_subscriber::EnvFilter;

/// The id of a request: in the log, in the system log, and on the page that reports a failure.
pub const REQUEST_ID: &str = "request_id";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sends log lines to standard error; what is logged follows `TESTUDO_LOG`, by default `info`.
///
/// A second call changes nothing.
pub fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_env("TESTUDO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Unobtrusive)
        // It would tell of a line that could not be written by another one, and panic over that.
        .log_internal_errors(false)
        .with_ansi(decide_colour(
            std::io::stderr().is_terminal(),
            std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        ));
    let outcome = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // Only a second subscriber in one process fails here, and then the first one stays in charge.
    drop(outcome);
}

/// Standard error that is in nobody's way: a line that cannot be written, say because the disk is full, is lost, and
/// whoever logged it goes on.
struct Unobtrusive;

impl io::Write for Unobtrusive {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::Write::write_all(&mut io::stderr(), bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether lines are coloured: for a person at a terminal who has not asked for plain ones (no-color.org). What is kept
/// in a file stays free of control characters.
#[must_use]
pub const fn decide_colour(is_terminal: bool, no_color: bool) -> bool {
    is_terminal && !no_color
}

#[cfg(test)]
mod tests {
    use super::decide_colour;

    #[test]
    fn only_a_terminal_is_coloured() {
        assert!(decide_colour(true, false));
        for (is_terminal, no_color) in [(true, true), (false, false), (false, true)] {
            assert!(!decide_colour(is_terminal, no_color));
        }
    }
}
