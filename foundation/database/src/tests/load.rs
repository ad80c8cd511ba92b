//! Many writers at once, on both engines: every acknowledged change is there, once.

use std::time::Duration;

use super::on_both_engines;
use super::store::{Store, ids, insert};
use crate::{Database, DatabaseFault, Limits, params};

on_both_engines!(
    many_writers_lose_nothing,
    many_writers_of_one_row_each_count,
    readers_beside_writers_see_whole_transactions
);

const WRITERS: i64 = 256;
const WRITES_EACH: i64 = 4;

/// Far fewer places than writers, so that most of them wait.
fn narrow() -> Limits {
    let wait_max = Duration::from_secs(120);
    Limits {
        queue_max: 8,
        connections_max: 8,
        readers_max: 4,
        wait_max,
        ..Limits::default()
    }
}

async fn many_writers_lose_nothing(store: &Store) {
    let db = store.open_within(narrow()).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let db = db.clone();
        writers.spawn(async move {
            for turn in 0..WRITES_EACH {
                let id = writer * WRITES_EACH + turn;
                insert(&db, id).await.unwrap();
                // The same again is refused, and harms nobody else.
                assert!(insert(&db, id).await.unwrap_err().is_unique_violation());
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    assert_eq!(
        ids(&db).await,
        (0..WRITERS * WRITES_EACH).collect::<Vec<_>>()
    );
}

async fn grow(db: &Database) -> Result<i64, DatabaseFault> {
    db.write(|tx| {
        Box::pin(async move {
            let sql = "UPDATE items SET size = size + 1 WHERE id = 1 RETURNING size";
            let row = tx.query_optional(sql, params![]).await?.unwrap();
            row.get(0)
        })
    })
    .await
}

async fn many_writers_of_one_row_each_count(store: &Store) {
    let db = store.open_within(narrow()).await;
    insert(&db, 1).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let db = db.clone();
        writers.spawn(async move { grow(&db).await.unwrap() });
    }
    let mut sizes = writers.join_all().await;
    sizes.sort_unstable();
    assert_eq!(sizes, (1..=WRITERS).collect::<Vec<_>>());
}

async fn readers_beside_writers_see_whole_transactions(store: &Store) {
    let db = store.open_within(narrow()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for pair in 0..64_i64 {
        let writing = db.clone();
        tasks.spawn(async move {
            let write = writing.write::<_, DatabaseFault>(move |tx| {
                Box::pin(async move {
                    let sql = "INSERT INTO items (id, name) VALUES ($1, $2)";
                    tx.execute(sql, params![pair * 2, format!("left {pair}")])
                        .await?;
                    tx.execute(sql, params![pair * 2 + 1, format!("right {pair}")])
                        .await
                })
            });
            write.await.unwrap();
        });
        let reading = db.clone();
        tasks.spawn(async move {
            let seen = ids(&reading).await;
            assert!(
                seen.chunks(2)
                    .all(|pair| pair.len() == 2 && pair[0] + 1 == pair[1]),
                "{seen:?}"
            );
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}
