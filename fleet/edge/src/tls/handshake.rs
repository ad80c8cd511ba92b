//! The handshake: the client's first message is read before anything is promised, a certificate is found for the host that it
//! names, and the whole is over by one deadline.

use crate::hosts::{Hosts, Owner};
use crate::tls::certificate::Certificate;
use crate::tls::inventory::{Inventory, Kind, Refusal};
use crate::tls::server_kit::CHALLENGE_PROTOCOL;
use crate::tls::sources::{Found, Sources};
use rustls::server::{Acceptor, ClientHello};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

/// How long the handshake may take, whatever its parts take.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// What ends a handshake (RFC 8446 section 6.2). Sent in the clear, since no keys were agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alert {
    InternalError = 80,
    UnrecognizedName = 112,
    NoApplicationProtocol = 120,
}

impl Alert {
    const fn record(self) -> [u8; 7] {
        const KIND_ALERT: u8 = 21;
        const LEVEL_FATAL: u8 = 2;
        [KIND_ALERT, 3, 3, 0, 2, LEVEL_FATAL, self as u8]
    }
}

/// What was agreed on a connection.
#[derive(Debug)]
pub struct Session {
    /// The host that the client named.
    name: String,
    /// What it was shown.
    certificate: Arc<Certificate>,
}

impl Session {
    /// Whether a request for this host may come over the connection (RFC 9110 section 7.4, RFC 9113 section 9.1.1): it is
    /// the host that the client named, the certificate covers it, or both hosts are those of one org.
    #[must_use]
    pub fn carries(&self, host: &str, hosts: &Hosts) -> bool {
        if self.name == host || self.certificate.covers(host) {
            return true;
        }
        let owner = hosts.owner(host);
        owner != Owner::Nobody && owner == hosts.owner(&self.name)
    }
}

/// What the client's first message asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// The host, lower case; the address that was connected to if it names none.
    host: String,
    /// It is a certificate authority that looks at a challenge.
    challenge: bool,
}

/// Everything that a handshake needs.
pub struct Front {
    /// Where certificates come from.
    pub sources: Sources,
    /// Whose hosts are whose.
    pub hosts: Hosts,
    /// What is counted.
    pub inventory: Arc<Inventory>,
    /// How long a handshake may take.
    pub handshake_max: Duration,
}

impl Front {
    /// By when a connection that came in now must have come to its TLS.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.handshake_max
    }

    /// Brings a connection to its TLS before the deadline; none if the handshake did not come to its end, which the client was told.
    ///
    /// A client without a server name reached us by address: it gets the certificate of that address, if there is one.
    pub async fn accept<S>(
        &self,
        stream: S,
        local: IpAddr,
        deadline: Instant,
    ) -> Option<(TlsStream<S>, Session)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match timeout_at(deadline, self.shake(stream, local)).await {
            Ok(Ok(Some((stream, session)))) => {
                let slug = match self.hosts.owner(&session.name) {
                    Owner::Org(slug) => Some(slug),
                    Owner::Fleet | Owner::Nobody => None,
                };
                self.inventory.count(Kind::of(stream.get_ref().1, slug));
                Some((stream, session))
            }
            Ok(Ok(None)) => None,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake broke off");
                self.inventory.refuse(Refusal::Broken);
                None
            }
            Err(_) => {
                self.inventory.refuse(Refusal::Late);
                None
            }
        }
    }

    async fn shake<S>(
        &self,
        stream: S,
        local: IpAddr,
    ) -> io::Result<Option<(TlsStream<S>, Session)>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let asked = read_hello(&start.client_hello(), local);
        if asked.challenge {
            self.show_challenge(start, &asked.host).await?;
            return Ok(None);
        }
        let (refusal, alert) = match self.sources.find(&asked.host).await {
            Found::Certificate(certificate) => {
                let config = certificate.configs.fit(&start.client_hello());
                let stream = start.into_stream(config).await?;
                let session = Session {
                    name: asked.host,
                    certificate,
                };
                return Ok(Some((stream, session)));
            }
            Found::NotYet => (Refusal::NotYet, Alert::InternalError),
            Found::Nothing => (Refusal::Name, Alert::UnrecognizedName),
        };
        tracing::debug!(host = asked.host, ?refusal, "a TLS handshake was refused");
        self.inventory.refuse(refusal);
        end(start, alert).await?;
        Ok(None)
    }

    /// The whole of such a connection is the handshake (RFC 8737 section 3).
    async fn show_challenge<S>(&self, start: StartHandshake<S>, host: &str) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let challenges = self.sources.challenges();
        let Some(config) = challenges.and_then(|challenges| challenges.certificate(host)) else {
            self.inventory.refuse(Refusal::Name);
            return end(start, Alert::NoApplicationProtocol).await;
        };
        start.into_stream(config).await?.shutdown().await
    }
}

async fn end<S>(start: StartHandshake<S>, alert: Alert) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = start.io;
    stream.write_all(&alert.record()).await?;
    stream.shutdown().await
}

fn read_hello(hello: &ClientHello<'_>, local: IpAddr) -> Asked {
    let host = hello.server_name().map(str::to_ascii_lowercase);
    // By RFC 8737 section 3 an authority offers this protocol and no other.
    let mut protocols = hello.alpn().into_iter().flatten();
    let challenge = protocols.next() == Some(CHALLENGE_PROTOCOL) && protocols.next().is_none();
    Asked {
        host: host.unwrap_or_else(|| render_address(local)),
        challenge,
    }
}

/// An address as it stands for a host in a URL.
fn render_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
