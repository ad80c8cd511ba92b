//! The tables `consents` and `refresh_families` as the person's side of them is read: every statement begins with org and
//! person.

use crate::grant::{Attendance, GrantDocument, decide_attendance};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use identity::fault::Fault;
use vocab::id::{AppId, OrgId, RefreshFamilyId, UserId};
use vocab::time::Timestamp;

/// Behind the id of every app.
const BEHIND_ALL: &str = "~";

/// A consent, with what its app is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldConsent {
    /// The app.
    pub app: AppId,
    /// Its label.
    pub label: String,
    /// The server.
    pub server: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
    /// Since when.
    pub granted_at: Timestamp,
}

/// A refresh token that lives: all that ever replaced it under one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFamily {
    /// Its id.
    pub id: RefreshFamilyId,
    /// The server.
    pub server: String,
    /// The scopes, separated by spaces.
    pub scopes: String,
    /// When the first was issued.
    pub created_at: Timestamp,
    /// When the latest was.
    pub rotated_at: Timestamp,
    /// When it ends unless used, or in any case.
    pub expires_at: Timestamp,
}

fn rows_max(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Consents of a person, to all apps or to one, in the order of (app, server), from there on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_consents(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    app: Option<&AppId>,
    from: (&str, &str),
    limit: usize,
) -> Result<Vec<HeldConsent>, DatabaseFault> {
    let sql = "SELECT c.app_id, a.label, c.server_id, c.scopes, c.granted_at FROM consents c \
               JOIN apps a ON a.org_id = c.org_id AND a.id = c.app_id WHERE c.org_id = $1 AND c.user_id = $2 \
               AND (c.app_id, c.server_id) >= ($3, $4) AND c.app_id >= $5 AND c.app_id <= $6 \
               ORDER BY c.app_id, c.server_id LIMIT $7";
    let first = app.map_or("", AppId::as_str);
    let last = app.map_or(BEHIND_ALL, AppId::as_str);
    let values = params![org, user, from.0, from.1, first, last, rows_max(limit)];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(HeldConsent {
                app: row.get(0)?,
                label: row.get(1)?,
                server: row.get(2)?,
                scopes: row.get(3)?,
                granted_at: row.get(4)?,
            })
        })
        .collect()
}

/// Puts fewer scopes in the place of those of a consent; false if it was changed meanwhile.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn narrow_consent(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    consent: &HeldConsent,
    scopes: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE consents SET scopes = $1 WHERE org_id = $2 AND user_id = $3 AND app_id = $4 AND server_id = $5 \
               AND scopes = $6";
    let values = params![
        scopes,
        org,
        user,
        &consent.app,
        &consent.server,
        &consent.scopes
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Apps that hold a consent of a person or a refresh token that was not ended, by id behind that id, with their labels.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_apps(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    after: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(AppId, String)>, DatabaseFault> {
    let sql = "SELECT a.id, a.label FROM apps a WHERE a.org_id = $1 AND a.id > $3 AND a.id IN \
               (SELECT c.app_id FROM consents c WHERE c.org_id = $1 AND c.user_id = $2 UNION \
               SELECT f.app_id FROM refresh_families f JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id \
               WHERE f.org_id = $1 AND f.user_id = $2 AND f.user_epoch = u.epoch AND f.revoked_at IS NULL \
               AND f.idle_expires_at > $4 AND f.expires_at > $4) ORDER BY a.id LIMIT $5";
    let values = params![org, user, after, now, rows_max(limit)];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

macro_rules! families {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.server_id, f.grant_document, f.created_at, f.rotated_at, f.idle_expires_at, f.expires_at, ",
            "CASE WHEN s.id IS NULL THEN 0 ELSE 1 END FROM refresh_families f ",
            "JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id ",
            "LEFT JOIN sessions s ON s.org_id = f.org_id AND s.id = f.session_id AND s.user_id = f.user_id ",
            "AND s.user_epoch = u.epoch AND s.idle_expires_at > $4 AND s.expires_at > $4 ",
            "WHERE f.org_id = $1 AND f.user_id = $2 AND f.app_id = $3 AND f.user_epoch = u.epoch ",
            "AND f.revoked_at IS NULL AND f.idle_expires_at > $4 AND f.expires_at > $4 ",
            $rest
        )
    };
}

/// A family, unless it ended with its session.
fn read(row: &Row) -> Result<Option<HeldFamily>, Fault> {
    let document: String = row.get(2)?;
    let document = GrantDocument::parse(&document)?;
    let has_session: bool = row.get(7)?;
    let attendance = decide_attendance(&document.scopes()?);
    if attendance == Attendance::WhileSignedIn && !has_session {
        return Ok(None);
    }
    let (idle, end): (Timestamp, Timestamp) = (row.get(5)?, row.get(6)?);
    Ok(Some(HeldFamily {
        id: row.get(0)?,
        server: row.get(1)?,
        scopes: document.scope,
        created_at: row.get(3)?,
        rotated_at: row.get(4)?,
        expires_at: idle.min(end),
    }))
}

/// Families that an app has of a person and that live, by id behind that id.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_families(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    app: &AppId,
    after: &str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<HeldFamily>, Fault> {
    let sql = families!("AND f.id > $5 ORDER BY f.id LIMIT $6");
    let (mut after, mut held) = (after.to_owned(), Vec::new());
    // Those that ended with their sessions are passed over, and removed by the sweep.
    while held.len() < limit {
        let wanted = rows_max(limit);
        let values = params![org, user, app, now, &after, wanted];
        let rows = tx.query(sql, values).await?;
        let Some(last) = rows.last() else { break };
        let is_last = rows.len() < limit;
        let last: RefreshFamilyId = last.get(0)?;
        after = last.to_string();
        for row in &rows {
            held.extend(read(row)?);
        }
        if is_last {
            break;
        }
    }
    held.truncate(limit);
    Ok(held)
}

/// The family of that id, if the app has it of the person and it lives.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load_family(
    tx: &mut ReadTx,
    org: &OrgId,
    user: &UserId,
    app: &AppId,
    id: &RefreshFamilyId,
    now: Timestamp,
) -> Result<Option<HeldFamily>, Fault> {
    let sql = families!("AND f.id = $5");
    let row = tx
        .query_optional(sql, params![org, user, app, now, id])
        .await?;
    Ok(row.as_ref().map(read).transpose()?.flatten())
}

/// Ends what an app has of a person, or the one of that id; what ended, each with its server.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn revoke_families(
    tx: &mut WriteTx,
    org: &OrgId,
    user: &UserId,
    app: &AppId,
    id: Option<&RefreshFamilyId>,
    now: Timestamp,
) -> Result<Vec<(RefreshFamilyId, String)>, DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND user_id = $3 AND app_id = $4 \
               AND revoked_at IS NULL AND id >= $5 AND id <= $6 RETURNING id, server_id";
    let first = id.map_or("", RefreshFamilyId::as_str);
    let last = id.map_or(BEHIND_ALL, RefreshFamilyId::as_str);
    let values = params![now, org, user, app, first, last];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}
