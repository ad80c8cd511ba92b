//! The table `one_time_codes`.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OneTimeCodeId, OrgId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// What marks a link that somebody asked for who could not get in.
pub const SELF_ASKED: &str = "self";

/// A one-time code or link.
#[derive(Debug, Clone)]
pub struct OneTimeCode {
    /// Its id.
    pub id: OneTimeCodeId,
    /// For whom; none for the first administrator, who does not exist yet.
    pub user_id: Option<UserId>,
    /// What it opens.
    pub purpose: &'static str,
    /// The hash of the secret.
    pub hash: SecretHash,
    /// The sign-in that it belongs to, or [`SELF_ASKED`], or empty.
    pub bound_to: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a code; unused ones of the same person and purpose end.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_one_time(
    tx: &mut WriteTx,
    org_id: &OrgId,
    code: &OneTimeCode,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let user = code.user_id.as_ref().map_or("", UserId::as_str);
    let sql = "DELETE FROM one_time_codes WHERE org_id = $1 AND COALESCE(user_id, '') = $2 AND purpose = $3";
    tx.execute(sql, params![org_id, user, code.purpose]).await?;
    let sql = "INSERT INTO one_time_codes (org_id, id, user_id, purpose, secret_hash, bound_to, attempts, created_at, \
               expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)";
    let values = params![
        org_id,
        &code.id,
        code.user_id.as_ref(),
        code.purpose,
        code.hash,
        &code.bound_to,
        now,
        code.expires_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Whom an unused link opens for, without using it: the person, or none for the first administrator.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_link(
    tx: &mut ReadTx,
    org_id: &OrgId,
    purpose: &str,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<Option<UserId>>, DatabaseFault> {
    let sql = "SELECT user_id FROM one_time_codes WHERE org_id = $1 AND purpose = $2 AND secret_hash = $3 \
               AND used_at IS NULL AND expires_at > $4";
    let row = tx
        .query_optional(sql, params![org_id, purpose, hash, now])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Uses a link once: the person it was for, or none for the first administrator; nothing if it is unknown, used or
/// has ended.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn use_link(
    tx: &mut WriteTx,
    org_id: &OrgId,
    purpose: &str,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<Option<UserId>>, DatabaseFault> {
    let sql = "UPDATE one_time_codes SET used_at = $1 WHERE org_id = $2 AND purpose = $3 AND secret_hash = $4 \
               AND used_at IS NULL AND expires_at > $1 RETURNING user_id";
    let row = tx
        .query_optional(sql, params![now, org_id, purpose, hash])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Whether a link is one that was asked for by whoever it was sent to, or says so; used or not.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_self_asked(
    tx: &mut ReadTx,
    org_id: &OrgId,
    purpose: &str,
    hash: &SecretHash,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM one_time_codes WHERE org_id = $1 AND purpose = $2 AND secret_hash = $3 AND bound_to = $4";
    let values = params![org_id, purpose, hash, SELF_ASKED];
    Ok(tx.query_optional(sql, values).await?.is_some())
}

/// Counts an attempt at a short code, if it still lives and has attempts left.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_attempt(
    tx: &mut WriteTx,
    org_id: &OrgId,
    bound_to: &str,
    purpose: &str,
    attempts_max: i64,
    now: Timestamp,
) -> Result<Option<SecretHash>, DatabaseFault> {
    let sql = "UPDATE one_time_codes SET attempts = attempts + 1 WHERE org_id = $1 AND bound_to = $2 \
               AND purpose = $3 AND used_at IS NULL AND expires_at > $4 AND attempts < $5 RETURNING secret_hash";
    let row = tx
        .query_optional(sql, params![org_id, bound_to, purpose, now, attempts_max])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Ends the codes and links of a person that went out by mail: the mailbox they lie in is not the person's any more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_mailed(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM one_time_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL \
               AND purpose IN ('recovery', 'invitation', 'email_code')";
    tx.execute(sql, params![org_id, user_id]).await.map(|_| ())
}
