//! Takes connections within bounds: of processes of the fleet, over mutual TLS, and of browsers on this machine.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use reception::accept::take_connections;
use reception::crowd::{Crowd, Place};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::{Service, ServiceExt as _};
use wire::identity::{FleetRole, peer_role};

/// Connections at one time.
const CONNECTIONS_MAX: usize = 4_096;
/// Connections at one time from one address that have not shown a certificate of the fleet; further ones are closed. Members
/// come back all at once when the control plane was away, and a laptop has one address for all of them.
pub(crate) const STRANGERS_EACH_MAX: usize = 512;
/// How long a TLS handshake may take.
const HANDSHAKE_SECS_MAX: u64 = 10;
/// How long a peer may take to send a request head.
const HEADER_SECS_MAX: u64 = 15;
/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 5;

/// Connections at one time of browsers on this machine: each page that is drawn holds one, and loads its parts by others.
const NEAR_MAX: usize = 128;

/// The role of the peer, as an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub FleetRole);

/// The certificate of the peer, whose chain was verified, as an extension of each request.
#[derive(Debug, Clone)]
pub struct PeerCertificate(pub Arc<CertificateDer<'static>>);

/// Serves until `stop` resolves, then drains.
pub async fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let strangers = Crowd::new(STRANGERS_EACH_MAX);
    let acceptor = TlsAcceptor::from(config);
    let graceful = GracefulShutdown::new();
    take_connections(listener, &connections, stop, |stream, peer, permit| {
        let Some(place) = strangers.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections from one address without a certificate");
            return;
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        let (held, watcher) = ((permit, place), graceful.watcher());
        tokio::spawn(run(stream, acceptor, router, held, watcher));
    })
    .await;
    drain(graceful).await;
}

/// Serves browsers on this machine, without TLS, until `stop` resolves, then drains.
pub async fn serve_near(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(NEAR_MAX));
    let graceful = GracefulShutdown::new();
    take_connections(listener, &connections, stop, |stream, _, permit| {
        let (router, watcher) = (router.clone(), graceful.watcher());
        tokio::spawn(async move {
            let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
            speak(stream, service, watcher).await;
            drop(permit);
        });
    })
    .await;
    drain(graceful).await;
}

async fn drain(graceful: GracefulShutdown) {
    let drained = tokio::time::timeout(Duration::from_secs(DRAIN_SECS_MAX), graceful.shutdown());
    if drained.await.is_err() {
        tracing::debug!("some requests did not end in time and were cut off");
    }
}

async fn run(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    (permit, stranger): (OwnedSemaphorePermit, Place),
    watcher: Watcher,
) {
    let limit = Duration::from_secs(HANDSHAKE_SECS_MAX);
    let stream = match tokio::time::timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            return;
        }
        Err(_) => return,
    };
    let leaf = stream.get_ref().1.peer_certificates();
    let Some(leaf) = leaf.and_then(<[_]>::first) else {
        return;
    };
    let Some(role) = peer_role(leaf) else {
        return;
    };
    let certificate = PeerCertificate(Arc::new(leaf.clone().into_owned()));
    drop(stranger);
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(role));
        request.extensions_mut().insert(certificate.clone());
        request.map(Body::new)
    });
    speak(stream, service, watcher).await;
    drop(permit);
}

/// HTTP on one connection, to its end.
async fn speak<S>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: S,
    watcher: Watcher,
) where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEADER_SECS_MAX));
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    let connection = watcher.watch(connection.into_owned());
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
