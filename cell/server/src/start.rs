//! Starts one cell and runs it until it is told to stop.

use crate::arrivals::Arrivals;
use crate::blocked::Blocked;
use crate::config::{
    Config, ConfigError, FleetSeat, ProxyMode, TlsMode, decide_config, decide_reach, store_location,
};
use crate::control::{Control, Serving};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::declaration::problem::DeclarationError;
use crate::declaration::progress::Progress;
use crate::declaration::{self, Mode};
use crate::envoy::HttpEnvoy;
use crate::membership::{self, Membership};
use crate::middleware::Front;
use crate::origin::Origin;
use crate::outbound::Reach;
use crate::pulse::{self, Pulse};
use crate::request_names::RequestNames;
use crate::routes::{Outward, Site};
use crate::tls::{self, TlsError};
use crate::{control, jobs, listener, mail, moving};
use console::admin::log_tail::Tails;
use database::{Database, Location, Migration, OpenError};
use identity::cell::{Cell, CellBuilder};
use identity::fault::Refusal;
use identity::password::hash_pool::{HashPool, HashPoolLimits};
use identity::slowdown::SlowdownTable;
use keys::{Keyring, RotationSchedule, SigningKeys};
use reception::descriptors::raise_descriptors;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use vocab::entropy::{Entropy, SystemEntropy};
use vocab::future::boxed;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::{Clock, SystemClock};
use wire::identity::IdentityError;

/// The tables of a cell, in the order in which they came to be.
pub static MIGRATIONS: [Migration; 41] = [
    ledger::MIGRATION,
    keys::MIGRATION,
    identity::schema::MIGRATION,
    oauth::schema::MIGRATION,
    identity::schema::MIGRATION_FOUND_BY_STATE,
    oauth::schema::MIGRATION_DEVICE_GRANTS_BY_PERSON,
    membership::MIGRATION,
    ledger::MIGRATION_ORG_MOVES,
    moving::MIGRATION,
    identity::schema::MIGRATION_BLOCKED_ZONES,
    pulse::MIGRATION,
    identity::schema::MIGRATION_SEARCH,
    identity::schema::MIGRATION_APPS,
    identity::schema::MIGRATION_API_ACCESS,
    identity::schema::MIGRATION_PARTS,
    identity::schema::MIGRATION_EXTERNAL_IDS,
    identity::schema::MIGRATION_GROUP_RULES,
    identity::schema::MIGRATION_TRUSTED_ORIGINS,
    identity::schema::MIGRATION_EVENT_HOOKS,
    identity::schema::MIGRATION_TOKEN_MAKERS,
    identity::schema::MIGRATION_UNIQUE_ATTRIBUTES,
    identity::schema::MIGRATION_LOG_STREAMS,
    identity::schema::MIGRATION_INLINE_HOOKS,
    ledger::MIGRATION_LOG_WORDS,
    identity::schema::MIGRATION_IDENTITY_PROVIDERS,
    identity::schema::MIGRATION_CUSTOM_ROLES,
    ledger::MIGRATION_LOG_BY_WORDS,
    identity::schema::MIGRATION_POLICIES_AT_REST,
    oauth::schema::MIGRATION_REFRESH_FAMILIES_BY_APP,
    identity::schema::MIGRATION_NARROWED_ROLES,
    identity::schema::MIGRATION_SCHEMAS_AND_LINKS,
    identity::schema::MIGRATION_PROVISIONING,
    identity::schema::MIGRATION_GROUP_OWNERS,
    identity::schema::MIGRATION_HOOK_KEYS,
    identity::schema::MIGRATION_PROFILE_MAPPINGS,
    identity::schema::MIGRATION_MEMBERS_PUT_BEHIND,
    identity::schema::MIGRATION_WALKED_BY_RULES,
    identity::schema::MIGRATION_BEHAVIORS,
    identity::schema::MIGRATION_USER_TYPES,
    identity::schema::MIGRATION_RETURNS_TO,
    identity::schema::MIGRATION_ENROLMENTS_BY_WHOM,
];

/// The file of the root key in the data folder.
const ROOT_KEY_FILE: &str = "root.key";
/// The short name of the org that the first start makes.
const FIRST_SLUG: &str = "main";
/// Its name, until its administrators give it another.
const FIRST_NAME: &str = "My organisation";

