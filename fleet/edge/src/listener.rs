//! Takes connections of clients, within bounds, until told to stop; then lets the requests under way finish.

use crate::connection::{self, Facts, Held};
use crate::proxy::Proxy;
use crate::pulse::Patience;
use reception::accept::take_connections;
use reception::crowd::Crowd;
use reception::leaving::{Host, Leaving};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 20;

/// What the connections of all listeners share.
pub struct House {
    proxy: Arc<Proxy>,
    places: Arc<Semaphore>,
    crowd: Crowd,
    host: Host,
    patience: Patience,
}

/// How much of the edge clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at one time; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Connections at one time of one client, IPv6 by /64; further ones are closed. Many people share an address behind the
    /// door of a company.
    pub connections_each: usize,
    /// How long each may do what.
    pub patience: Patience,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_each: 2_048,
            patience: Patience::default(),
        }
    }
}

impl House {
    /// A house with all its places free.
    #[must_use]
    pub fn new(proxy: Arc<Proxy>, bounds: &Bounds) -> Self {
        Self {
            proxy,
            places: Arc::new(Semaphore::new(bounds.connections)),
            crowd: Crowd::new(bounds.connections_each),
            host: Host::default(),
            patience: bounds.patience,
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
        let held = Held::new(permit, place, house.host.guest(), house.patience);
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
