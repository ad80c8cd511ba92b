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

/// Forgets a consent; the scopes that it was for, or none if there was none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    app: &AppId,
    server: &str,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "DELETE FROM consents WHERE org_id = $1 AND user_id = $2 AND app_id = $3 AND server_id = $4 \
               RETURNING scopes";
    let row = tx
        .query_optional(sql, params![org, user, app, server])
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// A consent as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenConsent {
    /// The app.
    pub app: AppId,
    /// Its label.
    pub label: String,
    /// The label as rows are ordered by it.
    pub label_key: String,
    /// The server.
    pub server: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
    /// Since when.
    pub granted_at: Timestamp,
}

/// Consents of a person in the order of (label key, app, server), after that key; three empty texts for the first page.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_page(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    after: (&str, &str, &str),
    limit: i64,
) -> Result<Vec<GivenConsent>, DatabaseFault> {
    let sql = "SELECT c.app_id, a.label, a.label_key, c.server_id, c.scopes, c.granted_at FROM consents c \
               JOIN apps a ON a.org_id = c.org_id AND a.id = c.app_id WHERE c.org_id = $1 AND c.user_id = $2 \
               AND (a.label_key, c.app_id, c.server_id) > ($3, $4, $5) \
               ORDER BY a.label_key, c.app_id, c.server_id LIMIT $6";
    let values = params![org, user, after.0, after.1, after.2, limit];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(GivenConsent {
                app: row.get(0)?,
                label: row.get(1)?,
                label_key: row.get(2)?,
                server: row.get(3)?,
                scopes: row.get(4)?,
                granted_at: row.get(5)?,
            })
        })
        .collect()
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
