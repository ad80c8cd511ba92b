//! Behind the program's back: looks into a store that no program uses, and does to it what no program of ours would.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::script;

/// The embedded store in a data folder.
const STORE_FILE: &str = "testudo.db";

/// What somebody with the store's file, but not the program, might do to the log: change a row, remove one, cut it off.
pub const TAMPERING: [&str; 3] = [
    "UPDATE log_events SET body = replace(body, 'SUCCESS', 'FAILURE') WHERE seq = 3",
    "DELETE FROM log_events WHERE seq = 3",
    "DELETE FROM log_events WHERE seq = (SELECT max(seq) FROM log_events)",
];

/// Makes the write fail by which the program tells whether its store takes writes, as a full disk makes every one fail.
pub const REFUSE_PULSES: &str = "ALTER TABLE pulses RENAME TO refused_pulses";

/// Lets it succeed again.
pub const TAKE_PULSES: &str = "ALTER TABLE refused_pulses RENAME TO pulses";

/// What a newer release leaves in a store.
pub const LATER_SCHEMA: &str = "INSERT INTO schema_migrations SELECT 9999, 'later', checksum, applied_at FROM schema_migrations LIMIT 1";

/// Runs one statement on the embedded store of a data folder; the rows that it gives.
///
/// # Errors
/// When it fails, or finds and changes nothing.
pub fn run(data: &Path, sql: &str) -> anyhow::Result<Vec<Value>> {
    let input = json!({ "path": data.join(STORE_FILE), "sql": [sql] });
    let found = script::run_bare_python("store_sql.py", &input)?;
    Ok(found["rows"].as_array().context("no rows")?.clone())
}

/// The addresses from which the sign-ins in the log of a data folder came.
///
/// # Errors
/// When there is none.
pub fn sign_in_addresses(data: &Path) -> anyhow::Result<Vec<String>> {
    let rows = run(
        data,
        "SELECT DISTINCT json_extract(body, '$.client.ipAddress') FROM log_events \
         WHERE event_type = 'user.authentication.verify' ORDER BY 1",
    )?;
    rows.iter()
        .map(|row| Ok(row[0].as_str().context("no address")?.to_owned()))
        .collect()
}

/// Shuts a PostgreSQL database to everybody, and ends the connections that there are.
#[must_use]
pub fn shut(database: &str) -> String {
    format!(
        "ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )
}

/// Opens it again.
#[must_use]
pub fn reopen(database: &str) -> String {
    format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS true")
}

/// Fills the embedded store: people as copies of the one that is there, with the words by which they are found; orgs as
/// copies of theirs.
///
/// # Errors
/// When the store cannot be written.
pub fn fill(data: &Path, people: usize, orgs: usize) -> anyhow::Result<()> {
    let mut sql = people_of("SELECT id FROM orgs LIMIT 1", people);
    sql.push(format!(
        "{} INSERT INTO orgs SELECT printf('00o%017d', n), printf('org%d', n), name, ordinal + 1 + n, settings, \
         revision, created_at, updated_at FROM numbers, (SELECT * FROM orgs LIMIT 1)",
        numbers(orgs)
    ));
    let path = data.join(STORE_FILE);
    script::run_bare_python("store_sql.py", &json!({ "path": path, "sql": sql }))?;
    Ok(())
}

/// Makes a group of the organisation that has people, with so many of those that [`fill`] made.
///
/// # Errors
/// When the store cannot be written.
pub fn make_group(data: &Path, id: &str, name: &str, members: usize) -> anyhow::Result<()> {
    let group = format!(
        "INSERT INTO groups (org_id, id, name, name_key, description, revision, created_at, updated_at) \
         SELECT id, '{id}', '{name}', lower('{name}'), '', 1, created_at, updated_at FROM orgs \
         WHERE id = (SELECT org_id FROM users LIMIT 1)"
    );
    run(data, &group)?;
    if members > 0 {
        let inside = format!(
            "INSERT INTO group_members (org_id, group_id, user_id, added_at) \
             SELECT org_id, '{id}', id, created_at FROM users WHERE first_name = 'Person' ORDER BY id LIMIT {members}"
        );
        run(data, &inside)?;
    }
    Ok(())
}

/// How many people are in a group, also while a program uses the store.
///
/// # Errors
/// When the store cannot be read.
pub fn count_members(data: &Path, group: &str) -> anyhow::Result<u64> {
    count(
        data,
        &format!("SELECT COUNT(*) FROM group_members WHERE group_id = '{group}'"),
    )
}

/// How many of those that [`fill`] made have a login with that beginning.
///
/// # Errors
/// When the store cannot be read.
pub fn count_crowd(data: &Path, beginning: &str) -> anyhow::Result<u64> {
    count(
        data,
        &format!("SELECT COUNT(*) FROM users WHERE login LIKE '{beginning}%'"),
    )
}

fn count(data: &Path, sql: &str) -> anyhow::Result<u64> {
    let rows = run(data, sql)?;
    let count = rows.first().and_then(|row| row[0].as_u64());
    count.context("no count")
}

/// The short name and the name of an organisation, the only one that there is.
///
/// # Errors
/// When there is none.
pub fn first_org(data: &Path) -> anyhow::Result<(String, String)> {
    let rows = run(data, "SELECT slug, name FROM orgs LIMIT 1")?;
    let org = rows.first().context("no organisation")?;
    let text = |at: usize| org[at].as_str().map(str::to_owned);
    text(0).zip(text(1)).context("no name")
}

/// Makes an organisation large: people as copies of one of its own, and rows of its log as copies of its newest one, each
/// in its place of the chain, so that the log is whole afterwards.
///
/// # Errors
/// When the store cannot be written.
pub fn enlarge(data: &Path, slug: &str, people: usize, log_rows: usize) -> anyhow::Result<()> {
    let path = data.join(STORE_FILE);
    let org = format!("SELECT id FROM orgs WHERE slug = '{slug}'");
    let sql = people_of(&org, people);
    script::run_bare_python("store_sql.py", &json!({ "path": path, "sql": sql }))?;
    let input = json!({ "path": path, "org": id_of(data, slug)?, "rows": log_rows });
    script::run_bare_python("store_log.py", &input)?;
    Ok(())
}

/// What a copy of an organisation must have in common with the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// Its people as they were made in number: how many, and what they amount to.
    pub people: Value,
    /// What the hash of one row of its log amounts to: it stands for all rows before it.
    pub hash: Value,
}

