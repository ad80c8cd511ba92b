//! The two kinds of transaction. A function that only reads takes `&mut ReadTx`, one that writes takes `&mut WriteTx`:
//! so a read path cannot write, and the engine refuses it once more.
//!
//! A statement that fails ends the transaction on both engines: what follows gets the same fault and nothing is
//! committed, even when the work goes on to return `Ok`. (PostgreSQL does so by itself; SQLite would carry on, and a
//! caller tested on one engine only would be wrong on the other. Use `ON CONFLICT` where a conflict is expected.)

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;

use vocab::value::Value;

use crate::Engine;
use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::leaving::{Leaving, LeftRows};
use crate::postgres::lease::Lease;
use crate::row::Row;
use crate::sql::Sql;
use crate::sqlite::reader::Reader;
use crate::sqlite::statement;
use crate::sqlite::unit::WriterConnection;

/// The future that a unit of work returns: `Box::pin(async move { … })`.
pub type TxFuture<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// A read-only transaction: one consistent snapshot, taken between when it was asked for and its first query. Dropped, it is over.
pub struct ReadTx {
    engine: TxEngine,
    failed: Option<DatabaseFault>,
}

/// A transaction that may write; it is also a [`ReadTx`] that sees its own changes.
pub struct WriteTx {
    read: ReadTx,
    pub(crate) leaving: Leaving,
}

pub(crate) enum TxEngine {
    SqliteReader(Reader),
    SqliteWriter(WriterConnection),
    Postgres(Lease),
}

impl ReadTx {
    pub(crate) fn new(engine: TxEngine) -> Self {
        Self {
            engine,
            failed: None,
        }
    }

    /// All rows of the answer.
    ///
    /// # Errors
    /// The engine's fault; the transaction is then over.
    pub async fn query(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, DatabaseFault> {
        self.query_rendered(Sql::constant(sql), params).await
    }

    /// The same for a text that is rendered from the schema; it holds names, and never a value.
    pub(crate) async fn query_rendered(
        &mut self,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<Vec<Row>, DatabaseFault> {
        self.check_alive()?;
        let answer = match &mut self.engine {
            TxEngine::SqliteReader(reader) => reader.query(sql, params),
            TxEngine::SqliteWriter(writer) => query_writer(writer, sql, params),
            TxEngine::Postgres(lease) => lease.query(sql, params).await,
        };
        self.note_failure(answer)
    }

    /// The one row of the answer, or none.
    ///
    /// # Errors
    /// The engine's fault, or [`FaultKind::Other`] when there is more than one row.
    pub async fn query_optional(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, DatabaseFault> {
        let mut rows = self.query(sql, params).await?;
        if rows.len() > 1 {
            let attempted = format!(
                "{}: {} rows where at most one is expected",
                render_attempt(sql),
                rows.len()
            );
            let fault = DatabaseFault::new(FaultKind::Other, attempted);
            return self.note_failure(Err(fault));
        }
        Ok(rows.pop())
    }

    /// Which engine answers, for whoever renders a text.
    pub(crate) fn engine(&self) -> Engine {
        match self.engine {
            TxEngine::SqliteReader(_) | TxEngine::SqliteWriter(_) => Engine::Sqlite,
            TxEngine::Postgres(_) => Engine::Postgres,
        }
    }

    fn check_alive(&self) -> Result<(), DatabaseFault> {
        match &self.failed {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
    }

    fn note_failure<T>(&mut self, answer: Result<T, DatabaseFault>) -> Result<T, DatabaseFault> {
        if let Err(fault) = &answer {
            self.failed = Some(fault.clone());
        }
        answer
    }
}

/// A statement that returns rows may change some, unless it begins as one that does not.
fn query_writer(
    writer: &mut WriterConnection,
    sql: Sql<'_>,
    params: &[Value],
) -> Result<Vec<Row>, DatabaseFault> {
    if !sql.text.starts_with("SELECT ") {
        writer.prepare_change()?;
    }
    statement::query(writer.connection(), sql, params)
}

impl WriteTx {
    pub(crate) fn new(engine: TxEngine) -> Self {
        Self {
            read: ReadTx::new(engine),
            leaving: Leaving::default(),
        }
    }

    /// The rows that may be left to be written later, with those of other units of this commit; none where rows must be
    /// written at once.
    pub fn left_rows<L: LeftRows + Default>(&mut self) -> Option<&mut L> {
        self.leaving.rows()
    }

    /// Runs a statement that returns no rows, and says how many rows it touched.
    ///
    /// # Errors
    /// The engine's fault; the transaction is then over.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, DatabaseFault> {
        self.execute_rendered(Sql::constant(sql), params).await
    }

    /// The same for a text that is rendered from the schema; it holds names, and never a value.
    pub(crate) async fn execute_rendered(
        &mut self,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<u64, DatabaseFault> {
        self.read.check_alive()?;
        let answer = match &mut self.read.engine {
            TxEngine::SqliteReader(reader) => Err(reader.refuse_write(sql.text)),
            TxEngine::SqliteWriter(writer) => writer
                .prepare_change()
                .and_then(|()| statement::execute(writer.connection(), sql, params)),
            TxEngine::Postgres(lease) => lease.execute(sql, params).await,
        };
        self.read.note_failure(answer)
    }

    /// Runs a change of the schema, which is not kept as a prepared statement: each is run once.
    pub(crate) async fn change_schema(&mut self, sql: &str) -> Result<(), DatabaseFault> {
        self.read.check_alive()?;
        let answer = match &mut self.read.engine {
            TxEngine::SqliteReader(reader) => Err(reader.refuse_write(sql)),
            TxEngine::SqliteWriter(writer) => writer
                .prepare_change()
                .and_then(|()| statement::change_schema(writer.connection(), sql)),
            TxEngine::Postgres(lease) => lease.change_schema(sql).await,
        };
        self.read.note_failure(answer)
    }

    /// The fault that ended this transaction, if one did; the next unit of work starts without it.
    pub(crate) fn take_failure(&mut self) -> Option<DatabaseFault> {
        self.read.failed.take()
    }

    /// The writer's own connection, for its BEGIN and COMMIT.
    pub(crate) fn writer_connection(&self) -> Option<&rusqlite::Connection> {
        match &self.read.engine {
            TxEngine::SqliteWriter(writer) => Some(writer.connection()),
            TxEngine::SqliteReader(_) | TxEngine::Postgres(_) => None,
        }
    }

    /// The same with what keeps its units apart.
    pub(crate) fn writer(&mut self) -> Option<&mut WriterConnection> {
        match &mut self.read.engine {
            TxEngine::SqliteWriter(writer) => Some(writer),
            TxEngine::SqliteReader(_) | TxEngine::Postgres(_) => None,
        }
    }

    /// Commits on PostgreSQL; the SQLite writer commits whole batches itself.
    pub(crate) async fn commit_postgres(self) -> Result<(), DatabaseFault> {
        match self.read.engine {
            TxEngine::Postgres(lease) => lease.commit().await,
            TxEngine::SqliteReader(_) | TxEngine::SqliteWriter(_) => Err(DatabaseFault::new(
                FaultKind::Other,
                "COMMIT outside the writer",
            )),
        }
    }
}

impl fmt::Debug for ReadTx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReadTx")
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Deref for WriteTx {
    type Target = ReadTx;

    fn deref(&self) -> &ReadTx {
        &self.read
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut ReadTx {
        &mut self.read
    }
}
