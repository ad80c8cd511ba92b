//! The table `provisioning_accounts`.

use crate::provisioning::store::Key;
use database::{DatabaseFault, ReadTx, Row, WriteTx, params};
use ledger::{LogEvent, LogFilter};
use vocab::future::boxed;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;

/// Pages of the log in which somebody is looked for who may be no more.
const SEARCH_PAGES_MAX: usize = 16;

/// Who somebody is at a peer, and what waits to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user_id: UserId,
    /// The login, as it was when the person was last looked at.
    pub login: String,
    /// The id at the peer.
    pub peer_id: Option<String>,
    /// What stands for what was last sent; empty where nothing was.
    pub sent: String,
    /// The paths of what that said.
    pub sent_names: String,
    /// Whether the account is active, as far as is known.
    pub peer_active: bool,
    /// Whether one may have been made whose id is not known.
    pub begun: bool,
    /// Rises with each change of the person.
    pub version: i64,
    /// When it is to be looked at; never, while nothing is to be done.
    pub due_at: Option<Timestamp>,
    /// How often it failed in a row.
    pub attempts: i64,
    /// What went wrong the last time.
    pub trouble: Option<String>,
    /// When something came of it.
    pub updated_at: Timestamp,
}

impl Account {
    /// That of somebody of whom none is known.
    #[must_use]
    pub fn unknown(user: &UserId) -> Self {
        Self {
            user_id: user.clone(),
            login: String::new(),
            peer_id: None,
            sent: String::new(),
            sent_names: String::new(),
            peer_active: false,
            begun: false,
            version: 0,
            due_at: None,
            attempts: 0,
            trouble: None,
            updated_at: Timestamp::default(),
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, login, peer_id, sent, sent_names, peer_active, begun, version, due_at, attempts, trouble, \
             updated_at FROM provisioning_accounts ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Account, DatabaseFault> {
    Ok(Account {
        user_id: row.get(0)?,
        login: row.get(1)?,
        peer_id: row.get(2)?,
        sent: row.get(3)?,
        sent_names: row.get(4)?,
        peer_active: row.get(5)?,
        begun: row.get(6)?,
        version: row.get(7)?,
        due_at: row.get(8)?,
        attempts: row.get(9)?,
        trouble: row.get(10)?,
        updated_at: row.get(11)?,
    })
}

/// The account of somebody.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    user: &UserId,
) -> Result<Option<Account>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 AND user_id = $3");
    let row = tx.query_optional(sql, params![org, app, user]).await?;
    row.as_ref().map(read).transpose()
}

/// The account that has this id at the peer.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn find_by_peer(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    peer_id: &str,
) -> Result<Option<Account>, DatabaseFault> {
    let sql = select!("WHERE org_id = $1 AND app_id = $2 AND peer_id = $3");
    let row = tx.query_optional(sql, params![org, app, peer_id]).await?;
    row.as_ref().map(read).transpose()
}

/// So many that are to be looked at: those first that may have to be switched off, and then those that wait the longest.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_due(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Account>, DatabaseFault> {
    let leaving = select!(
        "WHERE org_id = $1 AND app_id = $2 AND leaving = 1 AND due_at <= $3 ORDER BY due_at, user_id LIMIT $4"
    );
    let others = select!(
        "WHERE org_id = $1 AND app_id = $2 AND leaving = 0 AND due_at <= $3 ORDER BY due_at, user_id LIMIT $4"
    );
    let mut due: Vec<Account> = Vec::new();
    for sql in [leaving, others] {
        let more = limit.saturating_sub(i64::try_from(due.len()).unwrap_or(i64::MAX));
        if more > 0 {
            let rows = tx.query(sql, params![org, app, now, more]).await?;
            let read: Result<Vec<Account>, DatabaseFault> = rows.iter().map(read).collect();
            due.extend(read?);
        }
    }
    Ok(due)
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Those with which something went wrong.
    Troubled,
}

