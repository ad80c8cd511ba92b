//! The table `role_bindings`.

use crate::access::custom::{Binding, Holder};
use crate::fault::Fault;
use crate::person::PersonStatus;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{CustomRoleId, GroupId, OrgId, ResourceSetId, RoleBindingId, UserId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, role_id, set_id, member_kind, member_id, bound_at FROM role_bindings ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Binding, Fault> {
    let (kind, id): (String, String) = (row.get(3)?, row.get(4)?);
    Ok(Binding {
        id: row.get(0)?,
        role: row.get(1)?,
        set: row.get(2)?,
        holder: Holder::from_stored(&kind, &id).ok_or_else(|| Fault::stored("holder", &kind))?,
        bound_at: row.get(5)?,
    })
}

/// The binding of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    id: &RoleBindingId,
) -> Result<Option<Binding>, Fault> {
    let sql = select!("WHERE org_id = $1 AND id = $2");
    let row = tx.query_optional(sql, params![org, id]).await?;
    row.as_ref().map(read).transpose()
}

/// The bindings of one holder, by id; at most [`BINDINGS_OF_ONE_MAX`](crate::access::custom::BINDINGS_OF_ONE_MAX).
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_holder(
    tx: &mut ReadTx,
    org: &OrgId,
    holder: &Holder,
) -> Result<Vec<Binding>, Fault> {
    let sql = select!("WHERE org_id = $1 AND member_kind = $2 AND member_id = $3 ORDER BY id");
    let (kind, id) = holder.stored();
    let rows = tx.query(sql, params![org, kind, id]).await?;
    rows.iter().map(read).collect()
}

/// The bindings of the groups that a person is in, by id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_through_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<Vec<Binding>, Fault> {
    let sql = "SELECT b.id, b.role_id, b.set_id, b.member_kind, b.member_id, b.bound_at FROM role_bindings b \
               JOIN group_members g ON g.org_id = b.org_id AND g.group_id = b.member_id AND g.user_id = $2 \
               WHERE b.org_id = $1 AND b.member_kind = 'GROUP' ORDER BY b.id";
    let rows = tx.query(sql, params![org, user]).await?;
    rows.iter().map(read).collect()
}

/// Who holds a role over a set, by id; at most [`MEMBERS_MAX`](crate::access::custom::MEMBERS_MAX).
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_pair(
    tx: &mut ReadTx,
    org: &OrgId,
    (role, set): (&CustomRoleId, &ResourceSetId),
) -> Result<Vec<Binding>, Fault> {
    let sql = select!("WHERE org_id = $1 AND set_id = $2 AND role_id = $3 ORDER BY id");
    let rows = tx.query(sql, params![org, set, role]).await?;
    rows.iter().map(read).collect()
}

/// Who holds whatever role over a set, by role and id; so many at most.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_of_set(
    tx: &mut ReadTx,
    org: &OrgId,
    set: &ResourceSetId,
    limit: i64,
) -> Result<Vec<Binding>, Fault> {
    let sql = select!("WHERE org_id = $1 AND set_id = $2 ORDER BY role_id, id LIMIT $3");
    let rows = tx.query(sql, params![org, set, limit]).await?;
    rows.iter().map(read).collect()
}

/// The roles that are bound to a set, by id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_roles_of_set(
    tx: &mut ReadTx,
    org: &OrgId,
    set: &ResourceSetId,
) -> Result<Vec<CustomRoleId>, DatabaseFault> {
    let sql = "SELECT DISTINCT role_id FROM role_bindings WHERE org_id = $1 AND set_id = $2 ORDER BY role_id";
    let rows = tx.query(sql, params![org, set]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Whether somebody holds the role, over whatever set.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_role_held(
    tx: &mut ReadTx,
    org: &OrgId,
    role: &CustomRoleId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM role_bindings WHERE org_id = $1 AND role_id = $2 LIMIT 1";
    Ok(tx.query_optional(sql, params![org, role]).await?.is_some())
}

/// Whether the group whose id stands in that place of a statement gives a role.
macro_rules! gives {
    ($group:literal) => {
        concat!(
            "(EXISTS (SELECT 1 FROM role_bindings b WHERE b.org_id = $1 AND b.member_kind = 'GROUP' AND b.member_id = ",
            $group,
            ") OR EXISTS (SELECT 1 FROM group_roles r WHERE r.org_id = $1 AND r.group_id = ",
            $group,
            ") OR EXISTS (SELECT 1 FROM narrowed_roles n WHERE n.org_id = $1 AND n.holder_id = ",
            $group,
            "))"
        )
    };
}
pub(crate) use gives;

/// Whether a group gives whoever is in it a role, a standard one or a custom one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn is_group_holder(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &str,
) -> Result<bool, DatabaseFault> {
    let sql = concat!("SELECT 1 WHERE ", gives!("$2"));
    Ok(tx.query_optional(sql, params![org, group]).await?.is_some())
}

/// How many groups of a person give a role, but the one that is left out.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn count_giving_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    (user, but): (&UserId, &GroupId),
) -> Result<i64, DatabaseFault> {
    let sql = concat!(
        "SELECT COUNT(*) FROM group_members m WHERE m.org_id = $1 AND m.user_id = $2 AND m.group_id <> $3 AND ",
        gives!("m.group_id")
    );
    let row = tx.query_optional(sql, params![org, user, but]).await?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// Whether somebody of a group has so many other groups that give a role, or more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn has_full_member(
    tx: &mut ReadTx,
    org: &OrgId,
    (group, max): (&GroupId, i64),
) -> Result<bool, DatabaseFault> {
    let sql = concat!(
        "SELECT 1 FROM group_members o WHERE o.org_id = $1 AND o.group_id = $2 AND (SELECT COUNT(*) \
         FROM group_members m WHERE m.org_id = $1 AND m.user_id = o.user_id AND m.group_id <> $2 AND ",
        gives!("m.group_id"),
        ") >= $3 LIMIT 1"
    );
    Ok(tx
        .query_optional(sql, params![org, group, max])
        .await?
        .is_some())
}

/// Whether somebody of a group is getting back in by mail, or will be when they are not kept out any more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn has_half_open(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &GroupId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id \
               WHERE m.org_id = $1 AND m.group_id = $2 AND (u.status = $3 OR u.returns_to = $3) LIMIT 1";
    let values = params![org, group, PersonStatus::Recovery.as_str()];
    Ok(tx.query_optional(sql, values).await?.is_some())
}

/// Adds a binding; false if the holder has the role over the set.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    binding: &Binding,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO role_bindings (org_id, id, role_id, set_id, member_kind, member_id, bound_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (org_id, member_kind, member_id, role_id, set_id) DO NOTHING";
    let (kind, id) = binding.holder.stored();
    let values = params![
        org,
        &binding.id,
        &binding.role,
        &binding.set,
        kind,
        id,
        binding.bound_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Removes a binding; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    id: &RoleBindingId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM role_bindings WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org, id]).await? == 1)
}

/// Removes every binding of somebody who is no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn forget_holder(
    tx: &mut WriteTx,
    org: &OrgId,
    holder: &Holder,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM role_bindings WHERE org_id = $1 AND member_kind = $2 AND member_id = $3";
    let (kind, id) = holder.stored();
    tx.execute(sql, params![org, kind, id]).await.map(|_| ())
}
