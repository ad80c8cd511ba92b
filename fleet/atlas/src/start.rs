//! Starts the control plane and runs it until it is told to stop.

use crate::api::{self, Side};
use crate::counted::Counted;
use crate::doors::Doors;
use crate::feed::Feed;
use crate::org_move::{carry, cleanup, drain};
use crate::page::keys::PageKeys;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::tls_seen::TlsSeen;
use crate::underway::Underway;
use crate::watch::{ROUND, Watch};
use crate::{MIGRATIONS, listener, page, store};
use database::{Database, Location, OpenError};
use reception::descriptors::raise_descriptors;
use std::fs::{File, TryLockError};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use telemetry::lasting::spawn_lasting;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;
use vocab::entropy::SystemEntropy;
use vocab::future::boxed;
use vocab::time::{Clock, SystemClock};
use wire::files::{make_private_folder, read_secret, write_durably};
use wire::identity::{FleetIdentity, IdentityError};
use wire::routes::signature::{RouteSigner, SignerError};

/// The key that signs the route map, in the data folder.
const ROUTE_KEY_FILE: &str = "route.key";
/// Whoever has it locked is the control plane of the folder.
const LOCK_FILE: &str = "control.lock";
/// How often the log is read for what another control plane wrote.
const CATCH_UP_ROUND: Duration = Duration::from_millis(250);
/// How often interrupted creations are carried on with.
const RESUME_ROUND: Duration = Duration::from_secs(2);

/// What becomes of a start whose key for the route map is gone, though the register has signed maps with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostKey {
    /// It is refused: edges believe that key alone.
    Missed,
    /// Another key is made.
    Replace,
}

/// What a control plane is started with.
pub struct ControlConfig {
    /// Where its data lies.
    pub data: PathBuf,
    /// What becomes of it without the key.
    pub lost_key: LostKey,
    /// Its store.
    pub store: Location,
    /// Where edges and operators reach it.
    pub listen: SocketAddr,
    /// Where the page that shows the fleet is, on loopback.
    pub page: Option<SocketAddr>,
    /// How people reach the fleet.
    pub origin: Url,
}

/// Why a control plane could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be used.
    #[error("the store of the register")]
    Store(#[from] OpenError),
    /// The register cannot be read.
    #[error("the register cannot be read")]
    Register(#[from] Refusal),
    /// The certificate cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key that signs the route map cannot be used.
    #[error("{path}: {source}")]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: SignerError,
    },
    /// The key that signs the route map is gone.
    #[error(
        "{path} is missing, though the register has {changes} changes: edges take route maps that are signed by that key alone. Put it back from a backup; or start once with --new-route-key, which makes another one, and then start each edge with the --route-key that is printed (`testudo fleet up` sees to its own edge)"
    )]
    KeyLost {
        /// Its file.
        path: PathBuf,
        /// How much was signed by it.
        changes: i64,
    },
    /// Another control plane runs there.
    #[error(
        "{path} is in use by another testudo process; stop that one first, or name another folder with --data"
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The page would be open to others.
    #[error(
        "--page: {0} is reachable from other machines, and the page asks nobody who they are; name a loopback address"
    )]
    PageNotLocal(SocketAddr),
    /// An address cannot be listened on.
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

/// A control plane that listens.
pub struct Started {
    /// Where edges and operators reach it.
    pub address: SocketAddr,
    /// Where its page is.
    pub page: Option<SocketAddr>,
    /// What edges pin.
    pub route_key: String,
    side: Side,
    identity: Arc<FleetIdentity>,
    listener: TcpListener,
    page_listener: Option<TcpListener>,
    _held: Held,
}

/// The data folder, for this process alone until it is dropped.
struct Held(File);

