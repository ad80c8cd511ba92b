//! Takes connections of clients, within bounds, until told to stop; then lets the requests under way finish.

use crate::capacity::Capacity;
use crate::connection::{self, Between, Door, Facts, Held, Terms};
use crate::lobby::Lobby;
use crate::proxy::Proxy;
use crate::proxy_protocol::{self, Said};
use crate::pulse::Patience;
use crate::tls::handshake::Front;
use crate::tls::in_the_clear;
use crate::tls::inventory::Refusal;
use crate::trust::{ProxyHeader, Trust};
use reception::accept::take_connections;
use reception::crowd::{Crowd, Place};
use reception::leaving::{Host, Leaving};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

/// How long requests under way may go on after the stop.
const DRAIN_SECS_MAX: u64 = 20;
/// How long connections may go on after another edge has taken over.
const HANDED_OVER_SECS_MAX: u64 = 300;

/// What a listener is there for.
#[derive(Clone)]
pub enum Entrance {
    /// Requests in the clear.
    Plain,
    /// Requests over TLS.
    Tls(Arc<Front>),
    /// Sending clients on to TLS.
    Lobby(Arc<Lobby>),
}

/// What the connections of all listeners share.
pub struct House {
    proxy: Arc<Proxy>,
    crowd: Crowd,
    host: Host,
    terms: Terms,
}

/// How much of the edge clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at one time; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Connections at one time of one client, IPv6 by /64, while there are places enough; further ones are closed. Many people
    /// share an address behind the door of a company.
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
    pub fn new(proxy: Arc<Proxy>, trust: Trust, bounds: &Bounds) -> Self {
        Self {
            proxy,
            crowd: Crowd::new(bounds.connections_each),
            host: Host::default(),
            terms: Terms {
                patience: bounds.patience,
                trust: Arc::new(trust),
                capacity: Capacity::new(bounds),
            },
        }
    }
}

impl House {
    /// Lets what is under way finish. With another edge in our place there is time: an idle connection of HTTP/1 is not closed
    /// under a request that is on its way, and long streams go on for a while.
    pub async fn leave(&self, how: Leaving) {
        if how == Leaving::Patiently {
            let time = Duration::from_secs(HANDED_OVER_SECS_MAX);
            if self.host.leave(how, time).await {
                return;
            }
        }
        let time = Duration::from_secs(DRAIN_SECS_MAX);
        if !self.host.leave(Leaving::Now, time).await {
            tracing::warn!("some requests did not end in time and were cut off");
        }
    }

    /// Who is at the other end: the peer, or whom a trusted proxy names before anything else. A PROXY header of anybody else
    /// is a strange request, and is refused as one.
    async fn find_client(
        &self,
        stream: &mut TcpStream,
        peer: SocketAddr,
    ) -> Option<(IpAddr, Between)> {
        let trust = &self.terms.trust;
        if !trust.believes(peer.ip()) {
            return Some((peer.ip(), Between::Nobody));
        }
        if trust.header == ProxyHeader::None {
            return Some((peer.ip(), Between::Proxy));
        }
        match proxy_protocol::take(stream).await {
            Ok(Said::Client(client)) => Some((client.ip(), Between::Proxy)),
            Ok(Said::Nothing) => Some((peer.ip(), Between::Proxy)),
            Err(error) => {
                tracing::warn!(%peer, %error, "a trusted proxy did not say for whom it connects");
                None
            }
        }
    }

    /// A place among the connections of one client. A trusted proxy has as many as there are: they are all clients'.
    fn enter(&self, client: IpAddr, permit: &OwnedSemaphorePermit) -> Option<Option<Place>> {
        if self.terms.trust.believes(client) {
            return Some(None);
        }
        let each_max = self.terms.capacity.each_max(permit);
        self.crowd.enter_within(client, each_max).map(Some)
    }
}

/// Takes connections of one socket until `stop` resolves. What is under way on them goes on; see [`House::leave`].
pub async fn serve(
    listener: TcpListener,
    entrance: Entrance,
    house: Arc<House>,
    stop: impl Future<Output = ()>,
) {
    take_connections(
        listener,
        house.terms.capacity.places(),
        stop,
        |stream, peer, permit| {
            let way = (entrance.clone(), Arc::clone(&house));
            tokio::spawn(run(stream, peer, way, permit));
        },
    )
    .await;
}

/// What stands between a socket and its first request.
async fn run(
    mut stream: TcpStream,
    peer: SocketAddr,
    (entrance, house): (Entrance, Arc<House>),
    permit: OwnedSemaphorePermit,
) {
    let guest = house.host.guest();
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let clear = matches!(entrance, Entrance::Plain);
    if clear && !is_admitted(&house.terms.trust, local.ip(), peer.ip()) {
        tracing::debug!(%peer, "not a trusted proxy, and it speaks in the clear");
        return;
    }
    let Some((client, between)) = house.find_client(&mut stream, peer).await else {
        return;
    };
    let Some(place) = house.enter(client, &permit) else {
        tracing::debug!(%client, "too many connections of one client");
        return;
    };
    let facts = |scheme, door| Facts {
        peer,
        client,
        between,
        scheme,
        local_port: local.port(),
        door,
    };
    let held = Held::new(permit, place, guest, house.terms.clone());
    let proxy = Arc::clone(&house.proxy);
    match entrance {
        Entrance::Plain => {
            let facts = facts(proxy.scheme(), Door::Plain);
            connection::serve(stream, facts, proxy, held).await;
        }
        Entrance::Tls(front) => {
            // One for both: a client that says nothing is not given its time twice.
            let deadline = front.deadline();
            if in_the_clear::is_plain(&stream, deadline).await {
                front.inventory.refuse(Refusal::Broken);
                in_the_clear::tell(stream).await;
                return;
            }
            if let Some((stream, session)) = front.accept(stream, local.ip(), deadline).await {
                let facts = facts("https", Door::Tls(Arc::new(session)));
                connection::serve(stream, facts, proxy, held).await;
            }
        }
        Entrance::Lobby(lobby) => {
            let facts = facts("http", Door::Lobby(lobby));
            connection::serve(stream, facts, proxy, held).await;
        }
    }
}

/// In the clear over a network only proxies are heard: passwords of others would be seen on the way.
fn is_admitted(trust: &Trust, local: IpAddr, peer: IpAddr) -> bool {
    let inside = |address: IpAddr| address.to_canonical().is_loopback();
    inside(local) || inside(peer) || trust.believes(peer)
}

#[cfg(test)]
mod tests {
    use super::is_admitted;
    use crate::trust::{ProxyHeader, Trust, parse_network};

    #[test]
    fn in_the_clear_over_a_network_proxies_alone_are_heard() {
        let trust = Trust {
            proxies: vec![parse_network("10.0.0.0/24").unwrap()],
            header: ProxyHeader::None,
        };
        for (local, peer, admitted) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.9", true),
            ("10.0.0.5", "::ffff:10.0.0.9", true),
            ("10.0.0.5", "127.0.0.1", true),
            ("10.0.0.5", "10.0.1.9", false),
            ("2001:db8::5", "2001:db8::9", false),
        ] {
            let found = is_admitted(&trust, local.parse().unwrap(), peer.parse().unwrap());
            assert_eq!(found, admitted, "{peer} at {local}");
        }
    }
}
