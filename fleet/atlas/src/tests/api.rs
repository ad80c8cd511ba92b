//! The control plane as its peers meet it: over real sockets, with certificates of every kind.

use super::cell_for_tests::TestCell;
use crate::listener::STRANGERS_EACH_MAX;
use crate::start::{ControlConfig, LostKey, StartError, start};
use axum::http::StatusCode;
use database::Location;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use url::Url;
use vocab::slug::Slug;
use wire::client::{CallError, FleetClient};
use wire::control::{
    CellView, CreatedOrg, FleetView, OrgPage, OrgView, Problem, TlsCount, TlsView,
};
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole, server_name};
use wire::routes::file::{MEDIA_TYPE, decode};
use wire::routes::follow::{Delta, Followed};
use wire::routes::signature::RouteVerifier;

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const ANY_PORT: &str = "127.0.0.1:0";

/// A control plane that listens, and the authority that its peers have their certificates from.
pub(super) struct Plane {
    address: String,
    pub(super) page: String,
    pub(super) route_key: String,
    authority: FleetAuthority,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Plane {
    /// The whole map, as whoever begins to follow gets it.
    async fn whole_map(&self, edge: &FleetClient) -> Followed {
        let (form, bytes) = edge.get_raw("/v1/routes", MINUTE).await.unwrap();
        assert_eq!(form.unwrap(), MEDIA_TYPE);
        decode(&bytes, &RouteVerifier::from_hex(&self.route_key).unwrap()).unwrap()
    }

    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = FleetAuthority::open_or_create(&folder.path().join("ca")).unwrap();
        let mut plane = Self {
            address: String::new(),
            page: String::new(),
            route_key: String::new(),
            authority,
            folder,
            stop: None,
            running: None,
        };
        plane.run().await;
        plane
    }

    /// Starts it over the data that is there.
    async fn run(&mut self) {
        let identity = Arc::new(self.identity(FleetRole::Control, "control"));
        let started = start(self.config(ANY_PORT), identity).await.unwrap();
        self.address = started.address.to_string();
        self.page = started.page.unwrap().to_string();
        self.route_key = started.route_key.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.running = Some(tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            started.run(stopped).await.unwrap();
        }));
    }

    pub(super) async fn end(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            running.await.unwrap();
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    pub(super) fn config(&self, page: &str) -> ControlConfig {
        ControlConfig {
            store: Location::Sqlite {
                path: self.data().join("register.db"),
            },
            data: self.data(),
            lost_key: LostKey::Missed,
            listen: ANY_PORT.parse().unwrap(),
            page: Some(page.parse().unwrap()),
            origin: Url::parse("https://id.example/").unwrap(),
        }
    }

    pub(super) fn identity(&self, role: FleetRole, name: &str) -> FleetIdentity {
        let own = self.folder.path().join(format!("{}-{name}", role.as_str()));
        self.authority.issue(role, name, &own).unwrap();
        FleetIdentity::load(&own).unwrap()
    }

    fn client_of(&self, identity: &FleetIdentity) -> FleetClient {
        let name = server_name(FleetRole::Control, "control");
        FleetClient::new(identity, &self.address, &name).unwrap()
    }

    pub(super) fn client(&self, role: FleetRole) -> FleetClient {
        self.client_of(&self.identity(role, "peer"))
    }
}

pub(super) fn refusal<T>(answer: Result<T, CallError>) -> (StatusCode, Problem) {
    match answer.err().unwrap() {
        CallError::Refused { status, problem } => (status, problem),
        other => panic!("{other}"),
    }
}

pub(super) fn declaration(name: &str, address: &str) -> Value {
    json!({
        "name": name, "region": "eu", "cloud": "metal", "regimes": ["hipaa"], "size": "small",
        "address": address, "state": "open",
    })
}

