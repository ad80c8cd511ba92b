//! The tables `custom_roles` and `custom_role_permissions`.

use crate::access::custom::capability::Capability;
use crate::access::custom::{CustomRole, GrantedCapability, Named};
use crate::fault::Fault;
use crate::person::profile::fold;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::id::{CustomRoleId, OrgId};
use vocab::time::Timestamp;

fn read(row: &Row) -> Result<CustomRole, DatabaseFault> {
    Ok(CustomRole {
        id: row.get(0)?,
        named: Named {
            label: row.get(1)?,
            description: row.get(2)?,
        },
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

/// Every custom role of an org by label; there are at most [`ROLES_MAX`](crate::access::custom::ROLES_MAX).
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_all(tx: &mut ReadTx, org: &OrgId) -> Result<Vec<CustomRole>, DatabaseFault> {
    let sql = "SELECT id, label, description, created_at, updated_at FROM custom_roles \
               WHERE org_id = $1 ORDER BY label_key";
    let rows = tx.query(sql, params![org]).await?;
    rows.iter().map(read).collect()
}

/// The custom role of that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &CustomRoleId,
) -> Result<Option<CustomRole>, DatabaseFault> {
    let sql = "SELECT id, label, description, created_at, updated_at FROM custom_roles \
               WHERE org_id = $1 AND id = $2";
    let row = tx.query_optional(sql, params![org, id]).await?;
    row.as_ref().map(read).transpose()
}

/// Adds a custom role. The row of the org is locked, and the label was compared with those that there are.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    role: &CustomRole,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO custom_roles (org_id, id, label, label_key, description, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let named = &role.named;
    let values = params![
        org,
        &role.id,
        &named.label,
        fold(&named.label),
        &named.description,
        role.created_at,
        role.updated_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Changes label and description; false if there is no such role.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn update(
    tx: &mut WriteTx,
    org: &OrgId,
    role: &CustomRole,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE custom_roles SET label = $3, label_key = $4, description = $5, updated_at = $6 \
               WHERE org_id = $1 AND id = $2";
    let named = &role.named;
    let values = params![
        org,
        &role.id,
        &named.label,
        fold(&named.label),
        &named.description,
        role.updated_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

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
