//! The table `resource_set_resources`, and removing from `resource_sets`.

use crate::access::custom::{Resource, SetResource};
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{OrgId, ResourceSetId, SetResourceId};

/// Removes a set with its resources; false if there is no such set.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &ResourceSetId,
) -> Result<bool, DatabaseFault> {
    let resources = "DELETE FROM resource_set_resources WHERE org_id = $1 AND set_id = $2";
    tx.execute(resources, params![org, id]).await?;
    let set = "DELETE FROM resource_sets WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(set, params![org, id]).await? == 1)
}

/// What is in a set, by id; at most [`RESOURCES_MAX`](crate::access::custom::RESOURCES_MAX).
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_resources(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &ResourceSetId,
) -> Result<Vec<SetResource>, Fault> {
    let sql = "SELECT id, kind, target, added_at FROM resource_set_resources \
               WHERE org_id = $1 AND set_id = $2 ORDER BY id";
    let rows = tx.query(sql, params![org, id]).await?;
    rows.iter()
        .map(|row| {
            Ok(SetResource {
                id: row.get(0)?,
                resource: read_resource(row, 1)?,
                added_at: row.get(3)?,
            })
        })
        .collect()
}

/// A resource by its stored word and target, which stand beside each other.
pub(super) fn read_resource(row: &Row, column: usize) -> Result<Resource, Fault> {
    let (kind, target): (String, String) = (row.get(column)?, row.get(column + 1)?);
    Resource::from_stored(&kind, &target).ok_or_else(|| Fault::stored("resource of a set", &kind))
}

/// Puts a resource into a set; false if it is in it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn add_resource(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &ResourceSetId,
    resource: &SetResource,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO resource_set_resources (org_id, set_id, id, kind, target, added_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, set_id, kind, target) DO NOTHING";
    let (kind, target) = resource.resource.stored();
    let values = params![org, id, &resource.id, kind, target, resource.added_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a resource out of a set; false if it is not in it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn remove_resource(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &ResourceSetId,
    resource: &SetResourceId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM resource_set_resources WHERE org_id = $1 AND set_id = $2 AND id = $3";
    Ok(tx.execute(sql, params![org, id, resource]).await? == 1)
}

/// Takes what is no more out of every set: a group, an app or an authorization server.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_target(
    tx: &mut WriteTx,
    org: &OrgId,
    target: &str,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM resource_set_resources WHERE org_id = $1 AND target = $2";
    tx.execute(sql, params![org, target]).await.map(|_| ())
}
