//! The SQL of the outbox. Whether a lease still holds is a condition of the statement that gives a message back.

use crate::chain::HashStream;
use crate::outbox::plan::{ATTEMPTS_MAX, Retry, plan_retry};
use crate::outbox::{LEASE_ROWS_MAX, LEASE_SECS};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::{OrgId, OutboxId};
use vocab::time::Timestamp;

const ID_DOMAIN: &[u8] = b"testudo outbox id 1";

/// A message lent to a worker until its lease runs out. Not `Debug`: the payload may hold what must not be logged.
#[derive(Clone)]
pub struct Leased {
    /// The org.
    pub org_id: OrgId,
    /// The row.
    pub id: OutboxId,
    /// What kind of message.
    pub kind: String,
    /// By which the receiver tells a repetition.
    pub idempotency_key: String,
    /// What to deliver.
    pub payload: Vec<u8>,
    /// How often it was tried, this time included. Also the proof of the lease: a later lease has a higher one.
    pub attempts: i64,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedMessage {
    /// The row.
    pub id: OutboxId,
    /// What kind of message.
    pub kind: String,
    /// When it was put into the outbox.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up.
    pub failed_at: Timestamp,
}

/// Puts a message into the outbox, due at once. The same kind and key a second time changes nothing. A payload over
/// 512 KiB or a key over 200 characters is refused by the table itself.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn enqueue(
    tx: &mut WriteTx,
    org: &OrgId,
    kind: &'static str,
    idempotency_key: &str,
    payload: Vec<u8>,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    const INSERT: &str = "INSERT INTO outbox
         (org_id, id, kind, idempotency_key, payload, created_at, due_at, attempts, done, failed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, NULL)
         ON CONFLICT (org_id, kind, idempotency_key) DO NOTHING";
    // Kind and key are unique in the org, and so is an id that follows from them.
    let parts = [
        ID_DOMAIN,
        org.as_str().as_bytes(),
        kind.as_bytes(),
        idempotency_key.as_bytes(),
    ];
    let id = OutboxId::generate(&HashStream::new(&parts));
    tx.execute(
        INSERT,
        params![org, id, kind, idempotency_key, payload, now],
    )
    .await?;
    Ok(())
}

/// Whether a message of this kind is due: a read, where leasing is a write.
///
/// # Errors
/// The store's fault.
pub async fn is_any_due(
    tx: &mut ReadTx,
    kind: &str,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    const ANY: &str = "SELECT 1 FROM outbox WHERE kind = $1 AND due_at <= $2
             AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT 1";
    Ok(!tx.query(ANY, params![kind, now]).await?.is_empty())
}

/// Lends messages of a kind that are due to one worker for [`LEASE_SECS`]. Each loan counts as an attempt, so that a
/// message which kills its worker is given up like any other.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn lease_due(
    tx: &mut WriteTx,
    kind: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Leased>, DatabaseFault> {
    const GIVE_UP: &str = "UPDATE outbox SET due_at = NULL, failed_at = $2
         WHERE kind = $1 AND due_at <= $2 AND attempts >= $3
             AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open')";
    // The condition on due_at stands outside too: on PostgreSQL a second worker that waited for the row's lock
    // evaluates it anew, and finds the row no longer due.
    const LEASE: &str = "UPDATE outbox SET due_at = $3, attempts = attempts + 1
         WHERE kind = $1 AND due_at <= $2 AND (org_id, id) IN (
             SELECT org_id, id FROM outbox WHERE kind = $1 AND due_at <= $2
                 AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open')
             ORDER BY due_at, org_id, id LIMIT $4
         )
         RETURNING org_id, id, kind, idempotency_key, payload, attempts, created_at";
    tx.execute(GIVE_UP, params![kind, now, ATTEMPTS_MAX])
        .await?;
    let limit = limit.clamp(0, LEASE_ROWS_MAX);
    let rows = tx
        .query(LEASE, params![kind, now, now.plus_secs(LEASE_SECS), limit])
        .await?;
    let mut leased = Vec::with_capacity(rows.len());
    for row in &rows {
        leased.push((row.get::<Timestamp>(6)?, parse_leased(row)?));
    }
    leased
        .sort_by(|(one_at, one), (other_at, other)| (one_at, &one.id).cmp(&(other_at, &other.id)));
    Ok(leased.into_iter().map(|(_, leased)| leased).collect())
}

