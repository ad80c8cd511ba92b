//! Starts an edge and runs it until it is told to stop.

use crate::address::Origin;
use crate::follower::{self, Routes};
use crate::listener::{self, Bounds, House};
use crate::proxy::Proxy;
use crate::traffic::Traffic;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
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
    /// Where the control plane is, `host:port`.
    pub control_address: String,
    /// The control plane's name in its certificate.
    pub control_name: String,
    /// The key that route maps are signed with, in hexadecimal digits.
    pub route_key: String,
}

/// Why an edge could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Clients would speak plain HTTP over a network.
    #[error(
        "--listen: {0} is reachable from other machines, and plain HTTP would show passwords on the way; listen on loopback"
    )]
    PlainHttp(SocketAddr),
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
    routes: Routes,
    control: FleetClient,
    proxy: Arc<Proxy>,
    traffic: Arc<Traffic>,
    entropy: Arc<dyn Entropy>,
}

/// Prepares everything up to the listening socket. The control plane need not be there.
///
/// # Errors
/// [`StartError`] with what to do.
pub async fn start(config: EdgeConfig, identity: &FleetIdentity) -> Result<Started, StartError> {
    if !config.listen.ip().is_loopback() {
        return Err(StartError::PlainHttp(config.listen));
    }
    let verifier = RouteVerifier::from_hex(&config.route_key)?;
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
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    Ok(Started {
        address: listener.local_addr().map_err(failed)?,
        name: config.name,
        listener,
        routes,
        control,
        proxy: Arc::new(proxy),
        traffic,
        entropy,
    })
}

impl Started {
    /// Serves until `stop` resolves, then drains.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut jobs = JoinSet::new();
        jobs.spawn(follower::keep(self.routes.clone()));
        jobs.spawn(follower::follow(
            self.routes.clone(),
            self.control.clone(),
            self.entropy,
        ));
        jobs.spawn(report(self.name, self.routes, self.traffic, self.control));
        listener::serve(
            self.listener,
            Arc::new(House::new(self.proxy, &Bounds::default())),
            stop,
        )
        .await;
        jobs.shutdown().await;
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