fn report() -> Value {
    let traffic = json!({
        "cell": "cell-a", "requests": 10, "errors": 1, "p50_micros": 100, "p99_micros": 900,
    });
    json!({ "edge": "peer", "span_micros": 1_000_000, "cursor": 0, "cells": [traffic], "tls": [] })
}

#[tokio::test]
async fn each_role_may_do_its_own_and_no_more() {
    let plane = Plane::start().await;
    let reads = [
        "/v1/fleet",
        "/v1/cells",
        "/v1/cells/cell-a",
        "/v1/orgs",
        "/v1/orgs/acme",
    ];
    let writes = [
        ("/v1/cells", declaration("cell-a", "127.0.0.1:1")),
        (
            "/v1/cells/cell-a/state",
            json!({ "state": "full", "epoch": 1 }),
        ),
        ("/v1/orgs", json!({ "slug": "acme", "name": "Acme" })),
    ];
    for role in [FleetRole::Edge, FleetRole::Cell, FleetRole::Control] {
        let client = plane.client(role);
        for path in reads {
            let (status, problem) = refusal(client.get::<Value>(path, MINUTE).await);
            assert_eq!(
                (status, problem.error.as_str()),
                (StatusCode::FORBIDDEN, "forbidden"),
                "{role:?} {path}"
            );
        }
        for (path, body) in &writes {
            let (status, _) = refusal(client.post::<Value>(path, body, MINUTE).await);
            assert_eq!(status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
    for role in [FleetRole::Cell, FleetRole::Control] {
        let client = plane.client(role);
        let (status, _) = refusal(client.get::<Value>("/v1/routes", MINUTE).await);
        assert_eq!(status, StatusCode::FORBIDDEN, "{role:?}");
        let body = report();
        let told = client.post::<Value>("/v1/edges/report", &body, MINUTE);
        assert_eq!(refusal(told.await).0, StatusCode::FORBIDDEN, "{role:?}");
    }
    let operator = plane.client(FleetRole::Operator);
    let cells: Vec<CellView> = operator.get("/v1/cells", MINUTE).await.unwrap();
    assert!(cells.is_empty(), "nothing was done");

    let edge = plane.client(FleetRole::Edge);
    edge.get_raw("/v1/routes", MINUTE).await.unwrap();
    let mut body = report();
    let told = edge.post::<Value>("/v1/edges/report", &body, MINUTE);
    told.await.unwrap();
    // Nobody reports in another's place.
    for name in ["peer-2", "*", ""] {
        body["edge"] = json!(name);
        let told = edge.post::<Value>("/v1/edges/report", &body, MINUTE);
        assert_eq!(refusal(told.await).0, StatusCode::FORBIDDEN, "{name}");
    }
    let body = report();
    let told = operator.post::<Value>("/v1/edges/report", &body, MINUTE);
    assert_eq!(refusal(told.await).0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_clients_speak_and_the_hosts_of_orgs_are_for_operators() {
    let plane = Plane::start().await;
    let (path, tls) = ("/v1/orgs/acme/hosts/login.acme.test", "/v1/fleet/tls");
    for role in [FleetRole::Edge, FleetRole::Cell, FleetRole::Control] {
        let client = plane.client(role);
        let refused = [
            refusal(client.get::<Value>(tls, MINUTE).await),
            refusal(client.put::<Value>(path, &json!({}), MINUTE).await),
            refusal(client.delete::<Value>(path, MINUTE).await),
        ];
        assert!(
            refused
                .iter()
                .all(|refused| refused.0 == StatusCode::FORBIDDEN),
            "{role:?}"
        );
    }
    let counted = TlsCount {
        slug: Slug::parse("acme").ok(),
        version: String::from("TLSv1_3"),
        suite: String::from("TLS13_AES_256_GCM_SHA384"),
        group: String::from("X25519MLKEM768"),
        alpn: String::from("h2"),
        handshakes: 3,
    };
    let mut body = report();
    body["tls"] = json!([counted]);
    let edge = plane.client(FleetRole::Edge);
    for _ in 0..2 {
        let told = edge.post::<Value>("/v1/edges/report", &body, MINUTE);
        told.await.unwrap();
    }
    let operator = plane.client(FleetRole::Operator);
    let view: TlsView = operator.get(tls, MINUTE).await.unwrap();
    assert_eq!(
        view.counts,
        [TlsCount {
            handshakes: 6,
            ..counted
        }]
    );
    let other: TlsView = operator
        .get("/v1/fleet/tls?org=globex", MINUTE)
        .await
        .unwrap();
    assert!(other.counts.is_empty());
    for (path, status) in [
        ("/v1/orgs/acme/hosts/login.acme.test", StatusCode::NOT_FOUND),
        (
            "/v1/orgs/acme/hosts/acme.id.example",
            StatusCode::BAD_REQUEST,
        ),
        ("/v1/orgs/acme/hosts/192.0.2.1", StatusCode::BAD_REQUEST),
        (
            "/v1/orgs/ACME/hosts/login.acme.test",
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let nothing = json!({});
        let put = operator.put::<Value>(path, &nothing, MINUTE);
        assert_eq!(refusal(put.await).0, status, "{path}");
        let deleted = operator.delete::<Value>(path, MINUTE);
        assert_eq!(refusal(deleted.await).0, status, "{path}");
    }
    let (status, _) = refusal(
        operator
            .get::<Value>("/v1/fleet/tls?org=A%20B", MINUTE)
            .await,
    );
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_is_not_of_the_fleet_is_not_heard() {
    let plane = Plane::start().await;
    // A stranger's authority gives out the same names.
    let theirs = plane.folder.path().join("theirs");
    let stranger = FleetAuthority::open_or_create(&theirs).unwrap();
    let own = plane.folder.path().join("stranger");
    stranger.issue(FleetRole::Operator, "peer", &own).unwrap();
    // It believes the control plane, so that it is the control plane that refuses.
    let ours = plane.folder.path().join("ca/authority.pem");
    std::fs::copy(ours, own.join("authority.pem")).unwrap();
    let client = plane.client_of(&FleetIdentity::load(&own).unwrap());
    let answer = client.get::<Value>("/v1/cells", MINUTE).await;
    assert!(matches!(answer, Err(CallError::Unreachable { .. })));

    let mut roots = RootCertStore::empty();
    let root = plane.folder.path().join("ca/authority.pem");
    roots
        .add(CertificateDer::from_pem_file(root).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(server_name(FleetRole::Control, "control")).unwrap();
    let stream = TcpStream::connect(&plane.address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut heard = Vec::new();
    // In TLS 1.3 the client is through before the server has seen that it brings no certificate.
    if let Ok(mut stream) = connector.connect(name, stream).await {
        let asked = stream.write_all(b"GET /v1/cells HTTP/1.1\r\nhost: control\r\n\r\n");
        drop(asked.await);
        drop(stream.read_to_end(&mut heard).await);
    }
    assert!(heard.is_empty());
}

#[tokio::test]
async fn who_shows_no_certificate_takes_no_more_than_a_share() {
    let plane = Plane::start().await;
    let member = plane.client(FleetRole::Operator);
    member.get::<Value>("/v1/cells", MINUTE).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..STRANGERS_EACH_MAX {
        silent.push(TcpStream::connect(&plane.address).await.unwrap());
    }
    let mut one_too_many = TcpStream::connect(&plane.address).await.unwrap();
    assert_eq!(one_too_many.read(&mut [0; 1]).await.unwrap(), 0);
    member.get::<Value>("/v1/cells", MINUTE).await.unwrap();
}

#[tokio::test]
async fn an_operator_makes_a_fleet_and_its_orgs() {
    let plane = Plane::start().await;
    let cell = TestCell::start(&plane.authority, plane.folder.path(), "cell-a").await;
    cell.book.open_gate();
    let operator = plane.client(FleetRole::Operator);
    let declared = declaration("cell-a", &cell.address);
    let made: CellView = operator.post("/v1/cells", &declared, MINUTE).await.unwrap();
    assert_eq!(made.epoch.number(), 1);
    for slug in ["globex", "acme"] {
        let wanted = json!({ "slug": slug, "name": slug, "pin": { "region": "eu" } });
        let made: CreatedOrg = operator.post("/v1/orgs", &wanted, MINUTE).await.unwrap();
        assert_eq!(made.url, format!("https://id.example/t/{slug}"));
        let link = made.setup_url.unwrap();
        assert!(link.starts_with(&format!("https://id.example/t/{slug}/setup?token=")));
    }
    let page: OrgPage = operator.get("/v1/orgs?limit=1", MINUTE).await.unwrap();
    assert_eq!(page.next.as_ref().unwrap().as_str(), "acme");
    let path = "/v1/orgs?limit=1&after=acme&cell=cell-a";
    let page: OrgPage = operator.get(path, MINUTE).await.unwrap();
    assert_eq!(page.orgs[0].slug.as_str(), "globex");
    assert!(page.next.is_none());
    let org: OrgView = operator.get("/v1/orgs/acme", MINUTE).await.unwrap();
    assert_eq!(org.cell.as_str(), "cell-a");

    let edge = plane.client(FleetRole::Edge);
    let followed = plane.whole_map(&edge).await;
    assert_eq!(followed.map.org_by_slug("acme").unwrap().org, org.id);
    let body = report();
    let told = edge.post::<Value>("/v1/edges/report", &body, MINUTE);
    told.await.unwrap();
    let view: FleetView = operator.get("/v1/fleet", MINUTE).await.unwrap();
    assert_eq!(view.orgs_total, 2);
    assert_eq!(view.cells[0].traffic.as_ref().unwrap().requests, 10);
    assert_eq!(view.changes[0].kind, "org.serve");
    assert_eq!(view.changes[0].actor, "operator");

    let wanted = json!({ "state": "draining", "epoch": 1 });
    let path = "/v1/cells/cell-a/state";
    let drained: CellView = operator.post(path, &wanted, MINUTE).await.unwrap();
    assert_eq!(drained.epoch.number(), 2);
    let alone = "acme and 1 more stay: no cell can take it: there is no other cell";
    assert_eq!(drained.waiting.as_deref(), Some(alone));
    let shown: CellView = operator.get("/v1/cells/cell-a", MINUTE).await.unwrap();
    assert_eq!(shown.waiting, drained.waiting);
    let none = operator
        .get::<OrgPage>("/v1/orgs?cell=cell-z", MINUTE)
        .await;
    let (status, problem) = refusal(none);
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        problem.message.contains("there is no cell \"cell-z\""),
        "{}",
        problem.message
    );
    let (status, problem) = refusal(operator.post::<Value>(path, &wanted, MINUTE).await);
    assert_eq!(
        (status, problem.error.as_str()),
        (StatusCode::CONFLICT, "changed")
    );
    let close = json!({ "state": "closed", "epoch": 2 });
    let (status, problem) = refusal(operator.post::<Value>(path, &close, MINUTE).await);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem.message.contains("2 organisations"));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let plane = Plane::start().await;
    let operator = plane.client(FleetRole::Operator);
    let declared = declaration("cell-a", "127.0.0.1:1");
    let _: CellView = operator.post("/v1/cells", &declared, MINUTE).await.unwrap();
    let long = "x".repeat(300 * 1024);
    let posts = [
        ("/v1/orgs", json!({ "slug": "acme" }), 400, "invalid"),
        (
            "/v1/orgs",
            json!({ "slug": "Acme", "name": "Acme" }),
            400,
            "invalid",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": " " }),
            400,
            "invalid",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "A", "extra": 1 }),
            400,
            "invalid",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": long }),
            413,
            "invalid",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "A", "cell": "cell-z" }),
            404,
            "not_found",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "A", "pin": { "region": "us" } }),
            422,
            "refused",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "A", "pin": { "region": "us" }, "cell": "cell-a" }),
            422,
            "refused",
        ),
        // Its cell is not there: the name and the place are taken, the rest comes by itself.
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "A", "cell": "cell-a" }),
            503,
            "unavailable",
        ),
        // Nobody named the cell, and it did not answer.
        (
            "/v1/orgs",
            json!({ "slug": "globex", "name": "G" }),
            503,
            "unavailable",
        ),
        (
            "/v1/orgs",
            json!({ "slug": "xn--acme", "name": "A" }),
            400,
            "invalid",
        ),
        ("/v1/orgs/nosuch/invite", json!({}), 404, "not_found"),
        ("/v1/orgs/acme/invite", json!({}), 503, "unavailable"),
        (
            "/v1/orgs",
            json!({ "slug": "acme", "name": "B" }),
            409,
            "taken",
        ),
        (
            "/v1/cells/cell-z/state",
            json!({ "state": "full", "epoch": 1 }),
            404,
            "not_found",
        ),
        (
            "/v1/cells/cell-a/state",
            json!({ "state": "full", "epoch": 0 }),
            400,
            "invalid",
        ),
        (
            "/v1/cells/cell-a/state",
            json!({ "state": "building", "epoch": 1 }),
            422,
            "refused",
        ),
        ("/v1/cells", json!({ "name": "cell-b" }), 400, "invalid"),
        (
            "/v1/cells",
            declaration("cell-b", "127.0.0.1:1"),
            409,
            "taken",
        ),
        ("/v1/fleet", json!({}), 405, "invalid"),
        ("/v1/nothing", json!({}), 404, "not_found"),
    ];
    for (path, body, status, error) in posts {
        let (got, problem) = refusal(operator.post::<Value>(path, &body, MINUTE).await);
        let said = (got.as_u16(), problem.error.as_str());
        assert_eq!(said, (status, error), "{path} {}", problem.message);
        assert!(!problem.message.is_empty());
    }
    for (path, status) in [
        ("/v1/orgs/nosuch", 404),
        ("/v1/orgs/No", 400),
        ("/v1/cells/No", 400),
        ("/v1/orgs?limit=x", 400),
        ("/v1/routes?after=x", 400),
    ] {
        let (got, _) = refusal(operator.get::<Value>(path, MINUTE).await);
        assert_eq!(got.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_control_plane_that_starts_again_signs_the_same_map_with_the_same_key() {
    let mut plane = Plane::start().await;
    let operator = plane.client(FleetRole::Operator);
    let declared = declaration("cell-a", "127.0.0.1:1");
    let _: CellView = operator.post("/v1/cells", &declared, MINUTE).await.unwrap();
    let edge = plane.client(FleetRole::Edge);
    let before = plane.whole_map(&edge).await;
    let key = plane.data().join("route.key");
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let other = Arc::new(plane.identity(FleetRole::Control, "control"));
    let second = start(plane.config(ANY_PORT), other).await;
    assert!(matches!(second, Err(StartError::InUse { .. })));

    // An edge that waits for news does not hold up the end.
    let path = format!("/v1/routes?after={}&wait_secs=30", before.cursor());
    let waits = tokio::spawn(async move { edge.get::<Delta>(&path, MINUTE).await });
    let (known, begun) = (plane.route_key.clone(), std::time::Instant::now());
    plane.end().await;
    assert!(begun.elapsed() < Duration::from_secs(25));
    drop(waits.await.unwrap());

    plane.run().await;
    assert_eq!(plane.route_key, known);
    let edge = plane.client(FleetRole::Edge);
    let after = plane.whole_map(&edge).await;
    assert_eq!(after.map.root(), before.map.root());
    assert_eq!(after.cursor(), before.cursor());
}
