//! The table `totp_factors`.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, TotpId, UserId};
use vocab::time::Timestamp;

/// A stored TOTP authenticator.
#[derive(Debug, Clone)]
pub struct StoredTotp {
    /// Its id.
    pub id: TotpId,
    /// The seed, sealed under the org's key.
    pub sealed_seed: Vec<u8>,
    /// When the person proved to hold it.
    pub confirmed_at: Option<Timestamp>,
    /// The last time step that was accepted.
    pub last_step: i64,
    /// When its enrolment began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Who began its enrolment, while it is under way: a session, a sign-in, a token, an app or the operator.
    pub begun_by: Option<String>,
}

/// The TOTP authenticators of a person: a confirmed one, and one that is being enrolled.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_totp(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<StoredTotp>, DatabaseFault> {
    let sql = "SELECT id, sealed_seed, confirmed_at, last_step, created_at, last_used_at, begun_by \
               FROM totp_factors WHERE org_id = $1 AND user_id = $2 ORDER BY created_at, id";
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredTotp {
                id: row.get(0)?,
                sealed_seed: row.get(1)?,
                confirmed_at: row.get(2)?,
                last_step: row.get(3)?,
                created_at: row.get(4)?,
                last_used_at: row.get(5)?,
                begun_by: row.get(6)?,
            })
        })
        .collect()
}

/// Begins an enrolment; an unfinished one of that person is dropped.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_pending_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    totp: &StoredTotp,
) -> Result<(), DatabaseFault> {
    delete_pending_totp(tx, org_id, user_id).await?;
    let sql = "INSERT INTO totp_factors (org_id, id, user_id, sealed_seed, last_step, created_at, begun_by) \
               VALUES ($1, $2, $3, $4, 0, $5, $6)";
    let values = params![
        org_id,
        &totp.id,
        user_id,
        totp.sealed_seed.clone(),
        totp.created_at,
        totp.begun_by.clone()
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Drops an unfinished enrolment of that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_pending_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql =
        "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2 AND confirmed_at IS NULL";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}

/// Confirms an enrolment with the step that proved it, and drops the authenticator that it replaces.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn confirm_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    id: &TotpId,
    step: i64,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE totp_factors SET confirmed_at = $1, last_step = $2, last_used_at = $1, begun_by = NULL \
               WHERE org_id = $3 AND user_id = $4 AND id = $5 AND confirmed_at IS NULL";
    if tx
        .execute(sql, params![now, step, org_id, user_id, id])
        .await?
        != 1
    {
        return Ok(false);
    }
    let sql = "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2 AND id <> $3";
    tx.execute(sql, params![org_id, user_id, id]).await?;
    Ok(true)
}

/// Accepts a time step once: false if that step or a later one was accepted before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn use_totp_step(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &TotpId,
    step: i64,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE totp_factors SET last_step = $1, last_used_at = $2 \
               WHERE org_id = $3 AND id = $4 AND confirmed_at IS NOT NULL AND last_step < $1";
    Ok(tx.execute(sql, params![step, now, org_id, id]).await? == 1)
}

/// Removes every TOTP authenticator of a person; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_totp(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM totp_factors WHERE org_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![org_id, user_id]).await? > 0)
}
