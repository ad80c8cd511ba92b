//! Receivers of requests: what arrives, again and in order, whatever they and the sender do.

use crate::envoy::HttpEnvoy;
use crate::log_streams::Step;
use crate::outbound::Reach;
use crate::tests::log_streams::store::{FORGET_ROWS, STEP_BACK};
use crate::tests::log_streams::{Bench, names_of};
use crate::tests::receiver::{Act, Receiver};
use database::params;
use identity::access::{Caller, Permission, Role, authorize};
use identity::event_hook::envoy::Trouble;
use identity::event_hook::signing::render_signatures;
use identity::log_stream::dispatch::{HOLD_SECS, Known, Next};
use identity::log_stream::parcel::Outcomes;
use identity::log_stream::settings::ReceiverChange;
use identity::notice;
use identity::person::creation::{Beginning, NewPerson};
use identity::person::lifecycle::LifecycleAction;
use identity::person::profile::ProfileInput;
use ledger::{ClientFacts, Event, EventType, Outcome};
use vocab::slug::Slug;
use vocab::time::Timestamp;

pub(super) async fn a_webhook_is_sent_signed_batches_in_order(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, secret) = bench.webhook(&receiver.uri).await;
    bench.groups(&["first", "second"]).await;
    assert_eq!(bench.drain(&stream).await, 1);
    let told = receiver.was_told();
    assert_eq!(names_of(&told), [stream.name.as_str(), "first", "second"]);
    let told = &told[0];
    let envelope = told.envelope();
    let source = format!("https://id.example/api/v1/logStreams/{}", stream.id);
    let first = bench.newest_rows(3).await.remove(2);
    let id = format!("{}-{}-{}", stream.id, first.seq, first.seq + 2);
    for (pointer, expected) in [
        ("/eventType", "testudo.log_stream"),
        ("/source", source.as_str()),
        ("/eventId", id.as_str()),
        (
            "/data/events/0/eventType",
            "system.log_stream.lifecycle.create",
        ),
        ("/data/events/1/eventType", "group.lifecycle.create"),
    ] {
        assert_eq!(envelope.pointer(pointer).unwrap(), expected, "{pointer}");
    }
    assert_eq!(told.header("authorization"), "Basic x");
    assert_eq!(told.header("webhook-id"), id);
    let at = Timestamp::from_seconds(told.header("webhook-timestamp").parse().unwrap());
    let signed = render_signatures(std::slice::from_ref(&secret), &id, at, &told.body);
    assert_eq!(told.header("webhook-signature"), signed);
    let standing = bench.standing(&stream).await;
    assert_eq!((standing.behind(), standing.status), (0, Some(200)));
    assert_eq!(standing.taken_at, Some(bench.cell.now()));
    assert_eq!(bench.drain(&stream).await, 0, "each is sent once");
    // A new secret signs beside the old one.
    let permit = bench.permit(Permission::ManageOrg);
    let present = bench.load(&stream).await;
    let renewed = bench.cell.renew_stream_secret(&permit, present).await;
    let secrets = [renewed.unwrap(), secret];
    bench.drain(&stream).await;
    let told = receiver.was_told().remove(0);
    let id = told.header("webhook-id");
    let signed = render_signatures(&secrets, id, bench.cell.now(), &told.body);
    assert_eq!(told.header("webhook-signature"), signed);
}

