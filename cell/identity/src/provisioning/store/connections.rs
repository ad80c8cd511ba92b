//! The table `provisioning_connections`.

use crate::fault::Fault;
use crate::provisioning::mapping::RULES;
use crate::provisioning::store::{Held, Key};
use crate::provisioning::{Connection, ConnectionConfig, Standing};
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{AppId, OrgId};
use vocab::time::Timestamp;

/// What stands before the name of a holder whose hold was ended: nobody is called so.
const ENDED: &str = "ended:";

/// Reads what an administrator said of a connection.
///
/// # Errors
/// [`Fault`] for what was not written by us.
pub(crate) fn parse_config(text: &str) -> Result<ConnectionConfig, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::stored("provisioning connection", &error))
}

fn read(row: &Row) -> Result<Connection, Fault> {
    let config: String = row.get(2)?;
    Ok(Connection {
        org_id: row.get(0)?,
        app_id: row.get(1)?,
        config: parse_config(&config)?,
        active: row.get(3)?,
        revision: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        standing: Standing {
            followed: row.get(7)?,
            walk_at: row.get(8)?,
            replaces: row.get(9)?,
            failures: row.get(10)?,
            next_at: row.get(11)?,
            trouble: row.get(12)?,
            newest: row.get(13)?,
            walked_by: row.get(14)?,
        },
    })
}

/// The connection of an app.
///
/// # Errors
/// [`Fault`] if the store fails.
pub async fn load(tx: &mut ReadTx, (org, app): Key<'_>) -> Result<Option<Connection>, Fault> {
    let sql = "SELECT c.org_id, c.app_id, c.config, c.active, c.revision, c.created_at, c.updated_at, c.followed, \
               c.walk_at, c.replaces, c.failures, c.next_at, c.trouble, COALESCE(l.seq, 0), c.walked_by \
               FROM provisioning_connections c LEFT JOIN log_heads l ON l.org_id = c.org_id \
               WHERE c.org_id = $1 AND c.app_id = $2";
    let row = tx.query_optional(sql, params![org, app]).await?;
    row.as_ref().map(read).transpose()
}

