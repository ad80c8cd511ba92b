//! Finds the addresses of a host. Names below `localhost` are this machine, whatever its resolver says: an organisation of a fleet on
//! a laptop answers at `acme.localhost`, which browsers and curl find without asking anybody (RFC 6761 section 6.3).

use hyper_util::client::legacy::connect::dns::Name;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;
use tower::Service;

/// Asks the system for names that are not this machine's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names;

impl Service<Name> for Names {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { find(name.as_str()).await.map(Vec::into_iter) })
    }
}

/// The port is the connector's to set.
async fn find(name: &str) -> io::Result<Vec<SocketAddr>> {
    if is_local(name) {
        return Ok(vec![
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ]);
    }
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

/// Whether a name is this machine's own, for good.
pub(crate) fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::{find, is_local};

    #[tokio::test]
    async fn names_below_localhost_are_this_machine() {
        for name in [
            "localhost",
            "acme.localhost",
            "a.b.localhost",
            "acme.localhost.",
        ] {
            assert!(is_local(name), "{name}");
            let found = find(name).await.unwrap();
            assert!(!found.is_empty() && found.iter().all(|one| one.ip().is_loopback()));
        }
        for name in ["notlocalhost", "localhost.example", ".example", ""] {
            assert!(!is_local(name), "{name}");
        }
        assert_eq!(
            find("127.0.0.9").await.unwrap()[0].to_string(),
            "127.0.0.9:0"
        );
    }
}
