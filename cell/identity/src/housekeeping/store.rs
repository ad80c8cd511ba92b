//! Rows of `sign_in_flows`, `identity_provider_departures`, `one_time_codes` and `sessions` that have ended.

use database::{DatabaseFault, WriteTx, params};
use vocab::future::boxed;
use vocab::time::Timestamp;

/// Removes at most so many ended rows of each table, the longest ended first; returns how many went from the table
/// that gave up the most.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn delete_ended(
    tx: &mut WriteTx,
    now: Timestamp,
    rows_max: u64,
) -> Result<u64, DatabaseFault> {
    let limit = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let mut most = 0;
    for sql in [
        "DELETE FROM sign_in_flows WHERE (org_id, id) IN \
         (SELECT org_id, id FROM sign_in_flows WHERE expires_at <= $1 \
         AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') ORDER BY expires_at LIMIT $2)",
        "DELETE FROM identity_provider_departures WHERE (org_id, state_hash) IN \
         (SELECT org_id, state_hash FROM identity_provider_departures WHERE expires_at <= $1 \
         AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') ORDER BY expires_at LIMIT $2)",
        "DELETE FROM one_time_codes WHERE (org_id, id) IN \
         (SELECT org_id, id FROM one_time_codes WHERE expires_at <= $1 \
         AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') ORDER BY expires_at LIMIT $2)",
        "DELETE FROM sessions WHERE (org_id, id) IN \
         (SELECT org_id, id FROM sessions WHERE expires_at <= $1 \
         AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') ORDER BY expires_at LIMIT $2)",
    ] {
        most = most.max(tx.execute(sql, params![now, limit]).await?);
    }
    Ok(most)
}
