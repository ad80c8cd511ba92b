//! The tables `narrowed_roles` and `narrowed_role_targets`.

use crate::access::Role;
use crate::access::narrowed::{AddedTarget, RoleHolder, RoleTarget};
use crate::fault::Fault;
use crate::person::store::read_role;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::time::Timestamp;

/// A target that was stored as a kind and an id.
pub(crate) fn read_target(row: &Row, column: usize) -> Result<RoleTarget, Fault> {
    let (kind, target): (String, String) = (row.get(column)?, row.get(column + 1)?);
    RoleTarget::from_stored(&kind, &target).ok_or_else(|| Fault::stored("target of a role", &kind))
}

/// The narrowed roles of one holder, by their words, each with the moment at which it was granted.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_holder(
    tx: &mut ReadTx,
    org: &OrgId,
    holder: &RoleHolder,
) -> Result<Vec<(Role, Timestamp)>, Fault> {
    let sql = "SELECT role, granted_at FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 ORDER BY role";
    let rows = tx.query(sql, params![org, holder.stored().1]).await?;
    rows.iter()
        .map(|row| Ok((read_role(row, 0)?, row.get(1)?)))
        .collect()
}

/// The narrowed roles that the groups of a person give, each with the group.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_through_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<Vec<(Role, Timestamp, GroupId)>, Fault> {
    let sql = "SELECT n.role, n.granted_at, n.holder_id FROM narrowed_roles n \
               JOIN group_members m ON m.org_id = n.org_id AND m.group_id = n.holder_id AND m.user_id = $2 \
               WHERE n.org_id = $1 AND n.holder_kind = 'GROUP' ORDER BY n.role, n.holder_id";
    let rows = tx.query(sql, params![org, user]).await?;
    rows.iter()
        .map(|row| Ok((read_role(row, 0)?, row.get(1)?, row.get(2)?)))
        .collect()
}

/// Since when somebody has the role narrowed, if they do.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_since(
    tx: &mut ReadTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
) -> Result<Option<Timestamp>, DatabaseFault> {
    let sql =
        "SELECT granted_at FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 AND role = $3";
    let values = params![org, holder.stored().1, role.as_str()];
    let row = tx.query_optional(sql, values).await?;
    row.map(|row| row.get(0)).transpose()
}

/// The targets of a role, by kind and id: at most [`TARGETS_MAX`](crate::access::narrowed::TARGETS_MAX).
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_targets(
    tx: &mut ReadTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
) -> Result<Vec<AddedTarget>, Fault> {
    let sql = "SELECT kind, target, added_at FROM narrowed_role_targets \
               WHERE org_id = $1 AND holder_id = $2 AND role = $3 ORDER BY kind, target";
    let values = params![org, holder.stored().1, role.as_str()];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(AddedTarget {
                target: read_target(row, 0)?,
                added_at: row.get(2)?,
            })
        })
        .collect()
}

/// Takes a role that is held over everything from its table: since when it was held, if it was.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn take_whole(
    tx: &mut WriteTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
) -> Result<Option<Timestamp>, DatabaseFault> {
    let (load, delete) = match holder {
        RoleHolder::User(_) => (
            "SELECT granted_at FROM administrators WHERE org_id = $1 AND user_id = $2 AND role = $3",
            "DELETE FROM administrators WHERE org_id = $1 AND user_id = $2 AND role = $3",
        ),
        RoleHolder::Group(_) => (
            "SELECT granted_at FROM group_roles WHERE org_id = $1 AND group_id = $2 AND role = $3",
            "DELETE FROM group_roles WHERE org_id = $1 AND group_id = $2 AND role = $3",
        ),
        RoleHolder::App(_) => (
            "SELECT granted_at FROM app_roles WHERE org_id = $1 AND app_id = $2 AND role = $3",
            "DELETE FROM app_roles WHERE org_id = $1 AND app_id = $2 AND role = $3",
        ),
    };
    let values = params![org, holder.stored().1, role.as_str()];
    let Some(row) = tx.query_optional(load, values).await? else {
        return Ok(None);
    };
    match tx.execute(delete, values).await? {
        1 => row.get(0).map(Some),
        _ => Ok(None),
    }
}

