//! Takes connections of a listening socket, within a bound, until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pause after the system refused a connection (out of descriptors).
const RETRY: Duration = Duration::from_millis(50);

/// Hands each connection to `each` together with its place, until `stop` resolves. While all places are taken, further
/// connections wait in the kernel's queue.
pub async fn take_connections(
    listener: TcpListener,
    places: &Arc<Semaphore>,
    stop: impl Future<Output = ()>,
    mut each: impl FnMut(TcpStream, SocketAddr, OwnedSemaphorePermit),
) {
    tokio::pin!(stop);
    loop {
        let accept = async {
            let place = Arc::clone(places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => return,
            accepted = accept => accepted,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                // Answers are written whole; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                each(stream, peer, place);
            }
            (Err(_), _) => return,
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
