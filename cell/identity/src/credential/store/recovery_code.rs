//! The table `recovery_codes`.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// Replaces the recovery codes of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn replace_recovery_codes(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hashes: &[SecretHash],
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    tx.execute(
        "DELETE FROM recovery_codes WHERE org_id = $1 AND user_id = $2",
        params![org_id, user_id],
    )
    .await?;
    for hash in hashes {
        let sql = "INSERT INTO recovery_codes (org_id, user_id, code_hash, created_at) VALUES ($1, $2, $3, $4)";
        tx.execute(sql, params![org_id, user_id, hash, now]).await?;
    }
    Ok(())
}

/// How many recovery codes a person has left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count_recovery_codes(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM recovery_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// When the recovery codes that a person has left were made; none if there are none left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_recovery_codes_made(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<Timestamp>, DatabaseFault> {
    let sql = "SELECT MIN(created_at) FROM recovery_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map_or(Ok(None), |row| row.get(0))
}

/// Uses a recovery code once: false if it is unknown or was used.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn use_recovery_code(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE recovery_codes SET used_at = $1 \
               WHERE org_id = $2 AND user_id = $3 AND code_hash = $4 AND used_at IS NULL";
    Ok(tx.execute(sql, params![now, org_id, user_id, hash]).await? == 1)
}