/// Puts a role that is held over everything into its table.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn give_whole(
    tx: &mut WriteTx,
    org: &OrgId,
    (user, role): (&UserId, Role),
    since: Timestamp,
) -> Result<bool, DatabaseFault> {
    crate::person::store::insert_role(tx, org, user, role, since).await
}

/// Writes a narrowed role down, for whoever does not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
    since: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO narrowed_roles (org_id, holder_id, role, holder_kind, granted_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, holder_id, role) DO NOTHING";
    let (kind, id) = holder.stored();
    let values = params![org, id, role.as_str(), kind, since];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Takes a narrowed role with its targets; false for whoever does not have it.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
) -> Result<bool, DatabaseFault> {
    let values = params![org, holder.stored().1, role.as_str()];
    let targets =
        "DELETE FROM narrowed_role_targets WHERE org_id = $1 AND holder_id = $2 AND role = $3";
    tx.execute(targets, values).await?;
    let sql = "DELETE FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 AND role = $3";
    Ok(tx.execute(sql, values).await? == 1)
}

/// Adds a target; false if it is one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn add_target(
    tx: &mut WriteTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
    target: &AddedTarget,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO narrowed_role_targets (org_id, holder_id, role, kind, target, added_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, holder_id, role, kind, target) DO NOTHING";
    let (kind, id) = target.target.stored();
    let values = params![
        org,
        holder.stored().1,
        role.as_str(),
        kind,
        id,
        target.added_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a target; false if it is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(super) async fn remove_target(
    tx: &mut WriteTx,
    org: &OrgId,
    (holder, role): (&RoleHolder, Role),
    target: &RoleTarget,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM narrowed_role_targets WHERE org_id = $1 AND holder_id = $2 AND role = $3 \
               AND kind = $4 AND target = $5";
    let (kind, id) = target.stored();
    let values = params![org, holder.stored().1, role.as_str(), kind, id];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes every narrowed role of somebody who is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_holder(
    tx: &mut WriteTx,
    org: &OrgId,
    holder: &str,
) -> Result<(), DatabaseFault> {
    for sql in [
        "DELETE FROM narrowed_role_targets WHERE org_id = $1 AND holder_id = $2",
        "DELETE FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2",
    ] {
        tx.execute(sql, params![org, holder]).await?;
    }
    Ok(())
}

/// Takes what is no more from the targets of every role. A role that is left without one is narrowed still.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_target(
    tx: &mut WriteTx,
    org: &OrgId,
    target: &str,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM narrowed_role_targets WHERE org_id = $1 AND target = $2";
    tx.execute(sql, params![org, target]).await.map(|_| ())
}

/// The targets of a role that a person has by themselves, and then of the same role of their groups, each with whose it is.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_targets_of_person(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    role: Role,
) -> Result<Vec<(RoleHolder, RoleTarget)>, Fault> {
    let own = RoleHolder::User(user.clone());
    let own_targets = load_targets(tx, org, (&own, role)).await?;
    let mut held: Vec<(RoleHolder, RoleTarget)> = own_targets
        .into_iter()
        .map(|one| (own.clone(), one.target))
        .collect();
    let sql = "SELECT t.kind, t.target, n.holder_id FROM narrowed_roles n \
               JOIN group_members m ON m.org_id = n.org_id AND m.group_id = n.holder_id AND m.user_id = $2 \
               JOIN narrowed_role_targets t ON t.org_id = n.org_id AND t.holder_id = n.holder_id AND t.role = n.role \
               WHERE n.org_id = $1 AND n.holder_kind = 'GROUP' AND n.role = $3 ORDER BY t.kind, t.target, n.holder_id";
    for row in &tx.query(sql, params![org, user, role.as_str()]).await? {
        held.push((RoleHolder::Group(row.get(2)?), read_target(row, 0)?));
    }
    Ok(held)
}
