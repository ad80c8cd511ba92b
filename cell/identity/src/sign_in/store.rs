//! The table `sign_in_flows`.

use crate::fault::Fault;
use crate::sign_in::Flow;
use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{FlowId, OrgId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

fn render(flow: &Flow) -> Result<String, Fault> {
    serde_json::to_string(&flow.state).map_err(|error| Fault::stored("sign-in", &error))
}

/// The sign-in whose cookie has that hash, if it has not ended.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn find(
    tx: &mut ReadTx,
    org_id: &OrgId,
    secret: &SecretHash,
    now: Timestamp,
) -> Result<Option<Flow>, Fault> {
    let sql = "SELECT org_id, id, state, revision, expires_at FROM sign_in_flows \
               WHERE org_id = $1 AND secret_hash = $2 AND expires_at > $3";
    let Some(row) = tx.query_optional(sql, params![org_id, secret, now]).await? else {
        return Ok(None);
    };
    let state: String = row.get(2)?;
    Ok(Some(Flow {
        org_id: row.get(0)?,
        id: row.get(1)?,
        state: serde_json::from_str(&state).map_err(|error| Fault::stored("sign-in", &error))?,
        revision: row.get(3)?,
        expires_at: row.get(4)?,
    }))
}

/// Adds a sign-in under the hash of its cookie.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(
    tx: &mut WriteTx,
    flow: &Flow,
    secret: &SecretHash,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "INSERT INTO sign_in_flows (org_id, id, secret_hash, state, revision, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let state = render(flow)?;
    let values = params![
        &flow.org_id,
        &flow.id,
        secret,
        state,
        flow.revision,
        now,
        flow.expires_at
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Keeps the new state if the revision is still the one that was read; false if another answer came first.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(tx: &mut WriteTx, flow: &Flow) -> Result<bool, Fault> {
    let sql = "UPDATE sign_in_flows SET state = $1, revision = revision + 1 \
               WHERE org_id = $2 AND id = $3 AND revision = $4";
    let state = render(flow)?;
    Ok(tx
        .execute(sql, params![state, &flow.org_id, &flow.id, flow.revision])
        .await?
        == 1)
}

/// Ends a sign-in if the revision is still the one that was read; false if another answer came first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete(
    tx: &mut WriteTx,
    org_id: &OrgId,
    id: &FlowId,
    revision: i64,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM sign_in_flows WHERE org_id = $1 AND id = $2 AND revision = $3";
    Ok(tx.execute(sql, params![org_id, id, revision]).await? == 1)
}
