//! Connections to cells over mutual TLS: opened when they are needed, kept for a while for the next request.
//!
//! The HTTP library's own pool does the same for any server anywhere, and costs a tenth of what a request costs an edge.

use crate::proxy::SentBody;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wire::identity::{FleetIdentity, FleetRole, IdentityError, server_name};
use wire::names::CellName;

/// How long an idle connection to a cell is kept; shorter than cells keep them.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// Idle connections that are kept to one cell.
const IDLE_EACH_MAX: usize = 1_024;
/// How long a connection may take until the cell can be asked.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long a connection whose answer is read to its end may take to be free for the next request.
const FREE_MAX: Duration = Duration::from_secs(1);

/// Why a cell gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// There is no connection: nothing was sent.
    #[error("no connection: {0}")]
    NotConnected(#[from] io::Error),
    /// The connection broke, or the request's body did.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

impl NoAnswer {
    /// Whether a connection was not refused, but did not come to be in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::NotConnected(error) if error.kind() == io::ErrorKind::TimedOut)
    }
}

/// The connections to all cells; there are as many cells as the route map ever named.
pub struct Ways {
    tls: TlsConnector,
    cells: Mutex<HashMap<CellName, Arc<Idle>>>,
}

/// The idle connections to a cell at one address, the one that rests longest first.
struct Idle {
    address: String,
    resting: Mutex<VecDeque<Resting>>,
}

struct Resting {
    sender: SendRequest<SentBody>,
    since: Instant,
}

/// A connection on which a request is under way. Dropped, it is closed.
pub struct Way {
    sender: SendRequest<SentBody>,
    idle: Arc<Idle>,
}

impl Ways {
    /// None yet; cells are shown this certificate.
    ///
    /// # Errors
    /// [`IdentityError`] if the certificate makes no configuration.
    pub fn new(identity: &FleetIdentity) -> Result<Self, IdentityError> {
        Ok(Self {
            tls: TlsConnector::from(Arc::new(identity.client_config()?)),
            cells: Mutex::default(),
        })
    }

    /// Sends a request to the cell at this address (`host:port`), and waits for the head of its answer.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(
        &self,
        cell: &CellName,
        address: &str,
        mut request: Request<SentBody>,
    ) -> Result<(Response<Incoming>, Way), NoAnswer> {
        let idle = self.idle(cell, address);
        while let Some(mut sender) = idle.take() {
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, Way { sender, idle })),
                // The cell closed the connection while it rested; a request that comes back was not sent.
                Err(mut unsent) => match unsent.take_message() {
                    Some(same) => request = same,
                    None => return Err(unsent.into_error().into()),
                },
            }
        }
        // Apart, since all that a handshake holds would be room that every request takes along.
        let mut sender = Box::pin(self.open(cell, address)).await?;
        let answer = sender.send_request(request).await?;
        Ok((answer, Way { sender, idle }))
    }

    fn idle(&self, cell: &CellName, address: &str) -> Arc<Idle> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        match cells.get(cell).filter(|idle| idle.address == address) {
            Some(idle) => Arc::clone(idle),
            None => {
                let idle = Arc::new(Idle {
                    address: address.to_owned(),
                    resting: Mutex::default(),
                });
                cells.insert(cell.clone(), Arc::clone(&idle));
                idle
            }
        }
    }

    async fn open(
        &self,
        cell: &CellName,
        address: &str,
    ) -> Result<SendRequest<SentBody>, NoAnswer> {
        let name = server_name(FleetRole::Cell, cell.as_str());
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let connect = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            self.tls.connect(name, stream).await
        };
        let stream = timeout(CONNECT_MAX, connect)
            .await
            .map_err(io::Error::from)??;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end shows in the sender.
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
        Ok(sender)
    }
}

impl Idle {
    fn take(&self) -> Option<SendRequest<SentBody>> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(last) = resting.pop_back() {
            if last.since.elapsed() > IDLE_MAX {
                // All others rest for longer still.
                resting.clear();
            } else if last.sender.is_ready() {
                return Some(last.sender);
            }
        }
        None
    }

    fn put(&self, sender: SendRequest<SentBody>) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of a burst go when they are not needed again, also while others are.
        while let Some(first) = resting.front()
            && (first.since.elapsed() > IDLE_MAX || resting.len() >= IDLE_EACH_MAX)
        {
            resting.pop_front();
        }
        let since = Instant::now();
        resting.push_back(Resting { sender, since });
    }
}

impl Way {
    /// The answer was read to its end: the connection may serve the next request.
    pub fn rest(mut self) {
        if self.sender.is_ready() {
            self.idle.put(self.sender);
        } else if !self.sender.is_closed() {
            // A request may be sent for longer than its answer.
            tokio::spawn(async move {
                if let Ok(Ok(())) = timeout(FREE_MAX, self.sender.ready()).await {
                    self.idle.put(self.sender);
                }
            });
        }
    }
}
