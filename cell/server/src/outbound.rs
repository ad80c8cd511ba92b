//! Connections to addresses that administrators of orgs have named (where logout notices go, mail servers): never into the network that this server stands in,
//! unless its operator says so.
//!
//! The name is looked up here, each address that it has is judged, and the connection goes to an address that was
//! judged: a name cannot mean one thing when it is checked and another when it is used. No proxy is asked, and nothing
//! is redirected.

use hyper::Uri;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower::Service;

/// How long it may take to look a name up.
const LOOK_UP_MAX: Duration = Duration::from_secs(3);
/// How long one address may take to answer.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Where connections may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To addresses of the public internet.
    Public,
    /// To these, and to this machine: for a server that is itself reached on loopback alone.
    PublicAndLoopback,
    /// Anywhere, since the operator says so.
    Everywhere,
}

/// Whether a connection may go to this address.
#[must_use]
pub fn decide_address(reach: Reach, address: IpAddr) -> bool {
    let address = innermost(address);
    match reach {
        Reach::Public => is_public(address),
        Reach::PublicAndLoopback => is_public(address) || address.is_loopback(),
        Reach::Everywhere => !is_nobody(address),
    }
}

/// The address that packets reach in the end: IPv6 can carry one of IPv4 (RFC 4291 section 2.5.5.2, RFC 6052).
fn innermost(address: IpAddr) -> IpAddr {
    let IpAddr::V6(address) = address.to_canonical() else {
        return address.to_canonical();
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let bits = (u32::from(high) << 16) | u32::from(low);
            IpAddr::V4(Ipv4Addr::from_bits(bits))
        }
        _ => IpAddr::V6(address),
    }
}

/// Addresses that no single machine has.
fn is_nobody(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 0 || address.octets()[0] >= 224,
        IpAddr::V6(address) => address.is_unspecified() || address.is_multicast(),
    }
}

/// By the registries of special-purpose addresses (RFC 6890 and its updates): what stands in them as not global is not
/// public. Metadata services of clouds lie in 169.254.0.0/16 and fd00::/8.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    );
    !special
}

/// Only 2000::/3 is given out; of it, not what is for protocols (with Teredo), documentation, or carries IPv4 (6to4).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let special = matches!(
        address.segments(),
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..]
    );
    matches!(address.segments(), [0x2000..=0x3fff, ..]) && !special
}

/// The addresses of a host to which a connection may go.
///
/// # Errors
/// What the system says, or that the host has no such address.
pub async fn look_up(reach: Reach, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::time::timeout(LOOK_UP_MAX, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the name was not found in time"))??;
    let allowed: Vec<SocketAddr> = found
        .filter(|address| decide_address(reach, address.ip()))
        .take(ADDRESSES_MAX)
        .collect();
    if allowed.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the host lies in a private network; --allow-private-outbound lets connections go there",
        ));
    }
    Ok(allowed)
}

/// Connects to a host, at an address of it that was judged.
///
/// # Errors
/// What the system says, or that the host lies where connections must not go.
pub async fn dial(reach: Reach, host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotConnected);
    for address in look_up(reach, host, port).await? {
        match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::from(io::ErrorKind::TimedOut),
        }
    }
    Err(last)
}

async fn connect(reach: Reach, uri: Uri) -> io::Result<TokioIo<TcpStream>> {
    let host = uri
        .host()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the address names no host"))?;
    let port = match (uri.port_u16(), uri.scheme_str()) {
        (Some(port), _) => port,
        (None, Some("https")) => 443,
        (None, _) => 80,
    };
    Ok(TokioIo::new(dial(reach, host, port).await?))
}

/// Connects for an HTTP client.
#[derive(Debug, Clone, Copy)]
pub struct Connector {
    reach: Reach,
}

impl Connector {
    /// One that goes no further than this.
    #[must_use]
    pub const fn new(reach: Reach) -> Self {
        Self { reach }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(connect(self.reach, uri))
    }
}

#[cfg(test)]
mod tests {
    use super::{Reach, decide_address, look_up};
    use proptest::prelude::{any, proptest};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    #[test]
    fn where_connections_may_go() {
        // An address, and whether it may be reached in public, with loopback, everywhere.
        let table = [
            ("93.184.216.34", [true, true, true]),
            ("8.8.8.8", [true, true, true]),
            ("2606:2800:220:1:248:1893:25c8:1946", [true, true, true]),
            ("127.0.0.1", [false, true, true]),
            ("127.8.8.8", [false, true, true]),
            ("::1", [false, true, true]),
            ("::ffff:127.0.0.1", [false, true, true]),
            ("10.0.0.1", [false, false, true]),
            ("172.16.0.1", [false, false, true]),
            ("172.31.255.255", [false, false, true]),
            ("172.32.0.1", [true, true, true]),
            ("192.168.1.1", [false, false, true]),
            ("100.64.0.1", [false, false, true]),
            ("169.254.169.254", [false, false, true]),
            ("::ffff:169.254.169.254", [false, false, true]),
            ("64:ff9b::a9fe:a9fe", [false, false, true]),
            ("64:ff9b::808:808", [true, true, true]),
            ("64:ff9b:1::808:808", [false, false, true]),
            ("fd00:ec2::254", [false, false, true]),
            ("fe80::1", [false, false, true]),
            ("2002:7f00:1::", [false, false, true]),
            ("2001::1", [false, false, true]),
            ("2001:db8::1", [false, false, true]),
            ("192.0.2.1", [false, false, true]),
            ("198.18.0.1", [false, false, true]),
            ("0.0.0.0", [false, false, false]),
            ("0.1.2.3", [false, false, false]),
            ("::", [false, false, false]),
            ("224.0.0.1", [false, false, false]),
            ("255.255.255.255", [false, false, false]),
            ("ff02::1", [false, false, false]),
        ];
        for (text, expected) in table {
            let address: IpAddr = text.parse().unwrap();
            let found = [Reach::Public, Reach::PublicAndLoopback, Reach::Everywhere]
                .map(|reach| decide_address(reach, address));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn names_are_judged_by_what_they_mean() {
        for host in ["localhost", "127.0.0.1", "[::1]", "::1"] {
            let refused = look_up(Reach::Public, host, 80).await.unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
        }
        let found = look_up(Reach::PublicAndLoopback, "localhost", 80).await;
        assert!(found.unwrap().iter().all(|found| found.ip().is_loopback()));
    }

    proptest! {
        /// However an address of IPv4 is wrapped, it is judged as itself.
        #[test]
        fn wrapping_hides_nothing(bits in any::<u32>()) {
            let plain = Ipv4Addr::from_bits(bits);
            let mapped = plain.to_ipv6_mapped();
            let translated = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(bits));
            for reach in [Reach::Public, Reach::PublicAndLoopback, Reach::Everywhere] {
                let expected = decide_address(reach, IpAddr::V4(plain));
                for wrapped in [mapped, translated] {
                    assert_eq!(decide_address(reach, IpAddr::V6(wrapped)), expected);
                }
            }
        }

        #[test]
        fn a_wider_reach_allows_more(bits in any::<u128>()) {
            let address = IpAddr::V6(Ipv6Addr::from_bits(bits));
            let reached = [Reach::Public, Reach::PublicAndLoopback, Reach::Everywhere]
                .map(|reach| decide_address(reach, address));
            assert!(reached.is_sorted());
        }
    }
}
