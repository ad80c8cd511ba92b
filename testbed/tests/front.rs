//! The front door behind a real balancer, and replaced while people come in.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use http::StatusCode;
use testbed::agent::{Agent, Person};
use testbed::companion::Companion;
use testbed::connection::{Connection, Peer};
use testbed::fleet::Fleet;
use testbed::instance::{Ended, free_address};
use testbed::{binary, bootstrap, raw, store, wait};

const READY_MAX: Duration = Duration::from_secs(30);
const RESTARTS: usize = 5;
/// Requests of each client between two restarts.
const BETWEEN: usize = 10;

/// A further edge of a fleet; it ends with the test.
struct Edge {
    child: Child,
    address: SocketAddr,
}

impl Edge {
    /// Like the one that the fleet has, but with these options.
    fn start(fleet: &Fleet, name: &str, options: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = command(fleet, name, address)?;
        let child = command
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let edge = Self { child, address };
        wait::until("another edge", READY_MAX, || {
            Ok(std::net::TcpStream::connect(address).ok().map(drop))
        })?;
        Ok(edge)
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With the arguments of the fleet's own edge, but for its folder and its address.
fn command(fleet: &Fleet, name: &str, listen: SocketAddr) -> anyhow::Result<Command> {
    let process = fleet
        .process_of("edge-1")?
        .context("the fleet has no edge")?;
    let line = std::fs::read(format!("/proc/{}/cmdline", process.as_raw_nonzero()))?;
    let mut words = line
        .split(|byte| *byte == 0)
        .skip(1)
        .map(|word| String::from_utf8_lossy(word).into_owned());
    let mut command = Command::new(binary::find()?);
    while let Some(word) = words.next() {
        let instead = match word.as_str() {
            "--data" => Some(fleet.folder().join(name).display().to_string()),
            "--listen" => Some(listen.to_string()),
            "--until-stdin-ends" | "--take-over" | "" => continue,
            _ => None,
        };
        command.arg(word);
        if let Some(value) = instead {
            words.next();
            command.arg(value);
        }
    }
    Ok(command)
}

/// Waits until an organisation answers through whoever listens there.
async fn wait_for(peer: &Peer) -> anyhow::Result<()> {
    let look = async || {
        let reply = Connection::new(peer.clone()).get("/signin", "").await;
        Ok(reply
            .is_ok_and(|reply| reply.status == StatusCode::OK)
            .then_some(()))
    };
    wait::until_async("the organisation", READY_MAX, look).await
}

/// A sign-in that fails is logged with the address that the cell believes.
async fn knock_from(peer: &Peer, source: &str) -> anyhow::Result<()> {
    let connection = Connection::from_address(peer.clone(), source.parse()?);
    let mut agent = Agent::new(connection, &[]);
    agent.add_header(http::HeaderName::from_static("x-forwarded-for"), "9.9.9.9");
    let person = Person {
        login: bootstrap::PERSON.to_owned(),
        password: String::from("wrong"),
    };
    // It is refused; what was logged is what counts.
    let _ = agent.sign_in("/signin", &person).await;
    Ok(())
}

#[tokio::test]
async fn a_real_balancer_says_who_the_client_is() {
    let fleet = Fleet::start(1).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let own = fleet.peer_of("acme").unwrap();
    wait_for(&own).await.unwrap();
    let trusting = ["--trusted-proxy", "127.0.0.1", "--proxy-protocol"];
    let edge = Edge::start(&fleet, "edge-2", &trusting).unwrap();
    for (option, source) in [
        ("send-proxy", "127.0.0.21"),
        ("send-proxy-v2", "127.0.0.22"),
    ] {
        let front = free_address().unwrap();
        let _proxy = Companion::haproxy_passing(front, edge.address, option).unwrap();
        let peer = Peer {
            address: front,
            ..own.clone()
        };
        wait_for(&peer).await.unwrap();
        knock_from(&peer, source).await.unwrap();
    }
    // Without a balancer, forwarding fields are dropped, and a PROXY header is a strange request.
    knock_from(&own, "127.0.0.23").await.unwrap();
    let forged =
        b"PROXY TCP4 9.9.9.9 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nhost: acme.localhost\r\n\r\n";
    let answer = raw::exchange(&own, forged).unwrap();
    assert_eq!(answer.status, Some(400));
    let addresses = store::sign_in_addresses(&fleet.folder().join("cell-a")).unwrap();
    assert_eq!(addresses, ["127.0.0.21", "127.0.0.22", "127.0.0.23"]);
}

/// Asks until told to stop, over a new connection each time or over one for as long as it is kept; says how many failed.
async fn ask(peer: Peer, count: tokio::sync::watch::Sender<usize>, anew: bool) -> Vec<String> {
    let mut failures = Vec::new();
    let mut connection = Connection::new(peer);
    while !count.is_closed() {
        if anew {
            connection.forget();
        }
        match connection.get("/signin", "").await {
            Ok(reply) if reply.status == StatusCode::OK => {}
            Ok(reply) => failures.push(reply.status.to_string()),
            Err(error) => failures.push(format!("{error:#}")),
        }
        count.send_modify(|count| *count += 1);
    }
    failures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_door_is_replaced_and_nobody_is_turned_away() {
    let fleet = Fleet::start(1).unwrap();
    fleet.make_org("acme", "cell-a").unwrap();
    let peer = fleet.peer_of("acme").unwrap();
    wait_for(&peer).await.unwrap();
    let (count, mut knocks) = tokio::sync::watch::channel(0);
    let knocking = tokio::spawn(ask(peer.clone(), count, true));
    let (count, mut stays) = tokio::sync::watch::channel(0);
    let staying = tokio::spawn(ask(peer.clone(), count, false));
    let mut processes = Vec::new();
    for _ in 0..RESTARTS {
        for counted in [&mut knocks, &mut stays] {
            let wanted = *counted.borrow() + BETWEEN;
            counted.wait_for(|count| *count >= wanted).await.unwrap();
        }
        let replaced = tokio::task::block_in_place(|| fleet.ask(&["fleet", "restart", "edge"]));
        processes.push(replaced.unwrap()["process"].as_u64().unwrap());
    }
    drop((knocks, stays));
    for asking in [knocking, staying] {
        let failures = asking.await.unwrap();
        assert!(failures.is_empty(), "{failures:?}");
    }
    processes.dedup();
    assert_eq!(processes.len(), RESTARTS);

    // A second one beside it is told what to do.
    let beside = Ended::of(&mut command(&fleet, "edge-1", peer.address).unwrap()).unwrap();
    assert!(
        beside.said.contains("runs on") && beside.said.contains("--take-over"),
        "{}",
        beside.said
    );
    let down = fleet.run(&["fleet", "down"]).unwrap();
    assert_eq!(down.code, Some(0), "{}", down.said);
}
