//! Walks over the tables `app_users`, `app_groups` and `group_members` for the people and groups of an app.

use crate::app::assigned::{AppGroup, AppPerson, Walk, Way};
use crate::attribute_schema::Attributes;
use crate::fault::Fault;
use crate::person::store::read;
use crate::walk::{Batch, Met, rows_max};
use database::{DatabaseFault, ReadTx, Row, params};
use vocab::id::{AppId, GroupId, OrgId, UserId};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.org_id, u.id, u.status, u.login, u.email, u.email_verified, u.first_name, u.last_name, ",
            "u.profile, u.epoch, u.revision, u.created_at, u.updated_at, u.last_sign_in_at, u.activated_at, ",
            "u.status_changed_at, u.external_id, u.type_id, ",
            $rest
        )
    };
}

// Joins are CROSS where SQLite, which has no statistics here, must not begin with another table.
const DIRECT: &str = select!(
    "d.assigned_at, d.attributes FROM app_users d CROSS JOIN users u WHERE d.org_id = $1 AND d.app_id = $2 \
     AND d.user_id > $3 \
     AND u.org_id = $1 AND u.id = d.user_id ORDER BY d.user_id LIMIT $4"
);
const OF_GROUP: &str = select!(
    "g.assigned_at, \
     CASE WHEN EXISTS (SELECT 1 FROM app_users d WHERE d.org_id = $1 AND d.app_id = $2 AND d.user_id = m.user_id) \
     THEN 1 ELSE 0 END, \
     CASE WHEN EXISTS (SELECT 1 FROM group_members e CROSS JOIN app_groups h WHERE e.org_id = $1 \
     AND e.user_id = m.user_id AND e.group_id < $3 AND h.org_id = $1 AND h.app_id = $2 AND h.group_id = e.group_id) \
     THEN 1 ELSE 0 END \
     FROM app_groups g CROSS JOIN group_members m CROSS JOIN users u \
     WHERE g.org_id = $1 AND g.app_id = $2 AND g.group_id = $3 AND m.org_id = $1 AND m.group_id = $3 \
     AND m.user_id > $4 AND u.org_id = $1 AND u.id = m.user_id ORDER BY m.user_id LIMIT $5"
);
/// The next group with anybody in it: those without are passed over here, not one by one.
const NEXT_GROUP: &str = "SELECT g.group_id FROM app_groups g WHERE g.org_id = $1 AND g.app_id = $2 AND g.group_id > $3 \
                          AND EXISTS (SELECT 1 FROM group_members m WHERE m.org_id = $1 AND m.group_id = g.group_id) \
                          ORDER BY g.group_id LIMIT 1";
const ONE_DIRECT: &str = select!(
    "d.assigned_at, d.attributes FROM app_users d CROSS JOIN users u WHERE d.org_id = $1 AND d.app_id = $2 \
     AND d.user_id = $3 \
     AND u.org_id = $1 AND u.id = d.user_id"
);
const ONE_OF_GROUP: &str = select!(
    "g.assigned_at, g.group_id FROM group_members m CROSS JOIN app_groups g CROSS JOIN users u WHERE m.org_id = $1 \
     AND m.user_id = $3 AND g.org_id = $1 AND g.app_id = $2 AND g.group_id = m.group_id AND u.org_id = $1 \
     AND u.id = m.user_id ORDER BY m.group_id LIMIT 1"
);
const GROUPS: &str = "SELECT g.group_id, g.assigned_at FROM app_groups g WHERE g.org_id = $1 AND g.app_id = $2 \
                      AND g.group_id > $3 ORDER BY g.group_id LIMIT $4";
const ONE_GROUP: &str = "SELECT g.group_id, g.assigned_at FROM app_groups g WHERE g.org_id = $1 AND g.app_id = $2 \
                         AND g.group_id = $3";

fn read_direct(row: &Row) -> Result<AppPerson, Fault> {
    Ok(AppPerson {
        person: read(row)?,
        way: Way::Direct,
        assigned_at: row.get(18)?,
        attributes: row.get(19)?,
        is_direct: true,
        is_repeat: false,
    })
}

