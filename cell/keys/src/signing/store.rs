//! The SQL of signing keys.

use crate::fault::KeyFault;
use crate::signing::plan::KeyFacts;
use crate::signing::scope::ServerKeyScope;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use protocol::jose::algorithm::Algorithm;
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// A stored signing key without its private half.
#[derive(Clone)]
pub(crate) struct StoredKey {
    pub(crate) server: ServerKeyScope,
    pub(crate) algorithm: Algorithm,
    pub(crate) facts: KeyFacts,
    pub(crate) public_jwk: String,
}

/// A key to insert.
pub(crate) struct NewKey<'k> {
    pub(crate) facts: &'k KeyFacts,
    pub(crate) public_jwk: &'k str,
    pub(crate) sealed: &'k [u8],
}

const COLUMNS_OF: &str = "SELECT server_id, algorithm, public_jwk, kid, generation, created_at, signs_from, signs_until, \
     published_until, revoked_at FROM signing_keys WHERE org_id = $1 AND server_id = $2";

/// The keys of one server, of all algorithms.
pub(crate) async fn load_server_keys(
    tx: &mut ReadTx,
    org: &OrgId,
    server: &ServerKeyScope,
) -> Result<Vec<StoredKey>, KeyFault> {
    let rows = tx.query(COLUMNS_OF, params![org, server]).await?;
    let mut keys = rows.iter().map(parse_key).collect::<Result<Vec<_>, _>>()?;
    keys.sort_by(|one, other| {
        (one.algorithm, one.facts.generation).cmp(&(other.algorithm, other.facts.generation))
    });
    Ok(keys)
}

/// The keys of every server of an org.
pub(crate) async fn load_org_keys(
    tx: &mut ReadTx,
    org: &OrgId,
    limit: i64,
) -> Result<Vec<StoredKey>, KeyFault> {
    const LOAD: &str = "SELECT server_id, algorithm, public_jwk, kid, generation, created_at, signs_from, signs_until,
             published_until, revoked_at
         FROM signing_keys WHERE org_id = $1 ORDER BY server_id, kid LIMIT $2";
    tx.query(LOAD, params![org, limit])
        .await?
        .iter()
        .map(parse_key)
        .collect()
}

/// The sealed private half of a key.
pub(crate) async fn load_sealed(
    tx: &mut ReadTx,
    org: &OrgId,
    server: &ServerKeyScope,
    kid: &str,
) -> Result<Option<Vec<u8>>, DatabaseFault> {
    const LOAD: &str =
        "SELECT sealed FROM signing_keys WHERE org_id = $1 AND server_id = $2 AND kid = $3";
    tx.query_optional(LOAD, params![org, server, kid])
        .await?
        .map(|row| row.get(0))
        .transpose()
}

/// Adds a key; false if another with the same generation came first. [`update_times`] says when it is due.
pub(crate) async fn insert_key(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
    algorithm: Algorithm,
    key: NewKey<'_>,
) -> Result<bool, DatabaseFault> {
    const INSERT: &str = "INSERT INTO signing_keys
         (org_id, server_id, kid, algorithm, generation, public_jwk, sealed, created_at, signs_from, signs_until,
          published_until, revoked_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, $12)
         ON CONFLICT (org_id, server_id, algorithm, generation) DO NOTHING";
    let facts = key.facts;
    let values = params![
        org,
        server,
        &facts.kid,
        algorithm.name(),
        facts.generation,
        key.public_jwk,
        key.sealed,
        facts.created_at,
        facts.signs_from,
        facts.signs_until,
        facts.published_until,
        facts.signs_until
    ];
    Ok(tx.execute(INSERT, values).await? == 1)
}

/// Writes the times of a key.
pub(crate) async fn update_times(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
    facts: &KeyFacts,
    due_at: Timestamp,
) -> Result<(), DatabaseFault> {
    const UPDATE: &str = "UPDATE signing_keys
         SET signs_from = $4, signs_until = $5, published_until = $6, due_at = $7
         WHERE org_id = $1 AND server_id = $2 AND kid = $3";
    let values = params![
        org,
        server,
        &facts.kid,
        facts.signs_from,
        facts.signs_until,
        facts.published_until,
        due_at
    ];
    tx.execute(UPDATE, values).await?;
    Ok(())
}

/// Withdraws a key and destroys its private half; false if there is no such key or it is withdrawn already.
pub(crate) async fn revoke_key(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
    kid: &str,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    const REVOKE: &str = "UPDATE signing_keys SET revoked_at = $4, due_at = $4, sealed = $5
         WHERE org_id = $1 AND server_id = $2 AND kid = $3 AND revoked_at IS NULL";
    Ok(tx
        .execute(REVOKE, params![org, server, kid, now, Vec::<u8>::new()])
        .await?
        == 1)
}

pub(crate) async fn delete_key(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
    kid: &str,
) -> Result<(), DatabaseFault> {
    const DELETE: &str =
        "DELETE FROM signing_keys WHERE org_id = $1 AND server_id = $2 AND kid = $3";
    tx.execute(DELETE, params![org, server, kid]).await?;
    Ok(())
}

/// Forgets every key of a server, private halves included.
pub(crate) async fn delete_server_keys(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
) -> Result<u64, DatabaseFault> {
    const DELETE: &str = "DELETE FROM signing_keys WHERE org_id = $1 AND server_id = $2";
    tx.execute(DELETE, params![org, server]).await
}

/// Keys that the rotation must look at, the longest due first; none of an org that is not this cell's to change.
pub(crate) async fn load_due(
    tx: &mut ReadTx,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(OrgId, ServerKeyScope, Algorithm)>, KeyFault> {
    const DUE: &str = "SELECT org_id, server_id, algorithm FROM signing_keys WHERE due_at <= $1
             AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open')
         ORDER BY due_at, org_id, server_id, algorithm LIMIT $2";
    let rows = tx.query(DUE, params![now, limit]).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let one = (row.get(0)?, parse_scope(row, 1)?, parse_algorithm(row, 2)?);
        if !due.contains(&one) {
            due.push(one);
        }
    }
    Ok(due)
}

/// Puts off the keys of a server that could not be rotated now, so that they do not keep others waiting.
pub(crate) async fn postpone(
    tx: &mut WriteTx,
    org: &OrgId,
    server: &ServerKeyScope,
    algorithm: Algorithm,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), DatabaseFault> {
    const POSTPONE: &str = "UPDATE signing_keys SET due_at = $5
         WHERE org_id = $1 AND server_id = $2 AND algorithm = $3 AND due_at <= $4";
    tx.execute(POSTPONE, params![org, server, algorithm.name(), now, until])
        .await?;
    Ok(())
}

fn parse_key(row: &Row) -> Result<StoredKey, KeyFault> {
    Ok(StoredKey {
        server: parse_scope(row, 0)?,
        algorithm: parse_algorithm(row, 1)?,
        public_jwk: row.get(2)?,
        facts: KeyFacts {
            kid: row.get(3)?,
            generation: row.get(4)?,
            created_at: row.get(5)?,
            signs_from: row.get(6)?,
            signs_until: row.get(7)?,
            published_until: row.get(8)?,
            revoked_at: row.get(9)?,
        },
    })
}

fn parse_scope(row: &Row, index: usize) -> Result<ServerKeyScope, KeyFault> {
    ServerKeyScope::parse(&row.get::<String>(index)?).map_err(|_| KeyFault::Stored("server"))
}

fn parse_algorithm(row: &Row, index: usize) -> Result<Algorithm, KeyFault> {
    Algorithm::parse(&row.get::<String>(index)?).ok_or(KeyFault::Stored("algorithm"))
}
