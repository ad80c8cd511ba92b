//! Who is waited for, who is cut off, what is sent by whom, and what two control planes at once come to.

use crate::errands::{Errand, Sender, run};
use crate::membership::seats::Entry;
use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::store::{describe_groups, spoil, touch_people};
use crate::moving::tests::world::{At, World};
use axum::http::StatusCode;
use database::{DatabaseFault, Engine};
use ledger::outbox::store as outbox;
use ledger::{ChainVerdict, Event, EventType, Outcome};
use serde_json::{Value as Json, json};
use tokio::sync::{mpsc, oneshot, watch};
use vocab::id::OrgId;
use wire::org_move::{Acknowledge, Side, Verb, Walk};
use wire::placement::Placement;

const KIND: &str = "trial";

async fn sqlite() -> World {
    World::make(Engine::Sqlite, Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_waits_for_what_is_under_way_or_cuts_it_off() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let membership = drive.world.source.membership.clone();
    let asked = Placement {
        org: drive.world.org.clone(),
        epoch: drive.epoch,
    };
    let entry = membership.admit(&asked).await.unwrap();
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
    let (org, other) = (&drive.world.org, &drive.world.other);
    let source = &drive.world.source;
    let refused = source.execute(vec![touch_people(org)]).await;
    assert!(refused.unwrap_err().is_fenced());
    // The other org of the cell is written to as ever.
    source.execute(vec![touch_people(other)]).await.unwrap();
    drop(under_way);
    let entry = membership.admit(&asked).await.unwrap();
    assert!(matches!(entry, Entry::Refused(_)));
}

/// Log rows are left to the end of a commit that others share; the fence is felt by whoever it is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_log_row_of_a_closed_org_harms_nobody_else() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await.fence(1).await;
    let database = &drive.world.source.cell.database;
    let log = |org: &OrgId| {
        let (org, now) = (org.clone(), drive.world.source.cell.now());
        let event = Event::new(EventType::UserSessionStart, Outcome::Success, now);
        database
            .write_leaving(move |tx| Box::pin(async move { ledger::append(tx, &org, event).await }))
    };
    let (begin, begun) = std::sync::mpsc::channel();
    let holding = database.write(move |_| {
        Box::pin(async move {
            let _ = begun.recv();
            Ok::<_, DatabaseFault>(())
        })
    });
    let (org, other) = (&drive.world.org, &drive.world.other);
    let (held, one, closed, two, ()) = tokio::join!(
        holding,
        log(other),
        log(org),
        log(other),
        // All of them wait for the writer by now.
        async { begin.send(()).unwrap() }
    );
    held.unwrap();
    one.unwrap();
    two.unwrap();
    assert!(closed.unwrap_err().is_fenced());
    let mut tx = database.read().await.unwrap();
    for org in [org, other] {
        let verdict = ledger::verify_chain(&mut tx, org, None).await.unwrap();
        assert!(matches!(verdict, ChainVerdict::Whole(_)), "{verdict:?}");
    }
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
    let describe = async |drive: &Drive, text| {
        let statement = describe_groups(&drive.world.org, text);
        drive.world.source.execute(vec![statement]).await.unwrap();
    };
    describe(&drive, "first").await;
    let (drive, one) = drive.parcel(Walk::Changes).await;
    describe(&drive, "second").await;
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
    drive.world.target.execute(spoil(&org)).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_under_way_is_waited_for_and_never_cut_off() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let source = &drive.world.source;
    let (org, now) = (drive.world.org.clone(), source.cell.now());
    let enqueued: Result<(), DatabaseFault> = source
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move { outbox::enqueue(tx, &org, KIND, "one", Vec::new(), now).await })
        })
        .await;
    enqueued.unwrap();
    let sender = Sender {
        cell: source.cell.clone(),
        membership: Some(source.membership.clone()),
    };
    let errand = Errand {
        kind: KIND,
        at_once_max: 4,
        of_one_org_max: 4,
        lane: None,
    };
    let (stop, stopped) = watch::channel(false);
    let (begun, mut beginnings) = mpsc::unbounded_channel();
    let job = tokio::spawn(run(sender, errand, stopped, move |_| {
        begun.send(()).unwrap();
        std::future::pending()
    }));
    beginnings.recv().await.unwrap();
    let hush = async |drive: Drive| {
        drive
            .ask::<Json>(At::Source, Verb::Hush, json!({ "epoch": 1 }))
            .await
    };
    let (drive, hushed) = hush(drive).await;
    assert_eq!(hushed.unwrap(), json!({ "under_way": 1 }));
    let next = drive
        .world
        .source
        .membership
        .deliver(&drive.world.org)
        .await;
    assert!(matches!(next.unwrap(), Entry::Refused(_)));
    drive.world.code(At::Source, drive.epoch).await;
    let fence = json!({ "epoch": 1, "attempt": 1, "force": true });
    let (drive, fenced) = drive.ask::<Json>(At::Source, Verb::Fence, fence).await;
    assert_eq!(fenced.unwrap(), json!({ "closed": false, "under_way": 1 }));
    let unfence = json!({ "epoch": 1, "attempt": 1 });
    let (drive, _) = drive.ask::<Json>(At::Source, Verb::Unfence, unfence).await;
    // It goes on, and so do its mails.
    let next = drive
        .world
        .source
        .membership
        .deliver(&drive.world.org)
        .await;
    assert!(matches!(next.unwrap(), Entry::Entered(_)));
    drop(stop);
    job.abort();
    let _ = job.await;
    // What the job has begun is cut off with it, and ends in its own time.
    let seat = drive.world.source.membership.seat(&drive.world.org).await;
    seat.unwrap().emptied().await;
    let (drive, hushed) = hush(drive).await;
    assert_eq!(hushed.unwrap(), json!({ "under_way": 0 }));
    drive.fence(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_touches_a_copy_and_what_jobs_do_elsewhere_arrives() {
    let drive = Drive::new(sqlite().await, Misfortune::Nothing);
    let drive = drive.prepare().await.copy().await;
    let sweep = async |drive: &Drive, at: At| {
        let cell = &drive.world.at(at).cell;
        cell.remove_ended().await.unwrap();
        oauth::sweep::run(cell).await.unwrap();
        cell.signing_keys.rotate_due().await.unwrap();
    };
    // The made-up row of a session that ended cannot be read: whoever took it up would fail.
    let tell = async |drive: &Drive, at: At| {
        let told = oauth::logout::ended::tell_apps(&drive.world.at(at).cell).await;
        assert_eq!(told.unwrap(), 0);
    };
    let org = drive.world.org.clone();
    let before = drive.world.target.dump(&org).await;
    sweep(&drive, At::Target).await;
    tell(&drive, At::Target).await;
    assert!(drive.world.target.dump(&org).await == before);
    // All rows that the world made up have ended long ago.
    sweep(&drive, At::Source).await;
    assert!(drive.world.source.dump(&org).await != before);
    let (drive, left) = drive.catch_up().await;
    assert_eq!(left, 0);
    let drive = drive.fence(1).await;
    let fenced = drive.world.source.dump(&org).await;
    sweep(&drive, At::Source).await;
    assert!(drive.world.source.dump(&org).await == fenced);
    tell(&drive, At::Target).await;
    assert!(drive.world.target.dump(&org).await == fenced);
}

/// Whatever the fence meets of a writer under way: what was acknowledged arrives, and what was refused does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_meets_the_fence_on_postgres_is_heard_or_refused() {
    let world = World::make(Engine::Postgres, Engine::Sqlite).await;
    let drive = Drive::new(world, Misfortune::Nothing).prepare().await;
    let drive = drive.copy().await;
    let (held, mut holding) = mpsc::unbounded_channel();
    let (release, released) = oneshot::channel::<()>();
    let database = drive.world.source.cell.database.clone();
    let (sql, values) = describe_groups(&drive.world.org, "under way");
    let writer = tokio::spawn(async move {
        database
            .write(move |tx| {
                Box::pin(async move {
                    let touched = tx.execute(sql, &values).await?;
                    held.send(touched).unwrap();
                    let _ = released.await;
                    Ok::<_, DatabaseFault>(touched)
                })
            })
            .await
    });
    assert!(holding.recv().await.unwrap() > 0);
    let fencing = tokio::spawn(drive.fence(1));
    release.send(()).unwrap();
    let written = writer.await.unwrap();
    let drive = fencing.await.unwrap();
    let (drive, left) = drive.catch_up().await;
    assert_eq!((left, written.is_ok()), (0, true));
    let org = &drive.world.org;
    assert!(drive.world.source.dump(org).await == drive.world.target.dump(org).await);
    let late = drive.world.source.execute(vec![touch_people(org)]).await;
    assert!(late.unwrap_err().is_fenced());
}
