//! Set-up of logs. Field names stand here once, so that all parts use the same words.

use std::io::IsTerminal as _;
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
        .with_writer(std::io::stderr)
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
