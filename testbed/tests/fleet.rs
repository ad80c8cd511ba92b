//! A fleet of cells behind one front door: each organisation at its cell, and no cell's trouble anybody else's.

use std::time::Duration;

use anyhow::Context as _;
use http::StatusCode;
use rustix::process::Signal;
use testbed::connection::{Connection, Peer};
use testbed::first_hour::Administrator;
use testbed::fleet::Fleet;
use testbed::{raw, wait};

const RECOVERY_MAX: Duration = Duration::from_secs(30);

async fn status_of(peer: &Peer, path: &str) -> anyhow::Result<StatusCode> {
    Ok(Connection::new(peer.clone()).get(path, "").await?.status)
}

/// Waits until an organisation answers, or answers so.
async fn wait_for(peer: &Peer, path: &str, wanted: StatusCode) -> anyhow::Result<()> {
    wait::until_async(
        &format!("{wanted} at {}{path}", peer.host),
        RECOVERY_MAX,
        async || {
            Ok(status_of(peer, path)
                .await
                .is_ok_and(|status| status == wanted)
                .then_some(()))
        },
    )
    .await
}

#[tokio::test]
async fn an_organisation_lives_in_one_cell_and_works_whole_through_the_front_door() {
    let fleet = Fleet::start(3).unwrap();
    for (slug, cell) in [
        ("acme", "cell-a"),
        ("globex", "cell-b"),
        ("initech", "cell-c"),
    ] {
        let made = fleet.make_org(slug, cell).unwrap();
        assert_eq!(made.cell, cell);
        let peer = fleet.peer_of(slug).unwrap();
        wait_for(&peer, "/signin", StatusCode::OK).await.unwrap();
        let mut administrator = Administrator::set_up_at(peer, &made.setup_link)
            .await
            .unwrap();
        let app = administrator.make_app().await.unwrap();
        let tokens = administrator.token_for(&app).await.unwrap();
        let issuer = format!("//{slug}.localhost");
        assert!(tokens["access_token"].is_string(), "{issuer}: {tokens}");
    }
    let cells = fleet.ask(&["cell", "list"]).unwrap();
    let orgs: Vec<_> = cells
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| &cell["orgs"])
        .collect();
    assert_eq!(orgs, [1, 1, 1]);

    let again = fleet.run(&["org", "create", "acme"]).unwrap();
    assert_eq!(again.code, Some(1));
    assert!(again.said.contains("\"acme\" is taken"), "{}", again.said);
    let pinned = fleet
        .run(&["org", "create", "hooli", "--region", "mars"])
        .unwrap();
    assert!(
        pinned.said.contains("no cell can take it"),
        "{}",
        pinned.said
    );
    let against = [
        "org", "create", "hooli", "--region", "mars", "--cell", "cell-a",
    ];
    let against = fleet.run(&against).unwrap();
    assert!(
        against.said.contains("against the organisation's pin"),
        "{}",
        against.said
    );

    let unknown = fleet.peer_of("nosuch").unwrap();
    assert_eq!(
        status_of(&unknown, "/").await.unwrap(),
        StatusCode::MISDIRECTED_REQUEST
    );
    let bare = Peer::parse(&fleet.origin).unwrap();
    assert_eq!(
        status_of(&bare, "/t/acme/signin").await.unwrap(),
        StatusCode::OK
    );
    assert_eq!(
        status_of(&bare, "/signin").await.unwrap(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        status_of(&bare, "/health/ready").await.unwrap(),
        StatusCode::OK
    );
    let page = Peer::parse(&fleet.page).unwrap();
    assert_eq!(status_of(&page, "/").await.unwrap(), StatusCode::OK);
    let rebound = Peer {
        host: String::from("evil.example"),
        ..page
    };
    assert_eq!(
        status_of(&rebound, "/events").await.unwrap(),
        StatusCode::MISDIRECTED_REQUEST
    );
}

#[tokio::test]
async fn the_loss_of_a_cell_is_nobody_elses() {
    let fleet = Fleet::start(2).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    fleet.make_org("globex", "cell-b").unwrap();
    let (acme, globex) = (
        fleet.peer_of("acme").unwrap(),
        fleet.peer_of("globex").unwrap(),
    );
    wait_for(&acme, "/signin", StatusCode::OK).await.unwrap();
    wait_for(&globex, "/signin", StatusCode::OK).await.unwrap();

    // A cell that hangs: its own organisation waits, the other is answered.
    let hung = fleet.signal("cell-b", Signal::STOP).unwrap();
    let waiting = tokio::spawn({
        let globex = globex.clone();
        async move { status_of(&globex, "/signin").await }
    });
    for _ in 0..50 {
        assert_eq!(status_of(&acme, "/signin").await.unwrap(), StatusCode::OK);
    }
    assert!(!waiting.is_finished());
    fleet.signal("cell-b", Signal::CONT).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), StatusCode::OK);

    // A cell that dies: it is started again, and knows its organisation.
    assert_eq!(fleet.signal("cell-b", Signal::KILL).unwrap(), hung);
    for _ in 0..50 {
        assert_eq!(status_of(&acme, "/signin").await.unwrap(), StatusCode::OK);
    }
    wait_for(&globex, "/signin", StatusCode::OK).await.unwrap();
    assert_ne!(fleet.process_of("cell-b").unwrap().unwrap(), hung);
}

