//! Walks over the tables `apps`, `app_users` and `app_groups`.

use crate::app::App;
use crate::app::search::Walk;
use crate::app::store::{columns, read};
use crate::embedded::TOGETHER_MAX;
use crate::embedded::store::{filled, places};
use crate::fault::Fault;
use crate::person::profile::fold;
use crate::walk::{Batch, Met, met_by_id};
use database::{ReadTx, params};
use std::sync::LazyLock;
use vocab::id::OrgId;

const BY_ID: &str = concat!(
    columns!(),
    "FROM apps a WHERE a.org_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"
);
const OF_ID: &str = concat!(
    columns!(),
    "FROM apps a WHERE a.org_id = $1 AND a.id = $2 AND a.id <> $3"
);
const BY_LABEL: &str = concat!(
    columns!(),
    "FROM apps a WHERE a.org_id = $1 AND (a.label_key, a.id) > ($2, $3) AND a.label_key < $4 ",
    "ORDER BY a.label_key LIMIT $5"
);
const BY_STATUS: &str = concat!(
    columns!(),
    "FROM apps a WHERE a.org_id = $1 AND a.status = $2 AND a.id > $3 ORDER BY a.id LIMIT $4"
);
const OPEN_TO_ALL: &str = concat!(
    columns!(),
    "FROM apps a WHERE a.org_id = $1 AND a.open_to_all = 1 AND a.id > $2 ORDER BY a.id LIMIT $3"
);
// Joins are CROSS where SQLite, which has no statistics here, must not begin with the other table.
const OF_GROUP: &str = concat!(
    columns!(),
    "FROM app_groups g CROSS JOIN apps a WHERE g.org_id = $1 AND g.group_id = $2 AND g.app_id > $3 ",
    "AND a.org_id = $1 AND a.id = g.app_id ORDER BY g.app_id LIMIT $4"
);
/// What this looks at is bounded by the assignments of the person and of the person's groups, not by the org.
const OF_PERSON: &str = concat!(
    columns!(),
    "FROM (SELECT d.app_id FROM app_users d WHERE d.org_id = $1 AND d.user_id = $2 AND d.app_id > $3 ",
    "UNION SELECT g.app_id FROM group_members m CROSS JOIN app_groups g WHERE m.org_id = $1 AND m.user_id = $2 ",
    "AND g.org_id = $1 AND g.group_id = m.group_id AND g.app_id > $3) f CROSS JOIN apps a ",
    "WHERE a.org_id = $1 AND a.id = f.app_id ORDER BY f.app_id LIMIT $4"
);

/// The next few apps that a walk meets.
pub(super) async fn load_batch(
    tx: &mut ReadTx,
    org: &OrgId,
    batch: &Batch<'_, Walk>,
) -> Result<Vec<Met<App>>, Fault> {
    let limit = batch.rows_max();
    let (key, id) = (batch.place.key.as_str(), batch.place.id.as_str());
    let rows = match batch.walk {
        Walk::ById => tx.query(BY_ID, params![org, id, limit]).await?,
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
        Walk::Id(wanted) => tx.query(OF_ID, params![org, wanted, id]).await?,
        Walk::Labels { end, .. } => {
            let values = params![org, key, id, end, limit];
            tx.query(BY_LABEL, values).await?
        }
        Walk::Status(status) => {
            let values = params![org, status.as_str(), id, limit];
            tx.query(BY_STATUS, values).await?
        }
        Walk::OpenToAll => tx.query(OPEN_TO_ALL, params![org, id, limit]).await?,
        Walk::OfPerson(user) => tx.query(OF_PERSON, params![org, user, id, limit]).await?,
        Walk::OfGroup(group) => tx.query(OF_GROUP, params![org, group, id, limit]).await?,
    };
    rows.iter()
        .map(|row| {
            let app = read(row)?;
            let key = match batch.walk {
                Walk::Labels { .. } => fold(&app.label),
                _ => String::new(),
            };
            let id = app.id.to_string();
            Ok((app, key, id))
        })
        .collect()
}

static OF_IDS: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!(
        "{}FROM apps a WHERE a.org_id = $1 AND a.id IN ({places})",
        columns!()
    )
});

/// Those of these apps that there are, by id; at most [`TOGETHER_MAX`].
async fn load_some(tx: &mut ReadTx, org: &OrgId, ids: &[String]) -> Result<Vec<Met<App>>, Fault> {
    let Some(values) = filled(params![org].to_vec(), ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(OF_IDS.as_str(), &values).await?;
    let apps = rows.iter().map(read).collect::<Result<Vec<App>, _>>()?;
    Ok(met_by_id(apps, |app| app.id.to_string()))
}

/// Each statement that walks one index, and the index that it must use.
#[cfg(test)]
pub(crate) const EVERY_WALK: [(&str, &str); 5] = [
    (BY_ID, "sqlite_autoindex_apps_1"),
    (BY_LABEL, "sqlite_autoindex_apps_2"),
    (BY_STATUS, "apps_by_status"),
    (OPEN_TO_ALL, "apps_by_openness"),
    (OF_GROUP, "app_groups_by_group"),
];

/// The statement that joins two walks.
#[cfg(test)]
pub(crate) const JOINED_WALK: &str = OF_PERSON;
