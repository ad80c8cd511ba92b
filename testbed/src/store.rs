//! Behind the program's back: looks into a store that no program uses, and does to it what no program of ours would.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::script;

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
    let input = json!({ "path": data.join("testudo.db"), "sql": [sql] });
    let found = script::run_python("store_sql.py", &input)?;
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
    let numbers = |count: usize| {
        format!(
            "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"
        )
    };
    let crowd = numbers(people);
    let names = "printf('person%07d@example.com', n)";
    let sql = [
        format!(
            "{crowd} INSERT INTO users SELECT org_id, printf('00u%017d', n), status, {names}, {names}, {names}, {names}, \
             email_verified, 'Person', printf('%07d', n), profile, epoch, revision, created_at, updated_at, activated_at, \
             status_changed_at, last_sign_in_at FROM numbers, (SELECT * FROM users LIMIT 1)"
        ),
        format!(
            "{crowd} INSERT INTO user_terms SELECT id, {names}, printf('00u%017d', n), 'ACTIVE' FROM numbers, (SELECT id FROM orgs LIMIT 1)"
        ),
        format!(
            "{crowd} INSERT INTO user_terms SELECT id, 'person', printf('00u%017d', n), 'ACTIVE' FROM numbers, (SELECT id FROM orgs LIMIT 1)"
        ),
        format!(
            "{crowd} INSERT INTO user_terms SELECT id, printf('%07d', n), printf('00u%017d', n), 'ACTIVE' FROM numbers, (SELECT id FROM orgs LIMIT 1)"
        ),
        format!(
            "{} INSERT INTO orgs SELECT printf('00o%017d', n), printf('org%d', n), name, ordinal + 1 + n, settings, \
             revision, created_at, updated_at FROM numbers, (SELECT * FROM orgs LIMIT 1)",
            numbers(orgs)
        ),
    ];
    let path = data.join("testudo.db");
    script::run_python("store_sql.py", &json!({ "path": path, "sql": sql }))?;
    Ok(())
}
