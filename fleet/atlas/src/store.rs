//! The register in its database.

use crate::log::{Place, Row as LogRow};
use crate::placement::CellLoad;
use crate::refusal::Refusal;
use database::{ReadTx, Row, WriteTx, params};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::control::{CellSize, CellState, CellView, DeclareCell, OrgState, OrgView, Pin};
use wire::names::{CellName, Host};

fn stored(error: impl ToString) -> Refusal {
    Refusal::Stored(error.to_string())
}

/// Takes the place of whoever changes the register, until the transaction ends.
pub(crate) async fn take_head(tx: &mut WriteTx) -> Result<Place, Refusal> {
    let row = tx
        .query_optional(
            "SELECT cursor, hash FROM register_head WHERE id = 1 FOR UPDATE",
            params![],
        )
        .await?;
    read_head(row)
}

pub(crate) async fn load_head(tx: &mut ReadTx) -> Result<Place, Refusal> {
    let row = tx
        .query_optional(
            "SELECT cursor, hash FROM register_head WHERE id = 1",
            params![],
        )
        .await?;
    read_head(row)
}

fn read_head(row: Option<Row>) -> Result<Place, Refusal> {
    let row = row.ok_or_else(|| stored("its head is missing"))?;
    Ok(Place {
        cursor: row.get(0)?,
        hash: row.get(1)?,
    })
}

pub(crate) async fn insert_change(tx: &mut WriteTx, row: LogRow) -> Result<(), Refusal> {
    tx.execute(
        "UPDATE register_head SET cursor = $1, hash = $2 WHERE id = 1",
        params![row.cursor, row.hash.as_str()],
    )
    .await?;
    tx.execute(
        "INSERT INTO changes (cursor, body, routes, hash) VALUES ($1, $2, $3, $4)",
        params![row.cursor, row.body, row.routes, row.hash],
    )
    .await?;
    Ok(())
}

/// Rows of the log after a cursor, in order.
pub(crate) async fn load_changes(
    tx: &mut ReadTx,
    after: i64,
    limit: i64,
) -> Result<Vec<LogRow>, Refusal> {
    let rows = tx
        .query(
            "SELECT cursor, body, routes, hash FROM changes WHERE cursor > $1 ORDER BY cursor LIMIT $2",
            params![after, limit],
        )
        .await?;
    read_changes(&rows)
}

/// The newest rows of the log, the newest first.
pub(crate) async fn load_newest(tx: &mut ReadTx, limit: i64) -> Result<Vec<LogRow>, Refusal> {
    let rows = tx
        .query(
            "SELECT cursor, body, routes, hash FROM changes ORDER BY cursor DESC LIMIT $1",
            params![limit],
        )
        .await?;
    read_changes(&rows)
}

