//! One transaction on a lent connection. Dropped half way, it is rolled back before the connection is used again;
//! where that does not succeed in time the connection is let go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};
use vocab::value::Value;

use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::postgres::bind::Bind;
use crate::postgres::cell::Cell;
use crate::postgres::fault::{fault_of, is_farewell, is_stale_statement};
use crate::postgres::pool::{Connection, Pool};
use crate::row::Row;
use crate::sql::Sql;
use crate::sqlite::statement::{refuse_rows, wrong_count};
use crate::transaction::TxFuture;

const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How often a connection that turns out dead before anything was asked on it is replaced.
const CONNECT_TRIES_MAX: usize = 3;

/// How long a dropped transaction may take to roll back.
const ROLLBACK_MAX: Duration = Duration::from_secs(5);

/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 512;

/// A connection lent to one transaction.
pub(crate) struct Lease {
    connection: Option<Connection>,
    state: State,
    said_farewell: bool,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction is open.
    Clean,
    /// A transaction is open and waits for the next statement.
    Open,
    /// A statement is on its way; found outside of one, its future was dropped and its outcome is unknown.
    Asking,
}

enum Ask {
    Rows,
    Count,
}

enum Answer {
    Rows(Vec<Row>),
    Count(u64),
}

impl Lease {
    /// A read transaction; it begins together with its first query.
    pub(crate) async fn read(pool: &Arc<Pool>) -> Result<Self, DatabaseFault> {
        let permit = pool.permit().await?;
        let connection = pool.connection().await?;
        let pool = Arc::clone(pool);
        Ok(Self {
            connection: Some(connection),
            state: State::Clean,
            said_farewell: false,
            pool,
            permit: Some(permit),
        })
    }

    /// A write transaction, begun.
    pub(crate) async fn write(pool: &Arc<Pool>) -> Result<Self, DatabaseFault> {
        let mut lease = Self::read(pool).await?;
        for tries_left in (0..CONNECT_TRIES_MAX).rev() {
            match lease.begin_write().await {
                Err(_) if tries_left > 0 && lease.is_dead() => lease.reconnect().await?,
                begun => {
                    begun?;
                    break;
                }
            }
        }
        Ok(lease)
    }

    async fn begin_write(&mut self) -> Result<(), DatabaseFault> {
        // Marked first: whatever becomes of the BEGIN, the connection is rolled back before its next use.
        self.state = State::Open;
        let begun = self.connection()?.client.batch_execute(BEGIN_WRITE).await;
        begun.map_err(|error| self.fault_of_begin(error, BEGIN_WRITE))
    }

