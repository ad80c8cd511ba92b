//! A bounded pool of PostgreSQL connections. A connection is lent to one transaction at a time and comes back only
//! when that transaction is known to be over; a dead one is replaced when the next caller needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::fault::{DatabaseFault, FaultKind};
use crate::open::OpenError;
use crate::postgres::address::parse_address;
use crate::postgres::fault::fault_of;
use crate::postgres::tls::load_tls;

/// How long a connection may take to be ready: socket, TLS, authentication, settings.
const READY_MAX: Duration = Duration::from_secs(10);

/// What holds for every connection. An acknowledged write is on disk (and on the synchronous standby, where there is
/// one); a stricter setting of the server stays. A lost client holds locks for a minute at most.
const SESSION: &str = "SELECT set_config('synchronous_commit', 'on', false)
       WHERE current_setting('synchronous_commit') <> 'remote_apply';
    SET idle_in_transaction_session_timeout = '60s';
    SET statement_timeout = '60s';
    SET lock_timeout = '30s';";

/// The connections to one database.
pub(crate) struct Pool {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    runtime: Handle,
    connections_max: u32,
    wait_max: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection and the statements that it has prepared.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) statements: HashMap<Box<str>, Statement>,
}

impl Pool {
    /// Understands the address; connects to nothing yet. Must be called within the runtime that will drive it.
    pub(crate) fn new(
        url: &str,
        connections_max: u32,
        wait_max: Duration,
    ) -> Result<Self, OpenError> {
        let address = parse_address(url)?;
        let mut config = address.config;
        // Of several servers, the one that takes writes.
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(load_tls(address.root_certificates.as_deref())?),
        };
        let permits = Arc::new(Semaphore::new(
            usize::try_from(connections_max).unwrap_or(usize::MAX),
        ));
        let idle = Mutex::new(Vec::new());
        Ok(Self {
            config,
            tls,
            runtime: Handle::current(),
            connections_max,
            wait_max,
            permits,
            idle,
        })
    }

    /// A place in the pool; waits when all are taken.
    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit, DatabaseFault> {
        match tokio::time::timeout(self.wait_max, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(DatabaseFault::caused(
                FaultKind::Unavailable,
                "transaction after close",
                closed,
            )),
            Err(elapsed) => Err(DatabaseFault::caused(
                FaultKind::Unavailable,
                "wait for a connection",
                elapsed,
            )),
        }
    }

    /// An idle connection, or a new one.
    pub(crate) async fn connection(&self) -> Result<Connection, DatabaseFault> {
        let alive = {
            let mut idle = self.idle();
            std::iter::from_fn(|| idle.pop()).find(|connection| !connection.client.is_closed())
        };
        match alive {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    /// A new connection with the settings that hold for all.
    pub(crate) async fn connect(&self) -> Result<Connection, DatabaseFault> {
        let attempted = "connect to PostgreSQL";
        let ready = async {
            let client = match &self.tls {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls.clone()).await?;
                    self.drive(connection);
                    client
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await?;
                    self.drive(connection);
                    client
                }
            };
            client.batch_execute(SESSION).await?;
            Ok(client)
        };
        let client = match tokio::time::timeout(READY_MAX, ready).await {
            Ok(ready) => ready.map_err(|error| fault_of(error, attempted))?,
            Err(elapsed) => {
                return Err(DatabaseFault::caused(
                    FaultKind::Unavailable,
                    attempted,
                    elapsed,
                ));
            }
        };
        Ok(Connection {
            client,
            statements: HashMap::new(),
        })
    }

    fn drive<S, T>(&self, connection: tokio_postgres::Connection<S, T>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.runtime.spawn(async move {
            if let Err(error) = connection.await {
                // Whoever used the connection gets a fault; an idle one is replaced.
                tracing::debug!(error = %error, "connection to PostgreSQL lost");
            }
        });
    }

    /// Takes back a connection whose transaction is over.
    pub(crate) fn take_back(&self, connection: Connection) {
        if !self.permits.is_closed() && !connection.client.is_closed() {
            self.idle().push(connection);
        }
    }

    /// The runtime that drives the connections.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Waits, within bounds, for all transactions to end, then lends no more.
    pub(crate) async fn close(&self) {
        let all = tokio::time::timeout(
            self.wait_max,
            self.permits.acquire_many(self.connections_max),
        )
        .await;
        if all.is_err() {
            tracing::warn!("transactions still run while the database is closed");
        }
        self.permits.close();
        self.idle().clear();
    }

    // A panic elsewhere cannot leave a list of connections half changed.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
