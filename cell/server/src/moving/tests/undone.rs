//! A move that is given up leaves everything as it was.

use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::store::touch_people;
use crate::moving::tests::world::{At, World};
use axum::http::StatusCode;
use database::Engine;
use serde_json::{Value as Json, json};
use wire::org_move::Verb;

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_given_up_leaves_all_as_before() {
    let world = World::make(Engine::Sqlite, Engine::Sqlite).await;
    let before = world.source.dump(&world.org).await;
    let drive = Drive::new(world, Misfortune::Nothing).prepare().await;
    let drive = drive.copy().await.fence(1).await;
    let org = &drive.world.org;
    let refused = drive.world.source.execute(vec![touch_people(org)]);
    assert!(refused.await.unwrap_err().is_fenced());
    let unfence = json!({ "epoch": 1, "attempt": 1 });
    let (drive, side) = drive
        .ask::<serde_json::Value>(At::Source, Verb::Unfence, unfence)
        .await;
    assert_eq!(side.unwrap()["role"], "giving");
    // The fence that was taken back does not come up again.
    let fence = json!({ "epoch": 1, "attempt": 1, "force": true });
    let (drive, refused) = drive.refused(At::Source, Verb::Fence, fence).await;
    assert_eq!(refused.0, StatusCode::CONFLICT);
    let drive = drive.forget().await;
    let drive = drive.finish(At::Target).await.finish(At::Source).await;
    assert!(drive.world.source.dump(&drive.world.org).await == before);
    assert_eq!(drive.world.target.count(&drive.world.org).await, 0);
    drive.world.code(At::Source, drive.epoch).await;
    // And nothing that is still on its way begins it anew.
    let about = drive.about_org();
    let (drive, refused) = drive.refused(At::Source, Verb::Status, about).await;
    assert_eq!(refused.0, StatusCode::NOT_FOUND);
    // Another move of the same org is taken.
    let drive = Drive::new(drive.world, Misfortune::Nothing);
    drive.prepare().await.copy().await;
}

/// The cell that was switched to is given up for lost: the source serves again at the epoch after, and the other one removes what
/// it has when it is found, whether it has served or not.
async fn a_lost_cell_is_passed_over(served: bool) {
    let drive = Drive::new(
        World::make(Engine::Sqlite, Engine::Sqlite).await,
        Misfortune::Repetition,
    );
    let drive = drive.prepare().await.copy().await;
    let (drive, _) = drive.catch_up().await;
    let drive = drive.fence(1).await;
    let before = drive.world.source.dump(&drive.world.org).await;
    let at = |epoch: i64| json!({ "epoch": epoch });
    let mut drive = drive;
    if served {
        let (next, _) = drive.must::<Json>(At::Target, Verb::Activate, at(2)).await;
        drive = next;
    }
    let (drive, _) = drive.must::<Json>(At::Source, Verb::Retire, at(2)).await;
    let (mut drive, side) = drive.must::<Json>(At::Source, Verb::Activate, at(3)).await;
    assert_eq!((&side["role"], &side["leg"]), (&json!("giving"), &json!(3)));
    drive.epoch = drive.epoch.next().next();
    drive.world.code(At::Source, drive.epoch).await;
    let drive = drive.finish(At::Source).await;
    // Found again, it steps down if it has served, and has nothing to step down from if it has not.
    let (drive, stepped_down) = drive.ask::<Json>(At::Target, Verb::Retire, at(3)).await;
    assert_eq!(stepped_down.is_ok(), served, "{stepped_down:?}");
    let drive = drive.forget().await.finish(At::Target).await;
    assert_eq!(drive.world.target.count(&drive.world.org).await, 0);
    let after = drive.world.source.dump(&drive.world.org).await;
    assert_eq!(before.len(), after.len());
    // What was to make it serve comes late.
    let (drive, refused) = drive.refused(At::Target, Verb::Activate, at(2)).await;
    assert_eq!(refused.0, StatusCode::NOT_FOUND);
    drive.world.code(At::Source, drive.epoch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_cell_that_never_served_is_passed_over() {
    a_lost_cell_is_passed_over(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_cell_that_served_without_being_heard_is_passed_over() {
    a_lost_cell_is_passed_over(true).await;
}