    /// All rows of the answer. In a box, as all that asks the driver is: inline, its state would make every future that asks
    /// anything large, which are dear to move, and its code would be compiled again in every crate.
    pub(crate) fn query<'q>(
        &'q mut self,
        sql: Sql<'q>,
        params: &'q [Value],
    ) -> TxFuture<'q, Vec<Row>, DatabaseFault> {
        Box::pin(async move {
            match self.ask(Ask::Rows, sql, params).await? {
                Answer::Rows(rows) => Ok(rows),
                Answer::Count(_) => Ok(Vec::new()),
            }
        })
    }

    /// How many rows the statement touched.
    pub(crate) fn execute<'q>(
        &'q mut self,
        sql: Sql<'q>,
        params: &'q [Value],
    ) -> TxFuture<'q, u64, DatabaseFault> {
        Box::pin(async move {
            match self.ask(Ask::Count, sql, params).await? {
                Answer::Count(count) => Ok(count),
                Answer::Rows(_) => Ok(0),
            }
        })
    }

    /// Runs a change of the schema; it is not prepared, for it is run once.
    pub(crate) async fn change_schema(&mut self, sql: &str) -> Result<(), DatabaseFault> {
        if self.state != State::Open {
            return Err(interrupted(sql));
        }
        self.state = State::Asking;
        let changed = self.connection()?.client.batch_execute(sql).await;
        self.state = State::Open;
        changed.map_err(|error| fault_of(error, sql))
    }

    async fn ask(
        &mut self,
        ask: Ask,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<Answer, DatabaseFault> {
        let answer = match self.state {
            State::Asking => return Err(interrupted(sql.text)),
            State::Open => {
                self.state = State::Asking;
                let connection = self.connection()?;
                run(
                    &connection.client,
                    &mut connection.statements,
                    &ask,
                    sql,
                    params,
                )
                .await
            }
            State::Clean => self.ask_first(&ask, sql, params).await,
        };
        self.state = State::Open;
        answer
    }

    /// Sends the BEGIN of a read and its first statement in one go.
    async fn ask_first(
        &mut self,
        ask: &Ask,
        sql: Sql<'_>,
        params: &[Value],
    ) -> Result<Answer, DatabaseFault> {
        let mut tries_left = CONNECT_TRIES_MAX;
        loop {
            tries_left -= 1;
            self.state = State::Asking;
            let Connection { client, statements } = self.connection()?;
            let begin = client.batch_execute(BEGIN_READ);
            let (begun, answer) = tokio::join!(begin, run(client, statements, ask, sql, params));
            let answer = match begun {
                Ok(()) => answer,
                Err(error) => Err(self.fault_of_begin(error, BEGIN_READ)),
            };
            // Nothing was seen yet, so that a dead connection can be replaced unnoticed.
            if answer.is_err() && tries_left > 0 && self.is_dead() {
                self.reconnect().await?;
                continue;
            }
            return answer;
        }
    }

    /// Makes the changes durable. When the connection is lost here, whether they are is unknown.
    pub(crate) async fn commit(mut self) -> Result<(), DatabaseFault> {
        if self.state == State::Asking {
            return Err(interrupted("COMMIT"));
        }
        self.connection()?
            .client
            .batch_execute("COMMIT")
            .await
            .map_err(|error| fault_of(error, "COMMIT"))?;
        self.state = State::Clean;
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut Connection, DatabaseFault> {
        self.connection.as_mut().ok_or_else(|| {
            DatabaseFault::new(FaultKind::Unavailable, "transaction without connection")
        })
    }

    fn fault_of_begin(&mut self, error: tokio_postgres::Error, attempted: &str) -> DatabaseFault {
        // The driver notices the closed socket only after it has delivered the server's last words.
        self.said_farewell = is_farewell(&error);
        fault_of(error, attempted)
    }

    fn is_dead(&self) -> bool {
        self.said_farewell
            || self
                .connection
                .as_ref()
                .is_none_or(|connection| connection.client.is_closed())
    }

    /// A new connection rather than an idle one: where one died, the idle ones may be dead too.
    async fn reconnect(&mut self) -> Result<(), DatabaseFault> {
        self.connection = None;
        self.state = State::Clean;
        self.connection = Some(self.pool.connect().await?);
        self.said_farewell = false;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.state == State::Clean {
            self.pool.take_back(connection);
            return;
        }
        let pool = Arc::clone(&self.pool);
        let permit = self.permit.take();
        self.pool.runtime().spawn(async move {
            let rolled_back =
                tokio::time::timeout(ROLLBACK_MAX, connection.client.batch_execute("ROLLBACK"))
                    .await;
            if matches!(rolled_back, Ok(Ok(()))) {
                pool.take_back(connection);
            }
            drop(permit);
        });
    }
}

async fn run(
    client: &Client,
    statements: &mut HashMap<Box<str>, Statement>,
    ask: &Ask,
    sql: Sql<'_>,
    params: &[Value],
) -> Result<Answer, DatabaseFault> {
    let statement = match statements.get(sql.text) {
        Some(statement) => statement.clone(),
        None => prepare(client, statements, sql.text).await?,
    };
    if statement.params().len() != params.len() {
        return Err(wrong_count(
            sql.text,
            statement.params().len(),
            params.len(),
        ));
    }
    let binds: Vec<Bind<'_>> = params.iter().map(Bind).collect();
    let binds: Vec<&(dyn ToSql + Sync)> = binds
        .iter()
        .map(|bind| bind as &(dyn ToSql + Sync))
        .collect();
    let answer = match ask {
        Ask::Rows => client.query(&statement, &binds).await.map(Answered::Rows),
        Ask::Count if !statement.columns().is_empty() => return Err(refuse_rows(sql.text)),
        Ask::Count => client
            .execute(&statement, &binds)
            .await
            .map(Answered::Count),
    };
    match answer {
        Ok(Answered::Count(count)) => Ok(Answer::Count(count)),
        Ok(Answered::Rows(rows)) => rows
            .iter()
            .map(|row| parse_row(row, sql.name))
            .collect::<Result<_, _>>()
            .map(Answer::Rows),
        Err(error) => {
            if is_stale_statement(&error) {
                statements.remove(sql.text);
            }
            Err(fault_of(error, sql.text))
        }
    }
}

/// An answer in the driver's form.
enum Answered {
    Rows(Vec<tokio_postgres::Row>),
    Count(u64),
}

async fn prepare(
    client: &Client,
    statements: &mut HashMap<Box<str>, Statement>,
    sql: &str,
) -> Result<Statement, DatabaseFault> {
    let statement = client
        .prepare(sql)
        .await
        .map_err(|error| fault_of(error, sql))?;
    // Statements are constants of the program or rendered once for a table: an unusual number starts over rather than grow.
    if statements.len() >= STATEMENTS_MAX {
        statements.clear();
    }
    statements.insert(sql.into(), statement.clone());
    Ok(statement)
}

fn parse_row(row: &tokio_postgres::Row, sql: &'static str) -> Result<Row, DatabaseFault> {
    let mut values = Vec::with_capacity(row.len());
    for index in 0..row.len() {
        let Cell(value) = row.try_get(index).map_err(|error| {
            let attempted = format!("column {index} of {}", render_attempt(sql));
            DatabaseFault::caused(FaultKind::TypeMismatch, attempted, error)
        })?;
        values.push(value);
    }
    Ok(Row::new(values, sql))
}

fn interrupted(sql: &str) -> DatabaseFault {
    let attempted = format!(
        "{} after a statement that was not awaited to its end",
        render_attempt(sql)
    );
    DatabaseFault::new(FaultKind::Other, attempted)
}
