//! One connection of a client, once it is known who speaks: HTTP/1.1 or HTTP/2 over any stream, within bounds.

use crate::framing;
use crate::framing::guarded::Guarded;
use crate::proxy::Proxy;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::Watcher;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

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

/// What is known of a connection before its first request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The other end of the socket.
    pub peer: SocketAddr,
    /// The client: the peer, unless a proxy that is trusted says otherwise.
    pub client: IpAddr,
    /// How the client speaks: `http` or `https`.
    pub scheme: &'static str,
    /// The port of ours that it came in at.
    pub local_port: u16,
}

/// Serves the requests of one connection until it ends or the watcher says that it shall.
pub async fn serve<S>(stream: S, facts: Facts, proxy: Arc<Proxy>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        async move {
            let last = framing::is_last(&request);
            let mut answer = proxy.serve(request, &facts).await;
            if last && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
            }
            Ok::<_, Infallible>(answer)
        }
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
    let connection =
        builder.serve_connection_with_upgrades(TokioIo::new(Guarded::new(stream)), service);
    let connection = watcher.watch(connection.into_owned());
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