/// A page of accounts in the order of people, behind that one.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_page(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    which: Which,
    after: &str,
    limit: i64,
) -> Result<Vec<Account>, DatabaseFault> {
    let sql = match which {
        Which::All => {
            select!("WHERE org_id = $1 AND app_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4")
        }
        Which::Troubled => select!(
            "WHERE org_id = $1 AND app_id = $2 AND trouble IS NOT NULL AND user_id > $3 ORDER BY user_id LIMIT $4"
        ),
    };
    let rows = tx.query(sql, params![org, app, after, limit]).await?;
    rows.iter().map(read).collect()
}

/// How many wait, and with how many something went wrong; no more of each are counted than that.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn count(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    max: i64,
) -> Result<(i64, i64), DatabaseFault> {
    let mut counts = [0_i64; 2];
    let texts = [
        "SELECT COUNT(*) FROM (SELECT 1 FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2 \
         AND due_at IS NOT NULL LIMIT $3) AS few",
        "SELECT COUNT(*) FROM (SELECT 1 FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2 \
         AND trouble IS NOT NULL LIMIT $3) AS few",
    ];
    for (count, sql) in counts.iter_mut().zip(texts) {
        let row = tx.query_optional(sql, params![org, app, max]).await?;
        *count = row.map(|row| row.get(0)).transpose()?.unwrap_or_default();
    }
    let [waiting, troubled] = counts;
    Ok((waiting, troubled))
}

/// Lets an account that is known wait to be looked at now; false if there is none.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_accounts SET version = version + 1, attempts = 0, \
               due_at = CASE WHEN due_at < $4 THEN due_at ELSE $4 END \
               WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    Ok(tx.execute(sql, params![org, app, user, now]).await? == 1)
}

/// Lets an account be looked at before others: whoever it belongs to may have to be let in no more.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn hurry(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    user: &UserId,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_accounts SET leaving = 1 WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    tx.execute(sql, params![org, app, user]).await.map(|_| ())
}

/// The same, and one that is not known yet becomes known.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn mark_or_insert(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO provisioning_accounts (org_id, app_id, user_id, login, sent, sent_names, peer_active, begun, \
               leaving, version, due_at, attempts, created_at, updated_at) \
               VALUES ($1, $2, $3, '', '', '', 0, 0, 0, 1, $4, 0, $4, $4) \
               ON CONFLICT (org_id, app_id, user_id) DO UPDATE SET version = provisioning_accounts.version + 1, \
               attempts = 0, due_at = CASE WHEN provisioning_accounts.due_at < excluded.due_at \
               THEN provisioning_accounts.due_at ELSE excluded.due_at END";
    tx.execute(sql, params![org, app, user, now])
        .await
        .map(|_| ())
}

/// What came of noting that something is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is noted.
    Yes,
    /// They have another account than they had, or nothing is noted of them any more.
    Changed,
    /// The account is somebody else's.
    InUse,
}

/// Notes of an account what may become of it by what is sent next, if it is still the one that was known.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn begin(
    tx: &mut WriteTx,
    key: Key<'_>,
    account: &Account,
    known: Option<&str>,
) -> Result<Begun, DatabaseFault> {
    if let Some(id) = &account.peer_id
        && let Some(owner) = find_by_peer(tx, key, id).await?
        && owner.user_id != account.user_id
    {
        return Ok(Begun::InUse);
    }
    let sql = "UPDATE provisioning_accounts SET login = $4, peer_id = $5, sent = $6, sent_names = $7, peer_active = $8, \
               begun = $9 WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND COALESCE(peer_id, '') = $10";
    let values = params![
        key.0,
        key.1,
        &account.user_id,
        &account.login,
        account.peer_id.clone(),
        &account.sent,
        &account.sent_names,
        account.peer_active,
        account.begun,
        known.unwrap_or_default()
    ];
    Ok(match tx.execute(sql, values).await? {
        1 => Begun::Yes,
        _ => Begun::Changed,
    })
}

