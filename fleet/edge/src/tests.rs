//! The way of a request over real sockets: a client that speaks raw bytes, the edge, and a small cell behind mutual TLS that
//! says back what it was told.

mod first_word;
mod floods;
mod hand_over;
mod hanging;
mod heads;
mod over_tls;
mod proxied;
mod ways;

use crate::address::Origin;
use crate::breaker::{Breakers, Times};
use crate::follower::Routes;
use crate::listener::{self, Bounds, Entrance, House};
use crate::proxy::{BODY_BYTES_MAX, Proxy};
use crate::share::{Most, Shares, UNDER_WAY_EACH_MAX};
use crate::traffic::Traffic;
use crate::trust::Trust;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Channel, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use vocab::entropy::{SeededEntropy, SystemEntropy};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole};
use wire::names::CellName;
use wire::placement::{Placement, STANDING_HEADER};
use wire::routes::entry::{CellRoute, Change, Entry, OrgRoute};
use wire::routes::follow::Delta;
use wire::routes::map::RouteMap;
use wire::routes::signature::{Head, RouteSigner, RouteVerifier};

/// A cell's hang shows in no time.
const QUICK: Times = Times {
    head: Duration::from_millis(200),
    probe: Duration::from_millis(200),
    pause: Duration::from_millis(20),
};
/// The epoch at which the cell of these tests serves its org.
const SERVED: i64 = 2;

struct World {
    edge: SocketAddr,
    routes: Routes,
    signer: RouteSigner,
    cell: SocketAddr,
    /// Hears of each request that the cell refused.
    refused: mpsc::UnboundedReceiver<()>,
    /// How many requests the cell will never be done with.
    hanging: watch::Receiver<usize>,
    /// Lets the requests go on that wait in the cell.
    gate: Arc<Notify>,
    /// Whether the cell answers nobody.
    deaf: watch::Sender<bool>,
    /// How often the cell was asked whether it lives.
    probed: watch::Receiver<u32>,
    folder: TempDir,
}

/// What the small cell tells.
#[derive(Clone)]
struct Telling {
    refused: mpsc::UnboundedSender<()>,
    hanging: watch::Sender<usize>,
    gate: Arc<Notify>,
    /// The how manieth connection this is.
    connection: usize,
    deaf: watch::Receiver<bool>,
    probed: watch::Sender<u32>,
}

/// A request that the cell is not done with.
struct Hanging(watch::Sender<usize>);

impl Hanging {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A body without an end.
struct Endless {
    _hanging: Hanging,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16_384])))))
    }
}

impl World {
    /// The edge believes the org to be at this epoch.
    async fn new(epoch: i64) -> Self {
        Self::bounded(epoch, &Bounds::default(), UNDER_WAY_EACH_MAX).await
    }

    async fn bounded(epoch: i64, bounds: &Bounds, share: usize) -> Self {
        Self::with(epoch, bounds, share, Trust::default()).await
    }

    async fn with(epoch: i64, bounds: &Bounds, share: usize, trust: Trust) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = FleetAuthority::open_or_create(&folder.path().join("ca")).unwrap();
        let identity = |role, name: &str| {
            let own = folder.path().join(name);
            authority.issue(role, name, &own).unwrap();
            FleetIdentity::load(&own).unwrap()
        };
        let (tell, refused) = mpsc::unbounded_channel();
        let (count, hanging) = watch::channel(0);
        let gate = Arc::new(Notify::new());
        let ((deaf, is_deaf), (probes, probed)) = (watch::channel(false), watch::channel(0));
        let tell = Telling {
            gate: Arc::clone(&gate),
            refused: tell,
            hanging: count,
            connection: 0,
            deaf: is_deaf,
            probed: probes,
        };
        let cell = run_cell(&identity(FleetRole::Cell, "cell-a"), tell).await;
        let signer = RouteSigner::generate().unwrap();
        let verifier = RouteVerifier::from_hex(&signer.public_hex()).unwrap();
        let routes = Routes::open(folder.path(), verifier);
        let proxy = Proxy::new(
            &identity(FleetRole::Edge, "edge-1"),
            Origin::new(&"http://localhost".parse().unwrap()),
            routes.clone(),
            Arc::new(Traffic::default()),
            Arc::new(SystemEntropy),
        );
        let mut proxy = proxy.unwrap();
        let most = Most {
            each: share,
            client: share,
        };
        proxy.shares = Shares::new(most, most);
        proxy.breakers = Breakers::new(QUICK);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let edge = listener.local_addr().unwrap();
        tokio::spawn(listener::serve(
            listener,
            Entrance::Plain,
            Arc::new(House::new(Arc::new(proxy), trust, bounds)),
            std::future::pending(),
        ));
        let world = Self {
            edge,
            routes,
            signer,
            cell,
            refused,
            hanging,
            gate,
            deaf,
            probed,
            folder,
        };
        world.route(1, epoch);
        world
    }

    /// The control plane says where the org is.
    fn route(&self, cursor: i64, epoch: i64) {
        let changes = vec![
            Change::Put(Entry::Cell(CellRoute {
                name: CellName::parse("cell-a").unwrap(),
                address: self.cell.to_string(),
                epoch: Epoch::FIRST,
            })),
            Change::Put(Entry::Org(OrgRoute {
                slug: Slug::parse("acme").unwrap(),
                org: OrgId::generate(&SeededEntropy::new(1)),
                cell: CellName::parse("cell-a").unwrap(),
                epoch: Epoch::try_from(epoch).unwrap(),
            })),
        ];
        let map = RouteMap::default().apply(changes.clone()).unwrap();
        let head = self.signer.sign(Head {
            cursor,
            root: map.root(),
            signed_at: Timestamp::from_seconds(1),
        });
        let delta = Delta {
            whole: true,
            after: 0,
            changes,
            head,
        };
        self.routes.take(delta).unwrap();
    }

    /// Sends bytes, and reads until the edge closes.
    async fn exchange(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.edge).await.unwrap();
        // The edge may answer and close before it has read all.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, fields: &str) -> String {
        let request = format!("GET /x HTTP/1.1\r\nhost: acme.localhost\r\n{fields}\r\n");
        self.exchange(request.as_bytes()).await
    }
}

