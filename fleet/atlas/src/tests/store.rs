//! Damage to the log, as a hostile hand in the database would do it.

use crate::refusal::Refusal;
use database::{Database, params};

pub(super) async fn damage_routes(database: &Database, cursor: i64) {
    run(
        database,
        "UPDATE changes SET routes = '[]' WHERE cursor = $1",
        cursor,
    )
    .await;
}

pub(super) async fn remove_change(database: &Database, cursor: i64) {
    run(database, "DELETE FROM changes WHERE cursor = $1", cursor).await;
}

async fn run(database: &Database, sql: &'static str, cursor: i64) {
    let done = database.write(move |tx| {
        Box::pin(async move { Ok::<_, Refusal>(tx.execute(sql, params![cursor]).await?) })
    });
    assert_eq!(done.await.unwrap(), 1);
}
