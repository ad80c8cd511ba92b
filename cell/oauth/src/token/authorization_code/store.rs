//! The table `authorization_codes`. Single use is the condition of an UPDATE.

use crate::grant::{GrantDocument, Grantor};
use crate::token::authorization_code::decide::StoredCode;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use identity::fault::Fault;
use vocab::id::{OrgId, RefreshFamilyId, SessionId, UserId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;
use vocab::value::Value;

/// Stores a new code.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn insert(
    tx: &mut WriteTx,
    org: &OrgId,
    code: &StoredCode,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO authorization_codes (org_id, code_hash, server_id, app_id, user_id, user_epoch, session_id, \
               grant_document, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        Value::from(org),
        Value::from(code.hash),
        Value::from(&code.server),
        Value::from(&code.app),
        Value::from(&code.grantor.user),
        Value::from(code.grantor.epoch),
        Value::from(&code.grantor.session),
        Value::from(code.grant.render()?),
        Value::from(now),
        Value::from(code.expires_at),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// The code of that hash.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    hash: &SecretHash,
) -> Result<Option<StoredCode>, Fault> {
    let sql = "SELECT server_id, app_id, user_id, user_epoch, session_id, grant_document, expires_at, used_at, \
               family_id, access_token_id, access_token_expires_at FROM authorization_codes \
               WHERE org_id = $1 AND code_hash = $2";
    let Some(row) = tx.query_optional(sql, params![org, hash]).await? else {
        return Ok(None);
    };
    let (user, epoch, session): (UserId, i64, SessionId) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let grant: String = row.get(5)?;
    let access_id: Option<String> = row.get(9)?;
    let access_end: Option<Timestamp> = row.get(10)?;
    Ok(Some(StoredCode {
        hash: *hash,
        server: row.get(0)?,
        app: row.get(1)?,
        grantor: Grantor {
            user,
            epoch,
            session,
        },
        grant: GrantDocument::parse(&grant)?,
        expires_at: row.get(6)?,
        used_at: row.get(7)?,
        family: row.get(8)?,
        access_token: access_id.zip(access_end),
    }))
}

/// What came from a code.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The refresh family.
    pub family: Option<RefreshFamilyId>,
    /// The id of the access token.
    pub access_token_id: String,
    /// When that ends.
    pub access_token_expires_at: Timestamp,
}

/// Redeems a code; false if it was redeemed before or has expired.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn redeem(
    tx: &mut WriteTx,
    org: &OrgId,
    hash: &SecretHash,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE authorization_codes SET used_at = $1, family_id = $2, access_token_id = $3, \
               access_token_expires_at = $4 \
               WHERE org_id = $5 AND code_hash = $6 AND used_at IS NULL AND expires_at > $1";
    let values = params![
        now,
        outcome.family.as_ref(),
        &outcome.access_token_id,
        outcome.access_token_expires_at,
        org,
        hash
    ];
    Ok(tx.execute(sql, values).await? == 1)
}