/// Serves at one epoch alone, and says back the head and the body of what it got.
async fn run_cell(identity: &FleetIdentity, mut tell: Telling) -> SocketAddr {
    let acceptor = TlsAcceptor::from(identity.server_config(&[b"http/1.1"]).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tell.connection += 1;
            let (acceptor, tell) = (acceptor.clone(), tell.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let service = service_fn(move |request| answer(request, tell.clone()));
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                let _ = served.await;
            });
        }
    });
    address
}

async fn answer(
    mut request: Request<Incoming>,
    tell: Telling,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    if request.uri().path() == "/health/live" {
        tell.probed.send_modify(|count| *count += 1);
    }
    if *tell.deaf.borrow() {
        let _hanging = Hanging::new(&tell.hanging);
        std::future::pending::<()>().await;
    }
    if request.uri().path() == "/health/live" {
        return Ok(Response::new(Full::default().boxed()));
    }
    let placement = request.headers()["testudo-placement"].to_str().unwrap();
    let mut response = Response::new(Full::default().boxed());
    if Placement::parse(placement).unwrap().epoch.number() != SERVED {
        tell.refused.send(()).unwrap();
        *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        let standing = HeaderValue::from_str(&format!("{SERVED} serving")).unwrap();
        response.headers_mut().insert(STANDING_HEADER, standing);
        return Ok(response);
    }
    if request.headers().contains_key("upgrade") || request.uri().path() == "/switch" {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket")] {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else {
                return;
            };
            let mut stream = TokioIo::new(upgraded);
            let mut word = [0_u8; 5];
            stream.read_exact(&mut word).await.unwrap();
            word.reverse();
            stream.write_all(&word).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        return Ok(response);
    }
    match request.uri().path() {
        "/hang" => {
            let _hanging = Hanging::new(&tell.hanging);
            std::future::pending::<()>().await;
        }
        "/gate" => {
            let opened = tell.gate.notified();
            let _hanging = Hanging::new(&tell.hanging);
            opened.await;
        }
        "/endless" => {
            *response.body_mut() = Endless {
                _hanging: Hanging::new(&tell.hanging),
            }
            .boxed();
            return Ok(response);
        }
        "/events" => {
            let (mut events, body) = Channel::new(1);
            events
                .send_data(Bytes::from_static(b"first"))
                .await
                .unwrap();
            let gate = Arc::clone(&tell.gate);
            tokio::spawn(async move {
                gate.notified().await;
                events.send_data(Bytes::from_static(b"last")).await.unwrap();
            });
            *response.body_mut() = body.boxed();
            return Ok(response);
        }
        "/last" => {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert("connection", close);
        }
        _ => {}
    }
    let mut text = format!("{} {}\n", request.method(), request.uri());
    text.push_str(&format!("connection {}\n", tell.connection));
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    if let Ok(body) = request.into_body().collect().await {
        text.push_str(&format!("{} bytes of body\n", body.to_bytes().len()));
    }
    *response.body_mut() = Full::new(Bytes::from(text)).boxed();
    Ok(response)
}

