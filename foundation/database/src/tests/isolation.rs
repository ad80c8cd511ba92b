//! Snapshots and the pool of readers, on both engines.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::on_both_engines;
use super::store::{Store, ids, insert};
use crate::{Limits, ReadTx, params};

on_both_engines!(
    a_snapshot_stays_as_it_was,
    a_reader_waits_for_its_turn,
    a_wait_has_an_end,
    a_waiting_reader_learns_of_the_close,
);

fn one_reader(wait_max: Duration) -> Limits {
    Limits {
        readers_max: 1,
        connections_max: 1,
        wait_max,
        ..Limits::default()
    }
}

fn poll_once<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

async fn count(tx: &mut ReadTx) -> i64 {
    let row = tx
        .query_optional("SELECT count(*) FROM items", params![])
        .await
        .unwrap()
        .unwrap();
    row.get(0).unwrap()
}

async fn a_snapshot_stays_as_it_was(store: &Store) {
    let db = store.open().await;
    insert(&db, 1).await.unwrap();
    let mut before = db.read().await.unwrap();
    assert_eq!(count(&mut before).await, 1);
    for id in 2..=5 {
        insert(&db, id).await.unwrap();
        assert_eq!(count(&mut before).await, 1);
    }
    let mut after = db.read().await.unwrap();
    assert_eq!(count(&mut after).await, 5);
    drop(before);
    // The connection that comes back has forgotten its snapshot.
    for _ in 0..3 {
        assert_eq!(ids(&db).await.len(), 5);
    }
}

async fn a_reader_waits_for_its_turn(store: &Store) {
    let db = store.open_within(one_reader(Duration::from_secs(60))).await;
    let mut first = db.read().await.unwrap();
    assert_eq!(count(&mut first).await, 0);
    let mut second = Box::pin(db.read());
    let mut third = Box::pin(db.read());
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut third).is_pending());
    drop(first);
    let mut second = second.await.unwrap();
    assert_eq!(count(&mut second).await, 0);
    assert!(poll_once(&mut third).is_pending());
    drop(second);
    assert_eq!(count(&mut third.await.unwrap()).await, 0);
}

async fn a_wait_has_an_end(store: &Store) {
    let db = store
        .open_within(one_reader(Duration::from_millis(1)))
        .await;
    let first = db.read().await.unwrap();
    assert!(db.read().await.unwrap_err().is_unavailable());
    drop(first);
    drop(db.read().await.unwrap());
}

async fn a_waiting_reader_learns_of_the_close(store: &Store) {
    let db = store
        .open_within(one_reader(Duration::from_millis(100)))
        .await;
    let first = db.read().await.unwrap();
    let mut second = Box::pin(db.read());
    assert!(poll_once(&mut second).is_pending());
    db.close().await;
    assert!(second.await.unwrap_err().is_unavailable());
    drop(first);
}
