//! Snapshots that readers hand on: never beyond a commit, and never in the way of the WAL.

use std::sync::Arc;

use super::store::{Folder, SCHEMA, ids, insert};
use crate::sql::Sql;
use crate::sqlite::checkpoint::wal_of;
use crate::sqlite::reader::{Reader, ReaderPool};
use crate::{Database, Inner, Location};

async fn open(folder: &Folder) -> Database {
    let path = folder.file();
    Database::open(&Location::Sqlite { path }, SCHEMA)
        .await
        .unwrap()
}

pub(super) fn pool(db: &Database) -> &Arc<ReaderPool> {
    let Inner::Sqlite { readers, .. } = db.0.as_ref() else {
        panic!("not SQLite")
    };
    readers
}

/// A reader that has read already.
async fn begun(db: &Database) -> Reader {
    let mut reader = pool(db).lend().await.unwrap();
    count(&mut reader);
    reader
}

/// Whoever comes next begins anew, and finds so many.
async fn next_begins_anew(db: &Database, found: i64) {
    let mut next = pool(db).lend().await.unwrap();
    assert!(!next.goes_on());
    assert_eq!(count(&mut next), found);
}

fn count(reader: &mut Reader) -> i64 {
    let sql = Sql::constant("SELECT count(*) FROM items");
    reader.query(sql, &[]).unwrap()[0].get(0).unwrap()
}

#[tokio::test]
async fn who_comes_next_reads_on_until_something_is_committed() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let mut first = pool(&db).lend().await.unwrap();
    assert!(!first.goes_on());
    assert_eq!(count(&mut first), 0);
    drop(first);
    let mut second = pool(&db).lend().await.unwrap();
    assert!(second.goes_on());
    assert_eq!(count(&mut second), 0);
    insert(&db, 1).await.unwrap();
    assert_eq!(count(&mut second), 0, "a snapshot stays as it was");
    drop(second);
    next_begins_anew(&db, 1).await;
}

#[tokio::test]
async fn what_is_acknowledged_is_read() {
    let folder = Folder::new();
    let db = open(&folder).await;
    for id in 1..=50 {
        insert(&db, id).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ids(&db).await.len(), usize::try_from(id).unwrap());
        }
    }
}

#[tokio::test]
async fn nothing_is_handed_on_while_it_must_be_quiet() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let lent = begun(&db).await;
    drop(begun(&db).await);
    let quiet = pool(&db).quiet();
    assert!(!pool(&db).lend().await.unwrap().goes_on(), "ended at rest");
    drop(lent);
    assert!(
        !pool(&db).lend().await.unwrap().goes_on(),
        "ended on return"
    );
    let within = begun(&db).await;
    drop(quiet);
    drop(within);
    assert!(
        !pool(&db).lend().await.unwrap().goes_on(),
        "a commit may have come between"
    );
}

#[tokio::test]
async fn a_snapshot_that_the_engine_has_ended_is_not_handed_on() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let mut reader = begun(&db).await;
    reader.query(Sql::constant("ROLLBACK"), &[]).unwrap();
    drop(reader);
    next_begins_anew(&db, 0).await;
}

#[tokio::test]
async fn who_comes_after_a_failure_begins_anew() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let mut reader = begun(&db).await;
    let missing = Sql::constant("SELECT missing FROM items");
    assert!(reader.query(missing, &[]).is_err());
    drop(reader);
    next_begins_anew(&db, 0).await;
}

/// Beside others who read all the time, whoever has written reads what they wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_written_reads_it_beside_others() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (db, stopped) = (db.clone(), stopped.clone());
        readers.spawn(async move {
            let mut seen = 0;
            while !*stopped.borrow() {
                let now = ids(&db).await.len();
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
                tokio::task::yield_now().await;
            }
        });
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4_i64 {
        let db = db.clone();
        writers.spawn(async move {
            for id in (0..40).map(|number| number * 4 + writer) {
                insert(&db, id).await.unwrap();
                assert!(ids(&db).await.contains(&id), "{id}");
            }
        });
    }
    writers.join_all().await;
    stop.send_replace(true);
    readers.join_all().await;
}

#[tokio::test]
async fn what_a_hand_changes_from_outside_is_seen_after_a_while() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let mut reader = begun(&db).await;
    let outside = rusqlite::Connection::open(folder.file()).unwrap();
    let insert = "INSERT INTO items (id, name) VALUES (1, 'one')";
    assert_eq!(outside.execute(insert, ()).unwrap(), 1);
    reader.grow_old();
    drop(reader);
    next_begins_anew(&db, 1).await;
}

/// A snapshot at rest would keep the WAL from starting anew: then it grows with each commit.
#[tokio::test]
async fn the_log_starts_anew_although_somebody_reads_after_each_commit() {
    let folder = Folder::new();
    let db = open(&folder).await;
    let wal = wal_of(&folder.file());
    let text = "x".repeat(1 << 20);
    let mut largest = 0;
    for id in 0..60_i64 {
        let text = text.clone();
        let write = db.write::<_, crate::DatabaseFault>(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO items (id, name, note) VALUES ($1, $2, $3)";
                tx.execute(sql, crate::params![id, id.to_string(), text])
                    .await
            })
        });
        write.await.unwrap();
        ids(&db).await;
        largest = largest.max(std::fs::metadata(&wal).unwrap().len());
    }
    // A checkpoint comes after 16 MiB; without a new beginning there would be 60.
    assert!(largest < 24 << 20, "{largest}");
}