/// The id of an organisation.
///
/// # Errors
/// When there is none.
pub fn id_of(data: &Path, slug: &str) -> anyhow::Result<String> {
    let rows = run(data, &format!("SELECT id FROM orgs WHERE slug = '{slug}'"))?;
    rows[0][0].as_str().map(str::to_owned).context("no id")
}

/// The number of the newest row of an organisation's log.
///
/// # Errors
/// When it has none.
pub fn newest_of(data: &Path, org: &str) -> anyhow::Result<i64> {
    let rows = run(
        data,
        &format!("SELECT seq FROM log_heads WHERE org_id = '{org}'"),
    )?;
    rows[0][0].as_i64().context("no number")
}

/// Looks at an organisation, also while a program uses the store.
///
/// # Errors
/// When the store cannot be read.
pub fn look_at(data: &Path, org: &str, seq: i64) -> anyhow::Result<Likeness> {
    let sum = |sql: String| {
        let input = json!({ "path": data.join(STORE_FILE), "sql": sql });
        script::run_bare_python("store_sum.py", &input)
    };
    Ok(Likeness {
        people: sum(format!(
            "SELECT * FROM users WHERE org_id = '{org}' AND first_name = 'Person' ORDER BY id"
        ))?,
        hash: sum(format!(
            "SELECT hash FROM log_events WHERE org_id = '{org}' AND seq = {seq}"
        ))?,
    })
}

fn numbers(count: usize) -> String {
    format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"
    )
}

fn people_of(org: &str, people: usize) -> Vec<String> {
    let crowd = numbers(people);
    let names = "printf('person%07d@example.com', n)";
    let mut sql = vec![format!(
        "{crowd} INSERT INTO users (org_id, id, status, login, login_key, email, email_key, email_verified, first_name, \
         last_name, profile, epoch, revision, created_at, updated_at, activated_at, status_changed_at, last_sign_in_at) \
         SELECT org_id, printf('00u%017d', n), status, {names}, {names}, {names}, {names}, \
         email_verified, 'Person', printf('%07d', n), profile, epoch, revision, created_at, updated_at, activated_at, \
         status_changed_at, last_sign_in_at FROM numbers, (SELECT * FROM users WHERE org_id = ({org}) LIMIT 1)"
    )];
    for term in [names, "'person'", "printf('%07d', n)"] {
        sql.push(format!(
            "{crowd} INSERT INTO user_terms SELECT id, {term}, printf('00u%017d', n), 'ACTIVE' \
             FROM numbers, ({org})"
        ));
    }
    sql
}
