//! The SQL of the log.

use crate::chain::{ChainHead, GENESIS};
use crate::event_type::EventType;
use crate::page::{Direction, Driver, LogRow, Span};
use crate::words::store as numbered;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::{EventId, OrgId};
use vocab::time::Timestamp;

/// The head of a chain, taken for writing.
pub(crate) struct TakenHead {
    pub(crate) seq: i64,
    pub(crate) hash: String,
    pub(crate) published_at: Timestamp,
}

/// A row to insert.
pub(crate) struct NewRow<'r> {
    pub(crate) seq: i64,
    pub(crate) id: EventId,
    pub(crate) published_at: Timestamp,
    pub(crate) event_type: EventType,
    pub(crate) outcome: &'r str,
    pub(crate) actor_id: &'r str,
    pub(crate) body: String,
    pub(crate) hash: &'r str,
}

/// Takes the head for writing: its row is held until the transaction ends.
pub(crate) async fn take_head(tx: &mut WriteTx, org: &OrgId) -> Result<TakenHead, DatabaseFault> {
    const TAKE: &str = "SELECT seq, hash, published_at FROM log_heads WHERE org_id = $1 FOR UPDATE";
    const BEGIN: &str =
        "INSERT INTO log_heads (org_id, seq, hash, published_at) VALUES ($1, 0, $2, 0)
         ON CONFLICT (org_id) DO NOTHING";
    let taken = match tx.query_optional(TAKE, params![org]).await? {
        Some(row) => Some(row),
        // The first event of an org; where two begin at once, the second waits and goes on from the first.
        None => {
            tx.execute(BEGIN, params![org, GENESIS]).await?;
            tx.query_optional(TAKE, params![org]).await?
        }
    };
    match taken {
        Some(row) => Ok(TakenHead {
            seq: row.get(0)?,
            hash: row.get(1)?,
            published_at: row.get(2)?,
        }),
        // The row was just made; were it gone, the primary key of the events would refuse this number.
        None => Ok(TakenHead {
            seq: 0,
            hash: GENESIS.to_owned(),
            published_at: Timestamp::default(),
        }),
    }
}

/// Whether a move of the org decides who may write, or notes what is written.
pub(crate) async fn is_moving(tx: &mut ReadTx, org: &OrgId) -> Result<bool, DatabaseFault> {
    const FIND: &str = "SELECT 1 FROM org_fences WHERE org_id = $1";
    Ok(tx.query_optional(FIND, params![org]).await?.is_some())
}

pub(crate) async fn update_head(
    tx: &mut WriteTx,
    org: &OrgId,
    head: &TakenHead,
) -> Result<(), DatabaseFault> {
    const UPDATE: &str =
        "UPDATE log_heads SET seq = $2, hash = $3, published_at = $4 WHERE org_id = $1";
    let values = params![org, head.seq, &head.hash, head.published_at];
    tx.execute(UPDATE, values).await?;
    Ok(())
}

pub(crate) async fn insert_event(
    tx: &mut WriteTx,
    org: &OrgId,
    row: NewRow<'_>,
) -> Result<(), DatabaseFault> {
    const INSERT: &str = "INSERT INTO log_events
         (org_id, seq, id, published_at, event_type, outcome, actor_id, body, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        org,
        row.seq,
        row.id,
        row.published_at,
        row.event_type.as_str(),
        row.outcome,
        row.actor_id,
        row.body,
        row.hash
    ];
    tx.execute(INSERT, values).await?;
    Ok(())
}

pub(crate) async fn insert_target(
    tx: &mut WriteTx,
    org: &OrgId,
    seq: i64,
    target_id: &str,
) -> Result<(), DatabaseFault> {
    const INSERT: &str = "INSERT INTO log_targets (org_id, seq, target_id) VALUES ($1, $2, $3)";
    tx.execute(INSERT, params![org, seq, target_id]).await?;
    Ok(())
}

/// The newest row of the org's chain; none for an org without events.
///
/// # Errors
/// The store's fault.
pub async fn load_head(tx: &mut ReadTx, org: &OrgId) -> Result<Option<ChainHead>, DatabaseFault> {
    const LOAD: &str = "SELECT seq, hash FROM log_heads WHERE org_id = $1";
    let row = tx.query_optional(LOAD, params![org]).await?;
    row.map(|row| {
        Ok(ChainHead {
            seq: row.get(0)?,
            hash: row.get(1)?,
        })
    })
    .transpose()
}