/// How many connections an org has.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(tx: &mut ReadTx, org: &OrgId) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM provisioning_connections WHERE org_id = $1";
    let row = tx.query_optional(sql, params![org]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

fn render_config(connection: &Connection) -> Result<String, Fault> {
    serde_json::to_string(&connection.config)
        .map_err(|error| Fault::stored("provisioning connection", &error))
}

/// Adds a connection.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn insert(tx: &mut WriteTx, connection: &Connection) -> Result<(), Fault> {
    let sql = "INSERT INTO provisioning_connections (org_id, app_id, config, active, revision, created_at, updated_at, \
               followed, walk_at, walk_again, requests, replaces, failures, next_at, holder, held_until, walked_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, 0, 0, 0, 0, 0, '', 0, $9)";
    let values = params![
        &connection.org_id,
        &connection.app_id,
        render_config(connection)?,
        connection.active,
        connection.revision,
        connection.created_at,
        connection.standing.followed,
        &connection.standing.walk_at,
        connection.standing.walked_by
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Stores a connection that an administrator changed, if nobody changed it since it was read; false if somebody did. Whoever holds it holds
/// it no more, the peer is tried at once, and everybody is looked at again.
///
/// # Errors
/// [`Fault`] if the store fails.
#[boxed]
pub async fn update(
    tx: &mut WriteTx,
    connection: &Connection,
    walk_from: &str,
) -> Result<bool, Fault> {
    let sql = "UPDATE provisioning_connections SET config = $4, active = $5, updated_at = $6, revision = revision + 1, \
               walk_at = $7, walk_again = 0, replaces = 0, failures = 0, next_at = 0, trouble = NULL, holder = '', \
               held_until = 0 WHERE org_id = $1 AND app_id = $2 AND revision = $3";
    let values = params![
        &connection.org_id,
        &connection.app_id,
        connection.revision,
        render_config(connection)?,
        connection.active,
        connection.updated_at,
        walk_from
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// A connection that has something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// How often its peer failed of late.
    pub failures: i64,
    /// The last row of the log that was looked at.
    pub followed: i64,
    /// The newest one.
    pub newest: i64,
    /// Whether something waits beside the log.
    pub has_work: bool,
}

/// Whether something waits at the peer `c`, at the moment `$3`.
macro_rules! something_waits {
    () => {
        "(EXISTS (SELECT 1 FROM provisioning_accounts d WHERE d.org_id = c.org_id AND d.app_id = c.app_id AND d.due_at <= $3) \
         OR EXISTS (SELECT 1 FROM provisioning_groups g WHERE g.org_id = c.org_id AND g.app_id = c.app_id AND g.due_at <= $3) \
         OR EXISTS (SELECT 1 FROM provisioning_imports i WHERE i.org_id = c.org_id AND i.app_id = c.app_id \
         AND i.state = 'RUNNING'))"
    };
}

/// Whether something waits at the peer of a connection.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn has_work(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = concat!(
        "SELECT 1 FROM provisioning_connections c WHERE c.org_id = $1 AND c.app_id = $2 AND ",
        something_waits!()
    );
    let row = tx.query_optional(sql, params![org, app, now]).await?;
    Ok(row.is_some())
}

/// So many connections that may have something to look at, behind that one in the order of orgs and apps. Orgs that are closed are
/// passed over, and so are apps that are switched off.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_due(
    tx: &mut ReadTx,
    after: (&str, &str),
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Due>, DatabaseFault> {
    let sql = concat!(
        "SELECT c.org_id, c.app_id, c.failures, c.followed, COALESCE(l.seq, 0), CASE WHEN c.walk_at <> '' OR c.walked_by < $5 OR ",
        something_waits!(),
        " THEN 1 ELSE 0 END FROM provisioning_connections c \
               JOIN apps a ON a.org_id = c.org_id AND a.id = c.app_id AND a.status = 'ACTIVE' \
               LEFT JOIN log_heads l ON l.org_id = c.org_id \
               WHERE c.active = 1 AND (c.org_id, c.app_id) > ($1, $2) AND c.held_until <= $3 AND c.next_at <= $3 \
               AND c.org_id NOT IN (SELECT org_id FROM org_fences WHERE mode <> 'open') \
               ORDER BY c.org_id, c.app_id LIMIT $4"
    );
    let values = params![after.0, after.1, now, limit, RULES];
    let rows = tx.query(sql, values).await?;
    rows.iter()
        .map(|row| {
            let has_work: i64 = row.get(5)?;
            Ok(Due {
                org_id: row.get(0)?,
                app_id: row.get(1)?,
                failures: row.get(2)?,
                followed: row.get(3)?,
                newest: row.get(4)?,
                has_work: has_work == 1,
            })
        })
        .collect()
}

/// The apps with a connection that are assigned to a group, and what they are called.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_of_group(
    tx: &mut ReadTx,
    org: &OrgId,
    group: &vocab::id::GroupId,
) -> Result<Vec<(AppId, String)>, DatabaseFault> {
    let sql = "SELECT c.app_id, a.label FROM provisioning_connections c \
               JOIN app_groups g ON g.org_id = c.org_id AND g.app_id = c.app_id AND g.group_id = $2 \
               JOIN apps a ON a.org_id = c.org_id AND a.id = c.app_id WHERE c.org_id = $1 ORDER BY c.app_id";
    let rows = tx.query(sql, params![org, group]).await?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Takes hold of a connection that nobody holds; false if somebody does, or it is switched off.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn hold(
    tx: &mut WriteTx,
    held: &Held,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET holder = $3, held_until = $5 \
               WHERE org_id = $1 AND app_id = $2 AND active = 1 AND held_until <= $4";
    let values = params![&held.org_id, &held.app_id, &held.holder, now, until];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Holds it longer; false if it is held no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn keep(tx: &mut WriteTx, held: &Held, until: Timestamp) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET held_until = $4 \
               WHERE org_id = $1 AND app_id = $2 AND holder = $3 AND active = 1";
    let values = params![&held.org_id, &held.app_id, &held.holder, until];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Holds it no more. Also one whose hold was ended says so, once nothing of it is under way any more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn release(tx: &mut WriteTx, held: &Held) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET holder = '', held_until = 0 \
               WHERE org_id = $1 AND app_id = $2 AND holder IN ($3, $4)";
    let ended = format!("{ENDED}{}", held.holder);
    let values = params![&held.org_id, &held.app_id, &held.holder, ended];
    tx.execute(sql, values).await.map(|_| ())
}

/// Ends whatever hold there is: of what its holder does just now, nothing is noted. A request of theirs may be on its way all the same, and
/// so nobody else takes hold of it before they have given it back, or the time of the hold is over.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn end_hold(tx: &mut WriteTx, (org, app): Key<'_>) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET holder = CAST($3 AS TEXT) || holder \
               WHERE org_id = $1 AND app_id = $2 AND holder <> '' AND holder NOT LIKE $4";
    let values = params![org, app, ENDED, format!("{ENDED}%")];
    tx.execute(sql, values).await.map(|_| ())
}

/// Notes how the peer fares; a pause that it asked for stays, whatever else it answers meanwhile. False if the connection is held no more, and then nothing of what was done may be noted.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn note(
    tx: &mut WriteTx,
    held: &Held,
    failure: Option<(&str, Option<Timestamp>)>,
) -> Result<bool, DatabaseFault> {
    let changed = match failure {
        None => {
            let sql = "UPDATE provisioning_connections SET failures = 0, trouble = NULL \
                       WHERE org_id = $1 AND app_id = $2 AND holder = $3";
            let values = params![&held.org_id, &held.app_id, &held.holder];
            tx.execute(sql, values).await?
        }
        Some((trouble, next_at)) => {
            let sql = "UPDATE provisioning_connections SET failures = failures + 1, trouble = $4, \
                       next_at = CASE WHEN next_at < $5 THEN $5 ELSE next_at END \
                       WHERE org_id = $1 AND app_id = $2 AND holder = $3";
            let next_at = next_at.unwrap_or_default();
            let values = params![&held.org_id, &held.app_id, &held.holder, trouble, next_at];
            tx.execute(sql, values).await?
        }
    };
    Ok(changed == 1)
}

