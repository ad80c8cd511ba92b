//! Placements in the cell's own store.

use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::time::Timestamp;
use wire::org_move::side::{Place, PlaceState};

/// How an org stands here; none if it never did.
///
/// # Errors
/// The store's fault.
pub async fn load_place(tx: &mut ReadTx, org: &OrgId) -> Result<Option<Place>, DatabaseFault> {
    let sql = "SELECT epoch, standing FROM placements WHERE org_id = $1";
    let row = tx.query_optional(sql, params![org]).await?;
    row.as_ref().map(parse_place).transpose()
}

/// A word of a later release is nothing that this one serves.
fn parse_place(row: &Row) -> Result<Place, DatabaseFault> {
    let state: String = row.get(1)?;
    Ok(Place {
        epoch: row.get(0)?,
        state: PlaceState::parse(&state).unwrap_or(PlaceState::Gone),
    })
}

/// How many orgs are served.
///
/// # Errors
/// The store's fault.
pub async fn count_served(tx: &mut ReadTx) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM placements WHERE standing = 'serving'";
    let row = tx.query_optional(sql, params![]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Serves a new org from this epoch on, unless a later one is known already or the org is moving; says how it stands then.
///
/// # Errors
/// The store's fault.
pub async fn raise_epoch(
    tx: &mut WriteTx,
    org: &OrgId,
    epoch: Epoch,
    now: Timestamp,
) -> Result<Place, DatabaseFault> {
    tx.execute(
        "INSERT INTO placements (org_id, epoch, placed_at, standing) VALUES ($1, $2, $3, 'serving') \
         ON CONFLICT (org_id) DO UPDATE SET epoch = EXCLUDED.epoch, placed_at = EXCLUDED.placed_at \
         WHERE placements.epoch < EXCLUDED.epoch AND placements.standing = 'serving' \
         AND placements.org_id NOT IN (SELECT org_id FROM org_fences)",
        params![org, epoch, now],
    )
    .await?;
    let state = PlaceState::Serving;
    Ok(load_place(tx, org).await?.unwrap_or(Place { epoch, state }))
}

/// Puts an org at this place, whatever it was before.
///
/// # Errors
/// The store's fault.
pub async fn put_place(
    tx: &mut WriteTx,
    org: &OrgId,
    place: Place,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO placements (org_id, epoch, placed_at, standing) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id) DO UPDATE SET epoch = EXCLUDED.epoch, \
               placed_at = EXCLUDED.placed_at, standing = EXCLUDED.standing";
    tx.execute(sql, params![org, place.epoch, now, place.state.as_str()])
        .await
        .map(drop)
}
