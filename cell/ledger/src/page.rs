//! Pages of the log, newest or oldest first.
//!
//! Rows have numbers, and moments lead to these. All other conditions are found by the words of the log ([`crate::words`]): such
//! a page looks at a bounded number of rows and may come back short, even empty, with a place to go on from.

use crate::body::LogEvent;
use crate::event::Outcome;
use crate::event_type::EventType;
use crate::{store, words};
use database::{DatabaseFault, ReadTx};
use protocol::keywords::Keywords;
use serde_json::Value;
use vocab::id::{EventId, OrgId};
use vocab::time::Timestamp;

/// Most rows of a page.
pub const PAGE_ROWS_MAX: usize = 1_000;
/// Rows per statement where they are looked at one after the other.
pub(crate) const SCAN_BATCH_ROWS: usize = 250;
/// The kinds of proof that strict clients know; another one is left out for them.
const KNOWN_CREDENTIALS: [&str; 6] = [
    "PASSWORD",
    "OTP",
    "EMAIL",
    "JWT",
    "CERTIFICATE",
    "ASSERTION",
];

/// Which rows are wanted; an absent condition wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this type.
    pub event_type: Option<EventType>,
    /// By this actor's id.
    pub actor: Option<String>,
    /// With a target of this id.
    pub target: Option<String>,
    /// That came to this.
    pub outcome: Option<Outcome>,
    /// Published at this moment or later.
    pub since: Option<Timestamp>,
    /// Published before this moment.
    pub until: Option<Timestamp>,
    /// With all of these among its words.
    pub keywords: Keywords,
}

impl LogFilter {
    /// Whether anything is asked for but a span of time.
    fn asks_for_words(&self) -> bool {
        self.event_type.is_some()
            || self.actor.is_some()
            || self.target.is_some()
            || self.outcome.is_some()
            || !self.keywords.is_empty()
    }
}

/// In which order, which is also in which direction pages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The newest row first.
    NewestFirst,
    /// The oldest row first.
    OldestFirst,
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its number in the org's chain.
    pub seq: i64,
    /// Its id.
    pub id: EventId,
    /// When it was published.
    pub published_at: Timestamp,
    /// The wire name of its type; a newer release may have written one that this one does not know.
    pub event_type: String,
    /// What it came to.
    pub outcome: String,
    /// Who acted.
    pub actor_id: String,
    /// The event as it was hashed: JSON.
    pub body: String,
    /// Its hash.
    pub hash: String,
}

impl LogRow {
    /// The event that the body holds; none if it was damaged.
    #[must_use]
    pub fn event(&self) -> Option<LogEvent<'static>> {
        serde_json::from_str(&self.body).ok()
    }

    /// The event as it is stored, for programs; a damaged row is left out, which the verification of the log tells of.
    #[must_use]
    pub fn shown(&self) -> Option<Value> {
        let mut event: Value = serde_json::from_str(&self.body).ok()?;
        if let Some(context) = event
            .get_mut("authenticationContext")
            .and_then(Value::as_object_mut)
        {
            let known = |kind: &Value| {
                kind.as_str()
                    .is_some_and(|kind| KNOWN_CREDENTIALS.contains(&kind))
            };
            if !context.get("credentialType").is_some_and(known) {
                context.remove("credentialType");
            }
        }
        Some(event)
    }
}

/// Some rows, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The rows.
    pub rows: Vec<LogRow>,
    /// Go on beyond the row of this number; none at the end.
    pub next: Option<i64>,
}

/// Rows strictly between two numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) direction: Direction,
    pub(crate) after: i64,
    pub(crate) before: i64,
}

/// A page of the org's log, the newest rows first: those before the row of a number, or from the newest on.
///
/// # Errors
/// The store's fault.
pub async fn load_page(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    before_seq: Option<i64>,
    limit: usize,
) -> Result<LogPage, DatabaseFault> {
    load(tx, org, filter, (Direction::NewestFirst, before_seq), limit).await
}

