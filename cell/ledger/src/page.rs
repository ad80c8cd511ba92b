//! Pages of the log, newest or oldest first, each by an index.
//!
//! One condition has an index of its own. Several together, and keywords, are found by the words of the log
//! ([`crate::words`]). A page looks at a bounded number of rows and may come back short, even empty, with a place to go on
//! from: a rare event in a long log costs the reader more pages, never the store a long scan.

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
/// Most rows that are looked at for one page.
const SCAN_ROWS_MAX: usize = 5_000;
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

/// The index that a page is read by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Driver {
    All,
    Type(&'static str),
    Actor(String),
    Target(String),
    Outcome(&'static str),
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
    let Some(mut span) = load_span(tx, org, filter, order).await? else {
        return Ok(LogPage {
            rows: Vec::new(),
            next: None,
        });
    };
    let driver = plan_driver(filter);
    if !filter.keywords.is_empty() || !driver_suffices(&driver, filter) {
        return words::search::load(tx, org, filter, span, limit).await;
    }
    let (mut rows, mut scanned, mut ended) = (Vec::new(), 0, false);
    // One row more than asked for tells whether another page follows.
    while rows.len() <= limit && scanned < SCAN_ROWS_MAX && !ended {
        let asked = limit + 1 - rows.len();
        let batch = store::load_rows(
            tx,
            org,
            &driver,
            span,
            i64::try_from(asked).unwrap_or(i64::MAX),
        )
        .await?;
        ended = batch.len() < asked;
        scanned += batch.len();
        if let Some(last) = batch.last() {
            span = span.beyond(last.seq);
        }
        rows.extend(batch.into_iter().filter(|row| matches_filter(row, filter)));
    }
    let next = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().map(|row| row.seq)
    } else if ended {
        None
    } else {
        Some(span.reached())
    };
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

/// The condition that fewest rows are likely to meet.
pub(crate) fn plan_driver(filter: &LogFilter) -> Driver {
    match filter {
        LogFilter {
            target: Some(target),
            ..
        } => Driver::Target(target.clone()),
        LogFilter {
            actor: Some(actor), ..
        } => Driver::Actor(actor.clone()),
        LogFilter {
            outcome: Some(outcome),
            event_type: None,
            ..
        } if *outcome != Outcome::Success => Driver::Outcome(outcome.as_str()),
        LogFilter {
            event_type: Some(event_type),
            ..
        } => Driver::Type(event_type.as_str()),
        _ => Driver::All,
    }
}

/// Whether every row that the driver finds (within the span) matches the filter.
fn driver_suffices(driver: &Driver, filter: &LogFilter) -> bool {
    let beyond = |wanted: bool, by_driver: bool| wanted && !by_driver;
    !(beyond(
        filter.event_type.is_some(),
        matches!(driver, Driver::Type(_)),
    ) || beyond(filter.actor.is_some(), matches!(driver, Driver::Actor(_)))
        || beyond(
            filter.outcome.is_some(),
            matches!(driver, Driver::Outcome(_)),
        ))
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
