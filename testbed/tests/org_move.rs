//! An organisation moves between cells as an operator moves it: those who are signed in notice nothing, and cells stay apart.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use testbed::connection::{Connection, Peer};
use testbed::first_hour::{Administrator, Made};
use testbed::fleet::Fleet;
use testbed::raw::Raw;
use testbed::wait;

const MOVE_MAX: Duration = Duration::from_secs(60);
/// More than an edge reads whole before it asks a cell.
const LARGE_BYTES: usize = 2_000_000;

fn place_of(fleet: &Fleet, slug: &str) -> anyhow::Result<String> {
    let org = fleet.ask(&["org", "show", slug])?;
    Ok(org["cell"].as_str().unwrap_or_default().to_owned())
}

/// The organisation `acme` in the first cell, its administrator, and an app of theirs.
async fn settle(fleet: &Fleet) -> anyhow::Result<(Peer, Administrator, Made)> {
    let made = fleet.make_org("acme", "cell-a")?;
    let peer = fleet.peer_of("acme")?;
    let mut ada = Administrator::set_up_at(peer.clone(), &made.setup_link).await?;
    let app = ada.make_app().await?;
    Ok((peer, ada, app))
}

fn wait_for_phase(fleet: &Fleet, wanted: &str) -> anyhow::Result<serde_json::Value> {
    wait::until(wanted, MOVE_MAX, || {
        let moves = fleet.ask(&["org", "moves"])?;
        let newest = moves["moves"][0].clone();
        Ok((newest["phase"] == wanted).then_some(newest))
    })
}

#[tokio::test]
async fn whoever_is_signed_in_goes_on_in_the_other_cell_and_back_again() {
    let fleet = Fleet::start(2).unwrap();
    fleet.make_org("globex", "cell-a").unwrap();
    let (_, mut ada, app) = settle(&fleet).await.unwrap();
    ada.token_for(&app).await.unwrap();

    let moved = ["org", "move", "acme", "--to", "cell-b", "--watch"];
    let moved = fleet.ask(&moved).unwrap();
    assert_eq!(moved["serving"], "cell-b", "{moved}");
    assert!(
        moved["pause_micros"].as_i64().unwrap() < 4_000_000,
        "{moved}"
    );
    assert_eq!(place_of(&fleet, "acme").unwrap(), "cell-b");
    assert_eq!(place_of(&fleet, "globex").unwrap(), "cell-a");
    // The session, the app and its secret are hers there too, and so is what she makes.
    ada.token_for(&app).await.unwrap();
    let there = ada.make_app_named("Made there").await.unwrap();
    ada.token_for(&there).await.unwrap();

    let back = fleet
        .ask(&["org", "move", "acme", "--back", "--watch"])
        .unwrap();
    assert_eq!(back["serving"], "cell-a", "{back}");
    ada.token_for(&app).await.unwrap();
    ada.token_for(&there).await.unwrap();
    wait_for_phase(&fleet, "done").unwrap();
    let again = fleet.run(&["org", "move", "acme", "--back"]).unwrap();
    assert_eq!(again.code, Some(1));
    assert!(
        again.said.contains("cannot be changed so"),
        "{}",
        again.said
    );
}

#[tokio::test]
async fn a_move_goes_on_or_undoes_itself_whoever_is_killed() {
    let fleet = Fleet::start(2).unwrap();
    let (peer, mut ada, app) = settle(&fleet).await.unwrap();
    for victim in ["control", "cell-b", "cell-a", "edge-1"] {
        let from = place_of(&fleet, "acme").unwrap();
        let to = if from == "cell-a" { "cell-b" } else { "cell-a" };
        let begun = ["org", "move", "acme", "--to", to, "--keep-secs", "0"];
        fleet.ask(&begun).unwrap();
        fleet.signal(victim, Signal::KILL).unwrap();
        let ended = wait::until("the end of a move", MOVE_MAX, || {
            // The control plane may be the one that is started again.
            let moves = fleet.ask(&["org", "moves"]);
            let newest = moves.map(|moves| moves["moves"][0].clone());
            Ok(newest
                .ok()
                .filter(|newest| newest["phase"] == "done" || newest["phase"] == "undone"))
        })
        .unwrap();
        let serving = ended["serving"].as_str().unwrap();
        assert_eq!(place_of(&fleet, "acme").unwrap(), serving, "{victim}");
        // A door that was killed opens again; whatever else was killed is waited for behind it.
        wait::until_async("the front door", MOVE_MAX, async || {
            let asked = Connection::new(peer.clone()).get("/health/live", "").await;
            Ok(asked.ok().map(drop))
        })
        .await
        .unwrap();
        ada.token_for(&app).await.unwrap();
    }
    assert_eq!(
        fleet.ask(&["fleet", "verify"]).unwrap()["whole"],
        serde_json::json!(true)
    );
}

