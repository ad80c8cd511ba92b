//! The table `custom_role_permissions`, and removing from `custom_roles`.

use crate::access::custom::GrantedCapability;
use crate::access::custom::capability::Capability;
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{CustomRoleId, OrgId};
use vocab::time::Timestamp;

/// Removes a custom role with its permissions; false if there is no such role.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &CustomRoleId,
) -> Result<bool, DatabaseFault> {
    let permissions = "DELETE FROM custom_role_permissions WHERE org_id = $1 AND role_id = $2";
    tx.execute(permissions, params![org, id]).await?;
    let role = "DELETE FROM custom_roles WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(role, params![org, id]).await? == 1)
}

/// What a custom role permits, by name.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_capabilities(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &CustomRoleId,
) -> Result<Vec<GrantedCapability>, Fault> {
    let sql = "SELECT permission, granted_at FROM custom_role_permissions \
               WHERE org_id = $1 AND role_id = $2 ORDER BY permission";
    let rows = tx.query(sql, params![org, id]).await?;
    rows.iter()
        .map(|row| {
            Ok(GrantedCapability {
                capability: read_capability(row, 0)?,
                granted_at: row.get(1)?,
            })
        })
        .collect()
}

/// A capability by its stored name. One that this release does not know would be enforced nowhere.
pub(super) fn read_capability(row: &Row, column: usize) -> Result<Capability, Fault> {
    let name: String = row.get(column)?;
    Capability::parse(&name).ok_or_else(|| Fault::stored("permission of a role", &name))
}

/// Gives a role a permission; false if it has it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn grant(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &CustomRoleId,
    (capability, now): (Capability, Timestamp),
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO custom_role_permissions (org_id, role_id, permission, granted_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, role_id, permission) DO NOTHING";
    let values = params![org, id, capability.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a permission from a role; false if it does not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn revoke(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &CustomRoleId,
    capability: Capability,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM custom_role_permissions WHERE org_id = $1 AND role_id = $2 AND permission = $3";
    let values = params![org, id, capability.as_str()];
    Ok(tx.execute(sql, values).await? == 1)
}