/// Whoever has not taken it is sent the same again, and what came meanwhile; nothing goes past what waits.
pub(super) async fn who_fails_is_sent_the_same_again(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let elsewhere = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    bench.groups(&["first"]).await;
    let before = bench.standing(&stream).await;
    for (act, status, trouble) in [
        (Act::Answer(500, "oh no".into()), Some(500), None),
        (Act::Answer(404, String::new()), Some(404), None),
        (Act::RedirectTo(elsewhere.uri.clone()), Some(302), None),
        (Act::Hang, None, Some("TIMEOUT")),
    ] {
        receiver.will([act]);
        assert_eq!(bench.step(&stream).await, Step::Failed);
        let standing = bench.standing(&stream).await;
        assert_eq!(standing.followed, before.followed);
        assert_eq!(
            (standing.status, standing.trouble.as_deref()),
            (status, trouble)
        );
        assert_eq!(bench.step(&stream).await, Step::Nothing, "not at once");
        bench.clock.advance_secs(300);
    }
    bench.groups(&["second"]).await;
    receiver.was_told();
    bench.drain(&stream).await;
    let names = names_of(&receiver.was_told());
    // Between them stands that it failed for minutes.
    let name = stream.name.as_str();
    assert_eq!(names[..4], [name, "first", name, "second"]);
    let standing = bench.standing(&stream).await;
    assert_eq!((standing.failures, standing.failing_since), (0, None));
}

/// Of a stream that fails for minutes, log and administrators are told once, and the log again when it arrives.
pub(super) async fn a_failing_stream_is_told_of_once(mut bench: Bench) {
    let receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    let permit = bench.permit(Permission::ManageOrg);
    let ada = NewPerson {
        profile: ProfileInput {
            login: "ada@example.com".into(),
            email: "ada@example.com".into(),
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            attributes: serde_json::Map::new(),
        },
        external_id: None,
        password: None,
        groups: None,
        type_id: None,
        beginning: Beginning::Staged,
        invited_by: None,
    };
    let people = bench.permit(Permission::ManagePeople);
    let (ada, _) = bench.cell.add_person(&people, ada).await.unwrap();
    let activate = LifecycleAction::Activate;
    bench
        .cell
        .change_person_status(&people, &ada, activate)
        .await
        .unwrap();
    let role = Role::SuperAdmin;
    bench.cell.grant_role(&permit, &ada, role).await.unwrap();
    let mails = async |bench: &Bench| {
        let now = bench.cell.now();
        let leased: Result<_, database::DatabaseFault> = bench
            .cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    ledger::outbox::store::lease_due(tx, notice::OUTBOX_KIND, now, 100).await
                })
            })
            .await;
        let mut texts = Vec::new();
        for row in leased.unwrap() {
            let mail = bench
                .cell
                .open_mail(&row.org_id, &row.payload)
                .await
                .unwrap();
            texts.push((mail.to, mail.subject));
        }
        texts
    };
    mails(&bench).await;
    for _ in 0..4 {
        receiver.will([Act::Answer(503, String::new())]);
        assert_eq!(bench.step(&stream).await, Step::Failed);
        bench.clock.advance_secs(300);
    }
    assert!(bench.standing(&stream).await.alerted);
    let row = bench.newest_rows(1).await.remove(0);
    let event = row.event().unwrap();
    assert_eq!(
        (row.event_type.as_str(), row.outcome.as_str()),
        ("system.log_stream.delivery", "FAILURE")
    );
    assert_eq!(event.target[0].id, stream.id.as_str());
    let told = mails(&bench).await;
    let subject = "A log stream does not arrive - Main";
    assert_eq!(told, [("ada@example.com".to_owned(), subject.to_owned())]);
    bench.drain(&stream).await;
    let rows = bench.newest_rows(20).await;
    let of_stream: Vec<&str> = rows
        .iter()
        .filter(|row| row.event_type == "system.log_stream.delivery")
        .map(|row| row.outcome.as_str())
        .collect();
    assert_eq!(of_stream, ["SUCCESS", "FAILURE"]);
    assert_eq!(mails(&bench).await, []);
}

