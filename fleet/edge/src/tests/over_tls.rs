//! An edge that speaks TLS, with all its doors: what cells hear of it, what browsers are told, and which doors cannot be
//! opened.

use super::{SERVED, World};
use crate::start::{EdgeConfig, StartError, Started, Succession, start};
use crate::tls::sources::{MakerConfig, TlsConfig};
use crate::tls::tests::world::{Speech, TestAuthority, client_config};
use crate::trust::Trust;
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wire::identity::FleetIdentity;

const ANY_PORT: &str = "127.0.0.1:0";

fn config(world: &World, tls: TlsConfig) -> EdgeConfig {
    EdgeConfig {
        name: String::from("edge-1"),
        listen: ANY_PORT.parse().unwrap(),
        origin: "https://id.test:8443".parse().unwrap(),
        data: world.folder.path().to_path_buf(),
        succession: Succession::First,
        control_address: String::from("127.0.0.1:1"),
        control_name: String::from("control.test"),
        trust: Trust::default(),
        route_key: world.signer.public_hex(),
        tls,
        http_listen: None,
        metrics_listen: None,
    }
}

async fn launch(world: &World, config: EdgeConfig) -> Result<Started, StartError> {
    let identity = FleetIdentity::load(&world.folder.path().join("edge-1")).unwrap();
    start(config, &identity).await
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str) -> String {
    let request = format!("{head}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // An end without a farewell is one as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask_plain(address: SocketAddr, head: &str) -> String {
    ask(TcpStream::connect(address).await.unwrap(), head).await
}

#[tokio::test]
async fn what_comes_over_tls_is_https_to_all_who_hear_of_it() {
    let world = World::new(SERVED).await;
    world.routes.keep();
    let (authority, files) = (TestAuthority::new(), tempfile::tempdir().unwrap());
    for (file, host) in [("acme", "acme.id.test"), ("own", "id.test")] {
        let made = authority.make(&[host], -1, 60);
        std::fs::write(files.path().join(format!("{file}.pem")), made.chain).unwrap();
        std::fs::write(files.path().join(format!("{file}.key")), made.key).unwrap();
    }
    let tls = TlsConfig {
        files: Some(files.path().to_path_buf()),
        maker: None,
    };
    let doors = EdgeConfig {
        http_listen: Some(ANY_PORT.parse().unwrap()),
        metrics_listen: Some(ANY_PORT.parse().unwrap()),
        ..config(&world, tls)
    };
    let started = launch(&world, doors).await.unwrap();
    let (address, http) = (started.address, started.http_address.unwrap());
    let metrics = started.metrics_address.unwrap();
    tokio::spawn(started.run(std::future::pending()));

    let speech = Speech {
        alpn: vec![b"http/1.1".to_vec()],
        ..Speech::default()
    };
    let connector = TlsConnector::from(Arc::new(client_config(&authority.root, speech)));
    let over_tls = async |name: &str, head: &str| {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        ask(connector.connect(name, stream).await.unwrap(), head).await
    };
    let told = over_tls(
        "acme.id.test",
        "GET /x HTTP/1.1\r\nhost: acme.id.test\r\nx-forwarded-proto: http",
    )
    .await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    assert!(
        told.contains("strict-transport-security: max-age="),
        "{told}"
    );
    assert!(told.contains("x-forwarded-proto: https\n"), "{told}");
    let told = ask_plain(address, "GET /x HTTP/1.1\r\nhost: acme.id.test").await;
    assert!(told.starts_with("HTTP/1.1 400"), "{told}");
    assert!(
        told.ends_with("begin the address with https, not http"),
        "{told}"
    );
    for (name, host, status) in [
        ("acme.id.test", "id.test:8443", "421"),
        ("id.test", "acme.id.test", "421"),
        ("id.test", "evil.test", "421"),
        ("acme.id.test", "evil.test", "421"),
        ("acme.id.test", "a b", "421"),
    ] {
        let told = over_tls(name, &format!("GET /health/live HTTP/1.1\r\nhost: {host}")).await;
        assert!(
            told.starts_with(&format!("HTTP/1.1 {status}")),
            "{name} {host}: {told}"
        );
    }
    let told = over_tls("id.test", "GET /t/acme/x HTTP/1.1\r\nhost: id.test:8443").await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");

    let told = ask_plain(
        http,
        "POST /x?a=b HTTP/1.1\r\nhost: acme.id.test\r\ncontent-length: 0",
    )
    .await;
    assert!(told.starts_with("HTTP/1.1 308"), "{told}");
    assert!(
        told.contains("location: https://acme.id.test:8443/x?a=b\r\n"),
        "{told}"
    );
    assert!(!told.contains("strict-transport-security"), "{told}");
    let told = ask_plain(http, "GET / HTTP/1.1\r\nhost: evil.test").await;
    assert!(told.starts_with("HTTP/1.1 421"), "{told}");

    let told = ask_plain(metrics, "GET /metrics HTTP/1.1\r\nhost: localhost").await;
    for part in [
        "version=0.0.4",
        "testudo_edge_tls_handshakes_total{org=\"acme\",version=\"TLSv1_3\"",
        "testudo_edge_tls_certificate_ends_seconds{host=\"acme.id.test\"}",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    for (request, status) in [("GET / HTTP/1.1", "404"), ("POST /metrics HTTP/1.1", "405")] {
        let told = ask_plain(metrics, &format!("{request}\r\nhost: localhost")).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{told}");
    }
}

#[tokio::test]
async fn doors_that_would_show_something_are_not_opened() {
    let world = World::new(SERVED).await;
    let local = || TlsConfig {
        files: None,
        maker: Some(MakerConfig::Local),
    };
    let empty = tempfile::tempdir().unwrap();
    let files = |folder: &std::path::Path| TlsConfig {
        files: Some(folder.to_path_buf()),
        maker: None,
    };
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let table = [
        (
            EdgeConfig {
                listen: everywhere,
                ..config(&world, TlsConfig::default())
            },
            "plain HTTP would show passwords",
        ),
        (
            EdgeConfig {
                origin: "http://id.test".parse().unwrap(),
                ..config(&world, local())
            },
            "with TLS it begins with https",
        ),
        (
            EdgeConfig {
                http_listen: Some(everywhere),
                ..config(&world, TlsConfig::default())
            },
            "sends clients on to TLS, and there is none",
        ),
        (
            EdgeConfig {
                metrics_listen: Some(everywhere),
                ..config(&world, local())
            },
            "name a loopback address",
        ),
        (
            config(&world, files(empty.path())),
            "no certificate in it can be used",
        ),
        (
            config(&world, files(&empty.path().join("missing"))),
            "--tls-files",
        ),
    ];
    for (config, reason) in table {
        let refused = launch(&world, config).await.err().unwrap().to_string();
        assert!(refused.contains(reason), "{reason}: {refused}");
    }
    // With TLS it may be reached from everywhere.
    let open = EdgeConfig {
        listen: everywhere,
        http_listen: Some(everywhere),
        ..config(&world, local())
    };
    let started = launch(&world, open).await.unwrap();
    assert!(started.local_root().is_some_and(std::path::Path::exists));
}
