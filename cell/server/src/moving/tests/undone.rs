//! A move that is given up leaves everything as it was.

use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::store::touch_people;
use crate::moving::tests::world::{At, World};
use axum::http::StatusCode;
use database::Engine;
use serde_json::json;
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
