//! Accepts connections, within bounds, until told to stop; then lets the requests under way finish.

use crate::config::ProxyMode;
use crate::membership::PeerRole;
use crate::routes::Site;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use reception::accept::take_connections;
use reception::crowd::{Crowd, Place};
use reception::timed_body::TimedBody;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use wire::identity::peer_role;
use wire::placement::FIELDS_MAX;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 8_192;
/// Connections at one time from one address that is a client's own, or has not yet shown that it is the fleet's; further
/// ones are closed.
const CONNECTIONS_EACH_MAX: usize = 2_048;
/// How long a client may take to send its request head.
const HEADER_SECS_MAX: u64 = 15;
/// How long a client may take to send the body of a request.
const BODY_SECS_MAX: u64 = 30;
/// How long a TLS handshake may take.
const HANDSHAKE_SECS_MAX: u64 = 10;
/// Largest request head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Requests at one time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 20;

/// The client's address, as an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// Serves until `stop` resolves, then drains. Behind a proxy every connection is the proxy's; a member of the fleet is known
/// by its certificate, and until then it is anybody.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    proxy: ProxyMode,
    site: Arc<Site>,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let crowd = Crowd::new(match proxy {
        ProxyMode::None | ProxyMode::FleetEdge => CONNECTIONS_EACH_MAX,
        ProxyMode::TerminatesTls => CONNECTIONS_MAX,
    });
    let graceful = GracefulShutdown::new();
    let acceptor = tls.map(TlsAcceptor::from);
    take_connections(listener, &connections, stop, |stream, peer, permit| {
        let Some(place) = crowd.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections from one address");
            return;
        };
        let connection = Connection {
            site: Arc::clone(&site),
            peer,
            permit,
            place: Some(place),
            watcher: graceful.watcher(),
        };
        tokio::spawn(connection.run(stream, acceptor.clone()));
    })
    .await;
    if tokio::time::timeout(Duration::from_secs(DRAIN_SECS_MAX), graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

struct Connection {
    site: Arc<Site>,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
    /// One of those of its address, until a member of the fleet has shown its certificate.
    place: Option<Place>,
    watcher: Watcher,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
        match acceptor {
            None => self.serve(stream, PeerRole(None)).await,
            Some(acceptor) => {
                let limit = Duration::from_secs(HANDSHAKE_SECS_MAX);
                match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let (_, session) = stream.get_ref();
                        let leaf = session.peer_certificates().and_then(<[_]>::first);
                        let role = PeerRole(leaf.and_then(peer_role));
                        self.place = self.place.filter(|_| role.0.is_none());
                        self.serve(stream, role).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                    Err(_) => tracing::debug!("TLS handshake took too long"),
                }
            }
        }
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        role: PeerRole,
    ) {
        let (site, peer) = (self.site, PeerAddress(self.peer));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(role);
            let time = Duration::from_secs(BODY_SECS_MAX);
            let request = request.map(|body| Body::new(TimedBody::new(body, time)));
            let site = Arc::clone(&site);
            async move { Ok::<_, Infallible>(site.answer(request).await) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(HEADER_SECS_MAX))
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(FIELDS_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .keep_alive_interval(Duration::from_secs(30));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let connection = self.watcher.watch(connection.into_owned());
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop((self.permit, self.place));
    }
}