/// A sender that dies between the answer and the note leaves a hold; whoever comes after it sends the same rows again.
pub(super) async fn a_sender_that_dies_before_it_notes_sends_again(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    bench.groups(&["first"]).await;
    let Next::Batch(batch) = bench.next(&stream).await else {
        panic!("no batch");
    };
    let outcome = batch.parcel(bench.cell.now()).send(&bench.envoy).await;
    assert!(outcome.is_taken);
    // Here it dies.
    assert_eq!(bench.step(&stream).await, Step::Nothing, "it is held");
    bench.groups(&["second"]).await;
    bench.clock.advance_secs(HOLD_SECS);
    assert_eq!(bench.drain(&stream).await, 1);
    let names = names_of(&receiver.was_told());
    let name = stream.name.as_str();
    assert_eq!(names, [name, "first", name, "first", "second"]);
    // The dead one comes back to life: its word counts for nothing.
    let followed = bench.standing(&stream).await.followed;
    assert!(!bench.cell.note_log_batch(*batch, outcome).await.unwrap());
    assert_eq!(bench.standing(&stream).await.followed, followed);
}

/// Switched off while a batch is under way, a stream has come as far as that was taken; afterwards it is sent nothing, and
/// switched on again it misses nothing of what happened meanwhile.
pub(super) async fn switched_off_meanwhile_it_loses_nothing(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    let Next::Batch(batch) = bench.next(&stream).await else {
        panic!("no batch");
    };
    bench.switch(&stream, false).await;
    let outcome = batch.parcel(bench.cell.now()).send(&bench.envoy).await;
    assert!(bench.cell.note_log_batch(*batch, outcome).await.unwrap());
    bench.groups(&["meanwhile"]).await;
    assert_eq!(bench.drain(&stream).await, 0);
    bench.switch(&stream, true).await;
    bench.drain(&stream).await;
    let name = stream.name.as_str();
    let names = names_of(&receiver.was_told());
    assert_eq!(names, [name, name, "meanwhile", name]);
    let permit = bench.permit(Permission::ManageOrg);
    let on = bench.load(&stream).await;
    bench.cell.delete_log_stream(&permit, on).await.unwrap_err();
    let off = bench.switch(&stream, false).await;
    bench.cell.delete_log_stream(&permit, off).await.unwrap();
    assert_eq!(bench.step(&stream).await, Step::Nothing);
}

/// Writers that overtake each other: every row arrives once and in the order of the log.
pub(super) async fn rows_arrive_in_the_order_of_their_commits(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (cell, permit) = (bench.cell.clone(), bench.permit(Permission::ManageGroups));
        writers.spawn(async move {
            for number in 0..15 {
                let name = format!("{writer} {number}");
                cell.create_group(&permit, &name, "").await.unwrap();
            }
        });
    }
    loop {
        bench.step(&stream).await;
        if writers.try_join_next().is_none() && writers.is_empty() {
            break;
        }
    }
    bench.drain(&stream).await;
    let names = names_of(&receiver.was_told());
    let mut rows = bench.newest_rows(121).await;
    rows.reverse();
    let logged: Vec<String> = rows
        .iter()
        .map(|row| {
            row.event().unwrap().target[0]
                .display_name
                .clone()
                .unwrap()
                .into_owned()
        })
        .collect();
    assert_eq!(names, logged);
}

/// A filter lets through what it names; what it does not is passed, and noted only now and then.
pub(super) async fn a_filter_passes_what_is_not_for_the_stream(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let webhook = ReceiverChange::Webhook {
        uri: receiver.uri.clone(),
        auth: None,
    };
    let filter = r#"eventType eq "group.lifecycle.create""#;
    let (stream, _) = bench.create("filtered", filter, webhook).await;
    assert_eq!(bench.step(&stream).await, Step::Passed);
    assert_eq!(bench.step(&stream).await, Step::Nothing);
    assert_eq!(bench.standing(&stream).await.behind(), 1, "not noted yet");
    bench.groups(&["first"]).await;
    assert_eq!(bench.drain(&stream).await, 1);
    assert_eq!(names_of(&receiver.was_told()), ["first"]);
    assert_eq!(bench.standing(&stream).await.behind(), 0);
    let org = bench.org.clone();
    let now = bench.cell.now();
    let many: Result<(), database::DatabaseFault> = bench
        .cell
        .database
        .write(move |tx| {
            Box::pin(async move {
                let event = || Event::new(EventType::SystemLogRead, Outcome::Success, now);
                ledger::append_all(tx, &org, (0..1_000).map(|_| event()).collect()).await
            })
        })
        .await;
    many.unwrap();
    bench.drain(&stream).await;
    assert_eq!(
        bench.standing(&stream).await.behind(),
        0,
        "so many are noted"
    );
    let key = (&bench.org, &stream.id);
    bench.execute(STEP_BACK, params![&bench.org]).await;
    let known = Known {
        reached: bench.standing(&stream).await.newest,
        is_old: true,
    };
    let next = bench.cell.next_log_batch(key, known, 100).await.unwrap();
    assert!(matches!(next, Next::Passed(_)));
    assert_eq!(
        bench.standing(&stream).await.behind(),
        0,
        "it was time to note it"
    );
}