fn read_member(row: &Row, group: &GroupId) -> Result<AppPerson, Fault> {
    Ok(AppPerson {
        person: read(row)?,
        way: Way::Group(group.clone()),
        assigned_at: row.get(18)?,
        attributes: Attributes::default(),
        is_direct: row.get(19)?,
        is_repeat: row.get(20)?,
    })
}

fn read_group(row: &Row) -> Result<AppGroup, DatabaseFault> {
    Ok(AppGroup {
        group_id: row.get(0)?,
        assigned_at: row.get(1)?,
    })
}

/// The next few people whom a walk meets.
pub(super) async fn load_batch(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
    batch: &Batch<'_, Walk>,
) -> Result<Vec<Met<AppPerson>>, Fault> {
    let (key, id) = (batch.place.key.as_str(), batch.place.id.as_str());
    match batch.walk {
        Walk::Direct => {
            let values = params![org, app, id, batch.rows_max()];
            let rows = tx.query(DIRECT, values).await?;
            rows.iter()
                .map(|row| {
                    let found = read_direct(row)?;
                    let id = found.person.id.to_string();
                    Ok((found, String::new(), id))
                })
                .collect()
        }
        Walk::Groups => load_members(tx, org, app, (key, id), batch.rows).await,
    }
}

/// Members of the groups of an app behind that group and member, group after group: each statement looks at one.
async fn load_members(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
    (key, id): (&str, &str),
    rows: usize,
) -> Result<Vec<Met<AppPerson>>, Fault> {
    // What is no id is before or behind all of them, as texts are.
    let (mut group, mut after) = (GroupId::parse(key).ok(), id.to_owned());
    let mut reached = key.to_owned();
    let mut met = Vec::new();
    loop {
        if let Some(group) = &group {
            let limit = rows_max(rows - met.len());
            let values = params![org, app, group, &after, limit];
            for row in tx.query(OF_GROUP, values).await? {
                let found = read_member(&row, group)?;
                let id = found.person.id.to_string();
                met.push((found, group.to_string(), id));
            }
            if met.len() >= rows {
                return Ok(met);
            }
        }
        let values = params![org, app, &reached];
        let Some(next) = tx.query_optional(NEXT_GROUP, values).await? else {
            return Ok(met);
        };
        let next: GroupId = next.get(0)?;
        reached = next.to_string();
        (group, after) = (Some(next), String::new());
    }
}

/// How an app is assigned to a person, if it is: to the person before the first group.
pub(in crate::app) async fn find_person(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
    user: &UserId,
) -> Result<Option<AppPerson>, Fault> {
    let values = params![org, app, user];
    if let Some(row) = tx.query_optional(ONE_DIRECT, values).await? {
        return read_direct(&row).map(Some);
    }
    let Some(row) = tx.query_optional(ONE_OF_GROUP, values).await? else {
        return Ok(None);
    };
    Ok(Some(AppPerson {
        person: read(&row)?,
        way: Way::Group(row.get(19)?),
        assigned_at: row.get(18)?,
        attributes: Attributes::default(),
        is_direct: false,
        is_repeat: false,
    }))
}

/// Groups of an app by id, after that id.
pub(super) async fn load_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
    after: &str,
    limit: usize,
) -> Result<Vec<AppGroup>, Fault> {
    let values = params![org, app, after, rows_max(limit)];
    let rows = tx.query(GROUPS, values).await?;
    Ok(rows.iter().map(read_group).collect::<Result<_, _>>()?)
}

/// How an app is assigned to a group, if it is.
pub(super) async fn find_group(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
    group: &GroupId,
) -> Result<Option<AppGroup>, Fault> {
    let row = tx
        .query_optional(ONE_GROUP, params![org, app, group])
        .await?;
    Ok(row.as_ref().map(read_group).transpose()?)
}

/// Each statement that walks, and the index that it must begin with.
#[cfg(test)]
pub(crate) const EVERY_WALK: [(&str, &str); 4] = [
    (DIRECT, "sqlite_autoindex_app_users_1"),
    (OF_GROUP, "sqlite_autoindex_app_groups_1"),
    (NEXT_GROUP, "sqlite_autoindex_app_groups_1"),
    (GROUPS, "sqlite_autoindex_app_groups_1"),
];
