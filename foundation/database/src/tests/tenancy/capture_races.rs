//! Writers and the fence at the same time, on PostgreSQL: who was under way before it closed commits before closing is
//! over, or fails; nobody commits after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use postgres_for_tests::TestDatabase;
use tokio::sync::oneshot;

use super::world::{ONE, World};
use crate::params;
use crate::tenancy::TenancyError;
use crate::tests::store::Store;
use crate::{Database, DatabaseFault};

const OPEN: &str = "INSERT INTO org_fences (org_id, mode) VALUES ('00oAAAAAAAAAAAAAAAA1', 'open')";
const CLOSE: &str = "UPDATE org_fences SET mode = 'closed' WHERE org_id = '00oAAAAAAAAAAAAAAAA1'";
const BUMP: &str = "UPDATE people SET born = 1 WHERE org_id = '00oAAAAAAAAAAAAAAAA1' AND id = 'p1'";
const BUMP_ANOTHER: &str =
    "UPDATE people SET born = 1 WHERE org_id = '00oAAAAAAAAAAAAAAAA1' AND id = 'p2'";

async fn captured(store: &Store) -> World {
    let world = World::filled(store).await;
    for table in ["people", "members"] {
        install(&world, table).await.unwrap();
    }
    world.run(&[OPEN]).await.unwrap();
    world
}

async fn install(world: &World, table: &'static str) -> Result<(), TenancyError> {
    let shapes = Arc::clone(&world.shapes);
    let installed = world.db.write::<_, TenancyError>(move |tx| {
        Box::pin(async move { shapes.get(table).unwrap().install_capture(tx, ONE).await })
    });
    installed.await
}

fn database(store: &Store) -> &TestDatabase<'static> {
    let Store::Postgres(database) = store else {
        panic!("not PostgreSQL")
    };
    database
}

/// Waits until this many sessions of the database wait for a lock.
async fn until_waiting(store: &Store, count: usize) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database(store).run_sql(sql).unwrap().trim() != count.to_string() {
        tokio::task::yield_now().await;
    }
}

/// A write that has run its statement and waits to be let go before it commits.
async fn under_way(
    db: &Database,
    sql: &'static str,
) -> (
    oneshot::Sender<()>,
    tokio::task::JoinHandle<Result<u64, DatabaseFault>>,
) {
    let (enter, entered) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let db = db.clone();
    let task = tokio::spawn(async move {
        let write = db.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move {
                let touched = tx.execute(sql, params![]).await?;
                enter.send(()).unwrap();
                released.await.unwrap();
                Ok(touched)
            })
        });
        write.await
    });
    entered.await.unwrap();
    (release, task)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_closing_waits_for_a_writer_under_way() {
    let store = Store::postgres();
    let world = captured(&store).await;
    let (release, writer) = under_way(&world.db, BUMP).await;
    let closed = Arc::new(AtomicBool::new(false));
    let (db, done) = (world.db.clone(), Arc::clone(&closed));
    let closing = tokio::spawn(async move {
        let close = db.write::<_, DatabaseFault>(|tx| {
            Box::pin(async move { tx.execute(CLOSE, params![]).await })
        });
        close.await.unwrap();
        done.store(true, Ordering::SeqCst);
    });
    until_waiting(&store, 1).await;
    assert!(!closed.load(Ordering::SeqCst));
    release.send(()).unwrap();
    assert_eq!(writer.await.unwrap().unwrap(), 1);
    closing.await.unwrap();
    // The writer's change was noted before closing was over.
    let noted = world.ask("SELECT row_key FROM org_changes").await;
    assert_eq!(noted, ["[\"p1\"]"]);
    let Err(TenancyError::Database(fault)) = world.run(&[BUMP]).await else {
        panic!("written after closing")
    };
    assert!(fault.is_fenced());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_writer_that_comes_while_it_closes_is_refused() {
    let store = Store::postgres();
    let world = captured(&store).await;
    let (release, closing) = under_way(&world.db, CLOSE).await;
    // It began while the fence was open, and waits for what becomes of it.
    let db = world.db.clone();
    let writer = tokio::spawn(async move {
        let write = db.write::<_, DatabaseFault>(|tx| {
            Box::pin(async move { tx.execute(BUMP, params![]).await })
        });
        write.await
    });
    until_waiting(&store, 1).await;
    release.send(()).unwrap();
    assert_eq!(closing.await.unwrap().unwrap(), 1);
    assert!(writer.await.unwrap().unwrap_err().is_fenced());
}

/// A transaction that began and read before the fence closed, and writes after.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_transaction_that_began_before_is_refused() {
    let store = Store::postgres();
    let world = captured(&store).await;
    let (enter, entered) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let db = world.db.clone();
    let writer = tokio::spawn(async move {
        let write = db.write::<_, DatabaseFault>(move |tx| {
            Box::pin(async move {
                tx.query("SELECT mode FROM org_fences", params![]).await?;
                enter.send(()).unwrap();
                released.await.unwrap();
                tx.execute(BUMP, params![]).await
            })
        });
        write.await
    });
    entered.await.unwrap();
    world.run(&[CLOSE]).await.unwrap();
    release.send(()).unwrap();
    assert!(writer.await.unwrap().unwrap_err().is_fenced());
}

