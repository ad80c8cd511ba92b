//! Who is waited for, who is cut off, what is sent by whom, and what two control planes at once come to.

use crate::membership::seats::Entry;
use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::world::{At, World};
use axum::http::StatusCode;
use database::{DatabaseFault, Engine, params};
use ledger::outbox::store as outbox;
use serde_json::{Value as Json, json};
use wire::org_move::{Acknowledge, Side, Verb, Walk};

const KIND: &str = "trial";

async fn sqlite() -> World {
    World::make(Engine::Sqlite, Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_waits_for_what_is_under_way_or_cuts_it_off() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let membership = drive.world.source.membership.clone();
    let entry = membership.enter(&drive.world.org).await.unwrap();
    let Entry::Entered(under_way) = entry else {
        panic!("the org is served");
    };
    let fence = |attempt, force| json!({ "epoch": 1, "attempt": attempt, "force": force });
    let (drive, fenced) = drive
        .ask::<Json>(At::Source, Verb::Fence, fence(1, false))
        .await;
    assert_eq!(fenced.unwrap(), json!({ "closed": false, "under_way": 1 }));
    drive.world.code(At::Source, drive.epoch).await;
    let (drive, fenced) = drive
        .ask::<Json>(At::Source, Verb::Fence, fence(1, true))
        .await;
    assert_eq!(fenced.unwrap(), json!({ "closed": true, "under_way": 1 }));
    let late = "UPDATE users SET revision = revision + 1 WHERE org_id = $1";
    let values = || params![&drive.world.org].to_vec();
    let refused = drive.world.source.execute(vec![(late, values())]).await;
    assert!(refused.unwrap_err().is_fenced());
    // The other org of the cell is written to as ever.
    let values = params![&drive.world.other].to_vec();
    drive
        .world
        .source
        .execute(vec![(late, values)])
        .await
        .unwrap();
    drop(under_way);
    let entry = membership.enter(&drive.world.org).await.unwrap();
    assert!(matches!(entry, Entry::Refused(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_by_the_cell_that_serves_alone() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let (org, now) = (drive.world.org.clone(), drive.world.source.cell.now());
    let enqueued: Result<(), DatabaseFault> = drive
        .world
        .source
        .cell
        .database
        .write(move |tx| {
            Box::pin(
                async move { outbox::enqueue(tx, &org, KIND, "one", b"mail".to_vec(), now).await },
            )
        })
        .await;
    enqueued.unwrap();
    let leased = async |drive: &Drive, at: At| {
        let cell = &drive.world.at(at).cell;
        let now = cell.now();
        let leased: Result<_, DatabaseFault> = cell
            .database
            .write(move |tx| Box::pin(async move { outbox::lease_due(tx, KIND, now, 9).await }))
            .await;
        leased.unwrap().len()
    };
    let drive = drive.prepare().await.copy().await;
    assert_eq!(leased(&drive, At::Target).await, 0);
    let drive = drive.fence(1).await;
    assert_eq!(leased(&drive, At::Source).await, 0);
    let (drive, _) = drive.catch_up().await;
    let drive = drive.switch().await;
    assert_eq!(leased(&drive, At::Source).await, 0);
    assert_eq!(leased(&drive, At::Target).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_control_planes_at_once_do_no_harm() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let rename = "UPDATE groups SET description = $2 WHERE org_id = $1";
    let values = params![&drive.world.org, "first"].to_vec();
    drive
        .world
        .source
        .execute(vec![(rename, values)])
        .await
        .unwrap();
    let (drive, one) = drive.parcel(Walk::Changes).await;
    let values = params![&drive.world.org, "second"].to_vec();
    drive
        .world
        .source
        .execute(vec![(rename, values)])
        .await
        .unwrap();
    let (drive, other) = drive.parcel(Walk::Changes).await;
    assert!(one.seq < other.seq);
    let (drive, _) = drive.take(&other).await;
    let stale = json!({ "leg": 1, "seq": one.seq, "sealed": one.sealed });
    let (drive, refused) = drive.refused(At::Target, Verb::Take, stale).await;
    assert_eq!(refused.0, StatusCode::CONFLICT);
    let forged = json!({ "leg": 1, "seq": other.seq + 1, "sealed": other.sealed });
    let (drive, refused) = drive.refused(At::Target, Verb::Take, forged).await;
    assert_eq!(refused.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (leg, seq) = (drive.epoch, other.seq);
    let acknowledge = Acknowledge { leg, seq };
    let (drive, _): (Drive, Side) = drive.must(At::Source, Verb::Acknowledge, acknowledge).await;
    let (drive, left) = drive.catch_up().await;
    assert_eq!(left, 0);
    let org = &drive.world.org;
    assert!(drive.world.source.dump(org).await == drive.world.target.dump(org).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_found_and_sent_again() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let (drive, _) = drive.catch_up().await;
    // Behind the back of everything, as a fault of ours might.
    let org = drive.world.org.clone();
    for sql in [
        "UPDATE org_fences SET mode = 'pass' WHERE org_id = $1",
        "DELETE FROM groups WHERE org_id = $1",
        "UPDATE users SET first_name = 'nobody' WHERE org_id = $1",
        "INSERT INTO zones (org_id, id, name, name_key, ranges, revision, created_at, updated_at) \
         VALUES ($1, 'extra', 'extra', 'extra', '[]', 1, 1, 1)",
        "UPDATE org_fences SET mode = 'closed' WHERE org_id = $1",
    ] {
        let values = params![&org].to_vec();
        drive
            .world
            .target
            .execute(vec![(sql, values)])
            .await
            .unwrap();
    }
    let (drive, differences) = drive.compare().await;
    assert_eq!(differences, 3);
    let (drive, _) = drive.catch_up().await;
    let drive = drive.fence(1).await;
    let (drive, differences) = drive.check().await;
    assert_eq!(differences, 0);
    assert!(drive.world.source.dump(&org).await == drive.world.target.dump(&org).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_went_with_a_restart_is_made_anew() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let org = drive.world.org.clone();
    let ask = json!({ "org": org, "slug": "main", "giver": "source", "epoch": 2 });
    let (drive, offer) = drive.ask::<Json>(At::Target, Verb::Offer, ask).await;
    let give = json!({ "org": org, "taker": "target", "epoch": 1, "offer": offer.unwrap() });
    let (drive, grant) = drive.ask::<Json>(At::Source, Verb::Give, give).await;
    let drive = drive.crash().await;
    let sealed = grant.unwrap()["sealed"].clone();
    let accept = json!({ "sealed": sealed });
    let (drive, refused) = drive
        .refused(At::Target, Verb::Accept, accept.clone())
        .await;
    assert!(refused.1.starts_with("offer_lost"), "{refused:?}");
    // From the beginning again; and what was sealed to the lost offer is as lost as before.
    let drive = drive.prepare().await;
    let (drive, side) = drive.ask::<Json>(At::Target, Verb::Accept, accept).await;
    assert_eq!(side.unwrap()["accepted"], true);
    drive.copy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_goes_where_there_is_room_for_it() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let org = drive.world.org.clone();
    // The source serves it already.
    let ask = json!({ "org": org, "slug": "main", "giver": "target", "epoch": 2 });
    let (drive, refused) = drive.refused(At::Source, Verb::Offer, ask).await;
    assert!(refused.1.starts_with("refused"), "{refused:?}");
    let ask = json!({ "org": org, "slug": "main", "giver": "target", "epoch": 1 });
    let (drive, refused) = drive.refused(At::Source, Verb::Offer, ask).await;
    assert!(refused.1.starts_with("changed"), "{refused:?}");
    // Another org has its name.
    let id = vocab::id::OrgId::generate(drive.world.target.cell.entropy());
    let slug = vocab::slug::Slug::parse("main").unwrap();
    let made = drive.world.target.cell.create_org_as(id, &slug, "Main");
    made.await.unwrap();
    let ask = json!({ "org": org, "slug": "main", "giver": "source", "epoch": 2 });
    let (drive, refused) = drive.refused(At::Target, Verb::Offer, ask).await;
    assert!(refused.1.starts_with("taken"), "{refused:?}");
    // A finish that was never preceded by anything is a tombstone.
    let about = drive.about_org();
    let (drive, finished) = drive.ask::<Json>(At::Target, Verb::Finish, about).await;
    finished.unwrap();
    let ask = json!({ "org": org, "slug": "other", "giver": "source", "epoch": 2 });
    let (_, refused) = drive.refused(At::Target, Verb::Offer, ask).await;
    assert_eq!(refused.0, StatusCode::NOT_FOUND);
}
