//! Rows of several tables by many ids at once. A statement names as many as there may be, whatever their number, so that there
//! is one text of each: the places that are left over hold the last id once more.

use crate::access::custom::store::bindings::gives;
use crate::app::assigned::{AppWay, Way};
use crate::attribute_schema::store::parse_attributes;
use crate::embedded::{APPS_COUNTED_MAX, MEMBERS_COUNTED_MAX, TOGETHER_MAX};
use crate::fault::Fault;
use crate::group::Group;
use crate::group::store::{columns, read};
use crate::person::Person;
use crate::person::store::{BY_IDS, read as read_person};
use crate::profile_mapping::Mapped;
use crate::profile_mapping::store::parse_properties;
use crate::provisioning::Features;
use crate::provisioning::store::connections::parse_config;
use crate::user_type::schemas::OrgSchemas;
use crate::user_type::store::load_schemas;
use crate::walk::rows_max;
use database::{DatabaseFault, ReadTx, Row};
use std::collections::HashMap;
use std::sync::LazyLock;
use vocab::id::{AppId, GroupId, OrgId, UserId};
use vocab::time::Timestamp;
use vocab::value::Value;

/// The placeholders of all ids, the first of them with this number.
pub(crate) fn places(first: usize) -> String {
    let numbers = first..first + TOGETHER_MAX;
    let places: Vec<String> = numbers.map(|number| format!("${number}")).collect();
    places.join(", ")
}

/// The ids behind the values before them; none where there are none, and then nothing is asked.
pub(crate) fn filled<'i, I>(before: Vec<Value>, ids: &'i [I]) -> Option<Vec<Value>>
where
    Value: From<&'i I>,
{
    let last = ids.last()?;
    let spare = TOGETHER_MAX.saturating_sub(ids.len());
    let ids = ids.iter().chain(std::iter::repeat_n(last, spare));
    Some(before.into_iter().chain(ids.map(Value::from)).collect())
}

/// The texts, each put together once.
static GROUPS: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!("{}WHERE g.org_id = $1 AND g.id IN ({places})", columns!())
});
static PEOPLE: LazyLock<String> = LazyLock::new(|| format!("{BY_IDS}({})", places(2)));
static PASSWORDS: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!(
        "SELECT p.user_id, p.changed_at FROM passwords p WHERE p.org_id = $1 AND p.user_id IN ({places})"
    )
});
static DIRECT: LazyLock<String> = LazyLock::new(|| {
    let places = places(3);
    format!(
        "SELECT d.app_id, d.assigned_at, d.attributes FROM app_users d WHERE d.org_id = $1 AND d.user_id = $2 \
         AND d.app_id IN ({places})"
    )
});
static MAPPINGS: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!(
        "SELECT s.owner, s.attributes, COALESCE(m.properties, '{{}}') FROM attribute_schemas s \
         LEFT JOIN profile_mappings m ON m.org_id = s.org_id AND m.app_id = s.owner \
         WHERE s.org_id = $1 AND s.owner IN ({places})"
    )
});
/// The first group of each app alone: somebody may be in thousands.
static THROUGH_GROUPS: LazyLock<String> = LazyLock::new(|| {
    let places = places(3);
    format!(
        "SELECT g.app_id, g.group_id, g.assigned_at FROM app_groups g \
         JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.group_id AND m.user_id = $2 \
         WHERE g.org_id = $1 AND g.app_id IN ({places}) \
         AND NOT EXISTS (SELECT 1 FROM app_groups h JOIN group_members n ON n.org_id = h.org_id \
         AND n.group_id = h.group_id AND n.user_id = $2 WHERE h.org_id = $1 AND h.app_id = g.app_id \
         AND h.group_id < g.group_id)"
    )
});
static FEATURES: LazyLock<String> = LazyLock::new(|| {
    let places = places(2);
    format!(
        "SELECT c.app_id, c.config FROM provisioning_connections c WHERE c.org_id = $1 AND c.active = 1 \
         AND c.app_id IN ({places})"
    )
});
static COUNTS: LazyLock<String> = LazyLock::new(|| {
    let places = places(4);
    format!(
        "SELECT g.id, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM group_members m WHERE m.org_id = g.org_id AND m.group_id = g.id \
         LIMIT $2) AS members), \
         (SELECT COUNT(*) FROM (SELECT 1 FROM app_groups a WHERE a.org_id = g.org_id AND a.group_id = g.id \
         LIMIT $3) AS apps), \
         (SELECT COUNT(*) FROM provisioning_groups p WHERE p.org_id = g.org_id AND p.group_id = g.id AND p.removing = 0), \
         CASE WHEN {} THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END \
         FROM groups g WHERE g.org_id = $1 AND g.id IN ({places})",
        gives!("g.id")
    )
});

