//! Deletes ended rows, a bounded number of each table.

use crate::limits::SWEEP_ROWS_MAX;
use database::{DatabaseFault, WriteTx, params};
use vocab::time::Timestamp;

const BY_END: [&str; 5] = [
    "DELETE FROM authorization_codes WHERE (org_id, code_hash) IN \
     (SELECT org_id, code_hash FROM authorization_codes WHERE expires_at < $1 \
     AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)",
    "DELETE FROM refresh_families WHERE (org_id, id) IN \
     (SELECT org_id, id FROM refresh_families WHERE expires_at < $1 \
     AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)",
    "DELETE FROM access_tokens WHERE (org_id, token_hash) IN \
     (SELECT org_id, token_hash FROM access_tokens WHERE expires_at < $1 \
     AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)",
    "DELETE FROM spent_token_ids WHERE (org_id, kind, token_id) IN \
     (SELECT org_id, kind, token_id FROM spent_token_ids WHERE expires_at < $1 \
     AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)",
    "DELETE FROM device_grants WHERE (org_id, id) IN \
     (SELECT org_id, id FROM device_grants WHERE expires_at < $1 \
     AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)",
];

/// Deletes what ended before the first moment, and what was signed in to before the second.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_ended(
    tx: &mut WriteTx,
    ended_before: Timestamp,
    signed_in_before: Timestamp,
) -> Result<u64, DatabaseFault> {
    let mut deleted = 0;
    for sql in BY_END {
        deleted += tx
            .execute(sql, params![ended_before, SWEEP_ROWS_MAX])
            .await?;
    }
    let sql = "DELETE FROM session_apps WHERE (org_id, session_id, app_id, server_id) IN \
               (SELECT org_id, session_id, app_id, server_id FROM session_apps WHERE signed_in_at < $1 \
               AND org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') LIMIT $2)";
    deleted += tx
        .execute(sql, params![signed_in_before, SWEEP_ROWS_MAX])
        .await?;
    Ok(deleted)
}
