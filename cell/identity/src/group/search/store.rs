//! Walks over the table `groups`.

use crate::condition::{Direction, Span};
use crate::embedded::TOGETHER_MAX;
use crate::embedded::store::{filled, places};
use crate::fault::Fault;
use crate::group::Group;
use crate::group::search::Walk;
use crate::group::store::{columns, read};
use crate::person::profile::fold;
use crate::walk::{Batch, Met, met_by_id, rows_max};
use database::{ReadTx, params};
use std::sync::LazyLock;
use vocab::id::{OrgId, UserId};
use vocab::value::Value;

macro_rules! both_ways {
    ($name:ident, $up:literal, $down:literal) => {
        const fn $name(direction: Direction) -> &'static str {
            match direction {
                Direction::Ascending => concat!(columns!(), $up),
                Direction::Descending => concat!(columns!(), $down),
            }
        }
    };
}

both_ways!(
    by_id,
    "WHERE g.org_id = $1 AND g.id > $2 ORDER BY g.id LIMIT $3",
    "WHERE g.org_id = $1 AND g.id < $2 ORDER BY g.id DESC LIMIT $3"
);
both_ways!(
    by_name,
    "WHERE g.org_id = $1 AND (g.name_key, g.id) > ($2, $3) AND g.name_key < $4 ORDER BY g.name_key LIMIT $5",
    "WHERE g.org_id = $1 AND (g.name_key, g.id) < ($2, $3) AND g.name_key >= $4 ORDER BY g.name_key DESC LIMIT $5"
);
both_ways!(
    by_update,
    "WHERE g.org_id = $1 AND (g.updated_at, g.id) > ($2, $3) AND g.updated_at <= $4 \
     ORDER BY g.updated_at, g.id LIMIT $5",
    "WHERE g.org_id = $1 AND (g.updated_at, g.id) < ($2, $3) AND g.updated_at >= $4 \
     ORDER BY g.updated_at DESC, g.id DESC LIMIT $5"
);
both_ways!(
    by_member_change,
    "WHERE g.org_id = $1 AND (g.members_changed_at, g.id) > ($2, $3) AND g.members_changed_at <= $4 \
     ORDER BY g.members_changed_at, g.id LIMIT $5",
    "WHERE g.org_id = $1 AND (g.members_changed_at, g.id) < ($2, $3) AND g.members_changed_at >= $4 \
     ORDER BY g.members_changed_at DESC, g.id DESC LIMIT $5"
);

const OF_ID: &str = concat!(
    columns!(),
    "WHERE g.org_id = $1 AND g.id = $2 AND g.id <> $3"
);

const BY_EXTERNAL_ID: &str = concat!(
    columns!(),
    "WHERE g.org_id = $1 AND g.external_id = $2 AND g.id <> $3"
);

/// The next few groups that a walk meets.
pub(super) async fn load_batch(
    tx: &mut ReadTx,
    org: &OrgId,
    batch: &Batch<'_, Walk>,
) -> Result<Vec<Met<Group>>, Fault> {
    let (direction, limit) = (batch.direction, batch.rows_max());
    let (key, id) = (batch.place.key.as_str(), batch.place.id.as_str());
    let rows = match batch.walk {
        Walk::ById => tx.query(by_id(direction), params![org, id, limit]).await?,
        Walk::Id(wanted) => tx.query(OF_ID, params![org, wanted, id]).await?,
        Walk::ExternalId(wanted) => {
            let values = params![org, wanted, id];
            tx.query(BY_EXTERNAL_ID, values).await?
        }
        Walk::Ids(ids) => {
            let mut met = Vec::new();
            let behind = ids.partition_point(|known| known.as_str() <= id);
            for some in ids.get(behind..).unwrap_or_default().chunks(TOGETHER_MAX) {
                if met.len() >= batch.rows {
                    break;
                }
                met.extend(load_some(tx, org, some).await?);
            }
            met.truncate(batch.rows);
            return Ok(met);
        }
        Walk::Names { begin, end } => {
            let bound = match direction {
                Direction::Ascending => end,
                Direction::Descending => begin,
            };
            let values = params![org, key, id, bound, limit];
            tx.query(by_name(direction), values).await?
        }
        Walk::LastUpdated(span) => {
            let values = moments(org, batch, *span)?;
            tx.query(by_update(direction), &values).await?
        }
        Walk::MembersChanged(span) => {
            let values = moments(org, batch, *span)?;
            tx.query(by_member_change(direction), &values).await?
        }
    };
    rows.iter()
        .map(|row| {
            let group = read(row)?;
            let key = match batch.walk {
                Walk::Names { .. } => fold(&group.name),
                Walk::LastUpdated(_) => group.updated_at.micros().to_string(),
                // As the index has it, which is older than the group where an older release made that.
                Walk::MembersChanged(_) => row.get::<i64>(7)?.to_string(),
                Walk::ById | Walk::Id(_) | Walk::ExternalId(_) | Walk::Ids(_) => String::new(),
            };
            let id = group.id.to_string();
            Ok((group, key, id))
        })
        .collect()
}

static OF_IDS: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!("{}WHERE g.org_id = $1 AND g.id IN ({places})", columns!())
});

/// Those of these groups that there are, by id; at most [`TOGETHER_MAX`].
async fn load_some(tx: &mut ReadTx, org: &OrgId, ids: &[String]) -> Result<Vec<Met<Group>>, Fault> {
    let Some(values) = filled(params![org].to_vec(), ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(OF_IDS.as_str(), &values).await?;
    let groups = rows.iter().map(read).collect::<Result<Vec<Group>, _>>()?;
    Ok(met_by_id(groups, |group| group.id.to_string()))
}

/// Groups of a person by id, after that id.
pub(super) async fn load_of_person(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    after: &str,
    limit: usize,
) -> Result<Vec<Group>, Fault> {
    let sql = concat!(
        columns!(),
        "JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.id ",
        "WHERE m.org_id = $1 AND m.user_id = $2 AND m.group_id > $3 ORDER BY m.group_id LIMIT $4"
    );
    let rows = tx
        .query(sql, params![org, user, after, rows_max(limit)])
        .await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn moments(org: &OrgId, batch: &Batch<'_, Walk>, span: Span) -> Result<Vec<Value>, Fault> {
    let (from, to) = batch.moments(span)?;
    Ok(params![org, from, &batch.place.id, to, batch.rows_max()].to_vec())
}

/// Each statement that walks, and the index that it must use.
#[cfg(test)]
pub(crate) fn every_walk(direction: Direction) -> [(&'static str, &'static str); 5] {
    [
        (by_id(direction), "sqlite_autoindex_groups_1"),
        (by_name(direction), "sqlite_autoindex_groups_2"),
        (by_update(direction), "groups_by_update"),
        (by_member_change(direction), "groups_by_member_change"),
        (BY_EXTERNAL_ID, "groups_by_external_id"),
    ]
}
