//! Tickets that were answered, in the table `spent_token_ids`.

use database::{DatabaseFault, WriteTx, params};
use vocab::id::OrgId;
use vocab::time::Timestamp;

/// Spends a ticket; false if it was spent before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn spend_ticket(
    tx: &mut WriteTx,
    org: &OrgId,
    key: &str,
    expires_at: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO spent_token_ids (org_id, kind, token_id, expires_at) VALUES ($1, 'trial', $2, $3) \
               ON CONFLICT (org_id, kind, token_id) DO NOTHING";
    Ok(tx.execute(sql, params![org, key, expires_at]).await? == 1)
}
