//! The tables `event_hooks` and `event_hook_types`.

use crate::event_hook::EventHook;
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use std::collections::HashMap;
use vocab::future::boxed;
use vocab::id::{EventHookId, OrgId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, name, config, active, verified, revision, created_at, updated_at FROM event_hooks ",
            $rest
        )
    };
}

/// The types are read apart.
fn read(row: &Row) -> Result<EventHook, Fault> {
    let config: String = row.get(3)?;
    Ok(EventHook {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        config: serde_json::from_str(&config)
            .map_err(|error| Fault::stored("event hook", &error))?,
        types: Vec::new(),
        active: row.get(4)?,
        verified: row.get(5)?,
        revision: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

/// A hook.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &EventHookId,
) -> Result<Option<EventHook>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut hook = read(&row)?;
    let sql = "SELECT event_type FROM event_hook_types \
               WHERE org_id = $1 AND hook_id = $2 ORDER BY event_type";
    for row in tx.query(sql, params![org_id, id]).await? {
        hook.types.push(row.get(0)?);
    }
    Ok(Some(hook))
}

/// The hooks of an org, the oldest first. There are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<EventHook>, Fault> {
    let rows = tx
        .query(
            select!("WHERE org_id = $1 ORDER BY created_at, id"),
            params![org_id],
        )
        .await?;
    let mut types: HashMap<EventHookId, Vec<String>> = HashMap::new();
    let sql = "SELECT hook_id, event_type FROM event_hook_types \
               WHERE org_id = $1 ORDER BY hook_id, event_type";
    for row in tx.query(sql, params![org_id]).await? {
        types.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let whole = |row: &Row| {
        let mut hook = read(row)?;
        hook.types = types.remove(&hook.id).unwrap_or_default();
        Ok(hook)
    };
    rows.iter().map(whole).collect()
}

/// How many hooks an org has.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org_id: &OrgId) -> Result<usize, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM event_hooks WHERE org_id = $1";
    let row = tx.query_optional(sql, params![org_id]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn render_config(hook: &EventHook) -> Result<String, Fault> {
    serde_json::to_string(&hook.config).map_err(|error| Fault::stored("event hook", &error))
}

/// Adds a hook, which has followed the log up to this row.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, hook: &EventHook, followed: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO event_hooks (org_id, id, name, config, active, verified, revision, followed, \
               deliveries, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)";
    let values = params![
        &hook.org_id,
        &hook.id,
        &hook.name,
        render_config(hook)?,
        hook.active,
        hook.verified,
        hook.revision,
        followed,
        hook.created_at,
        hook.updated_at
    ];
    tx.execute(sql, values).await?;
    insert_types(tx, hook).await
}

async fn insert_types(tx: &mut WriteTx, hook: &EventHook) -> Result<(), Fault> {
    let sql = "INSERT INTO event_hook_types (org_id, hook_id, event_type) VALUES ($1, $2, $3)";
    for event_type in &hook.types {
        tx.execute(sql, params![&hook.org_id, &hook.id, event_type])
            .await?;
    }
    Ok(())
}

/// Stores a hook that was changed, if nobody changed it since it was read; false if somebody did. Where it begins to be
/// told things, it is told those behind this row alone.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    hook: &EventHook,
    begins_behind: Option<i64>,
) -> Result<bool, Fault> {
    let sql = "UPDATE event_hooks SET name = $4, config = $5, active = $6, verified = $7, updated_at = $8, \
               revision = revision + 1, followed = COALESCE($9, followed) \
               WHERE org_id = $1 AND id = $2 AND revision = $3";
    let values = params![
        &hook.org_id,
        &hook.id,
        hook.revision,
        &hook.name,
        render_config(hook)?,
        hook.active,
        hook.verified,
        hook.updated_at,
        begins_behind
    ];
    if tx.execute(sql, values).await? != 1 {
        return Ok(false);
    }
    let sql = "DELETE FROM event_hook_types WHERE org_id = $1 AND hook_id = $2";
    tx.execute(sql, params![&hook.org_id, &hook.id]).await?;
    insert_types(tx, hook).await?;
    Ok(true)
}

