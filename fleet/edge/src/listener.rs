//! Takes connections of clients, within bounds, until told to stop; then lets the requests under way finish.

use crate::proxy::Proxy;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16_384;
/// How long a client may take to send its request head.
const HEADER_SECS_MAX: u64 = 15;
/// Largest request head.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Most header fields of a request.
const HEADERS_MAX: usize = 64;
/// Requests at one time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 64;
/// Streams that a client may have reset before they were looked at (rapid reset, CVE-2023-44487).
const RESETS_PENDING_MAX: usize = 32;
/// Streams that a client may bring us to reset (MadeYouReset, CVE-2025-8671).
const RESETS_OURS_MAX: usize = 64;
/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 20;
/// Pause after the system refused a connection (out of descriptors).
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, then drains.
pub async fn serve(listener: TcpListener, proxy: Arc<Proxy>, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accept = async {
            let permit = Arc::clone(&connections).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accept => accepted,
        };
        match (permit, accepted) {
            (Ok(permit), Ok((stream, peer))) => {
                let proxy = Arc::clone(&proxy);
                tokio::spawn(run(stream, peer, proxy, permit, graceful.watcher()));
            }
            (Err(_), _) => break,
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY).await;
            }
        }
    }
    drop(listener);
    let drained = tokio::time::timeout(Duration::from_secs(DRAIN_SECS_MAX), graceful.shutdown());
    if drained.await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    proxy: Arc<Proxy>,
    permit: OwnedSemaphorePermit,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.serve(request, peer.ip()).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEADER_SECS_MAX))
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_OURS_MAX)
        .keep_alive_interval(Duration::from_secs(30));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let connection = watcher.watch(connection.into_owned());
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(permit);
}