fn read_changes(rows: &[Row]) -> Result<Vec<LogRow>, Refusal> {
    let read = |row: &Row| -> Result<LogRow, Refusal> {
        Ok(LogRow {
            cursor: row.get(0)?,
            body: row.get(1)?,
            routes: row.get(2)?,
            hash: row.get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

fn read_cell(row: &Row) -> Result<CellView, Refusal> {
    Ok(CellView {
        name: CellName::parse(&row.get::<String>(0)?).map_err(stored)?,
        region: row.get(1)?,
        cloud: row.get(2)?,
        regimes: serde_json::from_str(&row.get::<String>(3)?).map_err(stored)?,
        size: CellSize::parse(&row.get::<String>(4)?).ok_or_else(|| stored("a size of a cell"))?,
        address: row.get(5)?,
        state: CellState::parse(&row.get::<String>(6)?)
            .ok_or_else(|| stored("a state of a cell"))?,
        epoch: row.get(7)?,
        orgs: row.get(8)?,
        health: None,
        traffic: None,
        waiting: None,
    })
}

/// Every cell, by name. There are few: each is a whole deployment.
pub(crate) async fn load_cells(tx: &mut ReadTx) -> Result<Vec<CellView>, Refusal> {
    let rows = tx
        .query(
            "SELECT name, region, cloud, regimes, size, address, state, epoch, orgs FROM cells ORDER BY name",
            params![],
        )
        .await?;
    rows.iter().map(read_cell).collect()
}

pub(crate) async fn load_cell(
    tx: &mut ReadTx,
    name: &CellName,
) -> Result<Option<CellView>, Refusal> {
    let row = tx
        .query_optional(
            "SELECT name, region, cloud, regimes, size, address, state, epoch, orgs FROM cells WHERE name = $1",
            params![name],
        )
        .await?;
    row.as_ref().map(read_cell).transpose()
}

/// How much time is counted; it begins at this moment if nobody has counted yet.
pub(crate) async fn begin_counting(
    tx: &mut WriteTx,
    clock: Timestamp,
) -> Result<Timestamp, Refusal> {
    let sql = "UPDATE register_clock SET counted_at = $1 WHERE id = 1 AND counted_at = 0";
    tx.execute(sql, params![clock]).await?;
    load_counted(tx).await
}

/// At least this much time is counted; how much it is then.
pub(crate) async fn raise_counted(
    tx: &mut WriteTx,
    counted: Timestamp,
) -> Result<Timestamp, Refusal> {
    let sql = "UPDATE register_clock SET counted_at = $1 WHERE id = 1 AND counted_at < $1";
    tx.execute(sql, params![counted]).await?;
    load_counted(tx).await
}

/// How much time is counted. Within a transaction that grants something in it, nobody has counted more.
pub(crate) async fn load_counted(tx: &mut ReadTx) -> Result<Timestamp, Refusal> {
    let sql = "SELECT counted_at FROM register_clock WHERE id = 1";
    let row = tx.query_optional(sql, params![]).await?;
    let row = row.ok_or_else(|| stored("its counted time is missing"))?;
    Ok(row.get(0)?)
}

/// What placement weighs.
pub(crate) async fn load_loads(tx: &mut ReadTx) -> Result<Vec<CellLoad>, Refusal> {
    let cells = load_cells(tx).await?;
    let load = |cell: CellView| CellLoad {
        name: cell.name,
        region: cell.region,
        regimes: cell.regimes,
        size: cell.size,
        state: cell.state,
        orgs: cell.orgs,
        well: true,
    };
    Ok(cells.into_iter().map(load).collect())
}

pub(crate) async fn insert_cell(
    tx: &mut WriteTx,
    cell: &DeclareCell,
    now: Timestamp,
) -> Result<(), Refusal> {
    let regimes = serde_json::to_string(&cell.regimes).map_err(stored)?;
    tx.execute(
        "INSERT INTO cells (name, region, cloud, regimes, size, address, state, epoch, orgs, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9)",
        params![
            &cell.name,
            cell.region.as_str(),
            cell.cloud.as_str(),
            regimes,
            cell.size.as_str(),
            cell.address.as_str(),
            cell.state.as_str(),
            Epoch::FIRST,
            now
        ],
    )
    .await?;
    Ok(())
}

/// Sets state and address at the epoch that was read; whether it still had that epoch.
pub(crate) async fn update_cell(
    tx: &mut WriteTx,
    cell: &CellView,
    state: CellState,
    address: &str,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let changed = tx
        .execute(
            "UPDATE cells SET state = $1, address = $2, epoch = $3, updated_at = $4 WHERE name = $5 AND epoch = $6",
            params![state.as_str(), address, cell.epoch.next(), now, &cell.name, cell.epoch],
        )
        .await?;
    Ok(changed == 1)
}

/// One more org for a cell.
pub(crate) async fn count_org(tx: &mut WriteTx, cell: &CellName) -> Result<(), Refusal> {
    tx.execute(
        "UPDATE cells SET orgs = orgs + 1 WHERE name = $1",
        params![cell],
    )
    .await?;
    Ok(())
}

fn read_org(row: &Row) -> Result<OrgView, Refusal> {
    Ok(OrgView {
        id: OrgId::parse(&row.get::<String>(0)?).map_err(stored)?,
        slug: Slug::parse(&row.get::<String>(1)?).map_err(stored)?,
        name: row.get(2)?,
        pin: serde_json::from_str::<Pin>(&row.get::<String>(3)?).map_err(stored)?,
        hosts: Vec::new(),
        cell: CellName::parse(&row.get::<String>(4)?).map_err(stored)?,
        epoch: row.get(5)?,
        state: OrgState::parse(&row.get::<String>(6)?)
            .ok_or_else(|| stored("a state of an organisation"))?,
        created_at: row.get(7)?,
    })
}

pub(crate) async fn load_org(tx: &mut ReadTx, slug: &Slug) -> Result<Option<OrgView>, Refusal> {
    let row = tx
        .query_optional(
            "SELECT id, slug, name, pin, cell, epoch, state, created_at FROM orgs WHERE slug = $1",
            params![slug.as_str()],
        )
        .await?;
    let Some(mut org) = row.as_ref().map(read_org).transpose()? else {
        return Ok(None);
    };
    org.hosts = load_hosts(tx, &org.id).await?;
    Ok(Some(org))
}

async fn load_hosts(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<Host>, Refusal> {
    let rows = tx
        .query(
            "SELECT host FROM org_hosts WHERE org_id = $1 AND state = 'serving' ORDER BY host",
            params![org],
        )
        .await?;
    let read = |row: &Row| Host::parse(&row.get::<String>(0)?).map_err(stored);
    rows.iter().map(read).collect()
}

/// Orgs after a short name, in order; of one cell if one is named.
pub(crate) async fn load_orgs(
    tx: &mut ReadTx,
    cell: Option<&CellName>,
    after: &str,
    limit: i64,
) -> Result<Vec<OrgView>, Refusal> {
    let rows = match cell {
        Some(cell) => {
            tx.query(
                "SELECT id, slug, name, pin, cell, epoch, state, created_at FROM orgs \
                 WHERE cell = $1 AND slug > $2 ORDER BY slug LIMIT $3",
                params![cell, after, limit],
            )
            .await?
        }
        None => {
            tx.query(
                "SELECT id, slug, name, pin, cell, epoch, state, created_at FROM orgs \
                 WHERE slug > $1 ORDER BY slug LIMIT $2",
                params![after, limit],
            )
            .await?
        }
    };
    rows.iter().map(read_org).collect()
}

/// Orgs of a cell that it does not have yet, after an id, in order.
pub(crate) async fn load_creating(
    tx: &mut ReadTx,
    cell: &CellName,
    after: &str,
    limit: i64,
) -> Result<Vec<OrgView>, Refusal> {
    let rows = tx
        .query(
            "SELECT id, slug, name, pin, cell, epoch, state, created_at FROM orgs \
             WHERE state = 'creating' AND cell = $1 AND id > $2 ORDER BY id LIMIT $3",
            params![cell, after, limit],
        )
        .await?;
    rows.iter().map(read_org).collect()
}

/// Host names after a host, in order, with the short name of their org.
pub(crate) async fn load_host_page(
    tx: &mut ReadTx,
    after: &str,
    limit: i64,
) -> Result<Vec<(Host, Slug)>, Refusal> {
    let rows = tx
        .query(
            "SELECT h.host, o.slug FROM org_hosts h JOIN orgs o ON o.id = h.org_id \
             WHERE h.host > $1 AND h.state = 'serving' ORDER BY h.host LIMIT $2",
            params![after, limit],
        )
        .await?;
    let read = |row: &Row| {
        Ok((
            Host::parse(&row.get::<String>(0)?).map_err(stored)?,
            Slug::parse(&row.get::<String>(1)?).map_err(stored)?,
        ))
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn insert_org(tx: &mut WriteTx, org: &OrgView) -> Result<(), Refusal> {
    let pin = serde_json::to_string(&org.pin).map_err(stored)?;
    tx.execute(
        "INSERT INTO orgs (id, slug, name, pin, cell, epoch, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &org.id,
            org.slug.as_str(),
            org.name.as_str(),
            pin,
            &org.cell,
            org.epoch,
            org.state.as_str(),
            org.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Serves an org at the epoch of its creation; whether it was still being created.
pub(crate) async fn update_to_serving(tx: &mut WriteTx, org: &OrgView) -> Result<bool, Refusal> {
    let changed = tx
        .execute(
            "UPDATE orgs SET state = 'serving' WHERE id = $1 AND epoch = $2 AND state = 'creating'",
            params![&org.id, org.epoch],
        )
        .await?;
    Ok(changed == 1)
}

/// Forgets an org that its cell will never have; whether it was still being created.
pub(crate) async fn delete_creating(tx: &mut WriteTx, org: &OrgView) -> Result<bool, Refusal> {
    let deleted = tx
        .execute(
            "DELETE FROM orgs WHERE id = $1 AND epoch = $2 AND state = 'creating'",
            params![&org.id, org.epoch],
        )
        .await?;
    if deleted == 1 {
        let sql = "UPDATE cells SET orgs = orgs - 1 WHERE name = $1";
        tx.execute(sql, params![&org.cell]).await?;
    }
    Ok(deleted == 1)
}
