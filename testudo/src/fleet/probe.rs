//! Whether a fleet does what it is said to be ready for: one request through the front door, as any client sends it, to the first
//! organisation that a started cell serves.

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wire::control::{OrgState, OrgView};
use wire::names::CellName;
use wire::org_move::view::MoveView;

/// How long it is tried.
const ROUTED_MAX: Duration = Duration::from_secs(5);
/// How long one request may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// The pause between two.
const PAUSE: Duration = Duration::from_millis(50);
/// The host that people reach a fleet of one machine by.
const HOST: &str = "localhost";

/// Where the front door is, and the root that its certificates lead to if it speaks TLS.
pub struct FrontDoor<'d> {
    /// Where it is.
    pub address: SocketAddr,
    /// The file of the root.
    pub root: Option<&'d Path>,
}

/// The path that is asked for: of the first organisation that is served where it was, by a cell that was started; of the front
/// door itself if there is none.
#[must_use]
pub fn decide_path(orgs: &[OrgView], moves: &[MoveView], started: &[CellName]) -> String {
    let is_moving = |org: &OrgView| {
        let mut under_way = moves.iter().filter(|one| !one.phase.is_over());
        under_way.any(|one| one.slug == org.slug)
    };
    let first = orgs.iter().find(|org| {
        org.state == OrgState::Serving && started.contains(&org.cell) && !is_moving(org)
    });
    first.map_or_else(
        || String::from("/health/ready"),
        |org| format!("/t/{}/.well-known/openid-configuration", org.slug),
    )
}

/// Asks until the answer is right.
///
/// # Errors
/// What came instead until the end.
pub async fn wait_until_routed(door: &FrontDoor<'_>, path: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let asked = tokio::time::timeout(ANSWER_MAX, ask(door, path)).await;
        let answer = asked.context("no answer in time").flatten();
        match answer {
            Ok(status) if status == "200" => return Ok(()),
            _ if begun.elapsed() < ROUTED_MAX => tokio::time::sleep(PAUSE).await,
            Ok(status) => anyhow::bail!("{path} is answered with {status}"),
            Err(error) => return Err(error),
        }
    }
}

/// The status of the answer.
async fn ask(door: &FrontDoor<'_>, path: &str) -> anyhow::Result<String> {
    let stream = TcpStream::connect(door.address).await?;
    let port = door.address.port();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {HOST}:{port}\r\nconnection: close\r\n\r\n");
    let Some(root) = door.root else {
        return exchange(stream, &request).await;
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root)?)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(HOST)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream);
    exchange(stream.await?, &request).await
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> anyhow::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut line = [0_u8; "HTTP/1.1 200".len()];
    stream.read_exact(&mut line).await?;
    let line = String::from_utf8_lossy(&line);
    let status = line.split(' ').nth(1).context("no HTTP")?;
    Ok(status.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{FrontDoor, decide_path, exchange, wait_until_routed};
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{MoveId, OrgId};
    use wire::names::CellName;

    fn org(slug: &str, cell: &str, state: &str) -> Value {
        json!({
            "id": OrgId::generate(&SeededEntropy::new(1)), "slug": slug, "name": slug, "pin": {}, "hosts": [], "cell": cell,
            "epoch": 1, "state": state, "created_at": 1,
        })
    }

    #[test]
    fn the_first_organisation_that_is_served_is_asked_for() {
        let orgs = json!([
            org("a", "cell-a", "creating"),
            org("b", "cell-z", "serving"),
            org("c", "cell-a", "serving"),
            org("d", "cell-b", "serving"),
        ]);
        let orgs: Vec<_> = serde_json::from_value(orgs).unwrap();
        let moving = |phase: &str| {
            vec![
                serde_json::from_value(json!({
                    "id": MoveId::generate(&SeededEntropy::new(1)), "slug": "c", "source": "cell-a", "target": "cell-b",
                    "phase": phase, "serving": "cell-a", "epoch": 1, "returning": false, "rows_total": 9, "rows_done": 0,
                    "pause_micros": null, "until": null, "reason": null, "requested_by": "operator", "created_at": 1,
                    "updated_at": 1,
                }))
                .unwrap(),
            ]
        };
        let started = ["cell-a", "cell-b"].map(|name| CellName::parse(name).unwrap());
        let path = |slug: &str| format!("/t/{slug}/.well-known/openid-configuration");
        assert_eq!(decide_path(&orgs, &[], &started), path("c"));
        assert_eq!(decide_path(&orgs, &moving("fenced"), &started), path("d"));
        assert_eq!(decide_path(&orgs, &moving("done"), &started), path("c"));
        assert_eq!(decide_path(&orgs, &[], &[]), "/health/ready");
    }

    #[tokio::test]
    async fn it_is_ready_at_the_first_right_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            for status in ["503", "421", "200"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0_u8; 1_024];
                let read = stream.read(&mut head).await.unwrap();
                assert!(head[..read].starts_with(b"GET /x HTTP/1.1\r\nhost: localhost:"));
                let answer = format!("HTTP/1.1 {status} x\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let door = FrontDoor {
            address,
            root: None,
        };
        wait_until_routed(&door, "/x").await.unwrap();
        served.await.unwrap();
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(b"SSH-2.0-other").await.unwrap();
        drop(far);
        exchange(near, "").await.unwrap_err();
    }
}
