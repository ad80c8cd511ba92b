//! The system log: search, one entry, the live tail.

use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Moment, Pager};
use crate::view::row::{LogRow, Outcome};
use crate::view::shell::{Shell, here};
use askama::Template;
use serde::Serialize;

/// What was filtered by; all fields are read from the address (GET).
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Field `q`: words that all rows have.
    pub words: String,
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
    /// The same as the query of an address, with its `?`; empty for an empty filter.
    #[must_use]
    pub fn query(&self) -> String {
        let parts = [
            ("q", &self.words),
            ("event", &self.event),
            ("actor", &self.actor),
            ("target", &self.target),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() {
            query
        } else {
            format!("?{query}")
        }
    }

    fn is_set(&self) -> bool {
        [
            &self.words,
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
        outcome_choices(&self.shell)
    }
}

fn outcome_choices(shell: &Shell) -> Vec<Choice> {
    let t = shell.t;
    std::iter::once(Choice::new("", t.common.all))
        .chain(
            Outcome::ALL
                .iter()
                .map(|(word, outcome)| Choice::new(*word, outcome.label(t))),
        )
        .collect()
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

/// The live tail (`/admin/log/live`), fed by the event stream at `/admin/log/tail` with the same filter: each message
/// is a [`TailRow`] under the number of its row, and the event `end` says that no more will come.
#[derive(Debug, Template)]
#[template(path = "admin/log_tail.html")]
pub struct LogTailPage {
    /// The frame.
    pub shell: Shell,
    /// What was filtered by; its times are not asked for.
    pub filter: LogFilter,
    /// The number of the newest row when the page was drawn: the stream goes on from there.
    pub after: i64,
}

impl LogTailPage {
    fn outcomes(&self) -> Vec<Choice> {
        outcome_choices(&self.shell)
    }
}

/// One row of the stream, as the page's script takes it.
#[derive(Debug, Serialize)]
pub struct TailRow {
    /// Stands in the address of its page.
    pub id: String,
    /// When: RFC 3339.
    pub time: String,
    /// What happened, in words.
    pub message: String,
    /// The event type.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub target: String,
    /// How it ended, in the reader's language.
    pub outcome: &'static str,
    /// The class of the badge.
    pub tone: &'static str,
}

impl TailRow {
    /// From a row of the log.
    #[must_use]
    pub fn of(t: &'static Text, row: LogRow) -> Self {
        Self {
            id: row.id,
            time: row.at.iso().to_owned(),
            message: row.message,
            event: row.event,
            actor: row.actor,
            target: row.target,
            outcome: row.outcome.label(t),
            tone: row.outcome.tone().class(),
        }
    }
}

here!(LogPage => Log, LogEntryPage => Log, LogTailPage => Log);
