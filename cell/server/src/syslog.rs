//! Syslog over TLS (RFC 5425): a connection for each shipment, by [`crate::outbound`] alone.
//!
//! Syslog has no word for "taken". The connection has one: told that nothing more comes, a receiver that has read everything
//! ends it in order, and one that has not, or is gone, ends it with a reset, or not at all. Frames therefore count as taken
//! when the receiver has ended the connection in order behind them, and are sent again otherwise.

use crate::envoy::decide_trouble;
use crate::outbound::{Reach, dial};
use identity::event_hook::envoy::{Shipment, Trouble};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long a shipment may take, from the first packet to the last.
const SHIP_MAX: Duration = Duration::from_secs(10);
/// How long a reset is waited for behind an end in order: whoever ended before they had read all send one for what came later.
const RESET_WAIT: Duration = Duration::from_millis(200);
/// Most that a receiver may say, which has nothing to say.
const SAID_BYTES_MAX: usize = 16 * 1_024;
/// Most certificates of one receiver's authorities.
const AUTHORITIES_MAX: usize = 8;

/// Writes frames and sees the connection to its end.
pub(crate) async fn ship(
    reach: Reach,
    public: &Arc<ClientConfig>,
    shipment: &Shipment,
) -> Result<(), Trouble> {
    tokio::time::timeout(SHIP_MAX, go(reach, public, shipment))
        .await
        .unwrap_or(Err(Trouble::TimedOut))
}

async fn go(reach: Reach, public: &Arc<ClientConfig>, shipment: &Shipment) -> Result<(), Trouble> {
    let host = shipment.host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Trouble::Untrusted)?;
    let config = match &shipment.authority {
        None => Arc::clone(public),
        Some(pem) => pinned(pem).ok_or(Trouble::Untrusted)?,
    };
    let connected = dial(reach, host, shipment.port).await;
    let stream = connected.map_err(|error| decide_trouble(true, &error))?;
    let secured = TlsConnector::from(config).connect(name, stream).await;
    let mut stream = secured.map_err(|error| decide_trouble(true, &error))?;
    write(&mut stream, &shipment.frames)
        .await
        .map_err(|error| decide_trouble_of_frames(&error))
}

async fn write(stream: &mut TlsStream<TcpStream>, frames: &[u8]) -> io::Result<()> {
    stream.write_all(frames).await?;
    stream.flush().await?;
    // Whoever has ended already has not waited for the end.
    if let Ok(read) = tokio::time::timeout(Duration::ZERO, read_end(stream)).await {
        read?;
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    stream.shutdown().await?;
    read_end(stream).await?;
    // Leave is taken in TLS before the connection ends: only that end says whether all had been read.
    let (tcp, _) = stream.get_mut();
    read_end(tcp).await?;
    let _ = tokio::time::timeout(RESET_WAIT, tcp.ready(Interest::ERROR)).await;
    tcp.take_error()?.map_or(Ok(()), Err)
}

/// Reads until the receiver ends the connection; many do so without taking leave in TLS.
async fn read_end(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let (mut said, mut buffer) = (0, [0_u8; 256]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(read) if said + read > SAID_BYTES_MAX => {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok(read) => said += read,
            Err(error) => return Err(error),
        }
    }
}

/// A certificate of ours that a receiver asks for in vain is refused behind the handshake (RFC 8446 section 4.4.2.4).
fn decide_trouble_of_frames(error: &io::Error) -> Trouble {
    match decide_trouble(false, error) {
        Trouble::Garbled => Trouble::Broken,
        other => other,
    }
}

fn pinned(pem: &str) -> Option<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(read_authority(pem)?)
        .with_no_client_auth();
    Some(Arc::new(config))
}

/// The certificates that a text holds; none where it holds none, one that cannot be used, or too many.
pub(crate) fn read_authority(pem: &str) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.ok()?).ok()?;
    }
    (1..=AUTHORITIES_MAX)
        .contains(&roots.len())
        .then_some(roots)
}
