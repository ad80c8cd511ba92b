//! What somebody may do by custom and narrowed roles at this moment, and to what: read from bindings and targets, in the
//! caller's transaction.

use crate::access::custom::Resource;
use crate::access::custom::capability::{CONTAINERS_MAX, Capability};
use crate::access::custom::store::roles::read_capability;
use crate::access::custom::store::sets::read_resource;
use crate::access::narrowed::store::read_target;
use crate::access::narrowed::{self, NARROWABLE};
use crate::access::{Principal, Role};
use crate::embedded::TOGETHER_MAX;
use crate::fault::Fault;
use crate::person::store::read_role;
use database::{DatabaseFault, ReadTx, Row, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use vocab::id::{AppId, GroupId, OrgId, UserId};
use vocab::value::Value;

/// The bindings of a person: their own, and those of their groups. `$1` is the org, `$2` the person. Where no group holds any,
/// no group of the person is looked at; and otherwise theirs are, never those that others hold.
macro_rules! held {
    () => {
        "(SELECT b.role_id, b.set_id FROM role_bindings b \
         WHERE b.org_id = $1 AND b.member_kind = 'USER' AND b.member_id = $2 \
         UNION SELECT b.role_id, b.set_id FROM \
         (SELECT 1 FROM role_bindings WHERE org_id = $1 AND member_kind = 'GROUP' LIMIT 1) some_b \
         CROSS JOIN group_members g CROSS JOIN role_bindings b WHERE g.org_id = $1 AND g.user_id = $2 \
         AND b.org_id = $1 AND b.member_kind = 'GROUP' AND b.member_id = g.group_id) h "
    };
}

/// The narrowed roles of a person or an app: their own, and those of the person's groups, looked for as bindings are.
macro_rules! narrowed {
    () => {
        "(SELECT n.holder_id, n.role FROM narrowed_roles n WHERE n.org_id = $1 AND n.holder_id = $2 \
         UNION SELECT n.holder_id, n.role FROM \
         (SELECT 1 FROM narrowed_roles WHERE org_id = $1 AND holder_kind = 'GROUP' LIMIT 1) some_n \
         CROSS JOIN group_members g CROSS JOIN narrowed_roles n WHERE g.org_id = $1 AND g.user_id = $2 \
         AND n.org_id = $1 AND n.holder_id = g.group_id) w "
    };
}

/// Their targets.
macro_rules! targets {
    () => {
        concat!(
            "FROM ",
            narrowed!(),
            "CROSS JOIN narrowed_role_targets t WHERE t.org_id = $1 AND t.holder_id = w.holder_id AND t.role = w.role "
        )
    };
}

/// What their roles permit, with each resource that it is permitted over.
macro_rules! permitted {
    () => {
        concat!(
            "FROM ",
            held!(),
            "CROSS JOIN custom_role_permissions p CROSS JOIN resource_set_resources r \
             WHERE p.org_id = $1 AND p.role_id = h.role_id AND r.org_id = $1 AND r.set_id = h.set_id "
        )
    };
}

/// Resources over which one of the capabilities `$3` to `$6` is held.
macro_rules! resources {
    () => {
        concat!(permitted!(), "AND p.permission IN ($3, $4, $5, $6) ")
    };
}

/// The names of what contains a capability; the places that are left over hold the last once more.
fn places(org: &OrgId, whose: &Principal, capability: Capability) -> Vec<Value> {
    let mut values = params![org, whose.as_str()].to_vec();
    let containers = capability.containers();
    let names = containers.iter().chain(std::iter::repeat(&capability));
    values.extend(
        names
            .take(CONTAINERS_MAX)
            .map(|one| Value::from(one.as_str())),
    );
    values
}

/// The words of the narrowed roles that give a capability; the places that are left over hold no role.
fn role_places(capability: Capability) -> impl Iterator<Item = Value> {
    let giving = narrowed::giving(capability).into_iter().map(Role::as_str);
    let places = giving.chain(std::iter::repeat(""));
    places.take(NARROWABLE.len()).map(Value::from)
}

/// What a row names: one capability, or those of a narrowed role together.
fn add_capabilities(
    held: &mut BTreeSet<Capability>,
    row: &Row,
    column: usize,
) -> Result<(), Fault> {
    let word: String = row.get(column)?;
    match Role::from_word(&word) {
        Some(role) => held.extend(narrowed::permits(role)),
        None => {
            held.insert(read_capability(row, column)?);
        }
    }
    Ok(())
}

/// Everything that rows give, what is contained in it too, as far as a narrowed role goes.
fn read_all_given(rows: &[Row]) -> Result<BTreeSet<Capability>, Fault> {
    let mut given = BTreeSet::new();
    for row in rows {
        let word: String = row.get(0)?;
        let all = Capability::ALL.iter().copied();
        match Role::from_word(&word) {
            Some(role) => given.extend(all.filter(|one| narrowed::gives(role, *one))),
            None => {
                let held = read_capability(row, 0)?;
                given.extend(all.filter(|one| held.contains(*one)));
            }
        }
    }
    Ok(given)
}

/// What a person holds: their own, and what their groups have.
const HELD: &str = concat!(
    "SELECT 'WHOLE', role FROM administrators WHERE org_id = $1 AND user_id = $2 \
     UNION SELECT 'WHOLE', r.role FROM (SELECT 1 FROM group_roles WHERE org_id = $1 LIMIT 1) some_r \
     CROSS JOIN group_members g CROSS JOIN group_roles r WHERE g.org_id = $1 AND g.user_id = $2 \
     AND r.org_id = $1 AND r.group_id = g.group_id UNION SELECT 'PART', p.permission FROM ",
    held!(),
    "CROSS JOIN custom_role_permissions p WHERE p.org_id = $1 AND p.role_id = h.role_id \
     UNION SELECT 'PART', w.role FROM ",
    narrowed!(),
    "ORDER BY 2"
);
/// What an app holds. No group has it, and no custom role.
const HELD_BY_APP: &str = "SELECT 'WHOLE', role FROM app_roles WHERE org_id = $1 AND app_id = $2 \
                           UNION SELECT 'PART', role FROM narrowed_roles WHERE org_id = $1 AND holder_id = $2 ORDER BY 2";

/// The resources over which the capabilities are held.
const RESOURCES: &str = concat!("SELECT DISTINCT r.kind, r.target ", resources!());
/// The targets of the narrowed roles.
const TARGETS: &str = concat!(
    "SELECT DISTINCT t.kind, t.target ",
    targets!(),
    "AND w.role IN ($3, $4, $5)"
);

/// The statements that are asked of calls, for the tests of their plans.
#[cfg(test)]
pub(crate) const OF_CALLS: [&str; 4] = [HELD, HELD_BY_APP, RESOURCES, TARGETS];

/// The roles that a person holds over everything, and what the others give: their own, and those of their groups. It is one
/// statement, since it is asked of whoever calls.
pub(crate) async fn load_held(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
) -> Result<(Vec<Role>, BTreeSet<Capability>), Fault> {
    read_held(&tx.query(HELD, params![org, user]).await?)
}

/// The same of an app that acts for itself.
pub(crate) async fn load_held_by_app(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &AppId,
) -> Result<(Vec<Role>, BTreeSet<Capability>), Fault> {
    read_held(&tx.query(HELD_BY_APP, params![org, app]).await?)
}

fn read_held(rows: &[Row]) -> Result<(Vec<Role>, BTreeSet<Capability>), Fault> {
    let (mut roles, mut capabilities) = (Vec::new(), BTreeSet::new());
    for row in rows {
        let part: String = row.get(0)?;
        match part.as_str() {
            "WHOLE" => roles.push(read_role(row, 1)?),
            // A narrowed role counts without targets too: whoever has it may come to some, and is no less an administrator meanwhile.
            _ => add_capabilities(&mut capabilities, row, 1)?,
        }
    }
    Ok((roles, capabilities))
}

/// The resources over which somebody holds a capability, in an act upon that app, if it is one upon an app.
pub(crate) async fn load_resources(
    tx: &mut ReadTx,
    (org, whose): (&OrgId, &Principal),
    capability: Capability,
    act_upon: Option<&AppId>,
) -> Result<Vec<Resource>, Fault> {
    let rows = tx.query(RESOURCES, &places(org, whose, capability)).await?;
    let mut held: Vec<Resource> = rows
        .iter()
        .map(|row| read_resource(row, 0))
        .collect::<Result<_, Fault>>()?;
    let mut values = params![org, whose.as_str()].to_vec();
    values.extend(role_places(capability));
    for row in &tx.query(TARGETS, &values).await? {
        let target = read_target(row, 0)?;
        held.extend(narrowed::resource(&target, capability.kind(), act_upon));
    }
    Ok(held)
}

static WITHIN_GROUPS: LazyLock<String> = LazyLock::new(|| {
    let numbers = 10..10 + TOGETHER_MAX;
    let places: Vec<String> = numbers.map(|number| format!("${number}")).collect();
    format!(
        "SELECT m.user_id, MIN(m.group_id) FROM group_members m WHERE m.org_id = $1 AND m.user_id IN ({}) \
         AND m.group_id IN (SELECT r.target {} AND r.kind = 'USERS_OF' UNION SELECT t.target {} \
         AND t.kind = 'GROUP' AND w.role IN ($7, $8, $9)) GROUP BY m.user_id",
        places.join(", "),
        resources!(),
        targets!()
    )
});

/// Which of these people are in a group over whose members somebody holds a capability, each with one such group, which is
/// always the same: at most [`TOGETHER_MAX`] are looked at.
pub(crate) async fn load_within_groups(
    tx: &mut ReadTx,
    (org, whose): (&OrgId, &Principal),
    capability: Capability,
    people: &[UserId],
) -> Result<BTreeMap<UserId, GroupId>, DatabaseFault> {
    let Some(last) = people.last() else {
        return Ok(BTreeMap::new());
    };
    let mut values = places(org, whose, capability);
    values.extend(role_places(capability));
    let people = people.iter().chain(std::iter::repeat(last));
    values.extend(people.take(TOGETHER_MAX).map(Value::from));
    let rows = tx.query(WITHIN_GROUPS.as_str(), &values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// What somebody holds over a person: over everybody, or over the members of a group of theirs, with all that is contained.
pub(crate) async fn load_capabilities_over(
    tx: &mut ReadTx,
    (org, whose): (&OrgId, &Principal),
    other: &UserId,
) -> Result<BTreeSet<Capability>, Fault> {
    let sql = concat!(
        "SELECT p.permission ",
        permitted!(),
        "AND (r.kind = 'USERS' OR (r.kind = 'USERS_OF' AND EXISTS (SELECT 1 FROM group_members m \
         WHERE m.org_id = $1 AND m.group_id = r.target AND m.user_id = $3))) UNION SELECT w.role ",
        targets!(),
        "AND t.kind = 'GROUP' AND EXISTS (SELECT 1 FROM group_members m \
         WHERE m.org_id = $1 AND m.group_id = t.target AND m.user_id = $3)"
    );
    let rows = tx.query(sql, params![org, whose.as_str(), other]).await?;
    read_all_given(&rows)
}

/// What somebody holds over the members of a group, with all that is contained.
pub(crate) async fn load_capabilities_by_group(
    tx: &mut ReadTx,
    (org, whose): (&OrgId, &Principal),
    group: &GroupId,
) -> Result<BTreeSet<Capability>, Fault> {
    let sql = concat!(
        "SELECT p.permission ",
        permitted!(),
        "AND r.kind = 'USERS_OF' AND r.target = $3 UNION SELECT w.role ",
        targets!(),
        "AND t.kind = 'GROUP' AND t.target = $3"
    );
    let rows = tx.query(sql, params![org, whose.as_str(), group]).await?;
    read_all_given(&rows)
}
