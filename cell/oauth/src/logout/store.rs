//! Which apps are told that a session ended: from `session_apps` to the outbox, in the transaction that ends it.

use crate::limits::SESSION_APPS_MAX;
use crate::logout::backchannel::{KIND, Notice};
use database::{WriteTx, params};
use identity::fault::Fault;
use vocab::id::{AppId, OrgId, SessionId, UserId};
use vocab::time::Timestamp;

/// Puts a notice into the outbox for every app that the session signed in to and that wants to be told.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn enqueue_notices(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    session: &SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    let sql = "SELECT app_id, server_id, issuer FROM session_apps WHERE org_id = $1 AND session_id = $2 LIMIT $3";
    let rows = tx
        .query(sql, params![org, session, SESSION_APPS_MAX])
        .await?;
    for row in rows {
        let (app, server, issuer): (AppId, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let wants = identity::app::store::load(tx, org, &app).await?;
        if wants.is_none_or(|app| app.settings.backchannel_logout_uri.is_empty()) {
            continue;
        }
        let key = format!("{session}/{app}/{server}");
        let notice = Notice {
            app,
            server,
            issuer,
            user: user.clone(),
            session: session.clone(),
        };
        let payload = serde_json::to_vec(&notice)
            .map_err(|error| Fault::stored("notice of a logout", &error))?;
        ledger::outbox::store::enqueue(tx, org, KIND, &key, payload, now).await?;
    }
    tx.execute(
        "DELETE FROM session_apps WHERE org_id = $1 AND session_id = $2",
        params![org, session],
    )
    .await?;
    Ok(())
}
