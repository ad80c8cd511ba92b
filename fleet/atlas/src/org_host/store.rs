//! Host names of orgs in the register's database.

use crate::org_host::{HostRow, HostState};
use crate::refusal::Refusal;
use database::{ReadTx, Row, WriteTx, params};
use vocab::id::OrgId;
use vocab::slug::Slug;
use wire::names::Host;

fn stored(error: impl ToString) -> Refusal {
    Refusal::Stored(error.to_string())
}

fn read(row: &Row) -> Result<HostRow, Refusal> {
    Ok(HostRow {
        host: Host::parse(&row.get::<String>(0)?).map_err(stored)?,
        org: OrgId::parse(&row.get::<String>(1)?).map_err(stored)?,
        slug: Slug::parse(&row.get::<String>(2)?).map_err(stored)?,
        state: HostState::parse(&row.get::<String>(3)?)
            .ok_or_else(|| stored("a state of a host name"))?,
    })
}

pub(crate) async fn load(tx: &mut ReadTx, host: &Host) -> Result<Option<HostRow>, Refusal> {
    let row = tx
        .query_optional(
            "SELECT h.host, h.org_id, o.slug, h.state FROM org_hosts h JOIN orgs o ON o.id = h.org_id \
             WHERE h.host = $1",
            params![host],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Host names that are on their way, after one of them, in order.
pub(crate) async fn load_under_way(
    tx: &mut ReadTx,
    after: &str,
    limit: i64,
) -> Result<Vec<HostRow>, Refusal> {
    let rows = tx
        .query(
            "SELECT h.host, h.org_id, o.slug, h.state FROM org_hosts h JOIN orgs o ON o.id = h.org_id \
             WHERE h.state <> 'serving' AND h.host > $1 ORDER BY h.host LIMIT $2",
            params![after, limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Claims a host name. Of two who do so at once, the key lets one.
pub(crate) async fn insert(tx: &mut WriteTx, host: &Host, org: &OrgId) -> Result<(), Refusal> {
    let inserted = tx
        .execute(
            "INSERT INTO org_hosts (host, org_id, state) VALUES ($1, $2, 'adding')",
            params![host, org],
        )
        .await;
    match inserted {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::HostTaken {
            host: host.to_string(),
        }),
        Err(fault) => Err(fault.into()),
    }
}

/// Brings a host name from one state to another; whether it was in the first.
pub(crate) async fn update_state(
    tx: &mut WriteTx,
    row: &HostRow,
    to: HostState,
) -> Result<bool, Refusal> {
    let changed = tx
        .execute(
            "UPDATE org_hosts SET state = $1 WHERE host = $2 AND org_id = $3 AND state = $4",
            params![to.as_str(), &row.host, &row.org, row.state.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives a host name up; whether it was still in that state.
pub(crate) async fn delete(tx: &mut WriteTx, row: &HostRow) -> Result<bool, Refusal> {
    let deleted = tx
        .execute(
            "DELETE FROM org_hosts WHERE host = $1 AND org_id = $2 AND state = $3",
            params![&row.host, &row.org, row.state.as_str()],
        )
        .await?;
    Ok(deleted == 1)
}
