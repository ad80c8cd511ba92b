//! The table `group_roles`, and what stands of groups in that of narrowed roles.

use crate::access::Role;
use crate::access::narrowed::{RoleHolder, store as narrowed};
use crate::fault::Fault;
use crate::person::roles::GrantedRole;
use crate::person::store::read_granted;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::time::Timestamp;

/// The roles of a group, by their words.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_group(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<Vec<GrantedRole>, Fault> {
    let sql = "SELECT role, granted_at, 'WHOLE' FROM group_roles WHERE org_id = $1 AND group_id = $2 \
               UNION ALL SELECT role, granted_at, 'NARROWED' FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 \
               ORDER BY role";
    let rows = tx.query(sql, params![org, group]).await?;
    rows.iter().map(|row| read_granted(row, 0)).collect()
}

/// The roles that the groups of a person give, each with the group.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_person(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<Vec<(GrantedRole, GroupId)>, Fault> {
    let sql = "SELECT r.role, r.granted_at, r.breadth, r.group_id FROM \
               (SELECT group_id, role, granted_at, 'WHOLE' AS breadth FROM group_roles WHERE org_id = $1 \
               UNION ALL SELECT holder_id, role, granted_at, 'NARROWED' FROM narrowed_roles \
               WHERE org_id = $1 AND holder_kind = 'GROUP') r \
               JOIN group_members m ON m.org_id = $1 AND m.group_id = r.group_id AND m.user_id = $2 \
               ORDER BY r.role, r.group_id";
    let rows = tx.query(sql, params![org, user]).await?;
    rows.iter()
        .map(|row| Ok((read_granted(row, 0)?, row.get(3)?)))
        .collect()
}

/// Gives a role; false if the group gives it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    (group, role): (&GroupId, Role),
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO group_roles (org_id, group_id, role, granted_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (org_id, group_id, role) DO NOTHING";
    let values = params![org, group, role.as_str(), now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a role, over whatever it is held; false if the group does not give it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    (group, role): (&GroupId, Role),
) -> Result<bool, DatabaseFault> {
    let holder = RoleHolder::Group(group.clone());
    let was_narrowed = narrowed::delete(tx, org, (&holder, role)).await?;
    let sql = "DELETE FROM group_roles WHERE org_id = $1 AND group_id = $2 AND role = $3";
    Ok(tx.execute(sql, params![org, group, role.as_str()]).await? == 1 || was_narrowed)
}
