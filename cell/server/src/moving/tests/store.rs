//! The statements of these tests: what operations of a cell might write, what a fault of ours might, and what is left over.

use vocab::id::OrgId;
use vocab::value::Value;

/// A statement with its values.
pub(super) type Statement = (&'static str, Vec<Value>);

const INSERT_GROUP: &str = "INSERT INTO groups (org_id, id, name, name_key, description, revision, created_at, updated_at) \
    VALUES ($1, $2, $3, $3, '', 1, 1, 1)";
const RENAME_GROUP: &str = "UPDATE groups SET name_key = $3 WHERE org_id = $1 AND id = $2";

fn about(org: &OrgId, sql: &'static str, values: &[&str]) -> Statement {
    let mut all = vec![Value::from(org)];
    all.extend(values.iter().map(|value| Value::from(*value)));
    (sql, all)
}

/// New rows, changed ones, names that are swapped, rows that go.
pub(super) fn writes(org: &OrgId, round: i64) -> Vec<Statement> {
    let (one, other) = (format!("grp{round}a"), format!("grp{round}b"));
    let gone = format!("grp{}b", round - 1);
    vec![
        about(org, INSERT_GROUP, &[&one, &one]),
        about(org, INSERT_GROUP, &[&other, &other]),
        about(org, RENAME_GROUP, &[&one, "between"]),
        about(org, RENAME_GROUP, &[&other, &one]),
        about(org, RENAME_GROUP, &[&one, &other]),
        about(
            org,
            "DELETE FROM group_members WHERE org_id = $1 AND user_id = 'u'",
            &[],
        ),
        about(
            org,
            "INSERT INTO group_members (org_id, group_id, user_id, added_at) VALUES ($1, $2, 'u', 1)",
            &[&one],
        ),
        about(
            org,
            "DELETE FROM groups WHERE org_id = $1 AND id = $2",
            &[&gone],
        ),
        about(
            org,
            "UPDATE orgs SET revision = revision + 1 WHERE id = $1",
            &[],
        ),
    ]
}

/// Without the row that stands for any: nobody made it.
pub(super) fn no_streams(org: &OrgId) -> Statement {
    about(org, "DELETE FROM log_streams WHERE org_id = $1", &[])
}

/// One change of people.
pub(super) fn touch_people(org: &OrgId) -> Statement {
    let sql = "UPDATE users SET revision = revision + 1 WHERE org_id = $1";
    about(org, sql, &[])
}

/// Describes all groups anew.
pub(super) fn describe_groups(org: &OrgId, text: &str) -> Statement {
    let sql = "UPDATE groups SET description = $2 WHERE org_id = $1";
    about(org, sql, &[text])
}

/// What nobody does: a copy is changed behind the back of everything.
pub(super) fn spoil(org: &OrgId) -> Vec<Statement> {
    [
        "UPDATE org_fences SET mode = 'pass' WHERE org_id = $1",
        "DELETE FROM groups WHERE org_id = $1",
        "UPDATE users SET first_name = 'nobody' WHERE org_id = $1",
        "INSERT INTO zones (org_id, id, name, name_key, ranges, revision, created_at, updated_at) \
         VALUES ($1, 'extra', 'extra', 'extra', '[]', 1, 1, 1)",
        "UPDATE org_fences SET mode = 'closed' WHERE org_id = $1",
    ]
    .map(|sql| about(org, sql, &[]))
    .to_vec()
}

/// What a move notes of an org while it is under way, to be counted.
pub(super) const NOTES: [&str; 3] = [
    "SELECT COUNT(*) FROM org_fences WHERE org_id = $1",
    "SELECT COUNT(*) FROM org_changes WHERE org_id = $1",
    "SELECT COUNT(*) FROM org_moves WHERE org_id = $1 AND ended_at IS NULL",
];

/// The app of an org that these tests use.
pub(super) const APP: &str = "SELECT id FROM apps WHERE org_id = $1 AND label = 'Wiki'";

/// A table that does not say whose its rows are.
pub(super) const LOOSE_ENDS: &str = "CREATE TABLE loose_ends (id TEXT PRIMARY KEY)";
