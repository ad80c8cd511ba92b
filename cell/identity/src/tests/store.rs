//! Rows that no operation would leave: many that have ended, and an org without a policy that it must have.

use crate::fault::Fault;
use crate::for_tests::World;
use crate::person::Person;
use crate::server::{AuthorizationServer, ServerConfig};
use crate::sign_on::PolicyScope;
use database::{ReadTx, WriteTx, params};
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;
use vocab::value::Value;

/// Adds so many rows to each table whose rows end, all ending at that moment.
pub(super) async fn insert_ending(
    tx: &mut WriteTx,
    org: &OrgId,
    count: u64,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    for number in 0..count {
        let id = format!("{}-{number}", expires_at.micros());
        for sql in [
            "INSERT INTO sign_in_flows (org_id, id, secret_hash, state, revision, created_at, expires_at) \
             VALUES ($1, $2, $2, '{}', 1, $3, $3)",
            "INSERT INTO one_time_codes (org_id, id, purpose, secret_hash, bound_to, attempts, created_at, \
             expires_at) VALUES ($1, $2, 'link', $2, '', 0, $3, $3)",
            "INSERT INTO sessions (org_id, id, user_id, secret_hash, user_epoch, authenticators, \
             authenticated_at, created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent) \
             VALUES ($1, $2, 'u', $2, 1, '[]', $3, $3, $3, $3, $3, '', '')",
        ] {
            tx.execute(sql, params![org, &id, expires_at]).await?;
        }
    }
    Ok(())
}

/// How many rows each of those tables has.
pub(super) async fn count_ending(tx: &mut ReadTx) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM sign_in_flows",
        "SELECT COUNT(*) FROM one_time_codes",
        "SELECT COUNT(*) FROM sessions",
    ] {
        let row = tx.query_optional(sql, params![]).await.unwrap().unwrap();
        counts.push(row.get(0).unwrap());
    }
    counts
}

/// How many endings there are of which links may be left, and how many links.
pub(super) async fn count_links(tx: &mut ReadTx) -> (i64, i64) {
    let sql =
        "SELECT (SELECT COUNT(*) FROM linked_people_endings), (SELECT COUNT(*) FROM linked_people)";
    let row = tx.query_optional(sql, params![]).await.unwrap().unwrap();
    (row.get(0).unwrap(), row.get(1).unwrap())
}

/// How many wait for a lock, on PostgreSQL.
pub(super) async fn count_waiting(tx: &mut ReadTx) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let row = tx.query_optional(sql, params![]).await.unwrap().unwrap();
    row.get(0).unwrap()
}

/// Removes the policies of a scope, which no operation does.
pub(super) async fn delete_policies(
    tx: &mut WriteTx,
    org: &OrgId,
    scope: PolicyScope,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM policies WHERE org_id = $1 AND scope = $2";
    Ok(tx.execute(sql, params![org, scope.as_str()]).await?)
}

/// How SQLite would read rows by this text.
pub(super) async fn plan_of(tx: &mut ReadTx, sql: &str) -> String {
    let explained: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
    let values: Vec<Value> = (1..=9)
        .take_while(|number| sql.contains(&format!("${number}")))
        .map(|_| Value::from(5_i64))
        .collect();
    let rows = tx.query(explained, &values).await.unwrap();
    rows.iter()
        .map(|row| row.get::<String>(3).unwrap())
        .collect::<Vec<_>>()
        .join("; ")
}

/// Adds a row to each table with something of a person that no operation of a test has filled.
pub(super) async fn insert_belongings(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
) -> Result<(), Fault> {
    for sql in [
        "INSERT INTO app_users (org_id, app_id, user_id, assigned_at) VALUES ($1, 'a', $2, 1)",
        "INSERT INTO password_history (org_id, user_id, replaced_at, hash) VALUES ($1, $2, 1, 'h')",
        "INSERT INTO passkeys (org_id, id, user_id, credential_id, rp_id, name, document, device_bound, created_at) \
         VALUES ($1, 'p', $2, 'c', 'r', 'n', '{}', 0, 1)",
        "INSERT INTO recovery_codes (org_id, user_id, code_hash, created_at) VALUES ($1, $2, 'h', 1)",
        "INSERT INTO one_time_codes (org_id, id, user_id, purpose, secret_hash, bound_to, attempts, created_at, \
         expires_at) VALUES ($1, 'o', $2, 'link', 'h', '', 0, 1, 1)",
        "INSERT INTO sessions (org_id, id, user_id, secret_hash, user_epoch, authenticators, authenticated_at, \
         created_at, last_seen_at, idle_expires_at, expires_at, address, user_agent) \
         VALUES ($1, 's', $2, 'h', 1, '[]', 1, 1, 1, 1, 1, '', '')",
        "INSERT INTO consents (org_id, user_id, app_id, server_id, scopes, granted_at) \
         VALUES ($1, $2, 'a', 's', '', 1)",
    ] {
        tx.execute(sql, params![org, user]).await?;
    }
    let sql = "INSERT INTO totp_factors (org_id, id, user_id, sealed_seed, last_step, created_at) \
               VALUES ($1, 't', $2, $3, 0, 1)";
    tx.execute(sql, params![org, user, vec![1_u8]]).await?;
    Ok(())
}

/// What is stored of a person, beside the person: how many rows of each table.
pub(super) async fn count_belongings(tx: &mut ReadTx, org: &OrgId, user: &UserId) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM user_terms WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM administrators WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM group_members WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM passwords WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM password_history WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM one_time_codes WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM consents WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM sessions WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM recovery_codes WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM totp_factors WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM passkeys WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM app_users WHERE org_id = $1 AND user_id = $2",
        "SELECT COUNT(*) FROM api_tokens WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL",
    ] {
        let row = tx.query_optional(sql, params![org, user]).await.unwrap();
        counts.push(row.unwrap().get(0).unwrap());
    }
    counts
}

/// Changes the settings of a server as a release does that knows of no parts.
pub(super) async fn reconfigure_without_parts(
    tx: &mut WriteTx,
    server: &AuthorizationServer,
    config: &ServerConfig,
) -> Result<u64, Fault> {
    let config = serde_json::to_string(config).unwrap();
    let sql = "UPDATE authorization_servers SET config = $1, revision = revision + 1 WHERE org_id = $2 AND id = $3";
    Ok(tx
        .execute(sql, params![config, &server.org_id, &server.id])
        .await?)
}

/// A server and a policy as they were stored before there was anything beside them.
pub(super) async fn forget_parts(tx: &mut WriteTx, org: &OrgId) -> Result<(), Fault> {
    for sql in [
        "UPDATE authorization_servers SET parts = '' WHERE org_id = $1",
        "UPDATE policies SET aside = '' WHERE org_id = $1",
    ] {
        tx.execute(sql, params![org]).await?;
    }
    Ok(())
}

/// How many places are remembered of a person.
pub(super) async fn count_places(world: &World, person: &Person) -> i64 {
    let mut tx = world.cell.database.read().await.unwrap();
    let sql = "SELECT COUNT(*) FROM sign_in_places WHERE org_id = $1 AND user_id = $2";
    let rows = tx.query(sql, params![&person.org_id, &person.id]).await;
    rows.unwrap()[0].get(0).unwrap()
}
