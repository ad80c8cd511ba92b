//! The SQL of the log.

use crate::chain::{ChainHead, GENESIS};
use crate::event_type::EventType;
use crate::page::{Direction, LogRow, Span};
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

/// Rows strictly between the two numbers of the span, in its order.
pub(crate) async fn load_rows(
    tx: &mut ReadTx,
    org: &OrgId,
    span: Span,
    limit: i64,
) -> Result<Vec<LogRow>, DatabaseFault> {
    let values = params![org, span.after, span.before, limit];
    let rows = tx.query(select_rows(span.direction), values).await?;
    rows.iter().map(parse_row).collect()
}

/// The number and the body of each row between two numbers, both counted in, the oldest first.
pub(crate) async fn load_bodies(
    tx: &mut ReadTx,
    org: &OrgId,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, String)>, DatabaseFault> {
    let rows = tx.query(LOAD_BODIES, params![org, first, last]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
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

pub(crate) const LOAD_BODIES: &str =
    "SELECT seq, body FROM log_events WHERE org_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq";

/// One statement for each direction, so that its plan is known.
pub(crate) const fn select_rows(direction: Direction) -> &'static str {
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
