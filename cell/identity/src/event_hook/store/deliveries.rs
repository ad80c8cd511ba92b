//! The table `event_hook_deliveries`.

use crate::event_hook::deliveries::{Attempt, Delivery, DeliveryState};
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{EventHookId, HookDeliveryId, OrgId};
use vocab::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, hook_id, number, log_rows, event_type, events, state, repeats, attempts, created_at, \
             attempted_at, took_ms, status, trouble, answer FROM event_hook_deliveries ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Delivery, Fault> {
    let (rows, state): (String, String) = (row.get(3)?, row.get(6)?);
    let unreadable = |what: &str| Fault::stored("delivery of an event hook", &what.to_owned());
    Ok(Delivery {
        id: row.get(0)?,
        hook_id: row.get(1)?,
        number: row.get(2)?,
        rows: parse_rows(&rows).ok_or_else(|| unreadable(&rows))?,
        event_type: row.get(4)?,
        events: row.get(5)?,
        state: DeliveryState::from_word(&state).ok_or_else(|| unreadable(&state))?,
        repeats: row.get(7)?,
        attempts: row.get(8)?,
        created_at: row.get(9)?,
        attempted_at: row.get(10)?,
        took_ms: row.get(11)?,
        status: row.get(12)?,
        trouble: row.get(13)?,
        answer: row.get(14)?,
    })
}

fn parse_rows(text: &str) -> Option<Vec<i64>> {
    text.split(',').map(|number| number.parse().ok()).collect()
}

fn render_rows(rows: &[i64]) -> String {
    let numbers: Vec<String> = rows.iter().map(i64::to_string).collect();
    numbers.join(",")
}

/// Adds a delivery that waits.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    org_id: &OrgId,
    delivery: &Delivery,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO event_hook_deliveries (org_id, id, hook_id, number, log_rows, event_type, events, \
               state, repeats, attempts, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'WAITING', 0, 0, $8)";
    let values = params![
        org_id,
        &delivery.id,
        &delivery.hook_id,
        delivery.number,
        render_rows(&delivery.rows),
        &delivery.event_type,
        delivery.events,
        delivery.created_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Forgets the deliveries of a hook up to that number which do not wait any more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_up_to(
    tx: &mut WriteTx,
    (org_id, hook_id): (&OrgId, &EventHookId),
    number: i64,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM event_hook_deliveries \
               WHERE org_id = $1 AND hook_id = $2 AND number <= $3 AND state <> 'WAITING'";
    tx.execute(sql, params![org_id, hook_id, number])
        .await
        .map(|_| ())
}

/// How many deliveries of a hook wait.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count_waiting(
    tx: &mut ReadTx,
    org_id: &OrgId,
    hook_id: &EventHookId,
) -> Result<usize, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM event_hook_deliveries \
               WHERE org_id = $1 AND hook_id = $2 AND state = 'WAITING'";
    let row = tx.query_optional(sql, params![org_id, hook_id]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// A delivery.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &HookDeliveryId,
) -> Result<Option<Delivery>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Deliveries of a hook before that number, the newest first.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    (org_id, hook_id): (&OrgId, &EventHookId),
    before: i64,
    limit: i64,
) -> Result<Vec<Delivery>, Fault> {
    let sql =
        select!("WHERE org_id = $1 AND hook_id = $2 AND number < $3 ORDER BY number DESC LIMIT $4");
    let rows = tx
        .query(sql, params![org_id, hook_id, before, limit])
        .await?;
    rows.iter().map(read).collect()
}

/// Calls off whatever of a hook waits.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn call_off(
    tx: &mut WriteTx,
    org_id: &OrgId,
    hook_id: &EventHookId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE event_hook_deliveries SET state = 'CANCELLED' \
               WHERE org_id = $1 AND hook_id = $2 AND state = 'WAITING'";
    tx.execute(sql, params![org_id, hook_id]).await.map(|_| ())
}

/// Lets a delivery that does not wait wait once more; false if it waits.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn repeat(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &HookDeliveryId,
    repeats: i64,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE event_hook_deliveries SET state = 'WAITING', repeats = repeats + 1, attempts = 0 \
               WHERE org_id = $1 AND id = $2 AND repeats = $3 AND state <> 'WAITING'";
    Ok(tx.execute(sql, params![org_id, id, repeats]).await? == 1)
}

/// Notes what came of an attempt at a delivery that waits; false if it was called off or forgotten meanwhile.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn note(
    tx: &mut WriteTx,
    (org_id, id): (&OrgId, &HookDeliveryId),
    repeats: i64,
    state: DeliveryState,
    attempt: &Attempt,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE event_hook_deliveries SET state = $4, attempts = $5, attempted_at = $6, took_ms = $7, \
               status = $8, trouble = $9, answer = $10 \
               WHERE org_id = $1 AND id = $2 AND repeats = $3 AND state = 'WAITING'";
    let values = params![
        org_id,
        id,
        repeats,
        state.as_str(),
        attempt.number,
        attempt.at,
        attempt.took_ms,
        attempt.status,
        attempt.trouble.map(str::to_owned),
        attempt.answer.clone()
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Forgets deliveries that were made before a moment, and gives those up that still wait then: at most so many.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_before(
    tx: &mut WriteTx,
    before: Timestamp,
    limit: i64,
) -> Result<u64, DatabaseFault> {
    let sql = "DELETE FROM event_hook_deliveries WHERE (org_id, id) IN ( \
               SELECT org_id, id FROM event_hook_deliveries WHERE created_at < $1 \
               AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY created_at, org_id, id LIMIT $2)";
    tx.execute(sql, params![before, limit]).await
}
