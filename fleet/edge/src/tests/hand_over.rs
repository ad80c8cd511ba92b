//! Edges that follow one another on the same sockets, under clients of every kind, and not one request that is refused or
//! broken.

use super::{SERVED, World};
use crate::start::{EdgeConfig, StartError, Started, Succession, start};
use crate::succession::SuccessionError;
use crate::tls::sources::TlsConfig;
use crate::trust::Trust;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::identity::FleetIdentity;

const HAND_OVERS: usize = 20;
/// Requests of each kind between two hand-overs.
const BETWEEN: usize = 5;

type Nothing = Empty<bytes::Bytes>;

async fn launch(
    world: &World,
    listen: SocketAddr,
    succession: Succession,
) -> Result<Started, StartError> {
    let identity = FleetIdentity::load(&world.folder.path().join("edge-1")).unwrap();
    let config = EdgeConfig {
        tls: TlsConfig::default(),
        http_listen: None,
        metrics_listen: None,
        name: String::from("edge-1"),
        listen,
        origin: "http://localhost".parse().unwrap(),
        data: world.folder.path().to_path_buf(),
        succession,
        // Nobody is there: it starts from the map on disk.
        control_address: String::from("127.0.0.1:1"),
        control_name: String::from("control.test"),
        trust: Trust::default(),
        route_key: world.signer.public_hex(),
    };
    start(config, &identity).await
}

fn request(path: &str) -> Request<Nothing> {
    let request =
        Request::get(format!("http://acme.localhost{path}")).header("host", "acme.localhost");
    request.body(Empty::new()).unwrap()
}

async fn open(address: SocketAddr) -> http1::SendRequest<Nothing> {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// One connection for each request.
async fn knock(address: SocketAddr, count: watch::Sender<usize>) {
    while !count.is_closed() {
        let answer = open(address)
            .await
            .send_request(request("/x"))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.collect().await.unwrap();
        count.send_modify(|count| *count += 1);
    }
}

/// One connection for as long as the edge keeps it.
async fn stay(address: SocketAddr, count: watch::Sender<usize>) {
    while !count.is_closed() {
        let mut sender = open(address).await;
        let mut last = false;
        while !last && !count.is_closed() {
            sender.ready().await.unwrap();
            let answer = sender.send_request(request("/x")).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            last = answer
                .headers()
                .get("connection")
                .is_some_and(|value| value == "close");
            answer.collect().await.unwrap();
            count.send_modify(|count| *count += 1);
        }
    }
}

/// The same over HTTP/2: a new connection when the edge says that it takes no more.
async fn stream(address: SocketAddr, count: watch::Sender<usize>) {
    while !count.is_closed() {
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        while sender.ready().await.is_ok() && !count.is_closed() {
            let answer = match sender.send_request(request("/x")).await {
                // It crossed with the word that no more is taken, was not begun, and goes to the next connection (RFC 9113
                // section 6.8).
                Err(error) if was_not_begun(&error) => break,
                answer => answer.unwrap(),
            };
            assert_eq!(answer.status(), StatusCode::OK);
            answer.collect().await.unwrap();
            count.send_modify(|count| *count += 1);
        }
    }
}

fn was_not_begun(error: &hyper::Error) -> bool {
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| {
        cause.is_go_away() && cause.is_remote() && cause.reason() == Some(h2::Reason::NO_ERROR)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_edges_follow_one_another_and_no_request_is_refused_or_broken() {
    let world = World::new(SERVED).await;
    world.routes.keep();
    let first = launch(&world, "127.0.0.1:0".parse().unwrap(), Succession::First)
        .await
        .unwrap();
    let address = first.address;
    let mut edges = JoinSet::new();
    edges.spawn(first.run(std::future::pending()));

    let mut clients = JoinSet::new();
    let (count, mut knocks) = watch::channel(0);
    clients.spawn(knock(address, count));
    let (count, mut stays) = watch::channel(0);
    clients.spawn(stay(address, count));
    let (count, mut streams) = watch::channel(0);
    clients.spawn(stream(address, count));
    let mut endless = open(address)
        .await
        .send_request(request("/endless"))
        .await
        .unwrap();
    let (stop_reading, told) = watch::channel(());
    clients.spawn(async move {
        while told.has_changed().is_ok() {
            assert!(endless.frame().await.unwrap().is_ok(), "the stream broke");
        }
    });

    for _ in 0..HAND_OVERS {
        for counted in [&mut knocks, &mut stays, &mut streams] {
            let wanted = *counted.borrow() + BETWEEN;
            counted.wait_for(|count| *count >= wanted).await.unwrap();
        }
        let taken = launch(&world, address, Succession::First).await.map(|_| ());
        assert!(
            matches!(
                taken,
                Err(StartError::Succession(SuccessionError::Taken(_)))
            ),
            "{taken:?}"
        );
        let next = launch(&world, address, Succession::TakesOver)
            .await
            .unwrap();
        edges.spawn(next.run(std::future::pending()));
    }
    drop((knocks, stays, streams, stop_reading));
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    for _ in 0..HAND_OVERS {
        edges.join_next().await.unwrap().unwrap();
    }
    assert_eq!(edges.len(), 1, "the last one stays");
}

#[tokio::test]
async fn an_edge_that_is_told_to_stop_answers_what_is_under_way() {
    let mut world = World::new(SERVED).await;
    world.routes.keep();
    let any = "127.0.0.1:0".parse().unwrap();
    let edge = launch(&world, any, Succession::First).await.unwrap();
    let address = edge.address;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(edge.run(async move { drop(stopped.await) }));
    let mut idle = open(address).await;
    idle.ready().await.unwrap();
    let mut one = open(address).await;
    let one = tokio::spawn(async move { one.send_request(request("/gate")).await });
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut many, connection) = http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    let closed = tokio::spawn(connection);
    let answer = tokio::spawn(many.send_request(request("/gate")));
    world.hanging.wait_for(|count| *count == 2).await.unwrap();

    stop.send(()).unwrap();
    while TcpStream::connect(address).await.is_ok() {}
    assert!(!running.is_finished());
    world.gate.notify_waiters();
    let one = one.await.unwrap().unwrap();
    assert_eq!(one.status(), StatusCode::OK);
    assert_eq!(one.headers()["connection"], "close");
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.collect().await.unwrap();
    // It was told that no more is taken, and has nothing left to wait for.
    closed.await.unwrap().unwrap();
    assert!(idle.ready().await.is_err(), "an idle connection is closed");
    drop((one, many));
    running.await.unwrap();
}

#[tokio::test]
async fn an_edge_that_cannot_start_takes_nothing_over() {
    let world = World::new(SERVED).await;
    world.routes.keep();
    let first = launch(&world, "127.0.0.1:0".parse().unwrap(), Succession::First)
        .await
        .unwrap();
    let address = first.address;
    let running = tokio::spawn(first.run(std::future::pending()));
    // Another address is another socket, and that one is taken.
    let failed = launch(&world, world.edge, Succession::TakesOver)
        .await
        .map(|_| ());
    assert!(
        matches!(failed, Err(StartError::Listen { .. })),
        "{failed:?}"
    );
    for _ in 0..BETWEEN {
        let answer = open(address)
            .await
            .send_request(request("/x"))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert!(!running.is_finished());
}
