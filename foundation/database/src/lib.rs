//! SQLite and PostgreSQL behind one pair of transaction types, and the migrations of their schema.
//!
//! It knows no table and no rule of the product. One SQL text with `$1`, `$2`, … serves both engines; where they
//! differ is in `dialect`; the statements that `tenancy` renders from the schema are the one exception. What it promises
//! on both:
//!
//! - [`Database::write`] answers after the commit is durable, or undoes this caller's changes alone.
//! - [`Database::read`] is one consistent snapshot, and the engine itself refuses a write in it.
//! - A database that is damaged, foreign or newer than this release is refused untouched.
//!
//! It never retries a caller's work: a fault says whether that makes sense, and the caller decides.

mod dialect;
mod fault;
mod leaving;
mod migrate;
mod open;
mod postgres;
mod row;
mod sql;
mod sqlite;
pub mod tenancy;
mod transaction;
mod work;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use crate::dialect::DialectError;
pub use crate::fault::{DatabaseFault, FaultKind};
pub use crate::leaving::LeftRows;
pub use crate::migrate::Migration;
pub use crate::open::{Location, OpenError};
pub use crate::row::Row;
pub use crate::transaction::{ReadTx, TxFuture, WriteTx};

use crate::postgres::lease::Lease;
use crate::postgres::pool::Pool;
use crate::sqlite::job::UnitKind;
use crate::sqlite::reader::ReaderPool;
use crate::sqlite::writer::Writer;
use crate::transaction::TxEngine;

/// Units of work that may wait for the SQLite writer.
const QUEUE_MAX: usize = 1024;

/// Read transactions of SQLite at one time.
const READERS_MAX: usize = 16;

/// Connections to PostgreSQL.
const CONNECTIONS_MAX: u32 = 16;

/// How long a caller waits for a place in the queue, a reader or a connection.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// How long the SQLite writer gathers work for one commit: a bound on what the first of a batch waits for the others.
const BATCH_TIME_MAX: Duration = Duration::from_millis(10);

/// Which engine holds the data. For messages and measurements; no query may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded store.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// The bounds of one database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) queue_max: usize,
    pub(crate) readers_max: usize,
    pub(crate) connections_max: u32,
    pub(crate) wait_max: Duration,
    pub(crate) batch_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_max: QUEUE_MAX,
            readers_max: READERS_MAX,
            connections_max: CONNECTIONS_MAX,
            wait_max: WAIT_MAX,
            batch_time_max: BATCH_TIME_MAX,
        }
    }
}

/// An open database; clones share it.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Database({:?})", self.engine())
    }
}

enum Inner {
    Sqlite {
        writer: Writer,
        readers: Arc<ReaderPool>,
    },
    Postgres(Arc<Pool>),
}

impl Database {
    /// Opens the database and applies the migrations that are due.
    ///
    /// # Errors
    /// An [`OpenError`] that says why it was refused; what was not ours to change is unchanged.
    pub async fn open(
        location: &Location,
        migrations: &'static [Migration],
    ) -> Result<Self, OpenError> {
        Self::open_within(location, migrations, Limits::default()).await
    }

    pub(crate) async fn open_within(
        location: &Location,
        migrations: &'static [Migration],
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let inner = match location {
            Location::Sqlite { path } => {
                let readers = ReaderPool::new(path.clone(), limits.readers_max, limits.wait_max);
                let readers = Arc::new(readers);
                let file = (path.clone(), Arc::clone(&readers));
                let writer = Writer::start(file, migrations, limits).await?;
                Inner::Sqlite { writer, readers }
            }
            Location::Postgres { url } => {
                let pool = Pool::new(url.expose(), limits.connections_max, limits.wait_max)?;
                postgres::migrate::apply_migrations(&pool, migrations).await?;
                Inner::Postgres(Arc::new(pool))
            }
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Begins a read transaction: one consistent snapshot, taken between now and its first query, with all that was
    /// acknowledged before.
    ///
    /// A task that holds one must not ask for a second: with all readers lent out, both would wait.
    ///
    /// # Errors
    /// [`FaultKind::Unavailable`] when there is no reader or connection in time.
    pub async fn read(&self) -> Result<ReadTx, DatabaseFault> {
        let engine = match self.0.as_ref() {
            Inner::Sqlite { readers, .. } => TxEngine::SqliteReader(readers.lend().await?),
            Inner::Postgres(pool) => TxEngine::Postgres(Box::pin(Lease::read(pool)).await?),
        };
        Ok(ReadTx::new(engine))
    }

    /// Runs the work in a transaction and returns after its commit is durable; an `Err` undoes it.
    ///
    /// The work awaits nothing but its transaction: on SQLite it runs on the one thread that writes. A panic, another
    /// wait, or a failed statement is a fault, undoes this work alone, and is answered as one. Work whose caller goes
    /// away may still be committed.
    ///
    /// # Errors
    /// What the work returned, or the [`DatabaseFault`] that kept it from running or from being committed. After a
    /// connection is lost during the commit itself it is unknown whether the work was kept.
    pub async fn write<T, E>(
        &self,
        work: impl for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseFault> + Send + 'static,
    {
        self.run_unit(work, UnitKind::Whole).await
    }

    /// As [`Self::write`], for work that may leave rows to be written with those of others ([`WriteTx::left_rows`]). What
    /// was left by works before it is not in the store yet: the work must neither read nor change such rows, nor what
    /// decides whether they may be written.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_leaving<T, E>(
        &self,
        work: impl for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseFault> + Send + 'static,
    {
        self.run_unit(work, UnitKind::Leaving).await
    }

    async fn run_unit<T, E>(
        &self,
        work: impl for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, E> + Send + 'static,
        kind: UnitKind,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseFault> + Send + 'static,
    {
        match self.0.as_ref() {
            Inner::Sqlite { writer, .. } => writer.write(work, kind).await,
            // Each commit is one unit's own, which writes its rows itself.
            Inner::Postgres(pool) => {
                let written = async {
                    let mut tx = WriteTx::new(TxEngine::Postgres(Lease::write(pool).await?));
                    let outcome = work::run(work, &mut tx).await;
                    let value = work::decide_answer(outcome, tx.take_failure())?;
                    tx.commit_postgres().await?;
                    Ok(value)
                };
                Box::pin(written).await
            }
        }
    }

    /// Which engine holds the data.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.0.as_ref() {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// Finishes the work that was accepted, takes no more, and closes the files or connections.
    pub async fn close(&self) {
        match self.0.as_ref() {
            Inner::Sqlite { writer, readers } => {
                readers.close();
                writer.close().await;
            }
            Inner::Postgres(pool) => pool.close().await,
        }
    }
}