#[tokio::test]
async fn cells_have_no_connection_no_file_and_no_key_in_common() {
    let fleet = Fleet::start(3).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    fleet
        .ask(&["org", "move", "acme", "--to", "cell-b", "--watch"])
        .unwrap();
    let cells = ["cell-a", "cell-b", "cell-c"];
    let listed = fleet.ask(&["cell", "list"]).unwrap();
    let ports: HashMap<u16, String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            let address = cell["address"].as_str().unwrap();
            let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
            (port, cell["name"].as_str().unwrap().to_owned())
        })
        .collect();
    let mut keys = HashSet::new();
    for cell in cells {
        let process = fleet.process_of(cell).unwrap().unwrap();
        let open = open_of(process.as_raw_nonzero().get()).unwrap();
        assert!(!open.sockets.is_empty(), "{cell}");
        for (local, remote) in &open.sockets {
            let own = ports.get(local).is_some_and(|name| name == cell);
            assert!(
                own || !ports.contains_key(remote),
                "{cell} has a connection to {}",
                ports[remote]
            );
        }
        for file in &open.files {
            let foreign = cells
                .iter()
                .filter(|other| **other != cell)
                .any(|other| file.starts_with(fleet.folder().join(other)));
            assert!(!foreign, "{cell} has {} open", file.display());
        }
        let key = std::fs::read(fleet.folder().join(cell).join("root.key")).unwrap();
        assert!(keys.insert(key), "{cell} has the root key of another cell");
    }
}

struct Open {
    /// Local and remote ports of TCP connections.
    sockets: Vec<(u16, u16)>,
    files: Vec<std::path::PathBuf>,
}

/// What a process has open, as the kernel tells it.
fn open_of(process: i32) -> anyhow::Result<Open> {
    let (mut inodes, mut files) = (HashSet::new(), Vec::new());
    for entry in std::fs::read_dir(format!("/proc/{process}/fd"))? {
        // A descriptor may be closed while it is looked at.
        let Ok(target) = std::fs::read_link(entry?.path()) else {
            continue;
        };
        let text = target.display().to_string();
        match text.strip_prefix("socket:[") {
            Some(inode) => {
                inodes.insert(inode.trim_end_matches(']').to_owned());
            }
            None => files.push(target),
        }
    }
    let mut sockets = Vec::new();
    for table in ["tcp", "tcp6"] {
        let path = format!("/proc/{process}/net/{table}");
        let table = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
        for line in table.lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(remote), Some(inode)) =
                (columns.get(1), columns.get(2), columns.get(9))
            else {
                continue;
            };
            if inodes.contains(*inode) {
                sockets.push((port_of(local)?, port_of(remote)?));
            }
        }
    }
    Ok(Open { sockets, files })
}

/// `0100007F:1F90`.
fn port_of(address: &str) -> anyhow::Result<u16> {
    let (_, port) = address
        .rsplit_once(':')
        .context("an address without a port")?;
    Ok(u16::from_str_radix(port, 16)?)
}

#[tokio::test]
async fn bodies_that_come_slowly_are_cut_off_and_nothing_is_done_for_them() {
    let fleet = Fleet::start(2).unwrap();
    let (peer, mut ada, app) = settle(&fleet).await.unwrap();
    let head = format!(
        "POST /oauth2/v1/token HTTP/1.1\r\nhost: acme.localhost:{}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {LARGE_BYTES}\r\n\
         expect: 100-continue\r\n\r\n",
        peer.address.port()
    );
    let slow: Vec<Raw> = (0..3)
        .map(|_| {
            let mut raw = Raw::open(&peer).unwrap();
            raw.send(head.as_bytes());
            // The edge asks for the body once the head is on its way to the cell.
            raw.read_until("100 Continue\r\n\r\n").unwrap();
            raw.send(b"grant_type=client_credentials&filler=");
            raw
        })
        .collect();
    let moved = ["org", "move", "acme", "--to", "cell-b", "--watch"];
    let moved = fleet.ask(&moved).unwrap();
    assert_eq!(moved["serving"], "cell-b", "{moved}");
    for raw in slow {
        let answer = raw.answer().unwrap();
        assert_eq!(answer.status, Some(503), "{}", answer.text);
        assert_eq!(answer.header("retry-after"), Some("1"), "{}", answer.text);
    }
    ada.token_for(&app).await.unwrap();
}