impl Held {
    fn take(folder: &Path) -> Result<Self, StartError> {
        let path = folder.join(LOCK_FILE);
        let failed = |source| StartError::File {
            path: path.clone(),
            source,
        };
        let mut options = File::options();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse {
                path: folder.to_path_buf(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for Held {
    /// For the whole process: a child that was forked a moment ago has the file as well.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Prepares everything up to the listening sockets.
///
/// # Errors
/// [`StartError`] with what to do.
#[boxed]
pub async fn start(
    config: ControlConfig,
    identity: Arc<FleetIdentity>,
) -> Result<Started, StartError> {
    if let Some(page) = config.page.filter(|page| !page.ip().is_loopback()) {
        return Err(StartError::PageNotLocal(page));
    }
    make_private_folder(&config.data).map_err(|source| StartError::File {
        path: config.data.clone(),
        source,
    })?;
    let held = Held::take(&config.data)?;
    let kept = load_signer(&config.data)?;
    let database = Database::open(&config.store, &MIGRATIONS).await?;
    let signer = match kept {
        Some(signer) => signer,
        None => match make_signer(&config, &database).await {
            Ok(signer) => signer,
            Err(error) => {
                // Closed in order, the store leaves no trace of a start that came to nothing.
                database.close().await;
                return Err(error);
            }
        },
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    raise_descriptors();
    let feed = Feed::build(database.clone(), Arc::clone(&clock), signer).await?;
    let register = Register {
        counted: Counted::open(&database, clock.now()).await?,
        database,
        clock,
        entropy: Arc::new(SystemEntropy),
        doors: Doors::new(Arc::clone(&identity)),
        feed,
        underway: Underway::default(),
        moves: carry::Moves::default(),
        watch: Watch::default(),
    };
    let (listener, address) = bind(config.listen, "--listen").await?;
    let (page_listener, page) = match config.page {
        Some(page) => {
            let (listener, address) = bind(page, "--page").await?;
            (Some(listener), Some(address))
        }
        None => (None, None),
    };
    Ok(Started {
        address,
        page,
        route_key: register.feed.key_hex(),
        side: Side {
            watch: register.watch.clone(),
            register,
            tls: TlsSeen::new(SystemClock.now()),
            origin: config.origin,
            page,
            page_keys: PageKeys::default(),
        },
        identity,
        listener,
        page_listener,
        _held: held,
    })
}

async fn bind(
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen {
        address,
        option,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn load_signer(data: &Path) -> Result<Option<RouteSigner>, StartError> {
    let path = data.join(ROUTE_KEY_FILE);
    match read_secret(&path) {
        Ok(bytes) => {
            let signer = RouteSigner::from_pkcs8(&bytes);
            signer
                .map(Some)
                .map_err(|source| StartError::Key { path, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartError::File { path, source }),
    }
}

/// A new key, if none was lost or another one is wanted in its place.
async fn make_signer(
    config: &ControlConfig,
    database: &Database,
) -> Result<RouteSigner, StartError> {
    let path = config.data.join(ROUTE_KEY_FILE);
    let mut tx = database.read().await.map_err(Refusal::from)?;
    let changes = store::load_head(&mut tx).await?.cursor;
    drop(tx);
    if !decide_making(changes, config.lost_key) {
        return Err(StartError::KeyLost { path, changes });
    }
    let unusable = |source| StartError::Key {
        path: path.clone(),
        source,
    };
    let signer = RouteSigner::generate().map_err(unusable)?;
    let key = signer.to_pkcs8().map_err(unusable)?;
    write_durably(&config.data, ROUTE_KEY_FILE, &key).map_err(|source| StartError::File {
        path: path.clone(),
        source,
    })?;
    if changes > 0 {
        tracing::warn!(key = %path.display(), "another key signs the route map from now on; edges that were told the one before take no map");
    }
    Ok(signer)
}

/// Whether a key may be made where there is none: nothing was signed yet, or whoever starts it knows what that means.
const fn decide_making(changes: i64, lost_key: LostKey) -> bool {
    changes == 0 || matches!(lost_key, LostKey::Replace)
}

impl Started {
    /// Serves until `stop` resolves.
    ///
    /// # Errors
    /// [`StartError::Identity`] if the certificate makes no configuration.
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), StartError> {
        self.run_until(Box::pin(stop)).await
    }

    #[boxed]
    async fn run_until(
        self,
        stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Result<(), StartError> {
        let config = self.identity.server_config(&[b"http/1.1"])?;
        let mut jobs = JoinSet::new();
        spawn_lasting(
            &mut jobs,
            "the look at cells",
            watch_cells(self.side.clone()),
        );
        spawn_lasting(
            &mut jobs,
            "the route map",
            catch_up(self.side.register.clone()),
        );
        spawn_lasting(&mut jobs, "creations", resume(self.side.register.clone()));
        spawn_lasting(&mut jobs, "moves", carry::run(self.side.register.clone()));
        spawn_lasting(
            &mut jobs,
            "removals",
            cleanup::run(self.side.register.clone()),
        );
        spawn_lasting(&mut jobs, "drains", drain::run(self.side.register.clone()));
        if let (Some(listener), Some(address)) = (self.page_listener, self.page) {
            spawn_lasting(
                &mut jobs,
                "the page",
                page::serve(listener, address, self.side.clone()),
            );
        }
        let (database, feed) = (
            self.side.register.database.clone(),
            self.side.register.feed.clone(),
        );
        let stop = async move {
            stop.await;
            // Whoever waits for news is answered, or the end would wait for them.
            feed.close();
        };
        listener::serve(self.listener, config, api::router(self.side), stop).await;
        jobs.shutdown().await;
        database.close().await;
        Ok(())
    }
}

async fn watch_cells(side: Side) {
    let mut round = interval(ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = JoinSet::new();
    loop {
        round.tick().await;
        while let Some(done) = asked.try_join_next() {
            if let Err(error) = done {
                tracing::error!(%error, "asking a cell how it is failed");
            }
        }
        if let Err(error) = side.watch.ask_round(&side.register, &mut asked).await {
            tracing::warn!(%error, "the cells could not be asked how they are");
        }
    }
}

async fn catch_up(register: Register) {
    let mut round = interval(CATCH_UP_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        if let Err(error) = register.feed.catch_up().await {
            tracing::warn!(%error, "the register's log could not be read");
        }
    }
}

async fn resume(register: Register) {
    let mut round = interval(RESUME_ROUND);
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        round.tick().await;
        if let Err(error) = register.resume_creations().await {
            tracing::warn!(%error, "interrupted creations could not be carried on with");
        }
        if let Err(error) = register.resume_hosts().await {
            tracing::warn!(%error, "interrupted changes of host names could not be carried on with");
        }
    }
}
