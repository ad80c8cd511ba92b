//! Rows that units leave to be written together: seen by whoever comes later, gone with the unit that left them, and no
//! danger to others for longer than one commit.

use std::sync::mpsc::{Receiver, channel};

use super::on_both_engines;
use super::store::{Store, ids};
use crate::{Database, DatabaseFault, Engine, LeftRows, TxFuture, WriteTx, params};

on_both_engines!(
    what_is_left_is_there_for_the_next_unit_and_after_the_commit,
    a_unit_that_is_undone_leaves_nothing,
    a_lone_unit_that_is_undone_leaves_nothing,
    a_unit_that_panics_leaves_nothing,
    what_was_left_outlives_the_failure_of_a_later_unit,
);

/// Ids of items.
#[derive(Default)]
struct LeftItems(Vec<i64>);

impl LeftRows for LeftItems {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn truncate(&mut self, count: usize) {
        self.0.truncate(count);
    }

    fn write(self: Box<Self>, tx: &mut WriteTx) -> TxFuture<'_, (), DatabaseFault> {
        Box::pin(async move {
            for id in self.0 {
                put(tx, id).await?;
            }
            Ok(())
        })
    }
}

async fn put(tx: &mut WriteTx, id: i64) -> Result<(), DatabaseFault> {
    let sql = "INSERT INTO items (id, name) VALUES ($1, $2)";
    tx.execute(sql, params![id, id.to_string()]).await.map(drop)
}

/// Leaves an item where that is possible, and says whether it was.
async fn leave(tx: &mut WriteTx, id: i64) -> Result<bool, DatabaseFault> {
    match tx.left_rows::<LeftItems>() {
        Some(left) => {
            left.0.push(id);
            Ok(true)
        }
        None => put(tx, id).await.map(|()| false),
    }
}

async fn leave_one(db: &Database, id: i64) -> Result<bool, DatabaseFault> {
    db.write_leaving(move |tx| Box::pin(leave(tx, id))).await
}

/// How many items a unit sees that may see everything.
async fn count(db: &Database) -> i64 {
    db.write::<_, DatabaseFault>(|tx| {
        Box::pin(async move {
            let rows = tx.query("SELECT id FROM items", params![]).await?;
            Ok(i64::try_from(rows.len()).unwrap())
        })
    })
    .await
    .unwrap()
}

/// Keeps the writer busy until the sender is dropped: what is queued meanwhile shares one commit. PostgreSQL has none.
async fn hold(db: &Database, released: Receiver<()>) -> Result<(), DatabaseFault> {
    if db.engine() == Engine::Postgres {
        return Ok(());
    }
    db.write(move |_| {
        Box::pin(async move {
            let _ = released.recv();
            Ok(())
        })
    })
    .await
}

async fn what_is_left_is_there_for_the_next_unit_and_after_the_commit(store: &Store) {
    let db = store.open().await;
    leave_one(&db, 0).await.unwrap();
    assert_eq!(ids(&db).await, [0]);
    let (release, released) = channel::<()>();
    let (_, one, two, seen, three, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        leave_one(&db, 2),
        count(&db),
        leave_one(&db, 3),
        async move { drop(release) },
    );
    let left = [one.unwrap(), two.unwrap(), three.unwrap()];
    let leaves = matches!(store, Store::Sqlite(_));
    assert_eq!(left, [leaves; 3]);
    if leaves {
        assert_eq!(seen, 3, "what was left before it, and not what came after");
    }
    assert_eq!(ids(&db).await, [0, 1, 2, 3]);
}

async fn a_unit_that_is_undone_leaves_nothing(store: &Store) {
    let db = store.open().await;
    let (release, released) = channel::<()>();
    let undone = db.write_leaving::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            leave(tx, 2).await?;
            put(tx, 7).await?;
            put(tx, 7).await
        })
    });
    let (_, one, undone, three, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        undone,
        leave_one(&db, 3),
        async move { drop(release) },
    );
    one.unwrap();
    three.unwrap();
    assert!(undone.unwrap_err().is_unique_violation());
    assert_eq!(ids(&db).await, [1, 3]);
}

async fn a_lone_unit_that_is_undone_leaves_nothing(store: &Store) {
    let db = store.open().await;
    let undone = db.write_leaving::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            put(tx, 7).await?;
            leave(tx, 1).await?;
            put(tx, 7).await
        })
    });
    assert!(undone.await.unwrap_err().is_unique_violation());
    leave_one(&db, 2).await.unwrap();
    assert_eq!(ids(&db).await, [2]);
}

async fn a_unit_that_panics_leaves_nothing(store: &Store) {
    let db = store.open().await;
    let (release, released) = channel::<()>();
    let panics = db.write_leaving::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            leave(tx, 2).await?;
            panic!("as the test wants it");
        })
    });
    let (_, one, panicked, three, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        panics,
        leave_one(&db, 3),
        async move { drop(release) },
    );
    one.unwrap();
    three.unwrap();
    panicked.unwrap_err();
    assert_eq!(ids(&db).await, [1, 3]);
}

async fn what_was_left_outlives_the_failure_of_a_later_unit(store: &Store) {
    let db = store.open().await;
    let (release, released) = channel::<()>();
    let fails = db.write::<(), DatabaseFault>(|tx| {
        Box::pin(async move {
            put(tx, 5).await?;
            put(tx, 5).await
        })
    });
    let (_, one, failed, three, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        fails,
        leave_one(&db, 3),
        async move { drop(release) },
    );
    one.unwrap();
    three.unwrap();
    assert!(failed.unwrap_err().is_unique_violation());
    assert_eq!(ids(&db).await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn left_rows_that_fail_spoil_one_commit_and_no_other() {
    let store = Store::sqlite();
    let db = store.open().await;
    leave_one(&db, 1).await.unwrap();
    let (release, released) = channel::<()>();
    let (_, one, two, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        leave_one(&db, 2),
        async move { drop(release) },
    );
    for fault in [one.unwrap_err(), two.unwrap_err()] {
        assert!(fault.is_unavailable(), "{fault}");
    }
    assert_eq!(ids(&db).await, [1]);
    // From now on each writes its own.
    let (release, released) = channel::<()>();
    let (_, one, two, ()) = tokio::join!(
        hold(&db, released),
        leave_one(&db, 1),
        leave_one(&db, 2),
        async move { drop(release) },
    );
    assert!(one.unwrap_err().is_unique_violation());
    assert!(!two.unwrap(), "nothing is left");
    assert_eq!(ids(&db).await, [1, 2]);
}
