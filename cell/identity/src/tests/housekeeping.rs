//! Housekeeping: what has ended goes, in more than one batch, and nothing else.

use crate::access::Permission;
use crate::for_tests::{World, on_both_engines};
use crate::housekeeping::BATCH_ROWS;
use crate::linked_object::End;
use crate::tests::store::{count_ending, count_links, insert_ending};
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

/// Whoever was nobody's primary leaves nothing to look for; of the others the links go, and what is looked for a day later.
async fn links_to_those_who_are_no_more_go(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageOrg);
    let end = |name: &str| End {
        name: name.to_owned(),
        title: name.to_owned(),
        description: String::new(),
    };
    let (manager, subordinate) = (end("manager"), end("subordinate"));
    let made = world
        .cell
        .create_linked_object(&permit, manager, subordinate);
    made.await.unwrap();
    let people = world.permit(&org, Permission::ManagePeople);
    let (ada, grace) = (
        world.person(&org, "ada").await,
        world.person(&org, "grace").await,
    );
    let link = (&ada.id, "manager", &grace.id);
    world.cell.link_primary(&people, link).await.unwrap();
    let seen = async || count_links(&mut world.cell.database.read().await.unwrap()).await;
    let alan = world.person(&org, "alan").await;
    world
        .cell
        .remove_person(&people, &alan.id, None)
        .await
        .unwrap();
    assert_eq!(seen().await, (0, 1));
    world
        .cell
        .remove_person(&people, &grace.id, None)
        .await
        .unwrap();
    assert_eq!(seen().await, (1, 1));
    world.cell.remove_ended().await.unwrap();
    assert_eq!(seen().await, (1, 0));
    world.clock.advance_secs(2 * 24 * 60 * 60);
    world.cell.remove_ended().await.unwrap();
    assert_eq!(seen().await, (0, 0));
}

on_both_engines!(
    what_has_ended_goes_and_nothing_else,
    links_to_those_who_are_no_more_go,
);
