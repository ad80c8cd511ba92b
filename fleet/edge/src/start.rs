//! Starts an edge and runs it until it is told to stop.

use crate::address::Origin;
use crate::follower::{self, FirstWord, Routes};
use crate::hosts::Hosts;
use crate::listener::{self, Bounds, Entrance, House};
use crate::lobby::Lobby;
use crate::metrics;
use crate::proxy::Proxy;
use crate::succession::{Heir, Sockets, SuccessionError};
use crate::tls::acme::check::{AcmeRefusal, PlainDoor, check_acme};
use crate::tls::handshake::Front;
use crate::tls::inventory::Inventory;
use crate::tls::open::{TlsError, open};
use crate::tls::sources::{MakerConfig, TlsConfig};
use crate::traffic::Traffic;
use crate::trust::{ProxyHeader, Trust};
use reception::descriptors::raise_descriptors;
use reception::leaving::Leaving;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use telemetry::lasting::spawn_lasting;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;
use vocab::entropy::{Entropy, SystemEntropy};
use vocab::future::boxed;
use wire::client::FleetClient;
use wire::control::EdgeReport;
use wire::identity::{FleetIdentity, IdentityError};
use wire::routes::signature::{RouteVerifier, SignerError};

/// How often the control plane hears what was measured.
const REPORT_ROUND: Duration = Duration::from_secs(1);
/// How long a report may take.
const REPORT_SECS_MAX: u64 = 2;

/// How long whoever started an edge waits for the control plane's first answer before it hears that the edge is ready.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// What an edge is started with.
pub struct EdgeConfig {
    /// Its name.
    pub name: String,
    /// Where clients reach it.
    pub listen: SocketAddr,
    /// The address that clients use.
    pub origin: Url,
    /// Where it keeps the route map.
    pub data: PathBuf,
    /// Whether it takes over from an edge that runs on that folder.
    pub succession: Succession,
    /// Where the control plane is, `host:port`.
    pub control_address: String,
    /// The control plane's name in its certificate.
    pub control_name: String,
    /// Which proxies in front of it are believed.
    pub trust: Trust,
    /// The key that route maps are signed with, in hexadecimal digits.
    pub route_key: String,
    /// Where certificates of hosts come from.
    pub tls: TlsConfig,
    /// Where clients are sent on to TLS, and authorities find their proofs.
    pub http_listen: Option<SocketAddr>,
    /// Where metrics are read, on loopback.
    pub metrics_listen: Option<SocketAddr>,
}

/// How an edge comes to its data folder and its sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Succession {
    /// It is the only one.
    First,
    /// Another one runs, and hands over.
    TakesOver,
}

