//! How far a long declaration is, on one line of the terminal that is wiped at the end. Nothing where nobody looks.

use server::declaration::progress::{Progress, Tally};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Fewer things than this are done before anybody could read it.
const SHOWN_FROM: u64 = 200;
/// Pause between two lines.
const REFRESH: Duration = Duration::from_millis(200);

/// A line that is kept up to date until it is told to end.
pub struct Shown(Option<Line>);

struct Line {
    end: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Shown {
    /// Begins, if standard error is a terminal.
    #[must_use]
    pub fn start(progress: &Progress) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let (end, ended) = watch::channel(false);
        let task = tokio::spawn(show(progress.watch(), ended));
        Self(Some(Line { end, task }))
    }

    /// Wipes the line.
    pub async fn end(self) {
        if let Some(line) = self.0 {
            let _ = line.end.send(true);
            let _ = line.task.await;
        }
    }
}

async fn show(tally: watch::Receiver<Tally>, mut ended: watch::Receiver<bool>) {
    let mut written = false;
    while tokio::time::timeout(REFRESH, ended.wait_for(|ended| *ended))
        .await
        .is_err()
    {
        let now = *tally.borrow();
        if now.total >= SHOWN_FROM {
            write(&render_tally(now));
            written = true;
        }
    }
    if written {
        write("\r\u{1b}[K");
    }
}

fn render_tally(tally: Tally) -> String {
    format!(
        "\r\u{1b}[K{} of {} declared things are done",
        tally.done, tally.total
    )
}

fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    // A terminal that went away is no reason to stop.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

#[cfg(test)]
mod tests {
    use super::{Tally, render_tally};

    #[test]
    fn the_line_replaces_itself() {
        let line = render_tally(Tally {
            done: 5,
            total: 1_000,
        });
        assert!(
            line.starts_with('\r') && line.contains("5 of 1000"),
            "{line:?}"
        );
    }
}
