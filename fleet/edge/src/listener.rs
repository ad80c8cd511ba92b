//! Takes connections of clients, within bounds, until told to stop; then lets the requests under way finish.

use crate::connection::{self, Facts, Held};
use crate::proxy::Proxy;
use reception::accept::take_connections;
use reception::crowd::Crowd;
use reception::leaving::{Host, Leaving};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at one time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16_384;
/// Connections at one time of one client, IPv6 by /64; further ones are closed. Many people share an address behind the
/// door of a company.
const CONNECTIONS_EACH_MAX: usize = 2_048;
/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 20;

/// What the connections of all listeners share.
pub struct House {
    proxy: Arc<Proxy>,
    places: Arc<Semaphore>,
    crowd: Crowd,
    host: Host,
}

impl House {
    /// A house with all its places free.
    #[must_use]
    pub fn new(proxy: Arc<Proxy>) -> Self {
        Self {
            proxy,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            crowd: Crowd::new(CONNECTIONS_EACH_MAX),
            host: Host::default(),
        }
    }
}

/// Serves until `stop` resolves, then drains.
pub async fn serve(listener: TcpListener, house: Arc<House>, stop: impl Future<Output = ()>) {
    take_connections(listener, &house.places, stop, |stream, peer, permit| {
        let Some(place) = house.crowd.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections of one client");
            return;
        };
        let held = Held::new(permit, place, house.host.guest());
        tokio::spawn(run(stream, peer, Arc::clone(&house), held));
    })
    .await;
    if !house
        .host
        .leave(Leaving::Now, Duration::from_secs(DRAIN_SECS_MAX))
        .await
    {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

/// What stands between a socket and its first request.
async fn run(stream: TcpStream, peer: SocketAddr, house: Arc<House>, held: Held) {
    let facts = Facts {
        peer,
        client: peer.ip(),
        scheme: house.proxy.scheme(),
        local_port: stream.local_addr().map_or(0, |local| local.port()),
    };
    connection::serve(stream, facts, Arc::clone(&house.proxy), held).await;
}