/// The number of the oldest row that the org's log still has; none for an org without events.
///
/// # Errors
/// The store's fault.
pub async fn load_oldest(tx: &mut ReadTx, org: &OrgId) -> Result<Option<i64>, DatabaseFault> {
    const LOAD: &str = "SELECT seq FROM log_events WHERE org_id = $1 ORDER BY seq LIMIT 1";
    let row = tx.query_optional(LOAD, params![org]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// The org whose id comes next after `after` and that has a log, for going through all of them.
///
/// # Errors
/// The store's fault.
pub async fn next_org(
    tx: &mut ReadTx,
    after: Option<&OrgId>,
) -> Result<Option<OrgId>, DatabaseFault> {
    // An org that has rows but lost its head must be found too.
    const NEXT: &str = "SELECT MIN(org_id) FROM (
             SELECT MIN(org_id) AS org_id FROM log_heads WHERE org_id > $1
             UNION ALL SELECT MIN(org_id) AS org_id FROM log_events WHERE org_id > $1
         ) AS next_orgs";
    let after = after.map_or("", OrgId::as_str);
    match tx.query_optional(NEXT, params![after]).await? {
        Some(row) => row.get(0),
        None => Ok(None),
    }
}

/// One row by its number.
///
/// # Errors
/// The store's fault.
pub async fn load_event(
    tx: &mut ReadTx,
    org: &OrgId,
    seq: i64,
) -> Result<Option<LogRow>, DatabaseFault> {
    const LOAD: &str = "SELECT seq, id, published_at, event_type, outcome, actor_id, body, hash
         FROM log_events WHERE org_id = $1 AND seq = $2";
    let row = tx.query_optional(LOAD, params![org, seq]).await?;
    row.as_ref().map(parse_row).transpose()
}

/// The number of the earliest row at or after a moment.
pub(crate) async fn first_seq_since(
    tx: &mut ReadTx,
    org: &OrgId,
    since: Timestamp,
) -> Result<Option<i64>, DatabaseFault> {
    const FIRST: &str = "SELECT seq FROM log_events WHERE org_id = $1 AND published_at >= $2
         ORDER BY published_at, seq LIMIT 1";
    tx.query_optional(FIRST, params![org, since])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// The number of the latest row before a moment.
pub(crate) async fn last_seq_before(
    tx: &mut ReadTx,
    org: &OrgId,
    until: Timestamp,
) -> Result<Option<i64>, DatabaseFault> {
    const LAST: &str = "SELECT seq FROM log_events WHERE org_id = $1 AND published_at < $2
         ORDER BY published_at DESC, seq DESC LIMIT 1";
    tx.query_optional(LAST, params![org, until])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// Rows strictly between the two numbers of the span, by the index of the driver.
pub(crate) async fn load_rows(
    tx: &mut ReadTx,
    org: &OrgId,
    driver: &Driver,
    span: Span,
    limit: i64,
) -> Result<Vec<LogRow>, DatabaseFault> {
    let Span {
        direction,
        after,
        before,
    } = span;
    let rows = match driver {
        Driver::All => {
            tx.query(select_all(direction), params![org, after, before, limit])
                .await?
        }
        Driver::Type(name) => {
            tx.query(
                select_by_type(direction),
                params![org, after, before, limit, *name],
            )
            .await?
        }
        Driver::Actor(id) => {
            tx.query(
                select_by_actor(direction),
                params![org, after, before, limit, id],
            )
            .await?
        }
        Driver::Target(id) => {
            tx.query(
                select_by_target(direction),
                params![org, after, before, limit, id],
            )
            .await?
        }
        Driver::Outcome(word) => {
            tx.query(
                select_by_outcome(direction),
                params![org, after, before, limit, *word],
            )
            .await?
        }
    };
    rows.iter().map(parse_row).collect()
}

/// So many rows as one statement finds, by their numbers; those that are gone are left out.
pub(crate) async fn load_numbered(
    tx: &mut ReadTx,
    org: &OrgId,
    seqs: &[i64],
    direction: Direction,
) -> Result<Vec<LogRow>, DatabaseFault> {
    let Some(values) = numbered::values_of(org, seqs) else {
        return Ok(Vec::new());
    };
    let found = tx.query(numbered::LOAD_ROWS.as_str(), &values).await?;
    let mut rows: Vec<LogRow> = found.iter().map(parse_row).collect::<Result<_, _>>()?;
    rows.sort_unstable_by_key(|row| row.seq);
    if direction == Direction::NewestFirst {
        rows.reverse();
    }
    Ok(rows)
}

/// The targets of the rows from the first to the last number, as the index has them.
pub(crate) async fn load_targets(
    tx: &mut ReadTx,
    org: &OrgId,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String)>, DatabaseFault> {
    const LOAD: &str =
        "SELECT seq, target_id FROM log_targets WHERE org_id = $1 AND seq >= $2 AND seq <= $3
         ORDER BY seq, target_id";
    let rows = tx.query(LOAD, params![org, first, last]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// One statement per index and direction, so that each is fixed text whose plan is known.
///
/// The bounds compare the index's last two columns as one row, `(actor, number)`: with an equality and a range apart,
/// SQLite would rather take the primary key and walk the whole log.
macro_rules! select_rows {
    ($direction:expr, $from:literal, $condition:literal, $column:literal, $key:literal) => {
        match $direction {
            Direction::NewestFirst => select_rows!(@text $from, $condition, $column, $key, " DESC"),
            Direction::OldestFirst => select_rows!(@text $from, $condition, $column, $key, ""),
        }
    };
    (@text $from:literal, $condition:literal, $column:literal, $key:literal, $order:literal) => {
        concat!(
            "SELECT e.seq, e.id, e.published_at, e.event_type, e.outcome, e.actor_id, e.body, e.hash FROM ",
            $from, " WHERE ", $condition,
            " AND (", $column, ", ", $key, ") > ($5, $2) AND (", $column, ", ", $key, ") < ($5, $3)",
            " ORDER BY ", $column, $order, ", ", $key, $order, " LIMIT $4",
        )
    };
}

const fn select_all(direction: Direction) -> &'static str {
    match direction {
        Direction::NewestFirst => {
            "SELECT e.seq, e.id, e.published_at, e.event_type, e.outcome, e.actor_id, e.body, e.hash
             FROM log_events e WHERE e.org_id = $1 AND e.seq > $2 AND e.seq < $3 ORDER BY e.seq DESC LIMIT $4"
        }
        Direction::OldestFirst => {
            "SELECT e.seq, e.id, e.published_at, e.event_type, e.outcome, e.actor_id, e.body, e.hash
             FROM log_events e WHERE e.org_id = $1 AND e.seq > $2 AND e.seq < $3 ORDER BY e.seq LIMIT $4"
        }
    }
}

const fn select_by_type(direction: Direction) -> &'static str {
    select_rows!(
        direction,
        "log_events e",
        "e.org_id = $1",
        "e.event_type",
        "e.seq"
    )
}

const fn select_by_actor(direction: Direction) -> &'static str {
    select_rows!(
        direction,
        "log_events e",
        "e.org_id = $1",
        "e.actor_id",
        "e.seq"
    )
}

/// The second condition lets the planner see that the partial index covers the question.
const fn select_by_outcome(direction: Direction) -> &'static str {
    select_rows!(
        direction,
        "log_events e",
        "e.org_id = $1 AND e.outcome <> 'SUCCESS'",
        "e.outcome",
        "e.seq"
    )
}

const fn select_by_target(direction: Direction) -> &'static str {
    select_rows!(
        direction,
        "log_targets t JOIN log_events e ON e.org_id = t.org_id AND e.seq = t.seq",
        "t.org_id = $1",
        "t.target_id",
        "t.seq"
    )
}

fn parse_row(row: &Row) -> Result<LogRow, DatabaseFault> {
    Ok(LogRow {
        seq: row.get(0)?,
        id: row.get(1)?,
        published_at: row.get(2)?,
        event_type: row.get(3)?,
        outcome: row.get(4)?,
        actor_id: row.get(5)?,
        body: row.get(6)?,
        hash: row.get(7)?,
    })
}

/// Each statement that reads a page, and the index that it must use.
#[cfg(test)]
pub(crate) fn every_page_statement(direction: Direction) -> [(&'static str, &'static str); 5] {
    [
        (select_all(direction), "sqlite_autoindex_log_events_1"),
        (select_by_type(direction), "log_events_by_type"),
        (select_by_actor(direction), "log_events_by_actor"),
        (select_by_outcome(direction), "log_events_by_outcome"),
        (select_by_target(direction), "log_targets_by_target"),
    ]
}
