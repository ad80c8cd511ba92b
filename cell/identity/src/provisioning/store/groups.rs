//! The tables `provisioning_groups` and `provisioning_members`.

use crate::provisioning::push::Push;
use crate::provisioning::store::Key;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use vocab::future::boxed;
use vocab::id::{GroupId, GroupPushId, OrgId, UserId};
use vocab::time::Timestamp;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, group_id, peer_id, name, follows_name, sent_name, active, removing, walk_at, version, due_at, \
             attempts, trouble, pushed_at, created_at, updated_at FROM provisioning_groups ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Push, DatabaseFault> {
    Ok(Push {
        id: row.get(0)?,
        group_id: row.get(1)?,
        peer_id: row.get(2)?,
        name: row.get(3)?,
        follows_name: row.get(4)?,
        sent_name: row.get(5)?,
        active: row.get(6)?,
        removing: row.get(7)?,
        walk_at: row.get(8)?,
        version: row.get(9)?,
        due_at: row.get(10)?,
        attempts: row.get(11)?,
        trouble: row.get(12)?,
        pushed_at: row.get(13)?,
        created_at: row.get(14)?,
        updated_at: row.get(15)?,
    })
}

/// A group that is pushed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
) -> Result<Option<Push>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 AND id = $3");
    let row = tx.query_optional(sql, params![org, app, id]).await?;
    row.as_ref().map(read).transpose()
}

/// The groups of an app that are pushed. There are few.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_all(tx: &mut ReadTx, (org, app): Key<'_>) -> Result<Vec<Push>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 ORDER BY id");
    let rows = tx.query(sql, params![org, app]).await?;
    rows.iter().map(read).collect()
}

/// So many of which something is to be done.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_due(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Push>, DatabaseFault> {
    let sql =
        select!("WHERE org_id = $1 AND app_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4");
    let rows = tx.query(sql, params![org, app, now, limit]).await?;
    rows.iter().map(read).collect()
}

/// Adds a group that is pushed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails, above all for a group that is pushed already.
pub async fn insert(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    push: &Push,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO provisioning_groups (org_id, app_id, id, group_id, peer_id, name, follows_name, sent_name, active, \
               removing, walk_at, version, due_at, attempts, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 1, $11, 0, $12, $12)";
    let values = params![
        org,
        app,
        &push.id,
        &push.group_id,
        push.peer_id.clone(),
        &push.name,
        push.follows_name,
        &push.sent_name,
        push.active,
        &push.walk_at,
        push.due_at,
        push.created_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Switches one on, and everybody in it is looked at, or off; false if it is not there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn switch(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    active: bool,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET active = $4, version = version + 1, attempts = 0, trouble = NULL, \
               due_at = CASE WHEN CAST($4 AS BIGINT) = 1 THEN CAST($5 AS BIGINT) ELSE NULL END, \
               walk_at = CASE WHEN CAST($4 AS BIGINT) = 1 THEN '-' ELSE '' END, updated_at = $5 \
               WHERE org_id = $1 AND app_id = $2 AND id = $3 AND removing = 0";
    let flag = i64::from(active);
    Ok(tx.execute(sql, params![org, app, id, flag, now]).await? == 1)
}

/// Lets one wait until its group at the peer is removed; false if it is not there, or is switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn begin_removal(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET removing = 1, version = version + 1, attempts = 0, due_at = $4, updated_at = $4 \
               WHERE org_id = $1 AND app_id = $2 AND id = $3 AND active = 0 AND removing = 0";
    Ok(tx.execute(sql, params![org, app, id, now]).await? == 1)
}

/// Removes one that is switched off, with who was put into it; false if it is not there, or is switched on.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn delete(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
) -> Result<bool, DatabaseFault> {
    let sql = "DELETE FROM provisioning_groups WHERE org_id = $1 AND app_id = $2 AND id = $3 AND active = 0";
    if tx.execute(sql, params![org, app, id]).await? != 1 {
        return Ok(false);
    }
    let sql = "DELETE FROM provisioning_members WHERE org_id = $1 AND app_id = $2 AND push_id = $3";
    tx.execute(sql, params![org, app, id]).await?;
    Ok(true)
}

