//! Strain on a front door: requests over connections that are kept, new connections, and connections that rest; plain or
//! over TLS 1.3. Reports what was answered, how long it took, and what the kernel says it cost the door.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::HOST;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use tokio::net::TcpSocket;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::load::loopback_address;
use crate::load::measure::percentile;
use crate::process::Watched;
use crate::wait;

/// The most requests of an open loop that may wait for a connection.
const WAITING_MAX: usize = 8_192;
/// The connections of an open loop, opened before its clock begins: what they cost is no part of what a request costs.
const OPEN_LOOP_CONNECTIONS: usize = 64;
/// Connections that one of this machine's addresses opens: doors bound those of a client.
const CONNECTIONS_EACH: usize = 32;

/// One run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The door.
    pub address: SocketAddr,
    /// The `Host` header.
    pub host: String,
    /// What is asked for.
    pub path: String,
    /// How it is spoken to over TLS; plain if there is none.
    pub tls: Option<Tls>,
    /// The door's processes.
    pub pids: Vec<u32>,
    /// How hard.
    pub pace: Pace,
}

/// TLS as the client speaks it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The name that the certificate must be for.
    pub name: String,
    /// Who signed it (PEM).
    pub roots: PathBuf,
    /// The folder with our own `certificate.pem` and `key.pem`.
    pub identity: Option<PathBuf>,
    /// The group that keys are agreed in: one that every door knows makes them comparable.
    pub group: Group,
}

/// A group of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// X25519.
    X25519,
    /// X25519 with ML-KEM-768.
    Hybrid,
}

/// How hard.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// So many connections, each with one request at a time.
    Closed {
        /// Connections.
        connections: usize,
        /// How long.
        seconds: f64,
    },
    /// Requests by the clock.
    Open {
        /// Requests each second.
        per_second: f64,
        /// How long.
        seconds: f64,
    },
    /// So many at a time who each open a connection, ask once, and leave.
    Fresh {
        /// At a time.
        workers: usize,
        /// How long.
        seconds: f64,
    },
    /// So many connections that have asked once and rest.
    Idle {
        /// Connections.
        connections: usize,
    },
}

/// What a run has found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Requests that were answered with success.
    pub served: u64,
    /// And those that were not.
    pub failed: u64,
    /// The first failure.
    pub failure: Option<String>,
    /// Served each second.
    pub per_second: f64,
    /// Half took no longer.
    pub p50_micros: f64,
    /// 99 of 100 took no longer.
    pub p99_micros: f64,
    /// The door's processor time for each.
    pub processor_micros_each: f64,
    /// The door's memory before.
    pub resident_kib_before: u64,
    /// And after; with connections that rest, while they do.
    pub resident_kib_after: u64,
}

/// Carries out an order.
///
/// # Errors
/// When the door is not there or its processes end.
pub async fn run(order: &Order) -> anyhow::Result<Report> {
    let door = Door::new(order)?;
    // What is made at the first request is no part of what each costs.
    door.open(0).await?.ask().await?;
    match order.pace {
        Pace::Closed {
            connections,
            seconds,
        } => door.keep_busy(connections, seconds).await,
        Pace::Open {
            per_second,
            seconds,
        } => door.ask_by_the_clock(per_second, seconds).await,
        Pace::Fresh { workers, seconds } => door.come_and_go(workers, seconds).await,
        Pace::Idle { connections } => door.rest(connections).await,
    }
}

#[derive(Clone)]
struct Door {
    order: Arc<Order>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// An open connection.
struct Way {
    sender: SendRequest<Empty<Bytes>>,
    order: Arc<Order>,
}

#[derive(Default)]
struct Samples {
    nanos: Vec<u64>,
    failed: u64,
    failure: Option<String>,
}

struct Cost {
    processor_time: Duration,
    resident_kib: u64,
    at: Instant,
}

impl Door {
    fn new(order: &Order) -> anyhow::Result<Self> {
        let tls = order.tls.as_ref().map(connector).transpose()?;
        Ok(Self {
            order: Arc::new(order.clone()),
            tls,
        })
    }

    async fn open(&self, number: usize) -> anyhow::Result<Way> {
        let socket = TcpSocket::new_v4()?;
        let source = loopback_address(number / CONNECTIONS_EACH + 1);
        socket.bind(SocketAddr::new(source, 0))?;
        let stream = socket.connect(self.order.address).await?;
        stream.set_nodelay(true)?;
        let sender = match &self.tls {
            None => begin(TokioIo::new(stream)).await?,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                begin(TokioIo::new(stream)).await?
            }
        };
        Ok(Way {
            sender,
            order: Arc::clone(&self.order),
        })
    }

    fn look(&self) -> anyhow::Result<Cost> {
        let mut cost = Cost {
            processor_time: Duration::ZERO,
            resident_kib: 0,
            at: Instant::now(),
        };
        for pid in &self.order.pids {
            let process = Watched { pid: *pid };
            cost.processor_time += process.processor_time()?;
            cost.resident_kib += process.resident_kib()?;
        }
        Ok(cost)
    }

    async fn keep_busy(&self, connections: usize, seconds: f64) -> anyhow::Result<Report> {
        let mut ways = Vec::with_capacity(connections);
        for number in 0..connections {
            ways.push(self.open(number).await?);
        }
        let before = self.look()?;
        let end = before.at + Duration::from_secs_f64(seconds);
        let mut tasks = JoinSet::new();
        for mut way in ways {
            tasks.spawn(async move {
                let mut samples = Samples::default();
                while Instant::now() < end && samples.failed == 0 {
                    let begun = Instant::now();
                    samples.add(way.ask().await, begun.elapsed());
                }
                samples
            });
        }
        let samples = gather(tasks).await?;
        Ok(samples.report(&before, &self.look()?))
    }

