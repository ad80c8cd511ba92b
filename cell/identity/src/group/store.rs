//! The tables `groups` and `group_members`.

use crate::access::custom::Holder;
use crate::access::custom::store::{bindings, sets};
use crate::access::narrowed::store as narrowed;
use crate::fault::{Fault, Refusal};
use crate::group::Group;
use crate::person::profile::{fold, prefix_end};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::time::Timestamp;

macro_rules! columns {
    () => {
        "SELECT g.org_id, g.id, g.name, g.description, g.revision, g.created_at, g.updated_at, g.members_changed_at, \
         g.external_id, g.attributes FROM groups g "
    };
}
pub(crate) use columns;

/// The first ten columns of a selection of groups.
pub(crate) fn read(row: &Row) -> Result<Group, DatabaseFault> {
    let created_at: Timestamp = row.get(5)?;
    let members_changed_at: Timestamp = row.get(7)?;
    Ok(Group {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        revision: row.get(4)?,
        created_at,
        updated_at: row.get(6)?,
        members_changed_at: members_changed_at.max(created_at),
        external_id: row.get(8)?,
        attributes: row.get(9)?,
    })
}

/// The group of that id.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    group_id: &GroupId,
) -> Result<Option<Group>, Fault> {
    let sql = concat!(columns!(), "WHERE g.org_id = $1 AND g.id = $2");
    let row = tx.query_optional(sql, params![org_id, group_id]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// The group of that name.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn find_by_name(
    tx: &mut ReadTx,
    org_id: &OrgId,
    name: &str,
) -> Result<Option<Group>, Fault> {
    let sql = concat!(columns!(), "WHERE g.org_id = $1 AND g.name_key = $2");
    let row = tx.query_optional(sql, params![org_id, fold(name)]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// A page of groups whose name begins so, ordered by name, after that name key.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    org_id: &OrgId,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Group>, Fault> {
    let prefix = fold(prefix);
    let end = prefix_end(&prefix);
    let sql = concat!(
        columns!(),
        "WHERE g.org_id = $1 AND g.name_key >= $2 AND g.name_key < $3 AND g.name_key > $4 ",
        "ORDER BY g.name_key LIMIT $5"
    );
    let rows = tx
        .query(sql, params![org_id, prefix, end, after, limit])
        .await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Adds a group.
///
/// # Errors
/// [`Refusal::Taken`] if the name is in use.
#[boxed]
pub async fn insert(tx: &mut WriteTx, group: &Group) -> Result<(), Refusal> {
    let sql = "INSERT INTO groups (org_id, id, name, name_key, description, revision, created_at, updated_at, \
               members_changed_at, attributes) VALUES ($1, $2, $3, $4, $5, 1, $6, $6, $6, $7)";
    let values = params![
        &group.org_id,
        &group.id,
        &group.name,
        fold(&group.name),
        &group.description,
        group.created_at,
        group.attributes.render()
    ];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Changes name, description and attributes if the revision is still the one that was read.
///
/// # Errors
/// [`Refusal::Changed`] or [`Refusal::Taken`].
#[boxed]
pub async fn update(tx: &mut WriteTx, group: &Group, now: Timestamp) -> Result<(), Refusal> {
    let sql = "UPDATE groups SET name = $1, name_key = $2, description = $3, revision = revision + 1, updated_at = $4, \
               attributes = $8 WHERE org_id = $5 AND id = $6 AND revision = $7";
    let values = params![
        &group.name,
        fold(&group.name),
        &group.description,
        now,
        &group.org_id,
        &group.id,
        group.revision,
        group.attributes.render()
    ];
    match tx.execute(sql, values).await {
        Ok(1) => Ok(()),
        Ok(_) => Err(Refusal::Changed),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken { field: "name" }),
        Err(fault) => Err(fault.into()),
    }
}

/// Sets what a provisioning client calls the group.
///
/// # Errors
/// [`Refusal::Taken`] if another group is called so.
pub async fn put_external_id(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
    external_id: Option<&str>,
) -> Result<(), Refusal> {
    let sql = "UPDATE groups SET external_id = $1 WHERE org_id = $2 AND id = $3";
    match tx
        .execute(
            sql,
            params![external_id.map(str::to_owned), org_id, group_id],
        )
        .await
    {
        Ok(_) => Ok(()),
        Err(fault) if fault.is_unique_violation() => Err(Refusal::Taken {
            field: "externalId",
        }),
        Err(fault) => Err(fault.into()),
    }
}

/// Holds the group until the end of the transaction: whoever else changes it, or who belongs to it, waits.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn hold(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE groups SET revision = revision WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org_id, group_id]).await? == 1)
}

/// The ids of members, ordered, so many at most.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_member_ids(
    tx: &mut ReadTx,
    org_id: &OrgId,
    group_id: &GroupId,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT user_id FROM group_members WHERE org_id = $1 AND group_id = $2 ORDER BY user_id LIMIT $3";
    let rows = tx.query(sql, params![org_id, group_id, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// How many groups the org has; no more are counted than that.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org_id: &OrgId, max: i64) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM groups WHERE org_id = $1 LIMIT $2) AS few";
    let row = tx.query_optional(sql, params![org_id, max]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// Removes a group with its memberships, assignments and owners, and from those that it owns; false if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
) -> Result<bool, DatabaseFault> {
    for sql in [
        "DELETE FROM group_members WHERE org_id = $1 AND group_id = $2",
        "DELETE FROM app_groups WHERE org_id = $1 AND group_id = $2",
        "DELETE FROM group_roles WHERE org_id = $1 AND group_id = $2",
        "DELETE FROM group_owners WHERE org_id = $1 AND group_id = $2",
        "DELETE FROM group_owners WHERE org_id = $1 AND owner_id = $2",
    ] {
        tx.execute(sql, params![org_id, group_id]).await?;
    }
    sets::forget_target(tx, org_id, group_id.as_str()).await?;
    bindings::forget_holder(tx, org_id, &Holder::Group(group_id.clone())).await?;
    narrowed::forget_holder(tx, org_id, group_id.as_str()).await?;
    narrowed::forget_target(tx, org_id, group_id.as_str()).await?;
    let sql = "DELETE FROM groups WHERE org_id = $1 AND id = $2";
    Ok(tx.execute(sql, params![org_id, group_id]).await? == 1)
}

/// Adds a person of the same org; false if the person was a member or does not exist.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn insert_member(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO group_members (org_id, group_id, user_id, added_at) \
               SELECT org_id, CAST($2 AS TEXT), id, CAST($4 AS BIGINT) FROM users WHERE org_id = $1 AND id = $3 \
               ON CONFLICT (org_id, group_id, user_id) DO NOTHING";
    let added = tx
        .execute(sql, params![org_id, group_id, user_id, now])
        .await?
        == 1;
    if added {
        note_change(tx, org_id, group_id, now).await?;
    } else {
        // Whoever was in by a rule alone is in by hand as well from now on.
        let sql = "UPDATE group_members SET by_hand = 1 WHERE org_id = $1 AND group_id = $2 AND user_id = $3 AND by_hand = 0";
        tx.execute(sql, params![org_id, group_id, user_id]).await?;
    }
    Ok(added)
}

/// Notes that members came or went.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_change(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    // Later each time, also where two clocks differ or none has moved: it tells two memberships apart.
    let sql = "UPDATE groups SET members_changed_at = CASE WHEN members_changed_at >= $1 \
               THEN members_changed_at + 1 ELSE $1 END WHERE org_id = $2 AND id = $3";
    tx.execute(sql, params![now, org_id, group_id])
        .await
        .map(|_| ())
}

/// Removes a member; false if the person was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_member(
    tx: &mut WriteTx,
    org_id: &OrgId,
    group_id: &GroupId,
    user_id: &UserId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM group_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    let removed = tx.execute(sql, params![org_id, group_id, user_id]).await? == 1;
    if removed {
        note_change(tx, org_id, group_id, now).await?;
    }
    Ok(removed)
}

/// Whether the person is a member.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_member(
    tx: &mut ReadTx,
    org_id: &OrgId,
    group_id: &GroupId,
    user_id: &UserId,
) -> Result<bool, DatabaseFault> {
    let sql = "SELECT 1 FROM group_members WHERE org_id = $1 AND group_id = $2 AND user_id = $3";
    Ok(tx
        .query_optional(sql, params![org_id, group_id, user_id])
        .await?
        .is_some())
}

/// A page of members: (id, login), ordered by id, after that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_members(
    tx: &mut ReadTx,
    org_id: &OrgId,
    group_id: &GroupId,
    after: &str,
    limit: i64,
) -> Result<Vec<(UserId, String)>, DatabaseFault> {
    let sql = "SELECT u.id, u.login FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id \
               WHERE m.org_id = $1 AND m.group_id = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4";
    let rows = tx
        .query(sql, params![org_id, group_id, after, limit])
        .await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Groups of a person: (id, name), ordered by id, after that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_of_person(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
    after: &str,
    limit: i64,
) -> Result<Vec<(GroupId, String)>, DatabaseFault> {
    let sql = "SELECT g.id, g.name FROM group_members m JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id \
               WHERE m.org_id = $1 AND m.user_id = $2 AND m.group_id > $3 ORDER BY m.group_id LIMIT $4";
    let rows = tx
        .query(sql, params![org_id, user_id, after, limit])
        .await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}