/// Whether the log of the org knows somebody of this id, who may be no more, or an account is noted of them.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn was_known(
    tx: &mut ReadTx,
    key: Key<'_>,
    user: &UserId,
) -> Result<bool, DatabaseFault> {
    if load(tx, key, user).await?.is_some() {
        return Ok(true);
    }
    let filter = LogFilter {
        target: Some(user.as_str().to_owned()),
        ..LogFilter::default()
    };
    let mut before = None;
    for _ in 0..SEARCH_PAGES_MAX {
        let page = ledger::load_page(tx, key.0, &filter, before, 1).await?;
        match (page.rows.is_empty(), page.next) {
            (false, _) => return Ok(true),
            (true, None) => return Ok(false),
            (true, next) => before = next,
        }
    }
    // Not known for certain: whoever asks then touches nothing.
    Ok(true)
}

/// Notes what came of an account. What changed of the person meanwhile is looked at next.
///
/// # Errors
/// [`DatabaseFault`] if the store fails, above all for an id that is somebody else's.
pub async fn note(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    account: &Account,
    now: Timestamp,
) -> Result<(), DatabaseFault> {
    let sql = "UPDATE provisioning_accounts SET login = $4, peer_id = $5, sent = $6, sent_names = $7, peer_active = $8, \
               begun = $9, attempts = $10, trouble = $11, updated_at = $12, \
               due_at = CASE WHEN version = $13 THEN $14 ELSE due_at END, \
               leaving = CASE WHEN version = $13 AND CAST($15 AS BIGINT) = 0 THEN 0 ELSE leaving END \
               WHERE org_id = $1 AND app_id = $2 AND user_id = $3";
    let values = params![
        org,
        app,
        &account.user_id,
        &account.login,
        account.peer_id.clone(),
        &account.sent,
        &account.sent_names,
        account.peer_active,
        account.begun,
        account.attempts,
        account.trouble.clone(),
        now,
        account.version,
        account.due_at,
        i64::from(account.due_at.is_some())
    ];
    tx.execute(sql, values).await.map(|_| ())
}