/// Removes a hook that is switched off, with all that is noted of it; false if it is not there or switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &EventHookId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM event_hooks WHERE org_id = $1 AND id = $2 AND active = 0";
    if tx.execute(sql, params![org_id, id]).await? != 1 {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM event_hook_types WHERE org_id = $1 AND hook_id = $2",
        "DELETE FROM event_hook_deliveries WHERE org_id = $1 AND hook_id = $2",
    ] {
        tx.execute(sql, params![org_id, id]).await?;
    }
    Ok(true)
}

/// A hook that is told things, and how far behind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// The org.
    pub org_id: OrgId,
    /// The hook.
    pub id: EventHookId,
    /// The last row that was looked at.
    pub followed: i64,
    /// The newest row of the org's log.
    pub newest: i64,
}

/// So many hooks that are told things, behind this one, in the order of their ids. Orgs that are closed are passed over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_following(
    tx: &mut ReadTx,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<Following>, DatabaseFault> {
    let sql = "SELECT h.org_id, h.id, h.followed, COALESCE(l.seq, 0) FROM event_hooks h \
               LEFT JOIN log_heads l ON l.org_id = h.org_id \
               WHERE h.active = 1 AND h.verified = 1 AND (h.org_id, h.id) > ($1, $2) \
               AND h.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY h.org_id, h.id LIMIT $3";
    let rows = tx.query(sql, params![after.0, after.1, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Following {
                org_id: row.get(0)?,
                id: row.get(1)?,
                followed: row.get(2)?,
                newest: row.get(3)?,
            })
        })
        .collect()
}

/// A row of the log that a hook is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// Its number.
    pub seq: i64,
    /// Its type.
    pub event_type: String,
    /// How large it is.
    pub bytes: i64,
}

/// The rows between two numbers (the first left out) whose types the hook is told, oldest first. Each type is looked up
/// in the index of types, so that rows of other types are not touched.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_rows(
    tx: &mut ReadTx,
    (org_id, id): (&OrgId, &EventHookId),
    after: i64,
    last: i64,
) -> Result<Vec<FoundRow>, DatabaseFault> {
    let sql = "SELECT e.seq, e.event_type, CAST(length(e.body) AS BIGINT) FROM event_hook_types t \
               JOIN log_events e ON e.org_id = t.org_id AND e.event_type = t.event_type \
               AND e.seq > $3 AND e.seq <= $4 \
               WHERE t.org_id = $1 AND t.hook_id = $2 ORDER BY e.seq";
    let rows = tx.query(sql, params![org_id, id, after, last]).await?;
    rows.iter()
        .map(|row| {
            Ok(FoundRow {
                seq: row.get(0)?,
                event_type: row.get(1)?,
                bytes: row.get(2)?,
            })
        })
        .collect()
}

/// Goes on from one row of the log to another, if the hook is still told things and nobody went on meanwhile, and counts
/// so many deliveries more; the number of the last of them, or none if not.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn go_on(
    tx: &mut WriteTx,
    (org_id, id): (&OrgId, &EventHookId),
    (from, to): (i64, i64),
    deliveries: i64,
) -> Result<Option<i64>, DatabaseFault> {
    let sql = "UPDATE event_hooks SET followed = $4, deliveries = deliveries + $5 \
               WHERE org_id = $1 AND id = $2 AND followed = $3 AND active = 1 AND verified = 1 \
               RETURNING deliveries";
    let values = params![org_id, id, from, to, deliveries];
    let rows = tx.query(sql, values).await?;
    rows.first().map(|row| row.get(0)).transpose()
}

/// The number of the newest row of an org's log.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn newest_row(tx: &mut ReadTx, org_id: &OrgId) -> Result<i64, DatabaseFault> {
    let head = ledger::load_head(tx, org_id).await?;
    Ok(head.map_or(0, |head| head.seq))
}
