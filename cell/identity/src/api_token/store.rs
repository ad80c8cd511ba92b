//! The table `api_tokens`.

use crate::api_token::ApiToken;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{ApiTokenId, OrgId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT org_id, id, name, user_id, created_at, expires_at, last_used_at, revoked_at, made_by FROM api_tokens ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<ApiToken, DatabaseFault> {
    Ok(ApiToken {
        org_id: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        user_id: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_used_at: row.get(6)?,
        revoked_at: row.get(7)?,
        made_by: row.get(8)?,
    })
}

/// The token of that id.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load(
    tx: &mut ReadTx,
    org_id: &OrgId,
    id: &ApiTokenId,
) -> Result<Option<ApiToken>, DatabaseFault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND id = $2"),
            params![org_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// The token whose text has that hash.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn find_by_hash(
    tx: &mut ReadTx,
    org_id: &OrgId,
    hash: &SecretHash,
) -> Result<Option<ApiToken>, DatabaseFault> {
    let row = tx
        .query_optional(
            select!("WHERE org_id = $1 AND token_hash = $2"),
            params![org_id, hash],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// A page of tokens ordered by id, after that id; those that were revoked are among them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_page(
    tx: &mut ReadTx,
    org_id: &OrgId,
    after: &str,
    limit: i64,
) -> Result<Vec<ApiToken>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    let rows = tx.query(sql, params![org_id, after, limit]).await?;
    rows.iter().map(read).collect()
}

/// The live tokens of an org, the newest first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_live(
    tx: &mut ReadTx,
    org_id: &OrgId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<ApiToken>, DatabaseFault> {
    let sql = select!(
        "WHERE org_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id LIMIT $3"
    );
    let rows = tx.query(sql, params![org_id, now, limit]).await?;
    rows.iter().map(read).collect()
}

/// The tokens of a person that were not revoked.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_of_person(
    tx: &mut ReadTx,
    org_id: &OrgId,
    user_id: &UserId,
) -> Result<Vec<ApiToken>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL ORDER BY id");
    let rows = tx.query(sql, params![org_id, user_id]).await?;
    rows.iter().map(read).collect()
}

/// The tokens that were made by a token and were not revoked.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_made_by(
    tx: &mut ReadTx,
    org_id: &OrgId,
    maker: &ApiTokenId,
) -> Result<Vec<ApiToken>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND made_by = $2 AND revoked_at IS NULL ORDER BY id");
    let rows = tx.query(sql, params![org_id, maker]).await?;
    rows.iter().map(read).collect()
}

/// How many tokens of an org are live.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count_live(
    tx: &mut ReadTx,
    org_id: &OrgId,
    now: Timestamp,
) -> Result<usize, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM api_tokens WHERE org_id = $1 AND revoked_at IS NULL AND expires_at > $2";
    let row = tx.query_optional(sql, params![org_id, now]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Adds a token under the hash of its text; false if that text is a token of this org already.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    token: &ApiToken,
    hash: &SecretHash,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO api_tokens (org_id, id, name, user_id, token_hash, created_at, expires_at, made_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (org_id, token_hash) DO NOTHING";
    let values = params![
        &token.org_id,
        &token.id,
        &token.name,
        &token.user_id,
        hash,
        token.created_at,
        token.expires_at,
        token.made_by.as_ref()
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes a use and moves the end on, if the token is still live.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn touch(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &ApiTokenId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE api_tokens SET last_used_at = $1, expires_at = $2 \
               WHERE org_id = $3 AND id = $4 AND revoked_at IS NULL AND expires_at > $1";
    tx.execute(sql, params![now, expires_at, org_id, id])
        .await
        .map(|_| ())
}

/// Revokes a token; false if it was revoked before or is not there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn revoke(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &ApiTokenId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE api_tokens SET revoked_at = $1 WHERE org_id = $2 AND id = $3 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![now, org_id, id]).await? == 1)
}
