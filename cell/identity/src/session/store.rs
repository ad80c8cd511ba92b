//! The table `sessions`.

use crate::fault::Fault;
use crate::person::Person;
use crate::session::Session;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

fn read(row: &Row) -> Result<Session, Fault> {
    let authenticators: String = row.get(4)?;
    Ok(Session {
        org_id: row.get(0)?,
        id: row.get(1)?,
        user_id: row.get(2)?,
        user_epoch: row.get(3)?,
        authenticators: serde_json::from_str(&authenticators)
            .map_err(|error| Fault::stored("authenticators of a session", &error))?,
        authenticated_at: row.get(5)?,
        created_at: row.get(6)?,
        last_seen_at: row.get(7)?,
        idle_expires_at: row.get(8)?,
        expires_at: row.get(9)?,
        address: row.get(10)?,
        user_agent: row.get(11)?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, user_id, user_epoch, authenticators, authenticated_at, created_at, last_seen_at, ",
            "idle_expires_at, expires_at, address, user_agent FROM sessions ",
            $rest
        )
    };
}

/// The session of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &SessionId,
) -> Result<Option<Session>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The session whose secret has that hash.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find_by_secret(
    tx: &mut ReadTx,
    org_id: &OrgId,
    hash: &SecretHash,
) -> Result<Option<Session>, Fault> {
    let sql = select!("WHERE org_id = $1 AND secret_hash = $2");
    let row = tx.query_optional(sql, params![org_id, hash]).await?;
    row.as_ref().map(read).transpose()
}

/// The place of a session in the list of its person: the newest begin the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPlace {
    /// When it began.
    pub created_at: Timestamp,
    /// Its id.
    pub id: String,
}

impl Default for SessionPlace {
    /// Before the first of the list.
    fn default() -> Self {
        Self {
            created_at: Timestamp::from_micros(i64::MAX),
            id: String::new(),
        }
    }
}

/// The sessions of a person that are alive, the newest first, behind that place. One of an earlier epoch is stored yet,
/// but ended.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_person(
    tx: &mut ReadTx,
    person: &Person,
    now: Timestamp,
    after: &SessionPlace,
    limit: i64,
) -> Result<Vec<Session>, Fault> {
    let sql = select!(
        "WHERE org_id = $1 AND user_id = $2 AND user_epoch = $3 AND expires_at > $4 AND idle_expires_at > $4 \
         AND (created_at < $5 OR (created_at = $5 AND id < $6)) ORDER BY created_at DESC, id DESC LIMIT $7"
    );
    let values = params![
        &person.org_id,
        &person.id,
        person.epoch,
        now,
        after.created_at,
        &after.id,
        limit
    ];
    let rows = tx.query(sql, values).await?;
    rows.iter().map(read).collect()
}

