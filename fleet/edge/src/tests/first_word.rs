//! When it is told that an edge is ready: once the control plane has said what there is, does not answer, or is not believed.

use super::{SERVED, World};
use crate::follower::{FirstWord, Routes, follow};
use bytes::Bytes;
use http::{HeaderValue, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use vocab::entropy::SystemEntropy;
use wire::client::FleetClient;
use wire::identity::{FleetAuthority, FleetIdentity, FleetRole, server_name};
use wire::routes::file::{MEDIA_TYPE, encode};
use wire::routes::signature::{RouteSigner, RouteVerifier};

const MINUTE: Duration = Duration::from_secs(60);

/// A control plane that tells the whole map, whatever it is asked.
async fn run_control(identity: &FleetIdentity, map: Bytes) -> SocketAddr {
    let acceptor = TlsAcceptor::from(identity.server_config(&[b"http/1.1"]).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, map) = (acceptor.clone(), map.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                let service = service_fn(move |_| {
                    let mut answer = Response::new(Full::new(map.clone()));
                    let form = HeaderValue::from_static(MEDIA_TYPE);
                    answer.headers_mut().insert("content-type", form);
                    std::future::ready(Ok::<_, Infallible>(answer))
                });
                let served = hyper::server::conn::http1::Builder::new();
                let _ = served.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn an_edge_is_ready_when_it_was_told_the_way_or_nobody_answers() {
    let world = World::new(SERVED).await;
    let at = |name: &str| world.folder.path().join(name);
    let authority = FleetAuthority::open_or_create(&at("ca")).unwrap();
    let issued = authority.issue(FleetRole::Control, "control", &at("control"));
    issued.unwrap();
    let own = FleetIdentity::load(&at("control")).unwrap();
    let map = encode(&world.routes.current()).unwrap();
    let there = run_control(&own, Bytes::from(map)).await;
    let edge = FleetIdentity::load(&at("edge-1")).unwrap();
    let other = RouteSigner::generate().unwrap().public_hex();
    let trusted = world.signer.public_hex();
    let there = there.to_string();
    for (address, key, word) in [
        (there.as_str(), &trusted, FirstWord::Told),
        (&there, &other, FirstWord::OtherKey),
        ("127.0.0.1:1", &trusted, FirstWord::Silence),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let verifier = RouteVerifier::from_hex(key).unwrap();
        let routes = Routes::open(folder.path(), verifier);
        let nobody_was_asked = routes.first_word(Duration::ZERO).await;
        assert_eq!(nobody_was_asked, FirstWord::Silence);
        let name = server_name(FleetRole::Control, "control");
        let control = FleetClient::new(&edge, address, &name).unwrap();
        let entropy = Arc::new(SystemEntropy);
        let following = tokio::spawn(follow(routes.clone(), control, entropy));
        assert_eq!(routes.first_word(MINUTE).await, word, "{address}");
        let known = routes.current().map.org_by_slug("acme").is_some();
        assert_eq!(known, word == FirstWord::Told, "{address}");
        following.abort();
    }
}
