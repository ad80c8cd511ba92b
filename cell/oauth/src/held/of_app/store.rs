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
            $rest
        )
    };
}

const PAGE: &str = families!(
    "AND (f.server_id, f.id) > ($4, $5) AND f.server_id <= $6 ORDER BY f.server_id, f.id LIMIT $7"
);
const ONE: &str = families!("AND f.id = $4");
const REVOKE_PAGE: &str = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND revoked_at IS NULL AND id IN \
     (SELECT f.id FROM refresh_families f WHERE f.org_id = $2 AND f.app_id = $3 AND f.revoked_at IS NULL \
     AND (f.server_id, f.id) > ($4, $5) AND f.server_id <= $6 ORDER BY f.server_id, f.id LIMIT $7) \
     RETURNING id, server_id, user_id";
const REVOKE_ONE: &str = "UPDATE refresh_families SET revoked_at = $1 WHERE org_id = $2 AND app_id = $3 AND id = $4 \
     AND revoked_at IS NULL RETURNING id, server_id, user_id";

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

/// Where a walk goes on, and the last server of it. The place is the one lower bound: of two, an index would be entered by the
/// first alone.
fn span<'a>(which: &OfApp<'a>, behind: &'a Behind) -> (&'a str, &'a str, &'a str) {
    let last = which.server.unwrap_or(BEHIND_ALL);
    match which.server {
        Some(server) if behind.server.as_str() < server => (server, "", last),
        _ => (&behind.server, &behind.id, last),
    }
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
    let (server, id, last) = span(&which, behind);
    let values = params![org, which.app, now, server, id, last, rows_max(rows)];
    let rows = tx.query(PAGE, values).await?;
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
    let values = params![org, which.app, now, id];
    let row = tx.query_optional(ONE, values).await?;
    let examined = row.as_ref().map(read).transpose()?;
    let held = examined.and_then(|examined| examined.held);
    Ok(held.filter(|held| {
        which
            .server
            .is_none_or(|server| held.family.server == server)
    }))
}

/// Ends so many behind a place.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn revoke_page(
    tx: &mut WriteTx,
    org: &OrgId,
    which: OfApp<'_>,
    behind: &Behind,
    now: Timestamp,
    rows: usize,
) -> Result<Vec<Ended>, DatabaseFault> {
    let (server, id, last) = span(&which, behind);
    let values = params![now, org, which.app, server, id, last, rows_max(rows)];
    let rows = tx.query(REVOKE_PAGE, values).await?;
    rows.iter().map(read_ended).collect()
}

/// Ends the one of that id, if it was not.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub(crate) async fn revoke_one(
    tx: &mut WriteTx,
    org: &OrgId,
    app: &AppId,
    id: &RefreshFamilyId,
    now: Timestamp,
) -> Result<Option<Ended>, DatabaseFault> {
    let row = tx
        .query_optional(REVOKE_ONE, params![now, org, app, id])
        .await?;
    row.as_ref().map(read_ended).transpose()
}

fn read_ended(row: &Row) -> Result<Ended, DatabaseFault> {
    Ok(Ended {
        id: row.get(0)?,
        server: row.get(1)?,
        user: row.get(2)?,
    })
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

#[cfg(test)]
mod tests {
    use super::{ONE, PAGE, REVOKE_ONE, REVOKE_PAGE, span};
    use crate::for_tests::World;
    use crate::held::of_app::{Behind, OfApp};
    use vocab::entropy::SeededEntropy;
    use vocab::id::AppId;
    use vocab::value::Value;

    #[test]
    fn a_walk_begins_at_its_server_and_goes_on_behind_its_place() {
        let app = AppId::generate(&SeededEntropy::new(1));
        let of = |server| OfApp { app: &app, server };
        let behind = |server: &str, id: &str| Behind {
            server: server.to_owned(),
            id: id.to_owned(),
        };
        for (server, place, expected) in [
            (None, behind("", ""), ("", "", "~")),
            (None, behind("b", "2"), ("b", "2", "~")),
            (Some("b"), behind("", ""), ("b", "", "b")),
            (Some("b"), behind("a", "2"), ("b", "", "b")),
            (Some("b"), behind("b", "2"), ("b", "2", "b")),
            (Some("b"), behind("c", "2"), ("c", "2", "b")),
        ] {
            assert_eq!(span(&of(server), &place), expected, "{server:?}");
        }
    }

    /// A walk enters the index at its place, and one token is found by its key.
    #[tokio::test]
    async fn sqlite_enters_the_index_at_the_place() {
        let world = World::on_sqlite().await;
        let by_app = "refresh_families_by_app (org_id=? AND app_id=? AND (server_id,id)>(?,?)";
        let by_key = "sqlite_autoindex_refresh_families_1 (org_id=? AND id=?)";
        for (sql, way) in [
            (PAGE, by_app),
            (REVOKE_PAGE, by_app),
            (ONE, by_key),
            (REVOKE_ONE, by_key),
        ] {
            let explained: &'static str =
                Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
            let values: Vec<Value> = (1..=9)
                .take_while(|number| sql.contains(&format!("${number}")))
                .map(|_| Value::from(5_i64))
                .collect();
            let mut tx = world.cell.database.read().await.unwrap();
            let rows = tx.query(explained, &values).await.unwrap();
            let steps: Vec<String> = rows
                .iter()
                .map(|row| row.get::<String>(3).unwrap())
                .collect();
            assert!(steps.iter().any(|step| step.contains(way)), "{steps:?}");
            assert!(
                !steps.iter().any(|step| step.contains("TEMP B-TREE")),
                "{steps:?}"
            );
        }
    }
}