/// A page of the org's log, the oldest rows first: those after the row of a number (0: from the first on). A reader
/// who goes on from the last row misses none, whatever is written meanwhile.
///
/// # Errors
/// The store's fault.
pub async fn load_after(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    after_seq: i64,
    limit: usize,
) -> Result<LogPage, DatabaseFault> {
    load(
        tx,
        org,
        filter,
        (Direction::OldestFirst, Some(after_seq)),
        limit,
    )
    .await
}

async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    order: (Direction, Option<i64>),
    limit: usize,
) -> Result<LogPage, DatabaseFault> {
    let limit = limit.clamp(1, PAGE_ROWS_MAX);
    let Some(span) = load_span(tx, org, filter, order).await? else {
        return Ok(LogPage {
            rows: Vec::new(),
            next: None,
        });
    };
    if filter.asks_for_words() {
        return words::search::load(tx, org, filter, span, limit).await;
    }
    // One row more than asked for tells whether another page follows.
    let asked = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut rows = store::load_rows(tx, org, span, asked).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| row.seq);
    // A clock that was set back leaves rows of other moments within the numbers.
    rows.retain(|row| matches_filter(row, filter));
    Ok(LogPage { rows, next })
}

impl Span {
    /// What is left once the row of this number has been read.
    pub(crate) const fn beyond(self, seq: i64) -> Self {
        match self.direction {
            Direction::NewestFirst => Self {
                before: seq,
                ..self
            },
            Direction::OldestFirst => Self { after: seq, ..self },
        }
    }

    /// What is left once all rows of another span have been read, with which this one begins.
    pub(crate) const fn without(self, read: Self) -> Self {
        match self.direction {
            Direction::NewestFirst if read.after < self.before - 1 => self.beyond(read.after + 1),
            Direction::OldestFirst if read.before > self.after + 1 => self.beyond(read.before - 1),
            _ => self,
        }
    }

    /// Whether no row can lie in it.
    pub(crate) const fn is_empty(self) -> bool {
        self.after.saturating_add(1) >= self.before
    }

    pub(crate) const fn reached(self) -> i64 {
        match self.direction {
            Direction::NewestFirst => self.before,
            Direction::OldestFirst => self.after,
        }
    }
}

/// The numbers that bound the page; moments become numbers by the index of moments, which rise with the numbers.
async fn load_span(
    tx: &mut ReadTx,
    org: &OrgId,
    filter: &LogFilter,
    (direction, from): (Direction, Option<i64>),
) -> Result<Option<Span>, DatabaseFault> {
    let mut span = Span {
        direction,
        after: 0,
        before: i64::MAX,
    };
    if let Some(since) = filter.since {
        match store::first_seq_since(tx, org, since).await? {
            Some(first) => span.after = first - 1,
            None => return Ok(None),
        }
    }
    if let Some(until) = filter.until {
        match store::last_seq_before(tx, org, until).await? {
            Some(last) => span.before = last + 1,
            None => return Ok(None),
        }
    }
    match (direction, from) {
        (Direction::NewestFirst, Some(from)) => span.before = span.before.min(from),
        (Direction::OldestFirst, Some(from)) => span.after = span.after.max(from),
        (_, None) => {}
    }
    Ok(Some(span))
}

/// Whether the row meets every condition but those about targets and keywords, which always drive.
pub(crate) fn matches_filter(row: &LogRow, filter: &LogFilter) -> bool {
    filter
        .event_type
        .is_none_or(|wanted| row.event_type == wanted.as_str())
        && filter
            .actor
            .as_ref()
            .is_none_or(|wanted| row.actor_id == *wanted)
        && filter
            .outcome
            .is_none_or(|wanted| row.outcome == wanted.as_str())
        && filter.since.is_none_or(|since| row.published_at >= since)
        && filter.until.is_none_or(|until| row.published_at < until)
}
