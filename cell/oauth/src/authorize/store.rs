//! Which apps were signed in to in a session: the table `session_apps`.

use crate::issuer::Issuer;
use database::{DatabaseFault, WriteTx, params};
use vocab::id::{AppId, OrgId, SessionId};
use vocab::time::Timestamp;

/// Notes that a session signed in to an app; false if it had.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_session_app(
    tx: &mut WriteTx,
    issuer: &IssuerRow,
    session: &SessionId,
    app: &AppId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "INSERT INTO session_apps (org_id, session_id, app_id, server_id, issuer, signed_in_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org_id, session_id, app_id, server_id) DO NOTHING";
    let values = params![&issuer.org, session, app, &issuer.key, &issuer.url, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What is stored of an issuer beside a row.
#[derive(Debug, Clone)]
pub struct IssuerRow {
    /// The org.
    pub org: OrgId,
    /// The server.
    pub key: String,
    /// Its `iss`, as it was addressed.
    pub url: String,
}

impl From<&Issuer> for IssuerRow {
    fn from(issuer: &Issuer) -> Self {
        Self {
            org: issuer.org.clone(),
            key: issuer.key().to_owned(),
            url: issuer.url.clone(),
        }
    }
}
