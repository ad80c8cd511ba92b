//! The table `consents`.

use database::{DatabaseFault, ReadTx, WriteTx, params};
use vocab::id::{AppId, OrgId, UserId};
use vocab::time::Timestamp;

/// The scopes that a person let an app have at a server, separated by spaces.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    app: &AppId,
    server: &str,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT scopes FROM consents WHERE org_id = $1 AND user_id = $2 AND app_id = $3 AND server_id = $4";
    let row = tx
        .query_optional(sql, params![org, user, app, server])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Stores the scopes in the place of those before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn upsert(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    consent: &ConsentRow,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO consents (org_id, user_id, app_id, server_id, scopes, granted_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, user_id, app_id, server_id) \
               DO UPDATE SET scopes = EXCLUDED.scopes, granted_at = EXCLUDED.granted_at";
    let values = params![
        org,
        user,
        &consent.app,
        &consent.server,
        &consent.scopes,
        now
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// A consent: which app, which server, which scopes.
#[derive(Debug, Clone)]
pub struct ConsentRow {
    /// The app.
    pub app: AppId,
    /// The server.
    pub server: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
}
