//! The table `refresh_families` as its app's side of it is read: every statement begins with org and app, or with org and
//! server, and looks at those alone that were not ended.

use crate::grant::{Attendance, GrantDocument, decide_attendance};
use crate::held::of_app::{Behind, OfApp};
use crate::held::store::HeldFamily;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use identity::fault::Fault;
use vocab::id::{AppId, OrgId, RefreshFamilyId, UserId};
use vocab::time::Timestamp;

/// Behind the key of every server.
const BEHIND_ALL: &str = "~";

/// A refresh token that lives, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldByApp {
    /// Whose.
    pub user: UserId,
    /// The token.
    pub family: HeldFamily,
}

/// A row that was looked at.
#[derive(Debug)]
pub(crate) struct Examined {
    /// Where it stands.
    pub(crate) behind: Behind,
    /// The token, if it lives.
    pub(crate) held: Option<HeldByApp>,
}

/// A refresh token that was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) id: RefreshFamilyId,
    pub(crate) server: String,
    pub(crate) user: UserId,
}

impl Ended {
    pub(crate) fn place(&self) -> (String, String) {
        (self.server.clone(), self.id.to_string())
    }
}

macro_rules! families {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.server_id, f.grant_document, f.created_at, f.rotated_at, f.idle_expires_at, f.expires_at, ",
            "CASE WHEN s.id IS NULL THEN 0 ELSE 1 END, f.user_id, ",
            "CASE WHEN f.user_epoch = u.epoch AND f.idle_expires_at > $3 AND f.expires_at > $3 THEN 1 ELSE 0 END ",
            "FROM refresh_families f JOIN users u ON u.org_id = f.org_id AND u.id = f.user_id ",
            "LEFT JOIN sessions s ON s.org_id = f.org_id AND s.id = f.session_id AND s.user_id = f.user_id ",
            "AND s.user_epoch = u.epoch AND s.idle_expires_at > $3 AND s.expires_at > $3 ",
            "WHERE f.org_id = $1 AND f.app_id = $2 AND f.revoked_at IS NULL ",
            "AND f.server_id >= $4 AND f.server_id <= $5 ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Examined, Fault> {
    let (id, server): (RefreshFamilyId, String) = (row.get(0)?, row.get(1)?);
    let behind = Behind {
        server: server.clone(),
        id: id.to_string(),
    };
    let (has_session, is_in_time): (bool, bool) = (row.get(7)?, row.get(9)?);
    if !is_in_time {
        return Ok(Examined { behind, held: None });
    }
    let document: String = row.get(2)?;
    let document = GrantDocument::parse(&document)?;
    let attendance = decide_attendance(&document.scopes()?);
    if attendance == Attendance::WhileSignedIn && !has_session {
        return Ok(Examined { behind, held: None });
    }
    let (idle, end): (Timestamp, Timestamp) = (row.get(5)?, row.get(6)?);
    let held = HeldByApp {
        user: row.get(8)?,
        family: HeldFamily {
            id,
            server,
            scopes: document.scope,
            created_at: row.get(3)?,
            rotated_at: row.get(4)?,
            expires_at: idle.min(end),
        },
    };
    Ok(Examined {
        behind,
        held: Some(held),
    })
}

/// The servers from which to which: one, or all.
fn span<'a>(which: &OfApp<'a>) -> (&'a str, &'a str) {
    (
        which.server.unwrap_or_default(),
        which.server.unwrap_or(BEHIND_ALL),
    )
}

fn rows_max(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// So many rows behind a place, whether they live or not.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn load_page(
    tx: &mut ReadTx,
    org: &OrgId,
    which: OfApp<'_>,
    behind: &Behind,
    now: Timestamp,
    rows: usize,
) -> Result<Vec<Examined>, Fault> {
    let sql = families!("AND (f.server_id, f.id) > ($6, $7) ORDER BY f.server_id, f.id LIMIT $8");
    let (first, last) = span(&which);
    let values = params![
        org,
        which.app,
        now,
        first,
        last,
        &behind.server,
        &behind.id,
        rows_max(rows)
    ];
    let rows = tx.query(sql, values).await?;
    rows.iter().map(read).collect()
}

/// The one of that id, if it lives.
///
/// # Errors
/// [`Fault`] if the store fails.
pub(crate) async fn load_one(
    tx: &mut ReadTx,
    org: &OrgId,
    which: OfApp<'_>,
    id: &RefreshFamilyId,
    now: Timestamp,
) -> Result<Option<HeldByApp>, Fault> {
    let sql = families!("AND f.id = $6");
    let (first, last) = span(&which);
    let values = params![org, which.app, now, first, last, id];
    let row = tx.query_optional(sql, values).await?;
    let examined = row.as_ref().map(read).transpose()?;
    Ok(examined.and_then(|examined| examined.held))
}

/// Ends so many behind a place, or the one of that id there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn revoke(
    tx: &mut WriteTx,
    org: &OrgId,
    which: OfApp<'_>,
    (behind, only): (&Behind, Option<&RefreshFamilyId>),
    now: Timestamp,
    rows: usize,
) -> Result<Vec<Ended>, DatabaseFault> {
    let sql = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND revoked_at IS NULL AND id IN \
               (SELECT f.id FROM refresh_families f WHERE f.org_id = $2 AND f.app_id = $3 AND f.revoked_at IS NULL \
               AND f.server_id >= $4 AND f.server_id <= $5 AND (f.server_id, f.id) > ($6, $7) \
               AND f.id >= $8 AND f.id <= $9 ORDER BY f.server_id, f.id LIMIT $10) RETURNING id, server_id, user_id";
    let (first, last) = span(&which);
    let values = params![
        now,
        org,
        which.app,
        first,
        last,
        &behind.server,
        &behind.id,
        only.map_or("", RefreshFamilyId::as_str),
        only.map_or(BEHIND_ALL, RefreshFamilyId::as_str),
        rows_max(rows)
    ];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            Ok(Ended {
                id: row.get(0)?,
                server: row.get(1)?,
                user: row.get(2)?,
            })
        })
        .collect()
}

/// The first app behind that id which has a refresh token of a server, with its label; without one if the app was removed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn next_app(
    tx: &mut ReadTx,
    org: &OrgId,
    server: &str,
    after: &str,
) -> Result<Option<(AppId, Option<String>)>, DatabaseFault> {
    let sql = "SELECT f.app_id, a.label FROM (SELECT MIN(app_id) AS app_id FROM refresh_families \
               WHERE org_id = $1 AND server_id = $2 AND app_id > $3 AND revoked_at IS NULL) f \
               LEFT JOIN apps a ON a.org_id = $1 AND a.id = f.app_id WHERE f.app_id IS NOT NULL";
    let row = tx.query_optional(sql, params![org, server, after]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}