#[tokio::test]
async fn the_cell_hears_the_truth_about_a_request() {
    let world = World::new(SERVED).await;
    let lies = "x-forwarded-for: 1.1.1.1\r\ntestudo-placement: 00olie 9\r\n\
        connection: close, host, x-forwarded-for, x-mine\r\nx-mine: 1\r\ncookie: a=b\r\n";
    let told = world.get(lies).await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    for line in [
        "GET /x\n",
        "host: acme.localhost\n",
        "x-forwarded-for: 127.0.0.1\n",
        "cookie: a=b\n",
    ] {
        assert!(told.contains(line), "{line:?} in {told}");
    }
    assert!(!told.contains("x-mine") && !told.contains("1.1.1.1") && !told.contains("00olie"));
    assert_eq!(told.matches("testudo-placement").count(), 1);
    assert!(
        !told.contains("testudo-local-client"),
        "it came with a forwarding field"
    );
    assert!(
        world
            .get("connection: close\r\n")
            .await
            .contains("testudo-local-client: 1")
    );
}

#[tokio::test]
async fn a_newer_route_is_followed_once_and_the_body_goes_along() {
    let mut world = World::new(SERVED - 1).await;
    let body = "x".repeat(1_000);
    let request = format!(
        "POST /x HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let news = async {
        world.refused.recv().await.unwrap();
        world.routes.clone()
    };
    let exchange = tokio::spawn(exchange_at(world.edge, request));
    let _ = news.await;
    world.route(2, SERVED);
    let told = exchange.await.unwrap();
    assert!(told.contains("1000 bytes of body"), "{told}");
    assert!(!told.contains("testudo-standing"), "{told}");
}

async fn exchange_at(edge: SocketAddr, request: String) -> String {
    let mut stream = TcpStream::connect(edge).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_cell_that_knows_nothing_newer_is_not_believed() {
    let world = World::new(SERVED + 1).await;
    let told = world.get("connection: close\r\n").await;
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    assert!(told.contains("retry-after: 1"), "{told}");
}

#[tokio::test]
async fn a_switched_connection_goes_both_ways() {
    let world = World::new(SERVED).await;
    let mut stream = TcpStream::connect(world.edge).await.unwrap();
    let request = "GET /x HTTP/1.1\r\nhost: acme.localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nhello";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 101") && answer.ends_with("olleh"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_cell_switches_nothing_that_was_not_to_be() {
    let world = World::new(SERVED).await;
    let request = b"GET /switch HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n\r\nhello";
    let told = world.exchange(request).await;
    assert!(told.starts_with("HTTP/1.1 502"), "{told}");
    assert!(!told.contains("olleh"), "{told}");
}

#[tokio::test]
async fn bodies_are_bounded_with_and_without_a_length() {
    let world = World::new(SERVED).await;
    let head = "POST /x HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n";
    let announced = format!("{head}content-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    let told = world.exchange(announced.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    let large = 2 * 1024 * 1024;
    let request = format!("{head}content-length: {large}\r\n\r\n{}", "x".repeat(large));
    let told = world.exchange(request.as_bytes()).await;
    assert!(told.contains("2097152 bytes of body"), "{told}");
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    let few = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
    // Without a length it may be as large as what the edge holds: nobody waits for the rest of it but the edge.
    let told = world.exchange(few.as_bytes()).await;
    assert!(told.contains("1048576 bytes of body"), "{told}");
    let many = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        chunk.repeat(2)
    );
    let broken = format!("{head}transfer-encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n");
    let told = world.exchange(broken.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
    let told = world.exchange(many.as_bytes()).await;
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 413"),
        "{told}"
    );
}

#[tokio::test]
async fn what_two_readers_could_understand_in_two_ways_is_not_sent_on() {
    let world = World::new(SERVED).await;
    for fields in [
        "host: acme.localhost\r\n",
        "content-length: 1\r\ncontent-length: 2\r\n",
        "content-length: 1, 1\r\n",
        "content-length: +1\r\n",
        "x-a: b\r\n c\r\n",
        "x-a : b\r\n",
        "x-a: b\0c\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let told = world.get(fields).await;
        assert!(told.starts_with("HTTP/1.1 400"), "{fields:?}: {told}");
    }
    for request in [
        "GET /x HTTP/1.1\r\n\r\n",
        "GET http://evil.localhost/x HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "CONNECT acme.localhost:1 HTTP/1.1\r\nhost: acme.localhost\r\n\r\n",
        "GET /x HTTP/1.0\r\nhost: acme.localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let told = world.exchange(request.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 400"), "{request:?}: {told}");
    }
}

#[tokio::test]
async fn nobody_is_taken_to_a_default() {
    let world = World::new(SERVED).await;
    for (host, status) in [
        ("nosuch.localhost", "421"),
        ("evil.example", "421"),
        ("localhost", "404"),
        ("a:b", "421"),
    ] {
        let request = format!("GET /x HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let told = world.exchange(request.as_bytes()).await;
        assert!(
            told.starts_with(&format!("HTTP/1.1 {status}")),
            "{host}: {told}"
        );
    }
}