/// Notes which account is somebody's that is known to have none; false if it is known to have another, or one may just be being made.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn link(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    (user, login): (&UserId, &str),
    (peer_id, active): (&str, bool),
) -> Result<bool, DatabaseFault> {
    let sql = "UPDATE provisioning_accounts SET login = $4, peer_id = $5, peer_active = $6, sent = '', sent_names = '', \
               trouble = NULL WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND peer_id IS NULL AND begun = 0";
    let values = params![org, app, user, login, peer_id, active];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Forgets an account of which nothing changed since it was read.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn forget(
    tx: &mut WriteTx,
    (org, app): Key<'_>,
    account: &Account,
) -> Result<(), DatabaseFault> {
    let sql = "DELETE FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2 AND user_id = $3 AND version = $4";
    tx.execute(sql, params![org, app, &account.user_id, account.version])
        .await
        .map(|_| ())
}

/// A page of those to whom the app is assigned one by one, behind that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_assigned(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT user_id FROM app_users WHERE org_id = $1 AND app_id = $2 AND user_id > $3 \
               ORDER BY user_id LIMIT $4";
    let rows = tx.query(sql, params![org, app, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// A page of the members of a group, behind that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_members(
    tx: &mut ReadTx,
    org: &vocab::id::OrgId,
    (group, after): (&str, &str),
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT user_id FROM group_members WHERE org_id = $1 AND group_id = $2 AND user_id > $3 \
               ORDER BY user_id LIMIT $4";
    let rows = tx.query(sql, params![org, group, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The first group behind that one to which the app is assigned.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn next_group(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    after: &str,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT group_id FROM app_groups WHERE org_id = $1 AND app_id = $2 AND group_id > $3 \
               ORDER BY group_id LIMIT 1";
    let row = tx.query_optional(sql, params![org, app, after]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// The first group by which the app is assigned to somebody.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn first_group_of(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    user: &UserId,
) -> Result<Option<String>, DatabaseFault> {
    let sql = "SELECT g.group_id FROM app_groups g JOIN group_members m ON m.org_id = g.org_id AND m.group_id = g.group_id \
               WHERE g.org_id = $1 AND g.app_id = $2 AND m.user_id = $3 ORDER BY g.group_id LIMIT 1";
    let row = tx.query_optional(sql, params![org, app, user]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// A page of those of whom an account is known, behind that person.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_known(
    tx: &mut ReadTx,
    (org, app): Key<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<UserId>, DatabaseFault> {
    let sql = "SELECT user_id FROM provisioning_accounts WHERE org_id = $1 AND app_id = $2 AND user_id > $3 \
               ORDER BY user_id LIMIT $4";
    let rows = tx.query(sql, params![org, app, after, limit]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// A row of the log that may matter, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTarget {
    /// The type of the event.
    pub event_type: String,
    /// The id of what it is about; [`LEFT_OUT`] where the row does not name all.
    pub target: String,
}

/// What stands for all that a row does not name.
pub const LEFT_OUT: &str = "*";

/// What the rows between two numbers (the first left out) are about, of the types after which something may be to do.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
#[boxed]
pub async fn load_targets(
    tx: &mut ReadTx,
    org: &OrgId,
    (after, last): (i64, i64),
) -> Result<Vec<FoundTarget>, DatabaseFault> {
    let sql = "SELECT event_type, body FROM log_events \
               WHERE org_id = $1 AND seq > $2 AND seq <= $3 AND event_type IN ( \
               'user.lifecycle.activate', 'user.lifecycle.reactivate', 'user.lifecycle.deactivate', \
               'user.lifecycle.suspend', 'user.lifecycle.unsuspend', 'user.lifecycle.delete.completed', \
               'user.account.update_profile', 'user.account.update_primary_email', \
               'group.user_membership.add', 'group.user_membership.remove', \
               'application.user_membership.add', 'application.user_membership.update', \
               'application.user_membership.remove', 'application.lifecycle.update', 'directory.mapping.update', \
               'group.application_assignment.add', 'group.application_assignment.remove', \
               'group.lifecycle.delete', 'group.profile.update', 'system.org.settings.update') ORDER BY seq";
    let rows = tx.query(sql, params![org, after, last]).await?;
    let mut found = Vec::new();
    for row in &rows {
        let (event_type, body): (String, String) = (row.get(0)?, row.get(1)?);
        found.extend(read_targets(&body).into_iter().map(|target| FoundTarget {
            event_type: event_type.clone(),
            target,
        }));
    }
    Ok(found)
}

/// What an event is about. Of one that cannot be read everything is left out.
fn read_targets(body: &str) -> Vec<String> {
    let Ok(event) = serde_json::from_str::<LogEvent<'static>>(body) else {
        return vec![LEFT_OUT.to_owned()];
    };
    let is_short = event
        .debug_context
        .is_some_and(|context| context.debug_data.contains_key("targetsLeftOut"));
    let named = event
        .target
        .into_iter()
        .map(|target| target.id.into_owned());
    named.chain(is_short.then(|| LEFT_OUT.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{LEFT_OUT, read_targets};
    use serde_json::json;

    #[test]
    fn what_a_row_does_not_name_is_said() {
        let body = |details: &[(&str, &str)]| {
            let details: std::collections::BTreeMap<_, _> = details.iter().copied().collect();
            let body = json!({
                "uuid": "evt1", "published": "2026-11-23T20:31:41.000Z", "eventType": "group.lifecycle.delete",
                "version": "0", "severity": "INFO", "displayMessage": "Group deleted",
                "actor": { "id": "00u1", "type": "User" },
                "target": [{ "id": "00g1", "type": "UserGroup" }, { "id": "0oa1", "type": "AppInstance" }],
                "outcome": { "result": "SUCCESS" }, "transaction": { "type": "JOB" },
                "debugContext": { "debugData": details },
            });
            read_targets(&body.to_string())
        };
        assert_eq!(body(&[]), ["00g1", "0oa1"]);
        let short = body(&[("targetsLeftOut", "9")]);
        assert_eq!(short, ["00g1", "0oa1", LEFT_OUT]);
        assert_eq!(read_targets("{"), [LEFT_OUT]);
    }
}
