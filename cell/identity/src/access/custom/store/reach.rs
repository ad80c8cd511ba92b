//! What somebody may do by custom roles at this moment, and to what: read from the bindings, in the caller's transaction.

use crate::access::custom::Resource;
use crate::access::custom::capability::{CONTAINERS_MAX, Capability};
use crate::access::custom::store::roles::read_capability;
use crate::access::custom::store::sets::read_resource;
use crate::embedded::TOGETHER_MAX;
use crate::fault::Fault;
use database::{DatabaseFault, ReadTx, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use vocab::id::{GroupId, OrgId, UserId};
use vocab::value::Value;

/// The bindings of a person: their own, and those of their groups. `$1` is the org, `$2` the person.
macro_rules! held {
    () => {
        "(SELECT b.role_id, b.set_id FROM role_bindings b \
         WHERE b.org_id = $1 AND b.member_kind = 'USER' AND b.member_id = $2 \
         UNION SELECT b.role_id, b.set_id FROM role_bindings b \
         JOIN group_members g ON g.org_id = b.org_id AND g.group_id = b.member_id AND g.user_id = $2 \
         WHERE b.org_id = $1 AND b.member_kind = 'GROUP') h "
    };
}

/// Resources over which one of the capabilities `$3` to `$6` is held.
macro_rules! resources {
    () => {
        concat!(
            "FROM ",
            held!(),
            "JOIN custom_role_permissions p ON p.org_id = $1 AND p.role_id = h.role_id \
             AND p.permission IN ($3, $4, $5, $6) \
             JOIN resource_set_resources r ON r.org_id = $1 AND r.set_id = h.set_id "
        )
    };
}

/// The names of what contains a capability; the places that are left over hold the last once more.
fn places(org: &OrgId, person: &UserId, capability: Capability) -> Vec<Value> {
    let mut values = params![org, person].to_vec();
    let containers = capability.containers();
    let names = containers.iter().chain(std::iter::repeat(&capability));
    values.extend(
        names
            .take(CONTAINERS_MAX)
            .map(|one| Value::from(one.as_str())),
    );
    values
}

/// What a person may do by custom roles, over whatever it may be.
pub(crate) async fn load_capabilities(
    tx: &mut ReadTx,
    org: &OrgId,
    person: &UserId,
) -> Result<BTreeSet<Capability>, Fault> {
    let sql = concat!(
        "SELECT DISTINCT p.permission FROM ",
        held!(),
        "JOIN custom_role_permissions p ON p.org_id = $1 AND p.role_id = h.role_id"
    );
    let rows = tx.query(sql, params![org, person]).await?;
    rows.iter().map(|row| read_capability(row, 0)).collect()
}

/// The resources over which a person holds a capability.
pub(crate) async fn load_resources(
    tx: &mut ReadTx,
    org: &OrgId,
    person: &UserId,
    capability: Capability,
) -> Result<Vec<Resource>, Fault> {
    let sql = concat!("SELECT DISTINCT r.kind, r.target ", resources!());
    let rows = tx.query(sql, &places(org, person, capability)).await?;
    rows.iter().map(|row| read_resource(row, 0)).collect()
}

static WITHIN_GROUPS: LazyLock<String> = LazyLock::new(|| {
    let numbers = 7..7 + TOGETHER_MAX;
    let places: Vec<String> = numbers.map(|number| format!("${number}")).collect();
    format!(
        "SELECT m.user_id, MIN(m.group_id) FROM group_members m WHERE m.org_id = $1 AND m.user_id IN ({}) \
         AND m.group_id IN (SELECT r.target {} WHERE r.kind = 'USERS_OF') GROUP BY m.user_id",
        places.join(", "),
        resources!()
    )
});

/// Which of these people are in a group over whose members a person holds a capability, each with one such group, which is
/// always the same: at most [`TOGETHER_MAX`] are looked at.
pub(crate) async fn load_within_groups(
    tx: &mut ReadTx,
    (org, person): (&OrgId, &UserId),
    capability: Capability,
    people: &[UserId],
) -> Result<BTreeMap<UserId, GroupId>, DatabaseFault> {
    let Some(last) = people.last() else {
        return Ok(BTreeMap::new());
    };
    let mut values = places(org, person, capability);
    let people = people.iter().chain(std::iter::repeat(last));
    values.extend(people.take(TOGETHER_MAX).map(Value::from));
    let rows = tx.query(WITHIN_GROUPS.as_str(), &values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// What a person holds over somebody: over everybody, or over the members of a group of theirs.
pub(crate) async fn load_capabilities_over(
    tx: &mut ReadTx,
    (org, person): (&OrgId, &UserId),
    other: &UserId,
) -> Result<BTreeSet<Capability>, Fault> {
    let sql = concat!(
        "SELECT DISTINCT p.permission FROM ",
        held!(),
        "JOIN custom_role_permissions p ON p.org_id = $1 AND p.role_id = h.role_id \
         JOIN resource_set_resources r ON r.org_id = $1 AND r.set_id = h.set_id \
         WHERE r.kind = 'USERS' OR (r.kind = 'USERS_OF' AND EXISTS (SELECT 1 FROM group_members m \
         WHERE m.org_id = $1 AND m.group_id = r.target AND m.user_id = $3))"
    );
    let rows = tx.query(sql, params![org, person, other]).await?;
    rows.iter().map(|row| read_capability(row, 0)).collect()
}

/// What a person holds over the members of a group.
pub(crate) async fn load_capabilities_by_group(
    tx: &mut ReadTx,
    (org, person): (&OrgId, &UserId),
    group: &GroupId,
) -> Result<BTreeSet<Capability>, Fault> {
    let sql = concat!(
        "SELECT DISTINCT p.permission FROM ",
        held!(),
        "JOIN custom_role_permissions p ON p.org_id = $1 AND p.role_id = h.role_id \
         JOIN resource_set_resources r ON r.org_id = $1 AND r.set_id = h.set_id \
         WHERE r.kind = 'USERS_OF' AND r.target = $3"
    );
    let rows = tx.query(sql, params![org, person, group]).await?;
    rows.iter().map(|row| read_capability(row, 0)).collect()
}
