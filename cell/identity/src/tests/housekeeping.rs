//! Housekeeping: what has ended goes, in more than one batch, and nothing else.

use crate::for_tests::{World, on_both_engines};
use crate::housekeeping::BATCH_ROWS;
use crate::tests::store::{count_ending, insert_ending};
use vocab::id::OrgId;
use vocab::time::Timestamp;

async fn insert(world: &World, org: &OrgId, count: u64, expires_at: Timestamp) {
    let org = org.clone();
    world
        .write(move |tx| Box::pin(async move { insert_ending(tx, &org, count, expires_at).await }))
        .await;
}

async fn counts(world: &World) -> Vec<i64> {
    count_ending(&mut world.cell.database.read().await.unwrap()).await
}

async fn what_has_ended_goes_and_nothing_else(world: &World) {
    let org = world.org("acme").await;
    let now = world.cell.now();
    insert(world, &org, BATCH_ROWS + 3, now).await;
    insert(world, &org, 2, now.plus_secs(1)).await;
    world.cell.remove_ended().await.unwrap();
    assert_eq!(counts(world).await, [2, 2, 2]);
    world.clock.advance_secs(1);
    world.cell.remove_ended().await.unwrap();
    assert_eq!(counts(world).await, [0, 0, 0]);
    world.cell.remove_ended().await.unwrap();
}

on_both_engines!(what_has_ended_goes_and_nothing_else);