/// Whether it is held by this holder still. The row is taken, so that nobody else takes hold of it before the end of the transaction.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn is_held(tx: &mut WriteTx, held: &Held) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET revision = revision \
               WHERE org_id = $1 AND app_id = $2 AND holder = $3";
    let values = params![&held.org_id, &held.app_id, &held.holder];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Notes that the peer only takes whole resources.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_replaces(tx: &mut WriteTx, held: &Held) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET replaces = 1 WHERE org_id = $1 AND app_id = $2 AND holder = $3";
    let values = params![&held.org_id, &held.app_id, &held.holder];
    tx.execute(sql, values).await.map(|_| ())
}

/// Goes on from one row of the log to another, if nobody went on meanwhile, and begins a walk where one is asked for; one that is under
/// way begins anew when it is through.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn go_on(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (from, to): (i64, i64),
    walk_from: Option<&str>,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET followed = $4, \
               walk_again = CASE WHEN $5 <> '' AND walk_at <> '' THEN 1 ELSE walk_again END, \
               walk_at = CASE WHEN $5 <> '' AND walk_at = '' THEN $5 ELSE walk_at END \
               WHERE org_id = $1 AND app_id = $2 AND followed = $3";
    let values = params![org, app, from, to, walk_from.unwrap_or_default()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Begins a walk; one that is under way begins anew when it is through.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn ask_walk(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    walk_from: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET walk_again = CASE WHEN walk_at <> '' THEN 1 ELSE walk_again END, \
               walk_at = CASE WHEN walk_at = '' THEN $3 ELSE walk_at END, next_at = 0 \
               WHERE org_id = $1 AND app_id = $2";
    Ok(tx.execute(sql, params![org, app, walk_from]).await? == 1)
}

/// Notes by which rules everybody is looked at from now on, and begins a walk where one is asked for, as [`ask_walk`] does. False if it was
/// noted before.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_rules(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    walk_from: Option<&str>,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET walked_by = $3, \
               walk_again = CASE WHEN $4 <> '' AND walk_at <> '' THEN 1 ELSE walk_again END, \
               walk_at = CASE WHEN $4 <> '' AND walk_at = '' THEN $4 ELSE walk_at END \
               WHERE org_id = $1 AND app_id = $2 AND walked_by < $3";
    let values = params![org, app, RULES, walk_from.unwrap_or_default()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Moves the place of a walk, if it is still there; at its end it begins anew if that was asked for.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn move_walk(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (from, to): (&str, &str),
    again_from: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_connections SET \
               walk_at = CASE WHEN $4 = '' AND walk_again = 1 THEN $5 ELSE $4 END, \
               walk_again = CASE WHEN $4 = '' THEN 0 ELSE walk_again END \
               WHERE org_id = $1 AND app_id = $2 AND walk_at = $3";
    let values = params![org, app, from, to, again_from];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The connections of an org to which a row of its log may matter are found by the app alone; all that is noted of one goes with its app.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete_of_app(
    tx: &mut WriteTx,
    org: &OrgId,
    app: &AppId,
) -> Result<(), DatabaseFault> {
    forget_peer(tx, (org, app)).await?;
    for sql in [
        "DELETE FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_groups WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_requests WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_connections WHERE org_id = $1 AND app_id = $2",
    ] {
        tx.execute(sql, params![org, app]).await?;
    }
    Ok(())
}

/// Forgets what is known of a peer: another one may have the same ids for others. Who has an account that is active, or may have one, is
/// looked for there; all others are forgotten.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_peer(tx: &mut WriteTx, (org, app): Key<'_>) -> Result<(), DatabaseFault> {
    for sql in [
        "DELETE FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2 AND peer_active = 0 AND begun = 0",
        "UPDATE provisioning_accounts SET peer_id = NULL, sent = '', sent_names = '', peer_active = 0, begun = 1, \
         version = version + 1, due_at = 0, attempts = 0, trouble = NULL WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_members WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_import_rows WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_imports WHERE org_id = $1 AND app_id = $2",
        "DELETE FROM provisioning_groups WHERE org_id = $1 AND app_id = $2 AND removing = 1",
        "UPDATE provisioning_groups SET peer_id = NULL, sent_name = '', trouble = NULL, attempts = 0, version = version + 1, \
         due_at = CASE WHEN active = 1 THEN 0 ELSE NULL END, walk_at = CASE WHEN active = 1 THEN '-' ELSE '' END \
         WHERE org_id = $1 AND app_id = $2",
    ] {
        tx.execute(sql, params![org, app]).await?;
    }
    Ok(())
}
