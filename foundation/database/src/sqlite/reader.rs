//! A bounded pool of read-only SQLite connections. A reader runs in the caller's own task: a point read costs a few
//! microseconds, less than handing it to another thread.
//!
//! To begin and to end a snapshot takes locks of the kernel, a third of what a point read costs. So a connection comes back with
//! its snapshot, and whoever borrows it next reads on in it, as long as nothing was committed since. Around each commit, and
//! while the WAL is cut back, no snapshot is kept: one at rest would keep the WAL from ever starting anew.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vocab::value::Value;

use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::row::Row;
use crate::sql::Sql;
use crate::sqlite::connection::open_reader;
use crate::sqlite::statement::{self, fault_of};

/// The oldest snapshot that somebody else reads on in. What this process commits ends it at once; this is for what another one
/// writes: `testudo recover` beside a running server.
const SNAPSHOT_AGE_MAX: Duration = Duration::from_millis(100);

/// The connections of one database file.
pub(crate) struct ReaderPool {
    path: PathBuf,
    wait_max: Duration,
    permits: Arc<Semaphore>,
    rest: Mutex<Rest>,
}

/// What nobody has borrowed.
#[derive(Default)]
struct Rest {
    idle: Vec<Idle>,
    /// How often something may have been committed.
    commits: u64,
    /// How many reasons there are to keep no snapshot.
    quiets: usize,
}

/// A connection that nobody has borrowed.
struct Idle {
    connection: Connection,
    snapshot: Option<Snapshot>,
}

/// A snapshot that is open on a connection.
#[derive(Clone, Copy)]
struct Snapshot {
    /// The commits before it was asked for; it may hold later ones.
    commits: u64,
    begun: Instant,
}

/// While it lives, no connection at rest has a snapshot. When it is dropped, something may have been committed.
pub(crate) struct Quiet<'p>(&'p ReaderPool);

/// One connection lent out, until it is dropped.
pub(crate) struct Reader {
    connection: Option<Connection>,
    snapshot: Option<Snapshot>,
    commits: u64,
    /// Whether a query has failed: whoever comes next begins anew.
    has_failed: bool,
    pool: Arc<ReaderPool>,
    _permit: OwnedSemaphorePermit,
}

impl ReaderPool {
    pub(crate) fn new(path: PathBuf, readers_max: usize, wait_max: Duration) -> Self {
        Self {
            path,
            wait_max,
            permits: Arc::new(Semaphore::new(readers_max)),
            rest: Mutex::default(),
        }
    }

    /// Lends a connection; waits when all are lent out.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Reader, DatabaseFault> {
        let permit = self.permit().await?;
        let (found, commits) = {
            let mut rest = self.rest();
            (rest.idle.pop(), rest.commits)
        };
        let found = found.and_then(|mut idle| {
            let is_usable = (idle.is_current(commits) && idle.is_young()) || idle.end();
            is_usable.then_some(idle)
        });
        let Idle {
            connection,
            snapshot,
        } = match found {
            Some(idle) => idle,
            None => Idle {
                connection: open_reader(&self.path)
                    .map_err(|error| fault_of(error, "open a reader"))?,
                snapshot: None,
            },
        };
        Ok(Reader {
            connection: Some(connection),
            snapshot,
            commits,
            has_failed: false,
            pool: Arc::clone(self),
            _permit: permit,
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, DatabaseFault> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        match Box::pin(tokio::time::timeout(self.wait_max, permit)).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(DatabaseFault::caused(
                FaultKind::Unavailable,
                "read after close",
                closed,
            )),
            Err(elapsed) => Err(DatabaseFault::caused(
                FaultKind::Unavailable,
                "wait for a reader",
                elapsed,
            )),
        }
    }

    /// Lends no more, and lets the idle connections go.
    pub(crate) fn close(&self) {
        self.permits.close();
        self.rest().idle.clear();
    }

    /// Ends the snapshots at rest, and keeps none until the answer is dropped.
    pub(crate) fn quiet(&self) -> Quiet<'_> {
        let mut rest = self.rest();
        rest.quiets += 1;
        rest.idle.retain_mut(Idle::end);
        Quiet(self)
    }

    fn take_back(&self, mut idle: Idle) {
        if self.permits.is_closed() {
            return;
        }
        {
            let mut rest = self.rest();
            if rest.quiets == 0 && idle.is_current(rest.commits) {
                rest.idle.push(idle);
                return;
            }
        }
        if idle.end() {
            self.rest().idle.push(idle);
        }
    }

    // A panic elsewhere cannot leave a list of connections half changed.
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let mut rest = self.0.rest();
        rest.quiets -= 1;
        rest.commits += 1;
    }
}

impl Idle {
    /// Whether nothing was committed since its snapshot, if it has one.
    fn is_current(&self, commits: u64) -> bool {
        let snapshot = self.snapshot.as_ref();
        snapshot.is_none_or(|snapshot| snapshot.commits == commits)
    }

    fn is_young(&self) -> bool {
        let snapshot = self.snapshot.as_ref();
        snapshot.is_none_or(|snapshot| snapshot.begun.elapsed() < SNAPSHOT_AGE_MAX)
    }

    /// Ends its snapshot, if it has one. False if that cannot be done: it would keep the WAL from ever starting anew, and is to be
    /// let go.
    fn end(&mut self) -> bool {
        self.snapshot.take().is_none() || step(&self.connection, "ROLLBACK").is_ok()
    }
}

impl Reader {
    /// All rows of the answer, from this transaction's snapshot.
    pub(crate) fn query(
        &mut self,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<Vec<Row>, DatabaseFault> {
        let Some(connection) = &self.connection else {
            return Err(DatabaseFault::new(
                FaultKind::Other,
                render_attempt(sql.text),
            ));
        };
        if self.snapshot.is_none() {
            step(connection, "BEGIN DEFERRED")?;
            self.snapshot = Some(Snapshot {
                commits: self.commits,
                begun: Instant::now(),
            });
        }
        let outcome = statement::query(connection, sql, params);
        self.has_failed |= outcome.is_err();
        outcome
    }

    /// Whether it goes on in a snapshot that others have read in.
    #[cfg(test)]
    pub(crate) fn goes_on(&self) -> bool {
        self.snapshot.is_some()
    }

    /// Makes its snapshot too old to be handed on.
    #[cfg(test)]
    pub(crate) fn grow_old(&mut self) {
        if let Some(snapshot) = &mut self.snapshot {
            let begun = snapshot.begun.checked_sub(SNAPSHOT_AGE_MAX);
            snapshot.begun = begun.unwrap_or(snapshot.begun);
        }
    }

    /// The answer to a write on a reader.
    pub(crate) fn refuse_write(&self, sql: &str) -> DatabaseFault {
        DatabaseFault::new(
            FaultKind::Other,
            format!("{} in a read transaction", render_attempt(sql)),
        )
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // After some failures SQLite has ended it by itself.
        let is_open = !connection.is_autocommit();
        let mut idle = Idle {
            connection,
            snapshot: self.snapshot.take().filter(|_| is_open),
        };
        if !self.has_failed || idle.end() {
            self.pool.take_back(idle);
        }
    }
}

/// Runs one of the words that begin and end transactions, prepared once.
pub(crate) fn step(connection: &Connection, sql: &'static str) -> Result<(), DatabaseFault> {
    let mut statement = connection
        .prepare_cached(sql)
        .map_err(|error| fault_of(error, sql))?;
    statement
        .raw_execute()
        .map_err(|error| fault_of(error, sql))?;
    Ok(())
}
