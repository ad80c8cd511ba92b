//! A bounded pool of read-only SQLite connections. A reader runs in the caller's own task: a point read costs a few
//! microseconds, less than handing it to another thread.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vocab::value::Value;

use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::row::Row;
use crate::sql::Sql;
use crate::sqlite::connection::open_reader;
use crate::sqlite::statement::{self, fault_of};

/// The connections of one database file.
pub(crate) struct ReaderPool {
    path: PathBuf,
    wait_max: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// One connection lent out; dropped, its snapshot is over and it returns to the pool.
pub(crate) struct Reader {
    connection: Option<Connection>,
    begun: bool,
    pool: Arc<ReaderPool>,
    _permit: OwnedSemaphorePermit,
}

impl ReaderPool {
    pub(crate) fn new(path: PathBuf, readers_max: usize, wait_max: Duration) -> Self {
        Self {
            path,
            wait_max,
            permits: Arc::new(Semaphore::new(readers_max)),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Lends a connection; waits when all are lent out.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Reader, DatabaseFault> {
        let permit = self.permit().await?;
        let pooled = self.idle().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open_reader(&self.path).map_err(|error| fault_of(error, "open a reader"))?,
        };
        Ok(Reader {
            connection: Some(connection),
            begun: false,
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
        self.idle().clear();
    }

    fn take_back(&self, connection: Connection) {
        if !self.permits.is_closed() {
            self.idle().push(connection);
        }
    }

    // A panic elsewhere cannot leave a list of connections half changed.
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        if !self.begun {
            step(connection, "BEGIN DEFERRED")?;
            self.begun = true;
        }
        statement::query(connection, sql, params)
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
        // One that cannot end its snapshot would keep the WAL from ever restarting: it is let go instead.
        if !self.begun || step(&connection, "ROLLBACK").is_ok() {
            self.pool.take_back(connection);
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
