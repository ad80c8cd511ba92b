//! What an older release left: an account that was sent by its rules, at a connection that it walked over.

use database::{DatabaseFault, WriteTx, params};
use vocab::id::{AppId, OrgId, UserId};

/// Lets an account, and its connection, be as if older rules had told what is sent.
pub(super) async fn send_by_older_rules(
    tx: &mut WriteTx,
    (org, app): (&OrgId, &AppId),
    user: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET walked_by = 0 WHERE org_id = $1 AND app_id = $2";
    tx.execute(sql, params![org, app]).await?;
    let sql = "UPDATE provisioning_accounts SET sent = 'older' \
               WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    tx.execute(sql, params![org, app, user]).await.map(|_| ())
}
