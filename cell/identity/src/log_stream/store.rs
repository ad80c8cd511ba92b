//! The table `log_streams`.

use crate::fault::Fault;
use crate::log_stream::{LogStream, Standing};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{LogStreamId, OrgId};
use vocab::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT s.org_id, s.id, s.name, s.config, s.filter, s.active, s.revision, s.created_at, s.updated_at, \
             s.followed, s.missed, s.taken_at, s.tried_at, s.failures, s.failing_since, s.alerted, s.trouble, \
             s.status, s.next_at, COALESCE(l.seq, 0) FROM log_streams s \
             LEFT JOIN log_heads l ON l.org_id = s.org_id ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<LogStream, Fault> {
    let config: String = row.get(3)?;
    Ok(LogStream {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        config: serde_json::from_str(&config)
            .map_err(|error| Fault::stored("log stream", &error))?,
        filter: row.get(4)?,
        active: row.get(5)?,
        revision: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        standing: Standing {
            followed: row.get(9)?,
            missed: row.get(10)?,
            taken_at: row.get(11)?,
            tried_at: row.get(12)?,
            failures: row.get(13)?,
            failing_since: row.get(14)?,
            alerted: row.get(15)?,
            trouble: row.get(16)?,
            status: row.get(17)?,
            next_at: row.get(18)?,
            newest: row.get(19)?,
        },
    })
}

/// A stream.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &LogStreamId,
) -> Result<Option<LogStream>, Fault> {
    let sql = select!("WHERE s.org_id = $1 AND s.id = $2");
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read).transpose()
}

/// The streams of an org, the oldest first. There are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<LogStream>, Fault> {
    let sql = select!("WHERE s.org_id = $1 ORDER BY s.created_at, s.id");
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// The ids and names of the streams of an org.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_names(
    tx: &mut ReadTx,
    org_id: &OrgId,
) -> Result<Vec<(LogStreamId, String)>, DatabaseFault> {
    let sql = "SELECT id, name FROM log_streams WHERE org_id = $1";
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

fn render_config(stream: &LogStream) -> Result<String, Fault> {
    serde_json::to_string(&stream.config).map_err(|error| Fault::stored("log stream", &error))
}

/// Adds a stream.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, stream: &LogStream) -> Result<(), Fault> {
    let sql = "INSERT INTO log_streams (org_id, id, name, config, filter, active, revision, created_at, updated_at, \
               followed, missed, failures, alerted, next_at, holder, held_until) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, 0, '', 0)";
    let values = params![
        &stream.org_id,
        &stream.id,
        &stream.name,
        render_config(stream)?,
        &stream.filter,
        stream.active,
        stream.revision,
        stream.created_at,
        stream.updated_at,
        stream.standing.followed
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Stores a stream that an administrator changed, if nobody changed it since it was read; false if somebody did. It is tried
/// at once: what was changed may be what made it fail.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(tx: &mut WriteTx, stream: &LogStream) -> Result<bool, Fault> {
    let sql = "UPDATE log_streams SET name = $4, config = $5, filter = $6, active = $7, updated_at = $8, \
               revision = revision + 1, next_at = 0 WHERE org_id = $1 AND id = $2 AND revision = $3";
    let values = params![
        &stream.org_id,
        &stream.id,
        stream.revision,
        &stream.name,
        render_config(stream)?,
        &stream.filter,
        stream.active,
        stream.updated_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a stream that is switched off; false if it is not there or switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &LogStreamId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM log_streams WHERE org_id = $1 AND id = $2 AND active = 0";
    Ok(tx.execute(sql, params![org_id, id]).await? == 1)
}

/// A stream that has something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The org.
    pub org_id: OrgId,
    /// The stream.
    pub id: LogStreamId,
    /// How often it failed of late.
    pub failures: i64,
    /// The newest row of the org's log.
    pub newest: i64,
}

/// So many streams that are behind the log and may be tried now, behind that one in the order of orgs and ids. Orgs that are
/// closed are passed over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_due(
    tx: &mut ReadTx,
    after: (&str, &str),
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Due>, DatabaseFault> {
    let sql = "SELECT s.org_id, s.id, s.failures, l.seq FROM log_streams s \
               JOIN log_heads l ON l.org_id = s.org_id AND l.seq > s.followed \
               WHERE s.active = 1 AND (s.org_id, s.id) > ($1, $2) AND s.next_at <= $3 AND s.held_until <= $3 \
               AND s.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY s.org_id, s.id LIMIT $4";
    let values = params![after.0, after.1, now, limit];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                org_id: row.get(0)?,
                id: row.get(1)?,
                failures: row.get(2)?,
                newest: row.get(3)?,
            })
        })
        .collect()
}

/// A stream that somebody holds for sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The org.
    pub org_id: OrgId,
    /// The stream.
    pub id: LogStreamId,
    /// Whose it is; nobody else has that name.
    pub holder: String,
}

/// Takes a stream for sending until that moment, if it is still as it was read and nobody has it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn hold(
    tx: &mut WriteTx,
    held: &Held,
    stream: &LogStream,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE log_streams SET holder = $5, held_until = $7 WHERE org_id = $1 AND id = $2 \
               AND followed = $3 AND revision = $4 AND active = 1 AND held_until <= $6 AND next_at <= $6";
    let values = params![
        &held.org_id,
        &held.id,
        stream.standing.followed,
        stream.revision,
        &held.holder,
        now,
        until
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes how far a stream has come, and what came of the attempt, if it is still held by the same: the hold ends. One that was
/// switched off meanwhile has come that far all the same.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn note(
    tx: &mut WriteTx,
    held: &Held,
    standing: &Standing,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE log_streams SET followed = $4, missed = $5, taken_at = $6, tried_at = $7, failures = $8, \
               failing_since = $9, alerted = $10, trouble = $11, status = $12, next_at = $13, \
               holder = '', held_until = 0 WHERE org_id = $1 AND id = $2 AND holder = $3";
    let values = params![
        &held.org_id,
        &held.id,
        &held.holder,
        standing.followed,
        standing.missed,
        standing.taken_at,
        standing.tried_at,
        standing.failures,
        standing.failing_since,
        standing.alerted,
        standing.trouble.clone(),
        standing.status,
        standing.next_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Passes rows that are not for a stream, if it still stands where it stood and nobody sends.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn pass(
    tx: &mut WriteTx,
    stream: &LogStream,
    to: (i64, i64),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE log_streams SET followed = $5, missed = $6 WHERE org_id = $1 AND id = $2 \
               AND followed = $3 AND revision = $4 AND held_until <= $7";
    let (followed, missed) = to;
    let values = params![
        &stream.org_id,
        &stream.id,
        stream.standing.followed,
        stream.revision,
        followed,
        missed,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}