/// Why a cell could not be started. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An option is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The root key is there, the store is not.
    #[error(
        "{path} is missing or empty, but the root key beside it has opened a store before; restore the store from a backup, name its --store, or begin anew with another --data"
    )]
    StoreLost {
        /// Where it should be.
        path: PathBuf,
    },
    /// The store cannot be used.
    #[error("{place}")]
    Store {
        /// Where it is, without any password.
        place: String,
        /// Why not.
        source: OpenError,
    },
    /// The root key does not open the store.
    #[error("the keys of the store cannot be opened")]
    Key(#[from] keys::KeyFault),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; name another one with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Addresses of event hooks cannot be gone to.
    #[error("TLS for event hooks cannot be set up")]
    Outward(#[from] rustls::Error),
    /// The threads for password hashing could not be started.
    #[error(transparent)]
    Passwords(#[from] identity::password::hash_pool::Fault),
    /// The certificate of a cell of a fleet cannot be used.
    #[error(transparent)]
    Seat(#[from] IdentityError),
    /// What was declared could not be made.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The first org could not be made.
    #[error("the first organisation could not be made")]
    FirstOrg(#[from] Refusal),
}

/// A cell that listens.
pub struct Started {
    /// The cell.
    pub cell: Cell,
    /// Where it is reached.
    pub base_url: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The one-time link for the first administrator, while there is none.
    pub setup_url: Option<String>,
    /// Where the root of the local authority lies.
    pub local_root: Option<PathBuf>,
    folder: DataFolder,
    listener: TcpListener,
    tls: Option<tls::Tls>,
    front: Front,
    post: mail::Post,
    reach: Reach,
    envoy: Arc<HttpEnvoy>,
    control: Option<Control>,
}

/// Names a store to whoever reads the message, by the option that chose it and without the user and the password.
fn render_place(location: &Location) -> String {
    match location {
        Location::Sqlite { path } => format!("the store {}", path.display()),
        Location::Postgres { url } => {
            let (_, rest) = url.expose().split_once("://").unwrap_or_default();
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            let host = host.split('?').next().unwrap_or_default();
            format!("--store {host}")
        }
    }
}

/// Opens the store of a data folder, with its keys, for the commands that work on it.
///
/// # Errors
/// [`StartError`] with what to do.
#[boxed]
pub async fn open_cell(folder: &DataFolder, location: &Location) -> Result<Cell, StartError> {
    check_store_not_lost(folder, location)?;
    let database = Database::open(location, &MIGRATIONS)
        .await
        .map_err(|source| StartError::Store {
            place: render_place(location),
            source,
        })?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let keyring = match open_keyring(folder, &database, &clock, &entropy).await {
        Ok(keyring) => keyring,
        Err(error) => {
            // Closed in order, the store leaves no trace of a start that came to nothing.
            database.close().await;
            return Err(error.into());
        }
    };
    let signing_keys = SigningKeys::new(keyring.clone(), RotationSchedule::default());
    let passwords = HashPool::start(HashPoolLimits::default(), Arc::clone(&entropy))?;
    Ok(CellBuilder {
        database,
        keyring,
        signing_keys,
        clock,
        entropy,
        passwords,
        slowdown: SlowdownTable::default(),
    }
    .build())
}

/// The root key is made after the store: a key without one means that the store was lost, or is another one.
fn check_store_not_lost(folder: &DataFolder, location: &Location) -> Result<(), StartError> {
    let Location::Sqlite { path } = location else {
        return Ok(());
    };
    let is_there = std::fs::metadata(path).is_ok_and(|store| store.len() > 0);
    if is_there || !folder.join(ROOT_KEY_FILE).exists() {
        return Ok(());
    }
    Err(StartError::StoreLost { path: path.clone() })
}

async fn open_keyring(
    folder: &DataFolder,
    database: &Database,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Keyring, keys::KeyFault> {
    let root = Keyring::open_root(database, &folder.join(ROOT_KEY_FILE), entropy.as_ref()).await?;
    let keyring = Keyring::new(
        database.clone(),
        vec![Arc::new(root)],
        Arc::clone(entropy),
        Arc::clone(clock),
    );
    keyring.check_roots().await?;
    Ok(keyring)
}

/// Prepares everything up to the listening sockets; `progress` tells how far the declaration is.
///
/// # Errors
/// [`StartError`] with what to do.
#[boxed]
pub async fn start(config: Config, progress: &Progress) -> Result<Started, StartError> {
    decide_config(&config)?;
    let reach = decide_reach(&config);
    let envoy = Arc::new(HttpEnvoy::new(reach)?);
    raise_descriptors();
    let location = store_location(&config.data, config.store.as_ref())?;
    // Before anything is touched: a wrong option and a document with a mistake leave no half-made data folder.
    let given = tls::of_files(&config.tls)?;
    let post = mail::Post::parse(&config)?;
    let declared = config
        .bootstrap
        .as_deref()
        .map(declaration::load)
        .transpose()?;
    let folder = DataFolder::open(&config.data)?;
    let host = config
        .origin
        .as_ref()
        .and_then(|url| url.host_str())
        .unwrap_or("localhost")
        .to_owned();
    let tls = match (&config.seat, &config.tls) {
        (Some(seat), _) => Some(tls::of_fleet(&seat.identity)?),
        (None, TlsMode::SelfSigned) => Some(tls::of_local_authority(&folder, &host)?),
        (None, TlsMode::Files { .. } | TlsMode::Off) => given,
    };
    let way = Arc::<HttpEnvoy>::clone(&envoy);
    let cell = open_cell(&folder, &location).await?.reaching(way);
    post.prepare(&folder)?;
    let listen_error = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let port = address.port();
    let origin = Origin::new(config.origin.as_ref(), config.tls != TlsMode::Off, port);
    let base_url = origin.base_url();
    if let Some(FleetSeat { name, identity }) = config.seat {
        return Ok(Started {
            setup_url: None,
            local_root: None,
            front: Front {
                origin,
                proxy: ProxyMode::FleetEdge,
                mailbox: post.folder().map(PathBuf::from),
                arrivals: Arrivals::default(),
                names: RequestNames::new(cell.entropy()),
                blocked: Blocked::default(),
                pulse: Pulse::default(),
                membership: Some(Membership::new(name, identity, cell.database.clone())),
            },
            cell,
            base_url,
            address,
            folder,
            listener,
            tls,
            post,
            reach,
            envoy,
            control: None,
        });
    }
    let first = first_org(&cell).await?;
    if let (Some(declared), Some(path)) = (declared, &config.bootstrap) {
        declaration::run(&cell, declared, Mode::Apply, &base_url, progress)
            .await
            .map_err(|unfinished| unfinished.problem.of_file(path))?;
    }
    // Afterwards: no link for an org whose administrator was declared.
    let setup_token = cell.make_setup_link(&first).await?;
    let control = control::bind_or_warn(&folder);
    Ok(Started {
        setup_url: setup_token.map(|token| format!("{base_url}/setup?token={}", token.expose())),
        local_root: tls.as_ref().and_then(|tls| tls.local_root.clone()),
        front: Front {
            origin,
            proxy: config.proxy,
            mailbox: post.folder().map(PathBuf::from),
            arrivals: Arrivals::default(),
            names: RequestNames::new(cell.entropy()),
            blocked: Blocked::default(),
            pulse: Pulse::default(),
            membership: None,
        },
        cell,
        base_url,
        address,
        folder,
        listener,
        tls,
        post,
        reach,
        envoy,
        control,
    })
}

/// The first org, made if there is none.
async fn first_org(cell: &Cell) -> Result<OrgId, Refusal> {
    let mut tx = cell.database.read().await?;
    let first = identity::org::store::find_first(&mut tx).await?;
    drop(tx);
    match first {
        Some(org_id) => Ok(org_id),
        None => cell.create_org(&Slug::parse(FIRST_SLUG)?, FIRST_NAME).await,
    }
}

impl Started {
    /// Serves until `stop` resolves, then drains and closes the store.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        self.run_until(Box::pin(stop)).await;
    }

    #[boxed]
    async fn run_until(self, stop: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let office = Arc::new(mail::Office::new(self.cell.clone(), self.post, self.reach));
        let membership = self.front.membership.clone();
        let jobs = jobs::start(
            self.cell.clone(),
            membership,
            Arc::clone(&office),
            self.reach,
            Arc::<HttpEnvoy>::clone(&self.envoy),
            self.front.pulse.clone(),
        );
        let control = self
            .control
            .map(|control| Serving::start(control, self.cell.clone(), self.base_url.clone()));
        let tails = Tails::default();
        let proxy = self.front.proxy;
        let outward = Outward {
            courier: office,
            envoy: self.envoy,
        };
        let site = Site::new(self.cell.clone(), self.front, outward, tails.clone());
        let stop = async move {
            stop.await;
            tails.close();
        };
        let tls = self.tls.map(|tls| tls.config);
        listener::serve(self.listener, tls, proxy, Arc::new(site), stop).await;
        if let Some(control) = control {
            control.stop().await;
        }
        jobs.stop().await;
        self.cell.database.close().await;
        drop(self.folder);
    }
}

/// The signals that end the process in order. They are caught from here on, not only when they are waited for.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to catch SIGTERM and SIGINT.
    ///
    /// # Errors
    /// What the system says.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Resolves at the first of them.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Whether forwarding headers are believed.
#[must_use]
pub const fn believes_forwarding(proxy: ProxyMode) -> bool {
    matches!(proxy, ProxyMode::TerminatesTls | ProxyMode::FleetEdge)
}