/// Two writers do not keep each other out, nor does one that waits to close let a deadlock arise between them.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_writers_share_an_open_fence() {
    let store = Store::postgres();
    let world = captured(&store).await;
    let (release, one) = under_way(&world.db, BUMP).await;
    let (release_other, other) = under_way(&world.db, BUMP_ANOTHER).await;
    release.send(()).unwrap();
    release_other.send(()).unwrap();
    assert_eq!(one.await.unwrap().unwrap(), 1);
    assert_eq!(other.await.unwrap().unwrap(), 1);
}

/// Every write that was acknowledged is noted when closing is over, and none is acknowledged after.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_no_write_commits_after_the_fence_closed() {
    const WRITERS: i64 = 8;
    let store = Store::postgres();
    let world = captured(&store).await;
    let written = Arc::new(AtomicI64::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (db, written) = (world.db.clone(), Arc::clone(&written));
        writers.spawn(async move {
            for turn in 0.. {
                let write = db.write::<_, DatabaseFault>(move |tx| {
                    Box::pin(async move {
                        let sql =
                            "INSERT INTO members (org_id, group_id, person_id) VALUES ($1, $2, $3)";
                        let (group, person) = (format!("w{writer}"), format!("{turn:09}"));
                        tx.execute(sql, params![ONE, group, person]).await
                    })
                });
                match write.await {
                    Ok(_) => written.fetch_add(1, Ordering::SeqCst),
                    Err(fault) => {
                        assert!(fault.is_fenced(), "{fault:?}");
                        break;
                    }
                };
            }
        });
    }
    while written.load(Ordering::SeqCst) < WRITERS * 10 {
        tokio::task::yield_now().await;
    }
    world.run(&[CLOSE]).await.unwrap();
    let count = async || {
        let counted = "SELECT CAST(count(*) AS TEXT) FROM members WHERE group_id <> 'g'
                       UNION ALL SELECT CAST(count(*) AS TEXT) FROM org_changes";
        world.ask(counted).await
    };
    let when_closed = count().await;
    assert_eq!(when_closed[0], when_closed[1]);
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    assert_eq!(count().await, when_closed);
    assert_eq!(when_closed[0], written.load(Ordering::SeqCst).to_string());
}

/// Installing waits for a writer of that table, and gives up rather than hold everybody else up.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_installing_gives_up_on_a_table_that_stays_locked() {
    let store = Store::postgres();
    let world = World::filled(&store).await;
    let (release, writer) = under_way(&world.db, BUMP).await;
    let Err(TenancyError::Database(fault)) = install(&world, "people").await else {
        panic!("installed on a table that is written to")
    };
    assert!(fault.is_retryable(), "{fault:?}");
    // Another table is free.
    install(&world, "members").await.unwrap();
    release.send(()).unwrap();
    assert_eq!(writer.await.unwrap().unwrap(), 1);
    install(&world, "people").await.unwrap();
}
