//! Placements in the cell's own store.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// The epoch at which an org is served.
///
/// # Errors
/// The store's fault.
pub async fn load_epoch(tx: &mut ReadTx, org: &OrgId) -> Result<Option<Epoch>, DatabaseFault> {
    let row = tx
        .query_optional(
            "SELECT epoch FROM placements WHERE org_id = $1",
            params![org],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// How many orgs are served.
///
/// # Errors
/// The store's fault.
pub async fn count(tx: &mut ReadTx) -> Result<i64, DatabaseFault> {
    let row = tx
        .query_optional("SELECT COUNT(*) FROM placements", params![])
        .await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Takes the epoch for an org unless a later one is known already; says which one is known then.
///
/// # Errors
/// The store's fault.
pub async fn raise_epoch(
    tx: &mut WriteTx,
    org: &OrgId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<Epoch, DatabaseFault> {
    tx.execute(
        "INSERT INTO placements (org_id, epoch, placed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (org_id) DO UPDATE SET epoch = EXCLUDED.epoch, placed_at = EXCLUDED.placed_at \
         WHERE placements.epoch < EXCLUDED.epoch",
        params![org, epoch, now],
    )
    .await?;
    Ok(load_epoch(tx, org).await?.unwrap_or(epoch))
}
