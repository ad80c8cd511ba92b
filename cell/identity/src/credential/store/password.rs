//! The tables `passwords`, `password_history` and `password_imports`.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;

/// A stored password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The hash with its parameters.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
    /// Whether the next sign-in must replace it.
    pub must_change: bool,
}

/// The password of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_password(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Option<StoredPassword>, DatabaseFault> {
    let sql =
        "SELECT hash, changed_at, must_change FROM passwords WHERE org_id = $1 AND user_id = $2";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    row.map(|row| {
        Ok(StoredPassword {
            hash: row.get(0)?,
            changed_at: row.get(1)?,
            must_change: row.get(2)?,
        })
    })
    .transpose()
}

/// Sets the password of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn put_password(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    password: &StoredPassword,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO passwords (org_id, user_id, hash, changed_at, must_change) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (org_id, user_id) DO UPDATE SET hash = EXCLUDED.hash, changed_at = EXCLUDED.changed_at, \
               must_change = EXCLUDED.must_change";
    let values = params![
        org_id,
        user_id,
        &password.hash,
        password.changed_at,
        password.must_change
    ];
    tx.execute(sql, values).await?;
    // Whatever another system knows counts no more.
    take_import(tx, org_id, user_id).await.map(|_| ())
}

/// Notes that another system knows the password of a person, who has none here.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn await_import(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO password_imports (org_id, user_id, declared_at) VALUES ($1, $2, $3) \
               ON CONFLICT (org_id, user_id) DO NOTHING";
    tx.execute(sql, params![org_id, user_id, now])
        .await
        .map(|_| ())
}

/// Whether another system knows the password of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn awaits_import(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM password_imports WHERE org_id = $1 AND user_id = $2";
    let row = tx.query_optional(sql, params![org_id, user_id]).await?;
    Ok(row.is_some())
}

/// Ends that; false if it was at its end.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn take_import(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM password_imports WHERE org_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![org_id, user_id]).await? == 1)
}

/// Replaces the hash by one of the same password, if it is still the one that was verified.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn replace_hash(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    old: &str,
    new: &str,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE passwords SET hash = $1 WHERE org_id = $2 AND user_id = $3 AND hash = $4";
    tx.execute(sql, params![new, org_id, user_id, old])
        .await
        .map(|_| ())
}

/// Takes the password away; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_password(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM passwords WHERE org_id = $1 AND user_id = $2";
    Ok(tx.execute(sql, params![org_id, user_id]).await? == 1)
}

/// The newest former hashes of a person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_history(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
    limit: i64,
) -> Result<Vec<String>, DatabaseFault> {
    let sql = "SELECT hash FROM password_history WHERE org_id = $1 AND user_id = $2 \
               ORDER BY replaced_at DESC LIMIT $3";
    let rows = tx.query(sql, params![org_id, user_id, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Keeps a former hash, and no more than the newest `keep` of them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_history(
    tx: &mut WriteTx,
    org_id: &OrgId,
    user_id: &UserId,
    hash: &str,
    now: Timestamp,
    keep: i64,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO password_history (org_id, user_id, replaced_at, hash) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, user_id, replaced_at) DO NOTHING";
    tx.execute(sql, params![org_id, user_id, now, hash]).await?;
    let sql = "DELETE FROM password_history WHERE org_id = $1 AND user_id = $2 AND replaced_at NOT IN \
               (SELECT replaced_at FROM password_history WHERE org_id = $1 AND user_id = $2 \
               ORDER BY replaced_at DESC LIMIT $3)";
    tx.execute(sql, params![org_id, user_id, keep])
        .await
        .map(|_| ())
}
