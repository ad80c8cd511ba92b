//! What tests look up or break in the store by hand.

use database::{Database, DatabaseFault, params};
use vocab::id::{OrgId, UserId};

/// How often an event of that type stands in the log.
pub(crate) async fn count_events(database: &Database, org: &OrgId, event_type: &str) -> usize {
    let mut tx = database.read().await.unwrap();
    let sql = "SELECT seq FROM log_events WHERE org_id = $1 AND event_type = $2";
    tx.query(sql, params![org, event_type]).await.unwrap().len()
}

/// The payloads of the outbox of that kind.
pub(crate) async fn load_outbox(database: &Database, kind: &str) -> Vec<Vec<u8>> {
    let mut tx = database.read().await.unwrap();
    let sql = "SELECT payload FROM outbox WHERE kind = $1";
    let rows = tx.query(sql, params![kind]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// Keeps a person out, without all that goes with it.
pub(crate) async fn suspend(database: &Database, org: &OrgId, user: &UserId) {
    let (org, user) = (org.clone(), user.clone());
    let sql = "UPDATE users SET status = 'SUSPENDED' WHERE org_id = $1 AND id = $2";
    let changed: Result<u64, DatabaseFault> = database
        .write(move |tx| Box::pin(async move { tx.execute(sql, params![&org, &user]).await }))
        .await;
    assert_eq!(changed.unwrap(), 1);
}

/// How many refresh families have not been ended.
pub(crate) async fn count_live_families(database: &Database, org: &OrgId) -> usize {
    let mut tx = database.read().await.unwrap();
    let sql = "SELECT id FROM refresh_families WHERE org_id = $1 AND revoked_at IS NULL";
    tx.query(sql, params![org]).await.unwrap().len()
}