/// Notes that a message was delivered, whoever holds its lease by now. False if that was noted before.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn complete(tx: &mut WriteTx, org: &OrgId, id: &OutboxId) -> Result<bool, DatabaseFault> {
    // The payload goes, it may be personal; the key stays for a while, so that a repeated act sends nothing twice.
    const COMPLETE: &str =
        "UPDATE outbox SET due_at = NULL, failed_at = NULL, done = 1, payload = $3
         WHERE org_id = $1 AND id = $2 AND done = 0";
    Ok(tx
        .execute(COMPLETE, params![org, id, Vec::<u8>::new()])
        .await?
        == 1)
}

/// Puts a message back that nobody tried to deliver, until a moment. False if its loan is over.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn postpone(
    tx: &mut WriteTx,
    leased: &Leased,
    until: Timestamp,
) -> Result<bool, DatabaseFault> {
    const POSTPONE: &str = "UPDATE outbox SET due_at = $4, attempts = attempts - 1
         WHERE org_id = $1 AND id = $2 AND attempts = $3 AND due_at IS NOT NULL";
    let values = params![&leased.org_id, &leased.id, leased.attempts, until];
    Ok(tx.execute(POSTPONE, values).await? == 1)
}

/// Puts a message back after a failed delivery, to be tried later or no more.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn give_back(
    tx: &mut WriteTx,
    leased: &Leased,
    now: Timestamp,
) -> Result<Retry, DatabaseFault> {
    const GIVE_BACK: &str = "UPDATE outbox SET due_at = $4, failed_at = $5
         WHERE org_id = $1 AND id = $2 AND attempts = $3 AND due_at IS NOT NULL";
    let retry = plan_retry(leased.attempts);
    let (due_at, failed_at) = match retry {
        Retry::After(wait_secs) => (Some(now.plus_secs(wait_secs)), None),
        Retry::GiveUp | Retry::LeaseLost => (None, Some(now)),
    };
    let values = params![
        &leased.org_id,
        &leased.id,
        leased.attempts,
        due_at,
        failed_at
    ];
    Ok(if tx.execute(GIVE_BACK, values).await? == 1 {
        retry
    } else {
        Retry::LeaseLost
    })
}

/// The messages of an org that were given up, newest first.
///
/// # Errors
/// The store's fault.
pub async fn load_failed(
    tx: &mut ReadTx,
    org: &OrgId,
    limit: i64,
) -> Result<Vec<FailedMessage>, DatabaseFault> {
    const LOAD: &str = "SELECT id, kind, created_at, attempts, failed_at FROM outbox
         WHERE org_id = $1 AND failed_at IS NOT NULL ORDER BY failed_at DESC, id DESC LIMIT $2";
    let rows = tx
        .query(LOAD, params![org, limit.clamp(0, LEASE_ROWS_MAX)])
        .await?;
    rows.iter()
        .map(|row| {
            Ok(FailedMessage {
                id: row.get(0)?,
                kind: row.get(1)?,
                created_at: row.get(2)?,
                attempts: row.get(3)?,
                failed_at: row.get(4)?,
            })
        })
        .collect()
}

/// Tries a message anew that was given up. False if there is no such message.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn requeue(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &OutboxId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    const REQUEUE: &str = "UPDATE outbox SET due_at = $3, attempts = 0, failed_at = NULL
         WHERE org_id = $1 AND id = $2 AND failed_at IS NOT NULL";
    Ok(tx.execute(REQUEUE, params![org, id, now]).await? == 1)
}

/// Forgets messages that are delivered and were made before a moment, at most `limit` of them, and says how many.
///
/// # Errors
/// The store's fault; the transaction is then over.
pub async fn remove_done(
    tx: &mut WriteTx,
    made_before: Timestamp,
    limit: i64,
) -> Result<u64, DatabaseFault> {
    const REMOVE: &str = "DELETE FROM outbox WHERE (org_id, id) IN (
             SELECT org_id, id FROM outbox WHERE done = 1 AND created_at < $1
                 AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open')
             ORDER BY created_at, org_id, id LIMIT $2
         )";
    tx.execute(REMOVE, params![made_before, limit]).await
}

fn parse_leased(row: &Row) -> Result<Leased, DatabaseFault> {
    Ok(Leased {
        org_id: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        idempotency_key: row.get(3)?,
        payload: row.get(4)?,
        attempts: row.get(5)?,
    })
}