/// Notes what came of one. What was marked meanwhile is looked at next.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note(tx: &mut WriteTx, (org, app): Key<'_>, push: &Push) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET peer_id = $4, sent_name = $5, attempts = $6, trouble = $7, pushed_at = $8, \
               name = $9, due_at = CASE WHEN version = $10 THEN $11 ELSE due_at END \
               WHERE org_id = $1 AND app_id = $2 AND id = $3";
    let values = params![
        org,
        app,
        &push.id,
        push.peer_id.clone(),
        &push.sent_name,
        push.attempts,
        push.trouble.clone(),
        push.pushed_at,
        &push.name,
        push.version,
        push.due_at
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Moves the place of the walk over the members of one, if it is still there.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn move_walk(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (id, version): (&GroupPushId, i64),
    to: &str,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET walk_at = $5 WHERE org_id = $1 AND app_id = $2 AND id = $3 AND version = $4";
    Ok(tx.execute(sql, params![org, app, id, version, to]).await? == 1)
}

/// Lets those wait to be looked at that push this group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark_group(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    group: &str,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET version = version + 1, attempts = 0, \
               due_at = CASE WHEN due_at < $4 THEN due_at ELSE $4 END \
               WHERE org_id = $1 AND app_id = $2 AND group_id = $3 AND active = 1";
    tx.execute(sql, params![org, app, group, now])
        .await
        .map(|_| ())
}

/// Lets one wait to be looked at once more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET version = version + 1, attempts = 0, \
               due_at = CASE WHEN due_at < $4 THEN due_at ELSE $4 END \
               WHERE org_id = $1 AND app_id = $2 AND id = $3 AND (active = 1 OR removing = 1)";
    tx.execute(sql, params![org, app, id, now])
        .await
        .map(|_| ())
}

/// Lets somebody be looked at in every pushed group that they are in, or were put into at the peer.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark_person(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO provisioning_members (org_id, app_id, push_id, user_id, version, due) \
               SELECT g.org_id, g.app_id, g.id, m.user_id, 1, 1 FROM provisioning_groups g \
               JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.group_id \
               WHERE g.org_id = $1 AND g.app_id = $2 AND m.user_id = $3 AND g.active = 1 \
               ON CONFLICT (org_id, app_id, push_id, user_id) DO NOTHING";
    tx.execute(sql, params![org, app, user]).await?;
    let sql = "UPDATE provisioning_members SET due = 1, version = version + 1 \
               WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    if tx.execute(sql, params![org, app, user]).await? > 0 {
        let sql = "UPDATE provisioning_groups SET version = version + 1, attempts = 0, \
               due_at = CASE WHEN due_at < $4 THEN due_at ELSE $4 END \
                   WHERE org_id = $1 AND app_id = $2 AND active = 1 AND id IN ( \
                   SELECT push_id FROM provisioning_members WHERE org_id = $1 AND app_id = $2 AND user_id = $3)";
        tx.execute(sql, params![org, app, user, now]).await?;
    }
    Ok(())
}

/// Lets people be looked at in one group.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark_members(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    people: &[UserId],
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO provisioning_members (org_id, app_id, push_id, user_id, version, due) \
               VALUES ($1, $2, $3, $4, 1, 1) ON CONFLICT (org_id, app_id, push_id, user_id) \
               DO UPDATE SET due = 1, version = provisioning_members.version + 1";
    for user in people {
        tx.execute(sql, params![org, app, id, user]).await?;
    }
    Ok(())
}

/// A page of those who were put into a group at the peer, or wait to be, behind that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_noted(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    after: &str,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT user_id FROM provisioning_members WHERE org_id = $1 AND app_id = $2 AND push_id = $3 \
               AND user_id > $4 ORDER BY user_id LIMIT $5";
    let rows = tx.query(sql, params![org, app, id, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Somebody to be looked at in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// The id by which they were put in; none if they are not in, as far as is known.
    pub sent: Option<String>,
    /// Rises with each change.
    pub version: i64,
    /// How often the peer refused to let them go, as they are.
    pub refusals: i64,
    /// The id of an account of theirs that is active; none if they are not in the group, or have none.
    pub wanted: Option<String>,
}

/// So many who are to be looked at: those first whom the peer refused to let go least often.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_due_members(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    (id, group): (&GroupPushId, &GroupId),
    limit: i64,
) -> Result<Vec<Member>, DatabaseFault> {
    let sql = "SELECT p.user_id, p.peer_id, p.version, p.due - 1, a.peer_id FROM provisioning_members p \
               LEFT JOIN group_members m ON m.org_id = p.org_id AND m.group_id = $4 AND m.user_id = p.user_id \
               LEFT JOIN provisioning_accounts a ON a.org_id = p.org_id AND a.app_id = p.app_id \
               AND a.user_id = m.user_id AND a.peer_active = 1 \
               WHERE p.org_id = $1 AND p.app_id = $2 AND p.push_id = $3 AND p.due > 0 \
               ORDER BY p.due, p.user_id LIMIT $5";
    let rows = tx.query(sql, params![org, app, id, group, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                user_id: row.get(0)?,
                sent: row.get(1)?,
                version: row.get(2)?,
                refusals: row.get(3)?,
                wanted: row.get(4)?,
            })
        })
        .collect()
}

