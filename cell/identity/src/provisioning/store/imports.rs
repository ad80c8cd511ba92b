//! The tables `provisioning_imports` and `provisioning_import_rows`.

use crate::fault::Fault;
use crate::provisioning::import::{Found, Import, ImportState, Verdict};
use crate::provisioning::store::Key;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::UserId;
use vocab::time::Timestamp;

fn read(row: &Row) -> Result<Import, Fault> {
    let state: String = row.get(0)?;
    Ok(Import {
        state: ImportState::from_word(&state)
            .ok_or_else(|| Fault::stored("state of an import", &state))?,
        started_at: row.get(1)?,
        ended_at: row.get(2)?,
        next_index: row.get(3)?,
        pages: row.get(4)?,
        seen: row.get(5)?,
        attempts: row.get(6)?,
        trouble: row.get(7)?,
    })
}

/// The import of an app that is under way, or the last one.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(tx: &mut ReadTx, (org, app): Key<'_>) -> Result<Option<Import>, Fault> {
    let sql = "SELECT state, started_at, ended_at, next_index, pages, seen, attempts, trouble FROM provisioning_imports \
               WHERE org_id = $1 AND app_id = $2";
    let row = tx.query_optional(sql, params![org, app]).await?;
    row.as_ref().map(read).transpose()
}

/// Begins an import, and forgets what the last one found; false if one is under way.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn begin(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO provisioning_imports (org_id, app_id, state, started_at, next_index, pages, seen, attempts) \
               VALUES ($1, $2, 'RUNNING', $3, 1, 0, 0, 0) ON CONFLICT (org_id, app_id) DO UPDATE SET state = 'RUNNING', \
               started_at = excluded.started_at, ended_at = NULL, next_index = 1, pages = 0, seen = 0, attempts = 0, \
               trouble = NULL WHERE provisioning_imports.state <> 'RUNNING'";
    if tx.execute(sql, params![org, app, now]).await? != 1 {
        return Ok(false);
    }
    let sql = "DELETE FROM provisioning_import_rows WHERE org_id = $1 AND app_id = $2";
    tx.execute(sql, params![org, app]).await?;
    Ok(true)
}

/// Notes how far an import has come, if it is still as it was read.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (before, after): (&Import, &Import),
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_imports SET state = $5, ended_at = $6, next_index = $7, pages = $8, seen = $9, \
               attempts = $10, trouble = $11 \
               WHERE org_id = $1 AND app_id = $2 AND state = 'RUNNING' AND started_at = $3 AND pages = $4";
    let values = params![
        org,
        app,
        before.started_at,
        before.pages,
        after.state.as_str(),
        after.ended_at,
        after.next_index,
        after.pages,
        after.seen,
        after.attempts,
        after.trouble.clone()
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Adds somebody who was found; false if they were found before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    found: &Found,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO provisioning_import_rows (org_id, app_id, peer_id, user_name, email, given_name, family_name, \
               active, verdict, reason, user_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (org_id, app_id, peer_id) DO NOTHING";
    let values = params![
        org,
        app,
        &found.peer_id,
        &found.user_name,
        &found.email,
        &found.given_name,
        &found.family_name,
        found.active,
        found.verdict.as_str(),
        &found.reason,
        found.user_id.as_ref()
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Whether somebody here was found as somebody there already.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_matched(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM provisioning_import_rows WHERE org_id = $1 AND app_id = $2 AND user_id = $3 LIMIT 1";
    let row = tx.query_optional(sql, params![org, app, user]).await?;
    Ok(row.is_some())
}

macro_rules! select_found {
    ($rest:literal) => {
        concat!(
            "SELECT peer_id, user_name, email, given_name, family_name, active, verdict, reason, user_id \
             FROM provisioning_import_rows ",
            $rest
        )
    };
}

fn read_found(row: &Row) -> Result<Found, Fault> {
    let verdict: String = row.get(6)?;
    Ok(Found {
        peer_id: row.get(0)?,
        user_name: row.get(1)?,
        email: row.get(2)?,
        given_name: row.get(3)?,
        family_name: row.get(4)?,
        active: row.get(5)?,
        verdict: Verdict::from_word(&verdict)
            .ok_or_else(|| Fault::stored("verdict of an import", &verdict))?,
        reason: row.get(7)?,
        user_id: row.get(8)?,
    })
}

/// A page of who was found, behind that id.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_page(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<Found>, Fault> {
    let sql = select_found!(
        "WHERE org_id = $1 AND app_id = $2 AND peer_id > $3 ORDER BY peer_id LIMIT $4"
    );
    let rows = tx.query(sql, params![org, app, after, limit]).await?;
    rows.iter().map(read_found).collect()
}

/// Somebody who was found.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn find(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    peer_id: &str,
) -> Result<Option<Found>, Fault> {
    let sql = select_found!("WHERE org_id = $1 AND app_id = $2 AND peer_id = $3");
    let row = tx.query_optional(sql, params![org, app, peer_id]).await?;
    row.as_ref().map(read_found).transpose()
}

/// Notes that somebody who was found is linked, if they are still what they were; false if not.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn settle(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (peer_id, before): (&str, Verdict),
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_import_rows SET verdict = 'LINKED', reason = '', user_id = $5 \
               WHERE org_id = $1 AND app_id = $2 AND peer_id = $3 AND verdict = $4";
    let values = params![org, app, peer_id, before.as_str(), user];
    Ok(tx.execute(sql, values).await? == 1)
}