/// Why an edge could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Clients would speak plain HTTP over a network.
    #[error(
        "--listen: {0} is reachable from other machines, and plain HTTP would show passwords on the way; listen on loopback, speak TLS (--tls-files, --tls-acme or --tls-local), or name the balancers in front that speak TLS with --trusted-proxy"
    )]
    PlainHttp(SocketAddr),
    /// Clients are told to speak something else than we do.
    #[error("--origin: {0}: with TLS it begins with https")]
    PlainOrigin(Url),
    /// There is nothing to send clients on to.
    #[error(
        "--http-listen: it sends clients on to TLS, and there is none; name --tls-files, --tls-acme or --tls-local"
    )]
    NowhereToGo,
    /// The metrics would be open to others.
    #[error(
        "--metrics-listen: {0} is reachable from other machines, and the metrics ask nobody who they are; name a loopback address"
    )]
    MetricsNotLocal(SocketAddr),
    /// No certificate would ever be obtained.
    #[error(transparent)]
    Acme(#[from] AcmeRefusal),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A PROXY header is wanted of nobody.
    #[error("--proxy-protocol: name the balancers that speak it with --trusted-proxy")]
    NobodySaysWhom,
    /// The data folder is another edge's, or that does not hand over.
    #[error(transparent)]
    Succession(#[from] SuccessionError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key of the route map is none.
    #[error("--route-key: {0}: it must be the 64 hexadecimal digits that the control plane prints")]
    Key(#[from] SignerError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; name another one with {option}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that named it.
        option: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// An edge that listens.
pub struct Started {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Where clients are sent on to TLS.
    pub http_address: Option<SocketAddr>,
    /// Where metrics are read.
    pub metrics_address: Option<SocketAddr>,
    name: String,
    listener: TcpListener,
    lobby: Option<(TcpListener, Arc<Lobby>)>,
    metrics: Option<TcpListener>,
    front: Option<Arc<Front>>,
    heir: Heir,
    routes: Routes,
    control: FleetClient,
    proxy: Arc<Proxy>,
    trust: Trust,
    traffic: Arc<Traffic>,
    entropy: Arc<dyn Entropy>,
}

/// Prepares everything up to the listening socket. The control plane need not be there.
///
/// # Errors
/// [`StartError`] with what to do.
#[boxed]
pub async fn start(config: EdgeConfig, identity: &FleetIdentity) -> Result<Started, StartError> {
    check_doors(&config)?;
    if config.trust.header == ProxyHeader::Required && config.trust.proxies.is_empty() {
        return Err(StartError::NobodySaysWhom);
    }
    let verifier = RouteVerifier::from_hex(&config.route_key)?;
    raise_descriptors();
    let mut sockets = match config.succession {
        Succession::First => Sockets::claim(&config.data)?,
        Succession::TakesOver => Sockets::take_over(&config.data).await?,
    };
    let control = FleetClient::new(identity, &config.control_address, &config.control_name)?;
    let routes = Routes::open(&config.data, verifier);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let traffic = Arc::new(Traffic::default());
    let origin = Origin::new(&config.origin);
    let hosts = Hosts::new(origin.clone(), routes.clone());
    let front = open(
        config.tls,
        &config.data,
        hosts.clone(),
        Arc::clone(&entropy),
    )?;
    let proxy = Proxy::new(
        identity,
        origin,
        routes.clone(),
        Arc::clone(&traffic),
        Arc::clone(&entropy),
    )?;
    let (listener, address) = listen(&mut sockets, config.listen, "--listen")?;
    let http = config
        .http_listen
        .map(|at| listen(&mut sockets, at, "--http-listen"));
    let (http, http_address) = http.transpose()?.unzip();
    let metrics = config
        .metrics_listen
        .map(|at| listen(&mut sockets, at, "--metrics-listen"));
    let (metrics, metrics_address) = metrics.transpose()?.unzip();
    // Last of all: from here on the one before us takes no more connections.
    let doors = [Some(&listener), http.as_ref(), metrics.as_ref()];
    let doors: Vec<&TcpListener> = doors.into_iter().flatten().collect();
    let heir = sockets.settle(&doors).await?;
    let lobby = http.map(|listener| {
        let challenges = front.as_ref().and_then(|front| front.sources.challenges());
        let (port, entropy) = (config.origin.port(), Arc::clone(&entropy));
        let lobby = Lobby::new(hosts, challenges.cloned(), port, entropy);
        (listener, Arc::new(lobby))
    });
    Ok(Started {
        address,
        http_address,
        metrics_address,
        lobby,
        metrics,
        front: front.map(Arc::new),
        name: config.name,
        listener,
        heir,
        routes,
        control,
        proxy: Arc::new(proxy),
        trust: config.trust,
        traffic,
        entropy,
    })
}

/// Nothing of a client's goes over a network in the clear, and nobody is sent where nobody listens.
fn check_doors(config: &EdgeConfig) -> Result<(), StartError> {
    if config.tls.is_on() {
        if config.origin.scheme() != "https" {
            return Err(StartError::PlainOrigin(config.origin.clone()));
        }
    } else if !config.listen.ip().is_loopback() && config.trust.proxies.is_empty() {
        return Err(StartError::PlainHttp(config.listen));
    } else if config.http_listen.is_some() {
        return Err(StartError::NowhereToGo);
    }
    if let Some(MakerConfig::Acme(acme)) = &config.tls.maker {
        let door = match config.http_listen {
            Some(_) => PlainDoor::Open,
            None => PlainDoor::Shut,
        };
        check_acme(acme, config.origin.host_str().unwrap_or_default(), door)?;
    }
    match config.metrics_listen {
        Some(address) if !address.ip().is_loopback() => Err(StartError::MetricsNotLocal(address)),
        Some(_) | None => Ok(()),
    }
}

fn listen(
    sockets: &mut Sockets,
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen {
        address,
        option,
        source,
    };
    let listener = sockets.listen(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

impl Started {
    /// Where the root lies that clients must know, if the certificates are made by this machine.
    #[must_use]
    pub fn local_root(&self) -> Option<&Path> {
        self.front.as_ref().and_then(|front| front.local_root())
    }

    /// Resolves when it is told that this edge is ready, while [`Self::run`] serves: the control plane was asked once. Where it did
    /// not tell its map, the one on disk is all that the edge goes by.
    pub fn first_word(&self) -> impl Future<Output = FirstWord> + use<> {
        let routes = self.routes.clone();
        async move { routes.first_word(FIRST_WORD).await }
    }

    /// Serves until `stop` resolves or another edge takes over, then drains.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        self.run_until(Box::pin(stop)).await;
    }

    #[boxed]
    async fn run_until(self, stop: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let (mut alone, mut jobs) = (JoinSet::new(), JoinSet::new());
        spawn_lasting(
            &mut alone,
            "the map on disk",
            follower::keep(self.routes.clone()),
        );
        let (routes, control) = (self.routes.clone(), self.control.clone());
        spawn_lasting(
            &mut jobs,
            "the route map",
            follower::follow(routes.clone(), control.clone(), self.entropy),
        );
        let measured = Measured {
            traffic: self.traffic,
            inventory: self
                .front
                .as_ref()
                .map(|front| Arc::clone(&front.inventory)),
        };
        spawn_lasting(
            &mut alone,
            "reports",
            report(self.name, routes.clone(), measured, control),
        );
        if let Some(listener) = self.metrics {
            spawn_lasting(
                &mut alone,
                "metrics",
                metrics::serve(listener, self.front.clone()),
            );
        }
        let entrance = match self.front {
            Some(front) => {
                // Authorities look for their proofs at whoever has the sockets.
                front.spawn_jobs(&mut alone);
                Entrance::Tls(front)
            }
            None => Entrance::Plain,
        };
        let house = Arc::new(House::new(self.proxy, self.trust, &Bounds::default()));
        let (tell, told) = watch::channel(());
        let stopped = end_of(told.clone());
        let main = listener::serve(self.listener, entrance, Arc::clone(&house), stopped);
        let lobby = async {
            if let Some((listener, lobby)) = self.lobby {
                let (entrance, house) = (Entrance::Lobby(lobby), Arc::clone(&house));
                listener::serve(listener, entrance, house, end_of(told)).await;
            }
        };
        tokio::pin!(stop);
        // The next one starts from the map on disk.
        let prepare = {
            let routes = routes.clone();
            move || routes.keep()
        };
        let leaving = async {
            let how = tokio::select! {
                () = stop.as_mut() => Leaving::Now,
                () = self.heir.wait(prepare) => Leaving::Patiently,
            };
            drop(tell);
            how
        };
        let ((), (), how) = tokio::join!(main, lobby, leaving);
        if how == Leaving::Patiently {
            tracing::info!("another edge has taken over; what is under way here goes on");
            // The file and the reports are the other's now; routes are needed to the end.
            alone.shutdown().await;
            tokio::select! {
                () = stop => {}
                () = house.leave(Leaving::Patiently) => {}
            }
        }
        house.leave(Leaving::Now).await;
        alone.shutdown().await;
        jobs.shutdown().await;
    }
}

/// Resolves when the other end is gone.
async fn end_of(mut told: watch::Receiver<()>) {
    while told.changed().await.is_ok() {}
}

/// What an edge reports of.
struct Measured {
    traffic: Arc<Traffic>,
    inventory: Option<Arc<Inventory>>,
}

async fn report(name: String, routes: Routes, measured: Measured, control: FleetClient) {
    let mut round = interval(REPORT_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut begun = Instant::now();
    loop {
        round.tick().await;
        let report = EdgeReport {
            edge: name.clone(),
            span_micros: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            cursor: routes.current().cursor(),
            cells: measured.traffic.take(),
            tls: measured
                .inventory
                .as_ref()
                .map(|inventory| inventory.news())
                .unwrap_or_default(),
        };
        begun = Instant::now();
        let time = Duration::from_secs(REPORT_SECS_MAX);
        let told = control.post::<EmptyAnswer>("/v1/edges/report", &report, time);
        match (told.await, &measured.inventory) {
            (Ok(_), Some(inventory)) => inventory.settle(report.tls),
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::debug!(%error, "the control plane does not hear what was measured");
            }
        }
    }
}

/// The control plane has nothing to say to a report.
#[derive(serde::Deserialize)]
struct EmptyAnswer {}
