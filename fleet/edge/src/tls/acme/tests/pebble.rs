//! Pebble and the name server that goes with it, of one test's own.

use crate::lobby::Lobby;
use crate::tls::acme::http_client::AcmeClient;
use crate::tls::handshake::Front;
use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, HttpClient as _};
use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const PEBBLE: &str = "pebble";
const NAME_SERVER: &str = "pebble-challtestsrv";
/// What Pebble says when it can be asked.
const READY: &str = "ACME directory available at";
/// How long after that it may take to listen.
const LISTEN_MAX: Duration = Duration::from_secs(30);
/// What the name server says when it can be asked.
const NAMES_READY: &str = "Starting management server";

pub(super) struct Pebble {
    folder: TempDir,
    acme: SocketAddr,
    management: SocketAddr,
    names: SocketAddr,
    /// Where it looks for certificates.
    pub(super) tls_address: SocketAddr,
    /// Where it looks for texts.
    pub(super) http_address: SocketAddr,
    processes: Vec<Child>,
    pebble: Option<Child>,
}

impl Pebble {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let params = CertificateParams::new(vec![String::from("127.0.0.1")]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        let mut pebble = Self {
            folder,
            acme: free_address(),
            management: free_address(),
            names: free_address(),
            tls_address: free_address(),
            http_address: free_address(),
            processes: Vec::new(),
            pebble: None,
        };
        pebble.write_config();
        let names = pebble.names.to_string();
        let management = free_address().to_string();
        let mut command = Command::new(NAME_SERVER);
        command
            .args([
                "-dns01",
                &names,
                "-management",
                &management,
                "-defaultIPv6",
                "",
            ])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""]);
        pebble.processes.push(launch(command, NAMES_READY));
        pebble.start_again();
        pebble
    }

    fn write_config(&self) {
        let path = |name: &str| self.folder.path().join(name);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": self.acme,
            "managementListenAddress": self.management,
            "certificate": path("certificate.pem"),
            "privateKey": path("key.pem"),
            "httpPort": self.http_address.port(),
            "tlsPort": self.tls_address.port(),
        }});
        std::fs::write(path("config.json"), config.to_string()).unwrap();
    }

    pub(super) fn directory(&self) -> url::Url {
        format!("https://{}/dir", self.acme).parse().unwrap()
    }

    /// By what its own pages are believed.
    pub(super) fn roots(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// The root of what it signs.
    pub(super) async fn root(&self) -> CertificateDer<'static> {
        let client = AcmeClient::new(Some(&self.roots())).unwrap();
        let request = Request::builder().uri(format!("https://{}/roots/0", self.management));
        let request = request.body(BodyWrapper::<Bytes>::default()).unwrap();
        let mut answer = client.request(request).await.unwrap();
        let pem = answer.body.into_bytes().await.unwrap();
        CertificateDer::from_pem_slice(&pem).unwrap()
    }

    pub(super) fn stop(&mut self) {
        if let Some(mut pebble) = self.pebble.take() {
            pebble.kill().unwrap();
            pebble.wait().unwrap();
        }
    }

    /// Starts it, with nothing that it knew before.
    pub(super) fn start_again(&mut self) {
        let mut command = Command::new(PEBBLE);
        command
            .arg("-strict")
            .arg("-config")
            .arg(self.folder.path().join("config.json"))
            .args(["-dnsserver", &self.names.to_string()])
            // It would rest up to 15 seconds before it looks at a challenge.
            .env("PEBBLE_VA_NOSLEEP", "1")
            // It would refuse good nonces by chance, and after three in a row the library gives up.
            .env("PEBBLE_WFE_NONCEREJECT", "0");
        self.pebble = Some(launch(command, READY));
        // It says so a moment before it listens.
        let begun = Instant::now();
        while TcpStream::connect(self.acme).is_err() {
            assert!(begun.elapsed() < LISTEN_MAX, "it does not listen");
            std::thread::yield_now();
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().chain(self.pebble.as_mut()) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Starts a program and waits until it says that it is ready.
fn launch(mut command: Command, ready: &str) -> Child {
    let (read, write) = std::io::pipe().unwrap();
    command
        .stdin(Stdio::null())
        .stdout(write.try_clone().unwrap())
        .stderr(write);
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; Debian's package pebble has it"));
    // The command holds the other end of the pipe.
    drop(command);
    let mut lines = BufReader::new(read).lines();
    let mut said = Vec::new();
    let found = lines.by_ref().map_while(Result::ok).any(|line| {
        let found = line.contains(ready);
        said.push(line);
        found
    });
    if !found {
        let _ = child.kill();
        panic!("it was not ready: {said:#?}");
    }
    // What it says further must go somewhere, or it stands still.
    std::thread::spawn(move || lines.map_while(Result::ok).count());
    child
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

pub(super) async fn serve_tls(jobs: &mut JoinSet<()>, address: SocketAddr, front: Arc<Front>) {
    let listener = TcpListener::bind(address).await.unwrap();
    jobs.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let front = Arc::clone(&front);
            let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
            tokio::spawn(async move {
                front
                    .accept(stream, local, front.deadline())
                    .await
                    .is_some()
            });
        }
    });
}

pub(super) async fn serve_lobby(jobs: &mut JoinSet<()>, address: SocketAddr, lobby: Lobby) {
    let (listener, lobby) = (TcpListener::bind(address).await.unwrap(), Arc::new(lobby));
    jobs.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let lobby = Arc::clone(&lobby);
            tokio::spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = lobby.answer(&request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let served = hyper::server::conn::http1::Builder::new();
                let _ = served.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}
