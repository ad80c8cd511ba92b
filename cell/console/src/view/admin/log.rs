//! The system log: search, one entry, the live tail.

use crate::view::part::{self, Choice, Icon, Moment, Pager};
use crate::view::row::{LogRow, Outcome};
use crate::view::shell::{Shell, here};
use askama::Template;

/// What was filtered by; all fields are read from the address (GET).
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Field `event`: the beginning of an event type.
    pub event: String,
    /// Field `actor`: a username or an id.
    pub actor: String,
    /// Field `target`: a name or an id.
    pub target: String,
    /// Field `outcome`: a word of [`Outcome::ALL`], or empty.
    pub outcome: String,
    /// Field `from`, as `YYYY-MM-DDTHH:MM` in UTC, or empty.
    pub from: String,
    /// Field `to`, likewise.
    pub to: String,
}

impl LogFilter {
    fn is_set(&self) -> bool {
        [
            &self.event,
            &self.actor,
            &self.target,
            &self.outcome,
            &self.from,
            &self.to,
        ]
        .iter()
        .any(|part| !part.is_empty())
    }
}

/// The log (`/admin/log`), keyset-paged.
#[derive(Debug, Template)]
#[template(path = "admin/log.html")]
pub struct LogPage {
    /// The frame.
    pub shell: Shell,
    /// What was filtered by.
    pub filter: LogFilter,
    /// The newest first.
    pub rows: Vec<LogRow>,
    /// Its neighbours.
    pub pager: Pager,
}

impl LogPage {
    fn outcomes(&self) -> Vec<Choice> {
        let t = self.shell.t;
        std::iter::once(Choice::new("", t.common.all))
            .chain(
                Outcome::ALL
                    .iter()
                    .map(|(word, outcome)| Choice::new(*word, outcome.label(t))),
            )
            .collect()
    }
}

/// A named value of an entry.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name, in the reader's language or as the log has it.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it leads, after the path prefix, or none.
    pub href: Option<String>,
}

/// One entry (`/admin/log/{id}`).
#[derive(Debug, Template)]
#[template(path = "admin/log_entry.html")]
pub struct LogEntryPage {
    /// The frame.
    pub shell: Shell,
    /// What happened, in words.
    pub message: String,
    /// The event type.
    pub event: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Moment,
    /// Who, to what, from where, in which session.
    pub facts: Vec<Fact>,
    /// What changed, name by name: before and after.
    pub changes: Vec<(String, String, String)>,
    /// The whole entry as indented JSON, without secrets.
    pub json: String,
    /// Its hash and that of the entry before it, in hexadecimal digits.
    pub chain: (String, String),
}

/// The live tail (`/admin/log/live`), fed by the event stream at `/admin/log/tail`: each message is a JSON object with
/// the texts `id`, `time` (RFC 3339), `message`, `event`, `actor`, `target`, `outcome` and the class `tone` (`is-ok`…).
#[derive(Debug, Template)]
#[template(path = "admin/log_tail.html")]
pub struct LogTailPage {
    /// The frame.
    pub shell: Shell,
}

here!(LogPage => Log, LogEntryPage => Log, LogTailPage => Log);
