//! The table `trusted_origins`.

use crate::person::profile::fold;
use crate::trusted_origin::{Trust, TrustedOrigin};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, TrustedOriginId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, origin, cors, redirect, active, created_at, updated_at FROM trusted_origins ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<TrustedOrigin, DatabaseFault> {
    Ok(TrustedOrigin {
        id: row.get(0)?,
        name: row.get(1)?,
        origin: row.get(2)?,
        trust: Trust {
            cors: row.get(3)?,
            redirect: row.get(4)?,
        },
        active: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

/// Every trusted origin of an org by name; there are at most [`ORIGINS_MAX`](super::ORIGINS_MAX).
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_all(
    tx: &mut ReadTx,
    org_id: &OrgId,
) -> Result<Vec<TrustedOrigin>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 ORDER BY name_key");
    let rows = tx.query(sql, params![org_id]).await?;
    rows.iter().map(read).collect()
}

/// The trusted origin of that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &TrustedOriginId,
) -> Result<Option<TrustedOrigin>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND id = $2");
    let row = tx.query_optional(sql, params![org_id, id]).await?;
    row.as_ref().map(read).transpose()
}

/// Adds a trusted origin. The row of the org is locked, and name and origin were compared with those that there are.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    org_id: &OrgId,
    origin: &TrustedOrigin,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO trusted_origins \
               (org_id, id, name, name_key, origin, cors, redirect, active, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        org_id,
        &origin.id,
        &origin.name,
        fold(&origin.name),
        &origin.origin,
        origin.trust.cors,
        origin.trust.redirect,
        origin.active,
        origin.created_at,
        origin.updated_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Puts a trusted origin in the place of the one of its id; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    org_id: &OrgId,
    origin: &TrustedOrigin,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE trusted_origins SET name = $1, name_key = $2, origin = $3, cors = $4, redirect = $5, \
               active = $6, updated_at = $7 WHERE org_id = $8 AND id = $9";
    let values = params![
        &origin.name,
        fold(&origin.name),
        &origin.origin,
        origin.trust.cors,
        origin.trust.redirect,
        origin.active,
        origin.updated_at,
        org_id,
        &origin.id
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a trusted origin; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &TrustedOriginId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM trusted_origins WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org_id, id]).await? == 1)
}