/// Notes that somebody is in a group at the peer by this id, or is not; who is not, and of whom nothing changed, is forgotten.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn note_member(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    member: &Member,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_members SET peer_id = $5, due = CASE WHEN version = $6 THEN 0 ELSE 1 END \
               WHERE org_id = $1 AND app_id = $2 AND push_id = $3 AND user_id = $4";
    let wanted = member.wanted.clone();
    let values = params![org, app, id, &member.user_id, wanted, member.version];
    tx.execute(sql, values).await?;
    if member.wanted.is_none() {
        let sql = "DELETE FROM provisioning_members WHERE org_id = $1 AND app_id = $2 AND push_id = $3 AND user_id = $4 \
                   AND due = 0";
        tx.execute(sql, params![org, app, id, &member.user_id])
            .await?;
    }
    Ok(())
}

/// Notes that somebody is not taken in, and waits no more until something of them changes.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn park_member(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    member: &Member,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_members SET due = 0 \
               WHERE org_id = $1 AND app_id = $2 AND push_id = $3 AND user_id = $4 AND version = $5";
    let values = params![org, app, id, &member.user_id, member.version];
    tx.execute(sql, values).await.map(|_| ())
}

/// Notes that the peer refuses to let somebody go: all others come first.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn put_behind(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    member: &Member,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_members SET due = due + 1 \
               WHERE org_id = $1 AND app_id = $2 AND push_id = $3 AND user_id = $4 AND version = $5";
    let values = params![org, app, id, &member.user_id, member.version];
    tx.execute(sql, values).await.map(|_| ())
}

/// The group at the peer is not there any more, as it says: who is to be in one is put into the next one. Who is to be in none, but was
/// put in, is still taken out of whatever is found.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget_target(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    id: &GroupPushId,
    due_at: Option<Timestamp>,
) -> Result<(), DatabaseFault> {
    for sql in [
        "DELETE FROM provisioning_members WHERE org_id = $1 AND app_id = $2 AND push_id = $3 AND peer_id IS NULL",
        "UPDATE provisioning_members SET due = 1, version = version + 1, peer_id = CASE WHEN EXISTS ( \
         SELECT 1 FROM provisioning_accounts a WHERE a.org_id = $1 AND a.app_id = $2 \
         AND a.user_id = provisioning_members.user_id AND a.peer_id = provisioning_members.peer_id AND a.peer_active = 1 \
         AND EXISTS (SELECT 1 FROM group_members m JOIN provisioning_groups g ON g.org_id = m.org_id \
         AND g.group_id = m.group_id WHERE g.org_id = $1 AND g.app_id = $2 AND g.id = $3 AND m.user_id = a.user_id)) \
         THEN NULL ELSE peer_id END WHERE org_id = $1 AND app_id = $2 AND push_id = $3",
    ] {
        tx.execute(sql, params![org, app, id]).await?;
    }
    let sql = "UPDATE provisioning_groups SET peer_id = NULL, sent_name = '', walk_at = '-', version = version + 1, due_at = $4 \
               WHERE org_id = $1 AND app_id = $2 AND id = $3";
    tx.execute(sql, params![org, app, id, due_at])
        .await
        .map(|_| ())
}

/// The push to a group of this id at the peer.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_by_peer(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    peer_id: &str,
) -> Result<Option<Push>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 AND peer_id = $3");
    let row = tx.query_optional(sql, params![org, app, peer_id]).await?;
    row.as_ref().map(read).transpose()
}

/// Notes which group at the peer is that of a push.
///
/// # Errors
/// [`DatabaseFault`] if the store fails, above all for one that is another push's.
pub async fn claim(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    push: &Push,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_groups SET peer_id = $4, sent_name = $5 \
               WHERE org_id = $1 AND app_id = $2 AND id = $3";
    let values = params![org, app, &push.id, push.peer_id.clone(), &push.sent_name];
    tx.execute(sql, values).await.map(|_| ())
}

/// Which groups of an app are pushed, by the ids of the groups.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_of_group(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    group: &str,
) -> Result<Option<Push>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 AND group_id = $3");
    let row = tx.query_optional(sql, params![org, app, group]).await?;
    row.as_ref().map(read).transpose()
}

/// How many groups of an app are pushed.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn count(
    tx: &mut ReadTx,
    org: &OrgId,
    app: &vocab::id::AppId,
) -> Result<i64, DatabaseFault> {
    let sql = "SELECT COUNT(*) FROM provisioning_groups WHERE org_id = $1 AND app_id = $2";
    let row = tx.query_optional(sql, params![org, app]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}