#[tokio::test]
async fn the_front_door_needs_no_control_plane_and_believes_no_map_but_the_signed_one() {
    // The control plane is away for as long as this takes.
    let fleet = Fleet::start_with(1, &["--leave-hung"]).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let acme = fleet.peer_of("acme").unwrap();
    wait_for(&acme, "/signin", StatusCode::OK).await.unwrap();
    let map = fleet.folder().join("edge-1/routes.map");
    let kept = wait::until("the route map on disk", RECOVERY_MAX, || {
        let bytes = std::fs::read(&map).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes)
            .contains("acme")
            .then_some(bytes))
    })
    .unwrap();

    fleet.signal("control", Signal::STOP).unwrap();
    restart_edge(&fleet).unwrap();
    wait_for(&acme, "/signin", StatusCode::OK).await.unwrap();

    // Another cell's name in its place, as long: the entries are no longer those that were signed.
    let lie = replace(&kept, b"acme", b"evil");
    assert_ne!(lie, kept);
    for bytes in [&lie[..], &kept[..kept.len() / 2], b"", b"nonsense"] {
        std::fs::write(&map, bytes).unwrap();
        restart_edge(&fleet).unwrap();
        wait_for(&acme, "/signin", StatusCode::SERVICE_UNAVAILABLE)
            .await
            .unwrap();
        let evil = fleet.peer_of("evil").unwrap();
        assert_eq!(
            status_of(&evil, "/").await.unwrap(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
    fleet.signal("control", Signal::CONT).unwrap();
    wait_for(&acme, "/signin", StatusCode::OK).await.unwrap();
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let found = bytes.windows(from.len()).position(|part| part == from);
    if let Some(at) = found {
        bytes.splice(at..at + from.len(), to.iter().copied());
    }
    bytes
}

fn restart_edge(fleet: &Fleet) -> anyhow::Result<()> {
    let before = fleet.signal("edge-1", Signal::KILL)?;
    wait::until("another edge", RECOVERY_MAX, || {
        let now = fleet.process_of("edge-1")?;
        Ok(now.filter(|now| *now != before).map(|_| ()))
    })
}

#[tokio::test]
async fn nobody_talks_to_a_cell_but_processes_of_its_fleet() {
    let fleet = Fleet::start(1).unwrap();
    let cell = fleet.ask(&["cell", "show", "cell-a"]).unwrap();
    let address = cell["address"].as_str().context("no address").unwrap();
    let peer = Peer {
        address: address.parse().unwrap(),
        host: address.to_owned(),
    };
    let plain = raw::exchange(&peer, b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(plain.is_err() || plain.unwrap().status.is_none());
}

#[tokio::test]
async fn a_cell_takes_the_states_that_lead_on_and_no_others() {
    let fleet = Fleet::start(2).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let close = fleet.run(&["cell", "close", "cell-a"]).unwrap();
    assert!(close.said.contains("drain it first"), "{}", close.said);
    assert_eq!(
        fleet.ask(&["cell", "drain", "cell-a"]).unwrap()["state"],
        "draining"
    );
    let refused = fleet
        .run(&["org", "create", "globex", "--cell", "cell-a"])
        .unwrap();
    assert!(
        refused.said.contains("it is being drained"),
        "{}",
        refused.said
    );
    let drained = fleet.ask(&["cell", "drain", "cell-a"]).unwrap();
    assert_eq!(drained["epoch"], 2, "said twice, nothing happens");
    let close = fleet.run(&["cell", "close", "cell-a"]).unwrap();
    assert!(close.said.contains("is not empty yet"), "{}", close.said);
    assert_eq!(
        fleet.ask(&["org", "create", "globex"]).unwrap()["org"]["cell"],
        "cell-b"
    );
    // What is in a draining cell leaves it by itself, served all the while.
    let acme = fleet.peer_of("acme").unwrap();
    wait::until("acme in the other cell", RECOVERY_MAX, || {
        let there = fleet.ask(&["org", "show", "acme"])?["cell"] == "cell-b";
        Ok(there.then_some(()))
    })
    .unwrap();
    assert_eq!(status_of(&acme, "/signin").await.unwrap(), StatusCode::OK);
    assert_eq!(
        fleet.ask(&["fleet", "verify"]).unwrap()["whole"],
        serde_json::json!(true)
    );
    let down = fleet.run(&["fleet", "down"]).unwrap();
    assert_eq!(down.code, Some(0), "{}", down.said);
    assert_eq!(
        down.printed.trim(),
        "Stopped: control, edge-1, cell-a, cell-b"
    );
    assert!(status_of(&acme, "/signin").await.is_err());
    for name in ["control", "edge-1", "cell-a", "cell-b"] {
        assert_eq!(fleet.process_of(name).unwrap(), None, "{name}");
    }
}
