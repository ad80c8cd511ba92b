//! Takes connections of clients, within bounds, until told to stop; then lets the requests under way finish.

use crate::connection::{self, Facts};
use crate::proxy::Proxy;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16_384;
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

/// What stands between a socket and its first request.
async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    proxy: Arc<Proxy>,
    permit: OwnedSemaphorePermit,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let facts = Facts {
        peer,
        client: peer.ip(),
        scheme: proxy.scheme(),
        local_port: stream.local_addr().map_or(0, |local| local.port()),
    };
    connection::serve(stream, facts, proxy, watcher).await;
    drop(permit);
}