/// Groups by their ids.
pub(super) async fn load_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[GroupId],
) -> Result<Vec<Group>, Fault> {
    let Some(values) = filled(vec![Value::from(org)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(GROUPS.as_str(), &values).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// People by their ids.
pub(super) async fn load_people(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[UserId],
) -> Result<Vec<Person>, Fault> {
    let Some(values) = filled(vec![Value::from(org)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(PEOPLE.as_str(), &values).await?;
    rows.iter().map(read_person).collect()
}

/// When the passwords of people were set, of those who have one.
pub(super) async fn load_password_moments(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[UserId],
) -> Result<Vec<(UserId, Timestamp)>, DatabaseFault> {
    let Some(values) = filled(vec![Value::from(org)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(PASSWORDS.as_str(), &values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

fn read_direct_way(row: &Row) -> Result<(AppId, AppWay), DatabaseFault> {
    let way = AppWay {
        way: Way::Direct,
        assigned_at: row.get(1)?,
        attributes: row.get(2)?,
    };
    Ok((row.get(0)?, way))
}

/// The schemas and mappings of apps, of those that have a schema, ready to be asked.
pub(super) async fn load_mapped(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[AppId],
) -> Result<HashMap<AppId, Mapped>, Fault> {
    let Some(values) = filled(vec![Value::from(org)], ids) else {
        return Ok(HashMap::new());
    };
    let mut read = Vec::new();
    for row in &tx.query(MAPPINGS.as_str(), &values).await? {
        let (schema, properties): (String, String) = (row.get(1)?, row.get(2)?);
        let (schema, properties) = (parse_attributes(&schema)?, parse_properties(&properties)?);
        read.push((row.get(0)?, schema, properties));
    }
    let is_mapped = read.iter().any(|(_, _, properties)| !properties.is_empty());
    let of_people = match is_mapped {
        true => load_schemas(tx, org).await?,
        false => OrgSchemas::default(),
    };
    let ready = read.into_iter().map(|(id, of_app, properties)| {
        let mapped = Mapped::read(&properties, of_people.as_schemas(), of_app);
        (id, mapped)
    });
    Ok(ready.collect())
}

/// Which of these apps are assigned to a person, since when, and what is stored of the person in them.
pub(super) async fn load_direct_ways(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    ids: &[AppId],
) -> Result<Vec<(AppId, AppWay)>, DatabaseFault> {
    let Some(values) = filled(vec![Value::from(org), Value::from(user)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(DIRECT.as_str(), &values).await?;
    rows.iter().map(read_direct_way).collect()
}

/// Through which groups of a person these apps came, by app and group.
pub(super) async fn load_group_ways(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    ids: &[AppId],
) -> Result<Vec<(AppId, GroupId, Timestamp)>, DatabaseFault> {
    let Some(values) = filled(vec![Value::from(org), Value::from(user)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(THROUGH_GROUPS.as_str(), &values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .collect()
}

/// What is done at the peers of apps, of those whose connection is switched on.
pub(super) async fn load_features(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[AppId],
) -> Result<Vec<(AppId, Features)>, Fault> {
    let Some(values) = filled(vec![Value::from(org)], ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(FEATURES.as_str(), &values).await?;
    let read = |row: &Row| {
        let config: String = row.get(1)?;
        Ok((row.get(0)?, parse_config(&config)?.features))
    };
    rows.iter().map(read).collect()
}

/// How much there is of a group: of members and apps one more than the bound where there are more.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) group: GroupId,
    pub(super) members: i64,
    pub(super) apps: i64,
    pub(super) pushes: i64,
    pub(super) gives_role: bool,
}

/// How much there is of each of these groups.
pub(super) async fn count_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    ids: &[GroupId],
) -> Result<Vec<Counted>, DatabaseFault> {
    let before = vec![
        Value::from(org),
        Value::from(rows_max(MEMBERS_COUNTED_MAX + 1)),
        Value::from(rows_max(APPS_COUNTED_MAX + 1)),
    ];
    let Some(values) = filled(before, ids) else {
        return Ok(Vec::new());
    };
    let rows = tx.query(COUNTS.as_str(), &values).await?;
    let counted = rows.iter().map(|row| {
        let gives_role: i64 = row.get(4)?;
        Ok(Counted {
            group: row.get(0)?,
            members: row.get(1)?,
            apps: row.get(2)?,
            pushes: row.get(3)?,
            gives_role: gives_role == 1,
        })
    });
    counted.collect()
}

#[cfg(test)]
mod tests {
    use super::{TOGETHER_MAX, filled, places};
    use vocab::entropy::SeededEntropy;
    use vocab::id::GroupId;
    use vocab::value::Value;

    #[test]
    fn a_statement_has_as_many_values_as_places() {
        let entropy = SeededEntropy::new(3);
        let one = [GroupId::generate(&entropy)];
        let values = filled(vec![Value::from("org")], &one).unwrap();
        assert_eq!(values.len(), 1 + TOGETHER_MAX);
        assert_eq!(places(2).split(", ").count(), TOGETHER_MAX);
        assert!(places(2).starts_with("$2, $3, "));
        assert!(filled::<GroupId>(Vec::new(), &[]).is_none());
    }
}
