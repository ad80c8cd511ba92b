//! The table `hook_keys`.

use crate::fault::Fault;
use crate::hook_key::HookKey;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{HookKeyId, OrgId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, kid, name, public_jwk, created_at, updated_at FROM hook_keys ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<HookKey, Fault> {
    Ok(HookKey {
        org_id: row.get(0)?,
        id: row.get(1)?,
        kid: row.get(2)?,
        name: row.get(3)?,
        public_jwk: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
    })
}

/// A key.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &HookKeyId,
) -> Result<Option<HookKey>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// A key by the id of its public half.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_by_kid(
    tx: &mut ReadTx,
    org_id: &OrgId,
    kid: &str,
) -> Result<Option<HookKey>, Fault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND kid = $2"),
            params![org_id, kid],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The keys of an org, the oldest first. There are few.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_all(tx: &mut ReadTx, org_id: &OrgId) -> Result<Vec<HookKey>, Fault> {
    let rows = tx
        .query(
            select!("WHERE org_id = $1 ORDER BY created_at, id"),
            params![org_id],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// The id of the public half, and the private half as it is sealed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn load_sealed(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &HookKeyId,
) -> Result<Option<(String, Vec<u8>)>, DatabaseFault> {
    let sql = "SELECT kid, sealed FROM hook_keys WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Adds a key with its private half.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    key: &HookKey,
    sealed: &[u8],
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO hook_keys (org_id, id, kid, name, public_jwk, sealed, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = params![
        &key.org_id,
        &key.id,
        &key.kid,
        &key.name,
        &key.public_jwk,
        sealed,
        key.created_at,
        key.updated_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Gives a key another name; false if it is not there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn rename(tx: &mut WriteTx, key: &HookKey) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE hook_keys SET name = $3, updated_at = $4 WHERE org_id = $1 AND id = $2";
    let values = params![&key.org_id, &key.id, &key.name, key.updated_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a key and destroys its private half; false if it is not there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &HookKeyId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM hook_keys WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org_id, id]).await? == 1)
}
