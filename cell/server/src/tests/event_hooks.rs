//! Event hooks against receivers that listen: those that take what they are told, and those that hang, redirect, fail,
//! lie inward, or are not who they should be; and a sender that dies at the worst moment.

use crate::envoy::HttpEnvoy;
use crate::errands::Sender;
use crate::event_hooks::{Remembered, deliver, deliver_one, follow, look, render_letter};
use crate::outbound::Reach;
use crate::tests::one_org::{self, OneOrg};
use crate::tests::receiver::{Act, Receiver, make_certificate};
use database::Location;
use identity::access::{Permission, Permit};
use identity::cell::Cell;
use identity::event_hook::EventHook;
use identity::event_hook::channel::HookChange;
use identity::event_hook::deliveries::Delivery;
use identity::event_hook::dispatch::OUTBOX_KIND;
use identity::event_hook::envoy::{Envoy, PlainHttp};
use identity::event_hook::operations::Unverified;
use identity::event_hook::signing::render_signatures;
use ledger::outbox::store::{self as outbox, Leased};
use ledger::outbox::{ATTEMPTS_MAX, LEASE_SECS};
use rustls::ClientConfig;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::{ManualClock, Timestamp};

/// A cell with an org, and the way out.
struct Bench {
    cell: Cell,
    clock: Arc<ManualClock>,
    org: OrgId,
    envoy: HttpEnvoy,
    remembered: Remembered,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        let OneOrg { cell, clock, org } = OneOrg::open(&location, folder.path(), 77).await;
        Self {
            org,
            cell,
            clock,
            envoy: HttpEnvoy::new(Reach::PublicAndLoopback).unwrap(),
            remembered: Remembered::new(),
            _folder: folder,
        }
    }

    fn permit(&self, permission: Permission) -> Permit {
        one_org::permit(&self.org, permission)
    }

    /// A hook that is told of new groups, not yet verified, and its secret.
    async fn hook(&self, uri: &str) -> (EventHook, Secret<String>) {
        let change = HookChange {
            name: "Siem".into(),
            description: String::new(),
            types: vec!["group.lifecycle.create".into()],
            uri: uri.to_owned(),
            headers: Vec::new(),
            auth: Some((
                "Authorization".into(),
                Some(Secret::new("Basic x".to_owned())),
            )),
            base_url: "https://id.example".into(),
        };
        let permit = self.permit(Permission::ManageOrg);
        let plain = PlainHttp::OnThisMachine;
        let made = self.cell.create_event_hook(&permit, change, plain).await;
        let made = made.unwrap();
        (made.hook, made.secret)
    }

    async fn verify(&self, hook: EventHook) -> Result<EventHook, Unverified> {
        let permit = self.permit(Permission::ManageOrg);
        self.cell
            .verify_event_hook(&permit, hook, &self.envoy)
            .await
    }

    async fn verified(&self, uri: &str) -> (EventHook, Secret<String>) {
        let (hook, secret) = self.hook(uri).await;
        (self.verify(hook).await.unwrap(), secret)
    }

    async fn group(&self, name: &str) {
        let permit = self.permit(Permission::ManageGroups);
        self.cell.create_group(&permit, name, "").await.unwrap();
    }

    fn sender(&self) -> Sender {
        Sender {
            cell: self.cell.clone(),
            membership: None,
        }
    }

    async fn lease(&mut self) -> Vec<Leased> {
        let sender = self.sender();
        look(&sender, &mut self.remembered).await.unwrap();
        let now = self.cell.now();
        let leased: Result<_, database::DatabaseFault> = self
            .cell
            .database
            .write(move |tx| {
                Box::pin(async move { outbox::lease_due(tx, OUTBOX_KIND, now, 100).await })
            })
            .await;
        leased.unwrap()
    }

    /// Follows the log and sends all that is due; how much that was.
    async fn round(&mut self) -> usize {
        let leased = self.lease().await;
        let count = leased.len();
        for row in leased {
            deliver_one(&self.cell, &self.envoy, row).await.unwrap();
        }
        count
    }

    async fn deliveries(&self, hook: &EventHook) -> Vec<Delivery> {
        let permit = self.permit(Permission::ReadDirectory);
        let listed = self
            .cell
            .list_hook_deliveries(&permit, &hook.id, i64::MAX, 100);
        listed.await.unwrap()
    }

    /// State, attempts, status and trouble of the newest delivery.
    async fn newest(&self, hook: &EventHook) -> (&'static str, i64, Option<i64>, Option<String>) {
        let delivery = self.deliveries(hook).await.remove(0);
        let state = delivery.state.as_str();
        (state, delivery.attempts, delivery.status, delivery.trouble)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_told_in_a_signed_envelope() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, secret) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    bench.group("second").await;
    assert_eq!(bench.round().await, 1);
    let told = receiver.was_told().remove(0);
    let envelope = told.envelope();
    let id = bench.deliveries(&hook).await[0].id.to_string();
    for (pointer, expected) in [
        ("/eventType", "com.okta.event_hook"),
        ("/eventTypeVersion", "1.0"),
        ("/cloudEventsVersion", "0.1"),
        ("/contentType", "application/json"),
        ("/eventId", id.as_str()),
        ("/data/events/0/eventType", "group.lifecycle.create"),
        ("/data/events/0/target/0/displayName", "first"),
        ("/data/events/1/target/0/displayName", "second"),
    ] {
        assert_eq!(envelope.pointer(pointer).unwrap(), expected, "{pointer}");
    }
    let source = format!("https://id.example/api/v1/eventHooks/{}", hook.id);
    assert_eq!(envelope["source"], source);
    assert_eq!(told.header("authorization"), "Basic x");
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("webhook-id"), id);
    let at = Timestamp::from_seconds(told.header("webhook-timestamp").parse().unwrap());
    assert_eq!(at, bench.cell.now());
    let signed = render_signatures(std::slice::from_ref(&secret), &id, at, &told.body);
    assert_eq!(told.header("webhook-signature"), signed);
    assert_eq!(bench.newest(&hook).await, ("DELIVERED", 1, Some(200), None));
    assert_eq!(bench.round().await, 0, "each is told once");
    // A new secret signs beside the old one for a day, and alone then.
    let permit = bench.permit(Permission::ManageOrg);
    let renewed = bench.cell.renew_hook_secret(&permit, hook).await.unwrap();
    for (secrets, wait_secs) in [
        (vec![renewed.clone(), secret], 0),
        (vec![renewed.clone()], 24 * 60 * 60),
    ] {
        bench.clock.advance_secs(wait_secs);
        bench.group(&format!("after {wait_secs}")).await;
        bench.round().await;
        let told = receiver.was_told().remove(0);
        let id = told.header("webhook-id");
        let signed = render_signatures(&secrets, id, bench.cell.now(), &told.body);
        assert_eq!(told.header("webhook-signature"), signed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_is_told_the_same_again() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    receiver.will([Act::Answer(500, "<b>oh\r\nno</b>".into())]);
    bench.round().await;
    assert_eq!(bench.newest(&hook).await, ("WAITING", 1, Some(500), None));
    let answer = bench.deliveries(&hook).await.remove(0).answer;
    assert_eq!(answer.as_deref(), Some("<b>oh  no</b>"));
    assert_eq!(bench.round().await, 0, "not at once");
    // Another event is not held up by the one that waits.
    bench.group("second").await;
    assert_eq!(bench.round().await, 1);
    bench.clock.advance_secs(5);
    assert_eq!(bench.round().await, 1);
    let told = receiver.was_told();
    let ids: Vec<&str> = told.iter().map(|told| told.header("webhook-id")).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(told[0].body, told[2].body, "byte for byte");
    let states: Vec<&str> = bench
        .deliveries(&hook)
        .await
        .iter()
        .map(|delivery| delivery.state.as_str())
        .collect();
    assert_eq!(states, ["DELIVERED", "DELIVERED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrives_is_given_up_and_can_be_told_by_hand() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    for _ in 0..ATTEMPTS_MAX {
        receiver.will([Act::Answer(503, String::new())]);
        assert_eq!(bench.round().await, 1);
        bench.clock.advance_secs(3 * 60 * 60);
    }
    assert_eq!(bench.round().await, 0);
    let (state, attempts, ..) = bench.newest(&hook).await;
    assert_eq!((state, attempts), ("FAILED", ATTEMPTS_MAX));
    let mut tx = bench.cell.database.read().await.unwrap();
    let all = ledger::LogFilter::default();
    let page = ledger::load_page(&mut tx, &bench.org, &all, None, 1);
    let row = page.await.unwrap().rows.remove(0);
    drop(tx);
    assert_eq!(
        (row.event_type.as_str(), row.outcome.as_str()),
        ("event_hook.delivery", "FAILURE")
    );
    let permit = bench.permit(Permission::ManageOrg);
    let id = bench.deliveries(&hook).await.remove(0).id;
    let repeated = bench
        .cell
        .repeat_hook_delivery(&permit, &hook.id, &id)
        .await;
    assert_eq!(repeated.unwrap().repeats, 1);
    receiver.was_told();
    assert_eq!(bench.round().await, 1);
    assert_eq!(receiver.was_told()[0].header("webhook-id"), id.as_str());
    assert_eq!(bench.newest(&hook).await, ("DELIVERED", 1, Some(200), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_dies_before_it_notes_sends_again() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    let leased = bench.lease().await.remove(0);
    let parcel = bench
        .cell
        .prepare_hook_delivery(&leased)
        .await
        .unwrap()
        .unwrap();
    let letter = render_letter(&parcel, bench.cell.now());
    bench.envoy.send(&letter).await.unwrap();
    // Here it dies. Whoever comes after it forgets what it remembered, and finds the loan run out.
    bench.remembered.clear();
    assert_eq!(bench.round().await, 0);
    bench.clock.advance_secs(LEASE_SECS);
    assert_eq!(bench.round().await, 1);
    let told = receiver.was_told();
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert_eq!(told[0].body, told[1].body);
    assert_eq!(bench.newest(&hook).await.0, "DELIVERED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_switched_off_meanwhile_is_told_nothing() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    let leased = bench.lease().await.remove(0);
    let permit = bench.permit(Permission::ManageOrg);
    let off = bench
        .cell
        .switch_event_hook(&permit, hook.clone(), false)
        .await;
    deliver_one(&bench.cell, &bench.envoy, leased)
        .await
        .unwrap();
    assert!(receiver.was_told().is_empty());
    assert_eq!(bench.newest(&hook).await.0, "CANCELLED");
    bench
        .cell
        .delete_event_hook(&permit, off.unwrap())
        .await
        .unwrap();
    bench.clock.advance_secs(LEASE_SECS);
    assert_eq!(bench.round().await, 0, "the outbox is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_followed_to_another_address() {
    let mut bench = Bench::new().await;
    let (receiver, mut other) = (Receiver::start(None).await, Receiver::start(None).await);
    receiver.will([Act::RedirectTo(other.uri.clone())]);
    let (hook, _) = bench.hook(&receiver.uri).await;
    let refused = bench.verify(hook.clone()).await.unwrap_err();
    assert!(matches!(refused, Unverified::Status(302)), "{refused:?}");
    let hook = bench.verify(hook).await.unwrap();
    bench.group("first").await;
    receiver.will([Act::RedirectTo(other.uri.clone())]);
    bench.round().await;
    assert_eq!(bench.newest(&hook).await, ("WAITING", 1, Some(302), None));
    assert!(other.was_told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_is_waited_for_within_a_bound() {
    let mut bench = Bench::new().await;
    let receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    receiver.will([Act::Hang]);
    bench.round().await;
    let timed_out = Some(String::from("TIMEOUT"));
    assert_eq!(bench.newest(&hook).await, ("WAITING", 1, None, timed_out));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let mut bench = Bench::new().await;
    let receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    bench.group("first").await;
    receiver.will([Act::Answer(200, "x".repeat(4 << 20))]);
    bench.round().await;
    assert_eq!(bench.newest(&hook).await, ("DELIVERED", 1, Some(200), None));
    let answer = bench.deliveries(&hook).await.remove(0).answer.unwrap();
    assert_eq!(answer.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_inward() {
    let mut bench = Bench::new().await;
    let mut receiver = Receiver::start(None).await;
    let (hook, _) = bench.verified(&receiver.uri).await;
    // The operator starts the server anew, and lets connections go no further than the public internet.
    bench.envoy = HttpEnvoy::new(Reach::Public).unwrap();
    bench.group("first").await;
    bench.round().await;
    let inward = Some(String::from("PRIVATE_ADDRESS"));
    assert_eq!(
        bench.newest(&hook).await,
        ("WAITING", 1, None, inward.clone())
    );
    for uri in [
        "https://localhost:1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
    ] {
        let (hook, _) = bench.hook(uri).await;
        let refused = bench.verify(hook).await.unwrap_err();
        let trouble = match refused {
            Unverified::Silent(trouble) => trouble.as_str(),
            other => panic!("{other:?}"),
        };
        assert_eq!(Some(trouble), inward.as_deref(), "{uri}");
    }
    assert!(receiver.was_told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_held_against_the_name() {
    let mut bench = Bench::new().await;
    let made = make_certificate("localhost");
    let mut receiver = Receiver::start(Some(made.acceptor())).await;
    let (hook, _) = bench.hook(&receiver.uri).await;
    let refused = bench.verify(hook.clone()).await.unwrap_err();
    let is_untrusted = matches!(&refused, Unverified::Silent(trouble) if trouble.as_str() == "UNTRUSTED_CERTIFICATE");
    assert!(is_untrusted, "{refused:?}");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(made.roots())
        .with_no_client_auth();
    bench.envoy = HttpEnvoy::trusting(Reach::PublicAndLoopback, client);
    bench.verify(hook).await.unwrap();
    bench.group("first").await;
    bench.round().await;
    assert_eq!(receiver.was_told().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_tell_by_themselves_and_a_hanging_receiver_holds_up_nobody_else() {
    let bench = Bench::new().await;
    let stuck = Receiver::start(None).await;
    let mut receiver = Receiver::start(None).await;
    bench.verified(&stuck.uri).await;
    bench.verified(&receiver.uri).await;
    stuck.will((0..100).map(|_| Act::Hang));
    let (stop, stopped) = watch::channel(false);
    let envoy: Arc<dyn Envoy> = Arc::new(HttpEnvoy::new(Reach::PublicAndLoopback).unwrap());
    let jobs = [
        tokio::spawn(follow(bench.sender(), stopped.clone())),
        tokio::spawn(deliver(bench.sender(), envoy, stopped)),
    ];
    for number in 0..6 {
        let name = format!("group {number}");
        bench.group(&name).await;
        let told = receiver.told.recv().await.unwrap().envelope();
        assert_eq!(told["data"]["events"][0]["target"][0]["displayName"], name);
    }
    stop.send(true).unwrap();
    for job in jobs {
        job.await.unwrap();
    }
}
