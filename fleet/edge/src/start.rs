//! Starts an edge and runs it until it is told to stop.

use crate::address::Origin;
use crate::follower::{self, Routes};
use crate::listener::{self, Bounds, House};
use crate::proxy::Proxy;
use crate::succession::{Heir, Sockets, SuccessionError};
use crate::traffic::Traffic;
use crate::trust::{ProxyHeader, Trust};
use reception::leaving::Leaving;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;
use vocab::entropy::{Entropy, SystemEntropy};
use wire::client::FleetClient;
use wire::control::EdgeReport;
use wire::identity::{FleetIdentity, IdentityError};
use wire::routes::signature::{RouteVerifier, SignerError};

/// How often the control plane hears what was measured.
const REPORT_ROUND: Duration = Duration::from_secs(1);
/// How long a report may take.
const REPORT_SECS_MAX: u64 = 2;

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
        "--listen: {0} is reachable from other machines, and plain HTTP would show passwords on the way; listen on loopback, or name the balancers in front that speak TLS with --trusted-proxy"
    )]
    PlainHttp(SocketAddr),
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
    #[error("cannot listen on {address}: {source}; name another one with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// An edge that listens.
pub struct Started {
    /// Where clients reach it.
    pub address: SocketAddr,
    name: String,
    listener: TcpListener,
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
pub async fn start(config: EdgeConfig, identity: &FleetIdentity) -> Result<Started, StartError> {
    if !config.listen.ip().is_loopback() && config.trust.proxies.is_empty() {
        return Err(StartError::PlainHttp(config.listen));
    }
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
    let proxy = Proxy::new(
        identity,
        Origin::new(&config.origin),
        routes.clone(),
        Arc::clone(&traffic),
        Arc::clone(&entropy),
    )?;
    let failed = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let listener = sockets.listen(config.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // Last of all: from here on the one before us takes no more connections.
    let heir = sockets.settle(&[&listener]).await?;
    Ok(Started {
        address,
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

impl Started {
    /// Serves until `stop` resolves or another edge takes over, then drains.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (mut alone, mut jobs) = (JoinSet::new(), JoinSet::new());
        alone.spawn(follower::keep(self.routes.clone()));
        let (routes, control) = (self.routes.clone(), self.control.clone());
        jobs.spawn(follower::follow(
            routes.clone(),
            control.clone(),
            self.entropy,
        ));
        alone.spawn(report(self.name, routes.clone(), self.traffic, control));
        let house = Arc::new(House::new(self.proxy, self.trust, &Bounds::default()));
        let (tell, mut told) = watch::channel(());
        let stopped = async move { while told.changed().await.is_ok() {} };
        let accepting = listener::serve(self.listener, Arc::clone(&house), stopped);
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
        let ((), how) = tokio::join!(accepting, leaving);
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

/// The system lets a process have few open files unless it asks for more; each connection is one, or two.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
}

async fn report(name: String, routes: Routes, traffic: Arc<Traffic>, control: FleetClient) {
    let mut round = interval(REPORT_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut begun = Instant::now();
    loop {
        round.tick().await;
        let report = EdgeReport {
            edge: name.clone(),
            span_micros: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            cursor: routes.current().cursor(),
            cells: traffic.take(),
            tls: Vec::new(),
        };
        begun = Instant::now();
        let time = Duration::from_secs(REPORT_SECS_MAX);
        let told = control.post::<EmptyAnswer>("/v1/edges/report", &report, time);
        if let Err(error) = told.await {
            tracing::debug!(%error, "the control plane does not hear what was measured");
        }
    }
}

/// The control plane has nothing to say to a report.
#[derive(serde::Deserialize)]
struct EmptyAnswer {}
