//! A log stream moves with its org: at the other cell it goes on from where it stood, with the secrets that it had.

use crate::log_streams::{Memory, Step, step};
use crate::moving::tests::driver::{Drive, Misfortune};
use crate::moving::tests::moves::move_away;
use crate::moving::tests::store::no_streams;
use crate::moving::tests::world::{At, TestCell, World};
use database::Engine;
use identity::access::{Caller, Permission, authorize};
use identity::event_hook::envoy::{Answered, Envoy, Letter, PlainHttp, Sent, Shipment, Shipped};
use identity::log_stream::settings::{ReceiverChange, StreamChange};
use identity::log_stream::store::Due;
use ledger::ClientFacts;
use serde_json::Value as Json;
use std::sync::Mutex;
use vocab::id::{LogStreamId, OrgId};
use vocab::secret::Secret;

/// Takes whatever it is sent: the header by which it knows us, and the ids of events.
#[derive(Default)]
struct Taker {
    told: Mutex<Vec<(String, Vec<String>)>>,
}

impl Envoy for Taker {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let mut headers = letter.headers.iter();
        let auth = headers.find(|(name, _)| name == "Authorization");
        let auth = auth.map_or_else(String::new, |(_, value)| value.expose().clone());
        let body: Json = serde_json::from_slice(&letter.body).unwrap();
        let events = body["data"]["events"].as_array().unwrap();
        let uuid = |event: &Json| event["uuid"].as_str().unwrap().to_owned();
        let uuids = events.iter().map(uuid).collect();
        self.told.lock().unwrap().push((auth, uuids));
        Box::pin(async {
            let body = Vec::new();
            Ok(Answered::of(200, body))
        })
    }

    fn ship<'e>(&'e self, _: &'e Shipment) -> Shipped<'e> {
        Box::pin(async { Ok(()) })
    }

    fn reads_authority(&self, _: &str) -> bool {
        false
    }
}

async fn make_stream(at: &TestCell, org: &OrgId, envoy: &dyn Envoy) -> LogStreamId {
    let client = ClientFacts::default();
    let permit = authorize(&Caller::Operator, org, Permission::ManageOrg, &client).unwrap();
    let value = Some(Secret::new("Bearer x".to_owned()));
    let change = StreamChange {
        name: "Siem".into(),
        filter: String::new(),
        receiver: ReceiverChange::Webhook {
            uri: "https://siem.example/in".into(),
            auth: Some(("Authorization".into(), value)),
        },
        base_url: "https://id.example".into(),
    };
    let made = at.cell.create_log_stream(&permit, change, envoy).await;
    made.unwrap().stream.id
}

async fn make_group(at: &TestCell, org: &OrgId, name: &str) {
    let client = ClientFacts::default();
    let permit = authorize(&Caller::Operator, org, Permission::ManageGroups, &client).unwrap();
    at.cell.create_group(&permit, name, "").await.unwrap();
}

/// Sends all that a stream is behind; what was told.
async fn drain(at: &TestCell, org: &OrgId, id: &LogStreamId) -> Vec<(String, Vec<String>)> {
    let (taker, mut memory) = (Taker::default(), Memory::default());
    let due = Due {
        org_id: org.clone(),
        id: id.clone(),
        failures: 0,
        newest: 0,
    };
    loop {
        match step(&at.cell, &taker, &due, &mut memory).await.unwrap() {
            Step::Nothing => return taker.told.into_inner().unwrap(),
            Step::Taken | Step::Passed => {}
            Step::Failed => panic!("it takes everything"),
        }
    }
}

/// The ids of the rows of the log behind that one.
async fn logged(at: &TestCell, org: &OrgId, after: i64) -> Vec<String> {
    let mut tx = at.cell.database.read().await.unwrap();
    let all = ledger::LogFilter::default();
    let page = ledger::load_after(&mut tx, org, &all, after, 1_000).await;
    let rows = page.unwrap().rows;
    rows.iter().map(|row| row.id.to_string()).collect()
}

async fn a_stream_goes_on_where_it_stood(source: Engine, target: Engine) {
    let world = World::make(source, target).await;
    let org = world.org.clone();
    let nothing = vec![no_streams(&org), no_streams(&world.other)];
    world.source.execute(nothing).await.unwrap();
    let began = {
        let mut tx = world.source.cell.database.read().await.unwrap();
        let head = ledger::load_head(&mut tx, &org).await.unwrap();
        head.map_or(0, |head| head.seq)
    };
    let stream = make_stream(&world.source, &org, &Taker::default()).await;
    make_group(&world.source, &org, "told at the source").await;
    let mut told = drain(&world.source, &org, &stream).await;
    make_group(&world.source, &org, "waits").await;
    let drive = move_away(Drive::new(world, Misfortune::Nothing)).await;
    let target = drive.world.at(At::Target);
    make_group(target, &org, "made at the target").await;
    told.extend(drain(target, &org, &stream).await);
    let uuids: Vec<String> = told.iter().flat_map(|(_, uuids)| uuids.clone()).collect();
    assert_eq!(uuids, logged(target, &org, began).await);
    assert!(told.len() > 1 && told.iter().all(|(auth, _)| auth == "Bearer x"));
    // The source keeps its rows for the way back, and passes the org over.
    let due = drive
        .world
        .at(At::Source)
        .cell
        .due_log_streams(("", ""), 100)
        .await;
    assert!(due.unwrap().iter().all(|due| due.org_id != org));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_from_sqlite_to_sqlite() {
    a_stream_goes_on_where_it_stood(Engine::Sqlite, Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_from_sqlite_to_postgres() {
    a_stream_goes_on_where_it_stood(Engine::Sqlite, Engine::Postgres).await;
}