/// Adds a session under the hash of its secret.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, session: &Session, secret: &SecretHash) -> Result<(), Fault> {
    let authenticators = serde_json::to_string(&session.authenticators)
        .map_err(|error| Fault::stored("authenticators of a session", &error))?;
    let sql = "INSERT INTO sessions (org_id, id, user_id, secret_hash, user_epoch, authenticators, authenticated_at, \
               created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = [
        Value::from(&session.org_id),
        Value::from(&session.id),
        Value::from(&session.user_id),
        Value::from(secret),
        Value::from(session.user_epoch),
        Value::from(authenticators),
        Value::from(session.authenticated_at),
        Value::from(session.created_at),
        Value::from(session.last_seen_at),
        Value::from(session.idle_expires_at),
        Value::from(session.expires_at),
        Value::from(&session.address),
        Value::from(&session.user_agent),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Gives a session a new secret and what was proved meanwhile; false if it ended.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn rotate(
    tx: &mut WriteTx,
    session: &Session,
    secret: &SecretHash,
) -> Result<bool, Fault> {
    let authenticators = serde_json::to_string(&session.authenticators)
        .map_err(|error| Fault::stored("authenticators of a session", &error))?;
    let sql = "UPDATE sessions SET secret_hash = $1, authenticators = $2, authenticated_at = $3, last_seen_at = $4, \
               idle_expires_at = $5 WHERE org_id = $6 AND id = $7 AND user_epoch = $8";
    let values = params![
        secret,
        authenticators,
        session.authenticated_at,
        session.last_seen_at,
        session.idle_expires_at,
        &session.org_id,
        &session.id,
        session.user_epoch
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Moves the idle end on.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn touch(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &SessionId,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<(), Fault> {
    let sql = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 \
               WHERE org_id = $3 AND id = $4 AND last_seen_at < $1";
    tx.execute(sql, params![now, idle_expires_at, org_id, id])
        .await?;
    Ok(())
}

/// Moves the idle end of a session on that lives; false if it ended.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn prolong(
    tx: &mut WriteTx,
    session: &Session,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE sessions SET idle_expires_at = $1 WHERE org_id = $2 AND id = $3 AND user_id = $4 \
               AND user_epoch = (SELECT epoch FROM users WHERE org_id = $2 AND id = $4) \
               AND idle_expires_at > $5 AND expires_at > $5";
    let values = params![
        idle_expires_at,
        &session.org_id,
        &session.id,
        &session.user_id,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes what ends, so that nobody who ends a session must remember to tell its apps.
macro_rules! note_ended {
    ($rest:literal) => {
        concat!(
            "INSERT INTO ended_sessions (org_id, session_id, user_id) ",
            "SELECT org_id, id, user_id FROM sessions WHERE org_id = $1 AND user_id = $2 ",
            $rest,
            " ON CONFLICT (org_id, session_id) DO NOTHING"
        )
    };
}

/// Ends one session of that person; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &SessionId,
) -> Result<bool, DatabaseFault> {
    let sql = note_ended!("AND id = $3");
    tx.execute(sql, params![org_id, user_id, id]).await?;
    let sql = "DELETE FROM sessions WHERE org_id = $1 AND user_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org_id, user_id, id]).await? == 1)
}

/// Ends every session of that person; returns which there were.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete_all(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<SessionId>, DatabaseFault> {
    let sql = note_ended!("");
    tx.execute(sql, params![org_id, user_id]).await?;
    let sql = "DELETE FROM sessions WHERE org_id = $1 AND user_id = $2 RETURNING id";
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Ends every session of that person but one; returns which there were.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_all_but(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    kept: &SessionId,
) -> Result<Vec<SessionId>, DatabaseFault> {
    let sql = note_ended!("AND id <> $3");
    tx.execute(sql, params![org_id, user_id, kept]).await?;
    let sql = "DELETE FROM sessions WHERE org_id = $1 AND user_id = $2 AND id <> $3 RETURNING id";
    let rows = tx.query(sql, params![org_id, user_id, kept]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Lets one session go on into the person's present epoch.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn carry_over(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    kept: &SessionId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE sessions SET user_epoch = (SELECT epoch FROM users WHERE org_id = $1 AND id = $2) \
               WHERE org_id = $1 AND user_id = $2 AND id = $3";
    tx.execute(sql, params![org_id, user_id, kept])
        .await
        .map(|_| ())
}

/// A session that ended before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// The org.
    pub org_id: OrgId,
    /// The session.
    pub id: SessionId,
    /// Whose it was.
    pub user_id: UserId,
}

/// Whether a session has ended of which nobody was told yet.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_any_ended(tx: &mut ReadTx) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM ended_sessions \
               WHERE org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT 1";
    Ok(tx.query_optional(sql, params![]).await?.is_some())
}

/// Takes at most so many ended sessions of which nobody was told yet; who takes them tells, in the same transaction.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn take_ended(tx: &mut WriteTx, limit: i64) -> Result<Vec<EndedSession>, DatabaseFault> {
    let sql = "DELETE FROM ended_sessions WHERE (org_id, session_id) IN \
               (SELECT org_id, session_id FROM ended_sessions \
               WHERE org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY org_id, session_id LIMIT $1) \
               RETURNING org_id, session_id, user_id";
    let rows = tx.query(sql, params![limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(EndedSession {
                org_id: row.get(0)?,
                id: row.get(1)?,
                user_id: row.get(2)?,
            })
        })
        .collect()
}
