//! The table `group_owners`.

use crate::fault::Fault;
use crate::group::owners::{GroupOwner, OWNERS_MAX, OwnerId};
use crate::person::name_of;
use crate::walk::rows_max;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId};
use vocab::time::Timestamp;

/// The owners of a group by id; there are at most [`OWNERS_MAX`].
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_group(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<Vec<GroupOwner>, Fault> {
    let sql = "SELECT o.owner_id, o.added_at, u.login, u.first_name, u.last_name, g.name FROM group_owners o \
               LEFT JOIN users u ON u.org_id = o.org_id AND u.id = o.owner_id \
               LEFT JOIN groups g ON g.org_id = o.org_id AND g.id = o.owner_id \
               WHERE o.org_id = $1 AND o.group_id = $2 ORDER BY o.owner_id";
    let rows = tx.query(sql, params![org, group]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<GroupOwner, Fault> {
    let id: String = row.get(0)?;
    let id = OwnerId::parse(&id).ok_or_else(|| Fault::stored("owner of a group", &id))?;
    let text = |column| {
        let text: Result<Option<String>, DatabaseFault> = row.get(column);
        text.map(Option::unwrap_or_default)
    };
    let login = text(2)?;
    let name = match id {
        OwnerId::User(_) => name_of(&text(3)?, &text(4)?, &login),
        OwnerId::Group(_) => text(5)?,
    };
    Ok(GroupOwner {
        id,
        name,
        login,
        added_at: row.get(1)?,
    })
}

/// How many owners a group has, one more than the bound at most.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn count(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<usize, DatabaseFault> {
    let sql = "SELECT owner_id FROM group_owners WHERE org_id = $1 AND group_id = $2 LIMIT $3";
    let values = params![org, group, rows_max(OWNERS_MAX + 1)];
    Ok(tx.query(sql, values).await?.len())
}

/// Adds an owner; false if the group has it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    (group, owner): (&GroupId, &OwnerId),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO group_owners (org_id, group_id, owner_id, added_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, group_id, owner_id) DO NOTHING";
    let values = params![org, group, owner.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes an owner; false if the group does not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    (group, owner): (&GroupId, &OwnerId),
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM group_owners WHERE org_id = $1 AND group_id = $2 AND owner_id = $3";
    let values = params![org, group, owner.as_str()];
    Ok(tx.execute(sql, values).await? == 1)
}
