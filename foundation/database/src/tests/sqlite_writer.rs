//! The writer thread: many units in one commit, each alone in its failure.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::task::JoinSet;

use super::snapshots::pool;
use super::store::{Folder, SCHEMA, ids, insert};
use crate::{Database, DatabaseFault, Inner, Limits, Location, params};

async fn open(folder: &Folder, limits: Limits) -> Database {
    Database::open_within(
        &Location::Sqlite {
            path: folder.file(),
        },
        SCHEMA,
        limits,
    )
    .await
    .unwrap()
}

/// Keeps the writer busy until the sender is used or dropped.
async fn occupy(db: &Database, tasks: &mut JoinSet<()>) -> Sender<()> {
    let (release, released): (_, Receiver<()>) = channel();
    let (enter, entered) = tokio::sync::oneshot::channel();
    let db = db.clone();
    tasks.spawn(async move {
        let write = db.write::<_, DatabaseFault>(move |_| {
            Box::pin(async move {
                enter.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            })
        });
        // What shares its batch may spoil it.
        let _ = write.await;
    });
    entered.await.unwrap();
    release
}

/// Waits until so many units stand in the queue.
async fn wait_for_queue(db: &Database, count: usize) {
    let Inner::Sqlite { writer, .. } = db.0.as_ref() else {
        panic!("not SQLite")
    };
    while writer.queued() < count {
        tokio::task::yield_now().await;
    }
}

/// What another connection sees: only what is committed.
fn committed(path: &PathBuf) -> i64 {
    let other = rusqlite::Connection::open(path).unwrap();
    other
        .query_row("SELECT count(*) FROM items", (), |row| row.get(0))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn units_of_one_batch_fail_alone() {
    let folder = Folder::new();
    let limits = Limits {
        batch_time_max: Duration::from_secs(600),
        ..Limits::default()
    };
    let db = open(&folder, limits).await;
    insert(&db, 0).await.unwrap();
    let mut tasks = JoinSet::new();
    let release = occupy(&db, &mut tasks).await;
    for id in 1..=40_i64 {
        let (db, path) = (db.clone(), folder.file());
        tasks.spawn(async move {
            let answer = db
                .write::<_, DatabaseFault>(move |tx| {
                    Box::pin(async move {
                        tx.execute(
                            "INSERT INTO items (id, name) VALUES ($1, $2)",
                            params![id, id.to_string()],
                        )
                        .await?;
                        match id % 4 {
                            0 => {
                                tx.execute(
                                    "INSERT INTO items (id, name) VALUES (0, 'again')",
                                    params![],
                                )
                                .await
                            }
                            1 => panic!("on purpose"),
                            2 => std::future::pending().await,
                            _ => Ok(committed(&path).cast_unsigned()),
                        }
                    })
                })
                .await;
            match id % 4 {
                0 => assert!(answer.unwrap_err().is_unique_violation()),
                1 | 2 => assert!(answer.is_err()),
                // All of them ran in one transaction: not even the last saw another one's row committed.
                _ => assert_eq!(answer.unwrap(), 1),
            }
        });
    }
    wait_for_queue(&db, 40).await;
    release.send(()).unwrap();
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let mut kept = vec![0];
    kept.extend((1..=40).filter(|id| id % 4 == 3));
    assert_eq!(ids(&db).await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_waits_within_bounds() {
    let folder = Folder::new();
    let limits = Limits {
        queue_max: 2,
        wait_max: Duration::from_millis(1),
        ..Limits::default()
    };
    let db = open(&folder, limits).await;
    let mut tasks = JoinSet::new();
    let release = occupy(&db, &mut tasks).await;
    for id in 1..=2 {
        let db = db.clone();
        tasks.spawn(async move { insert(&db, id).await.unwrap() });
    }
    wait_for_queue(&db, 2).await;
    assert!(insert(&db, 3).await.unwrap_err().is_unavailable());
    release.send(()).unwrap();
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    assert_eq!(ids(&db).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_drains_the_queue() {
    let folder = Folder::new();
    let db = open(&folder, Limits::default()).await;
    let mut tasks = JoinSet::new();
    let release = occupy(&db, &mut tasks).await;
    for id in 1..=20 {
        let db = db.clone();
        tasks.spawn(async move { insert(&db, id).await.unwrap() });
    }
    wait_for_queue(&db, 20).await;
    let closing = db.clone();
    let close = tokio::spawn(async move { closing.close().await });
    wait_for_queue(&db, 21).await;
    release.send(()).unwrap();
    close.await.unwrap();
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    assert_eq!(committed(&folder.file()), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_whose_caller_went_away_is_not_begun() {
    let folder = Folder::new();
    let db = open(&folder, Limits::default()).await;
    let mut tasks = JoinSet::new();
    let release = occupy(&db, &mut tasks).await;
    let gone = Arc::new(());
    let (held, going) = (Arc::clone(&gone), db.clone());
    let caller = tokio::spawn(async move {
        let write = going.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move {
                drop(held);
                tx.execute(
                    "INSERT INTO items (id, name) VALUES (9, 'nobody asked')",
                    params![],
                )
                .await
            })
        });
        write.await
    });
    wait_for_queue(&db, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    insert(&db, 1).await.unwrap();
    assert_eq!(ids(&db).await, [1]);
    assert_eq!(Arc::strong_count(&gone), 1);
}

/// A unit that ends the transaction itself is a mistake; whoever shares the batch is told, and the thread lives on.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_lost_is_lost_for_all() {
    let folder = Folder::new();
    let limits = Limits {
        batch_time_max: Duration::from_secs(600),
        ..Limits::default()
    };
    let db = open(&folder, limits).await;
    let mut tasks = JoinSet::new();
    let release = occupy(&db, &mut tasks).await;
    let first = db.clone();
    tasks.spawn(async move { assert!(insert(&first, 1).await.unwrap_err().is_unavailable()) });
    wait_for_queue(&db, 1).await;
    let second = db.clone();
    tasks.spawn(async move {
        let write = second.write::<_, DatabaseFault>(|tx| {
            Box::pin(async move { tx.execute("ROLLBACK", params![]).await })
        });
        assert!(write.await.unwrap_err().is_unavailable());
    });
    wait_for_queue(&db, 2).await;
    release.send(()).unwrap();
    // The one that occupied the writer shared the batch too.
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.len(), 3);
    insert(&db, 2).await.unwrap();
    assert_eq!(ids(&db).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_small_under_endless_readers() {
    let folder = Folder::new();
    let db = open(&folder, Limits::default()).await;
    let mut checkpoints = crate::sqlite::checkpoint::Checkpoints::within(&folder.file(), 1 << 20);
    let log = crate::sqlite::checkpoint::wal_of(&folder.file());
    let text = "x".repeat(100_000);
    for id in 0..40_i64 {
        // There is always a reader, as under load, so that SQLite never starts the log anew by itself.
        let mut reader = db.read().await.unwrap();
        reader
            .query("SELECT count(*) FROM items", params![])
            .await
            .unwrap();
        let text = text.clone();
        db.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO items (id, name, note) VALUES ($1, $2, $3)",
                    params![id, id.to_string(), text],
                )
                .await
            })
        })
        .await
        .unwrap();
    }
    let grown = std::fs::metadata(&log).unwrap().len();
    assert!(grown > 1 << 20);
    let connection = crate::sqlite::connection::open_writer(&folder.file()).unwrap();
    for _ in 0..1000 {
        checkpoints.after_batch(&connection, pool(&db));
    }
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
    assert_eq!(ids(&db).await.len(), 40);
}