    /// Each time counts from when the request should have been sent, whether it then waited for a connection or for its answer.
    async fn ask_by_the_clock(&self, per_second: f64, seconds: f64) -> anyhow::Result<Report> {
        anyhow::ensure!(per_second > 0.0, "an open loop needs a rate");
        let gap = Duration::from_secs_f64(1.0 / per_second);
        let (arrivals, queue) = mpsc::channel(WAITING_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let mut ways = Vec::with_capacity(OPEN_LOOP_CONNECTIONS);
        for number in 0..OPEN_LOOP_CONNECTIONS {
            ways.push(self.open(number).await?);
        }
        let mut tasks: JoinSet<Samples> = JoinSet::new();
        for way in ways {
            tasks.spawn(way.serve(Arc::clone(&queue)));
        }
        let before = self.look()?;
        let begun = before.at;
        let end = begun + Duration::from_secs_f64(seconds);
        // On a thread: the runtime's timers go by whole milliseconds, and requests would come in bursts.
        let clock = move || {
            let mut due = begun;
            while due < end {
                wait::block_until(due.into_std());
                arrivals
                    .try_send(due)
                    .map_err(|_| anyhow::anyhow!("the door does not keep up"))?;
                due += gap;
            }
            anyhow::Ok(())
        };
        tokio::task::spawn_blocking(clock).await??;
        let samples = gather(tasks).await?;
        Ok(samples.report(&before, &self.look()?))
    }

    async fn come_and_go(&self, workers: usize, seconds: f64) -> anyhow::Result<Report> {
        let before = self.look()?;
        let end = before.at + Duration::from_secs_f64(seconds);
        let mut tasks = JoinSet::new();
        for number in 0..workers {
            let door = self.clone();
            tasks.spawn(async move {
                let mut samples = Samples::default();
                while Instant::now() < end && samples.failed == 0 {
                    let begun = Instant::now();
                    let asked = async { door.open(number).await?.ask().await };
                    samples.add(asked.await, begun.elapsed());
                }
                samples
            });
        }
        let samples = gather(tasks).await?;
        Ok(samples.report(&before, &self.look()?))
    }

    async fn rest(&self, connections: usize) -> anyhow::Result<Report> {
        let before = self.look()?;
        let (mut ways, mut samples) = (Vec::with_capacity(connections), Samples::default());
        for number in 0..connections {
            let begun = Instant::now();
            let mut way = self.open(number).await?;
            samples.add(way.ask().await, begun.elapsed());
            ways.push(way);
        }
        let after = self.look()?;
        drop(ways);
        Ok(samples.report(&before, &after))
    }
}

impl Way {
    /// Takes arrivals out of the queue until there are no more, or until the first failure.
    async fn serve(mut self, queue: Arc<Mutex<mpsc::Receiver<Instant>>>) -> Samples {
        let mut samples = Samples::default();
        while samples.failed == 0 {
            let arrival = queue.lock().await.recv().await;
            let Some(due) = arrival else { break };
            samples.add(self.ask().await, due.elapsed());
        }
        samples
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let request = http::Request::get(&self.order.path)
            .header(HOST, &self.order.host)
            .body(Empty::new())?;
        self.sender.ready().await?;
        let reply = self.sender.send_request(request).await?;
        let status = reply.status();
        reply.into_body().collect().await?;
        anyhow::ensure!(status.is_success(), "answered {status}");
        Ok(())
    }
}

impl Samples {
    fn add(&mut self, asked: anyhow::Result<()>, took: Duration) {
        match asked {
            Ok(()) => self
                .nanos
                .push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
            Err(error) => {
                self.failed += 1;
                self.failure.get_or_insert(format!("{error:#}"));
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }

    fn report(mut self, before: &Cost, after: &Cost) -> Report {
        self.nanos.sort_unstable();
        let served = self.nanos.len();
        let seconds = (after.at - before.at).as_secs_f64();
        let spent = after.processor_time.saturating_sub(before.processor_time);
        Report {
            served: served as u64,
            failed: self.failed,
            failure: self.failure,
            per_second: served as f64 / seconds.max(f64::EPSILON),
            p50_micros: percentile(&self.nanos, 50.0) as f64 / 1e3,
            p99_micros: percentile(&self.nanos, 99.0) as f64 / 1e3,
            processor_micros_each: spent.as_secs_f64() * 1e6 / served.max(1) as f64,
            resident_kib_before: before.resident_kib,
            resident_kib_after: after.resident_kib,
        }
    }
}

async fn gather(mut tasks: JoinSet<Samples>) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    while let Some(done) = tasks.join_next().await {
        samples.merge(done?);
    }
    Ok(samples)
}

async fn begin<S>(stream: TokioIo<S>) -> anyhow::Result<SendRequest<Empty<Bytes>>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = handshake(stream).await?;
    // Its end shows in the sender; there is nobody else to tell.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// TLS 1.3 alone, and every handshake a whole one: a session that is taken up again costs next to nothing.
fn connector(tls: &Tls) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let mut provider = default_provider();
    provider.kx_groups = match tls.group {
        Group::X25519 => vec![kx_group::X25519],
        Group::Hybrid => vec![kx_group::X25519MLKEM768, kx_group::X25519],
    };
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(&tls.roots)? {
        roots.add(root?)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots);
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(folder) => {
            let (chain, key) = load_identity(folder)?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(tls.name.clone()).context("the name of the door")?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn load_identity(folder: &Path) -> anyhow::Result<Identity> {
    let chain = CertificateDer::pem_file_iter(folder.join("certificate.pem"))?;
    let chain = chain.collect::<Result<Vec<_>, _>>()?;
    Ok((chain, PrivateKeyDer::from_pem_file(folder.join("key.pem"))?))
}