/// Rows that were removed from the log before a stream came to them are counted, and told of.
pub(super) async fn what_was_removed_from_the_log_is_said(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    bench.groups(&["first", "second", "third"]).await;
    let gone = bench.standing(&stream).await.followed + 2;
    bench.execute(FORGET_ROWS, params![&bench.org, gone]).await;
    bench.drain(&stream).await;
    let names = names_of(&receiver.was_told());
    assert_eq!(names, ["second", "third", stream.name.as_str()]);
    assert_eq!(bench.standing(&stream).await.missed, 2);
    let row = bench.newest_rows(1).await.remove(0);
    assert!(row.body.contains("REMOVED_FROM_LOG"), "{}", row.body);
}

/// An id of another org is not found, and its streams are not told of this one.
pub(super) async fn another_org_is_not_found(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    bench.drain(&stream).await;
    receiver.was_told();
    let slug = Slug::parse("other").unwrap();
    let other = bench.cell.create_org(&slug, "Other").await.unwrap();
    let client = ClientFacts::default();
    let permit = |permission| authorize(&Caller::Operator, &other, permission, &client).unwrap();
    let reader = permit(Permission::ReadDirectory);
    bench
        .cell
        .find_log_stream(&reader, &stream.id)
        .await
        .unwrap_err();
    let manager = permit(Permission::ManageOrg);
    let present = bench.load(&stream).await;
    for refused in [
        bench
            .cell
            .switch_log_stream(&manager, present.clone(), false)
            .await
            .err(),
        bench
            .cell
            .delete_log_stream(&manager, present.clone())
            .await
            .err(),
        bench
            .cell
            .renew_stream_secret(&manager, present.clone())
            .await
            .err(),
        bench
            .cell
            .test_log_stream(&manager, &present, &bench.envoy)
            .await
            .err(),
    ] {
        assert!(refused.is_some());
    }
    let groups = permit(Permission::ManageGroups);
    bench
        .cell
        .create_group(&groups, "theirs", "")
        .await
        .unwrap();
    assert_eq!(bench.drain(&stream).await, 0);
    assert!(receiver.was_told().is_empty());
}

/// A test goes out at once, whether the stream is on or off, and says what came of it.
pub(super) async fn a_test_is_sent_at_once(mut bench: Bench) {
    let mut receiver = Receiver::start(None).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    let off = bench.switch(&stream, false).await;
    let permit = bench.permit(Permission::ManageOrg);
    for (act, status) in [(None, 200), (Some(Act::Answer(401, String::new())), 401)] {
        receiver.will(act);
        let tested = bench.cell.test_log_stream(&permit, &off, &bench.envoy);
        let outcome = tested.await.unwrap();
        assert_eq!(
            (outcome.is_taken, outcome.status),
            (status == 200, Some(status))
        );
        let told = receiver.was_told().remove(0).envelope();
        let events = told["data"]["events"].as_array().unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["eventType"], "system.log_stream.test");
    }
    assert_eq!(bench.standing(&stream).await.tried_at, None);
    bench.envoy = HttpEnvoy::new(Reach::Public).unwrap();
    let tested = bench
        .cell
        .test_log_stream(&permit, &off, &bench.envoy)
        .await;
    assert_eq!(tested.unwrap(), Outcomes::of_answer(&Err(Trouble::Inward)));
}
