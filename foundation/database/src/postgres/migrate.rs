//! Applies migrations to a PostgreSQL database, each in its own transaction together with its line in the record.
//! An advisory lock makes sure that of several starting processes one migrates and the others wait for it.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use vocab::time::{Clock, SystemClock};

use crate::Engine;
use crate::dialect::render_ddl;
use crate::fault::{DatabaseFault, FaultKind};
use crate::migrate::{
    Applied, CREATE_RECORD, INSERT_RECORD, LOAD_RECORD, Migration, note_applied, plan_migrations,
};
use crate::open::OpenError;
use crate::postgres::fault::fault_of;
use crate::postgres::pool::Pool;

/// "testudo!" in ASCII: the advisory lock of whoever migrates.
const LOCK_KEY: i64 = 0x7465_7374_7564_6f21;

/// A migration may run longer than a request, and a starting process waits for another's migrations.
const SESSION: &str =
    "SET statement_timeout = 0; SET lock_timeout = '10min'; SET client_min_messages = 'warning'";

/// PostgreSQL 13, as `server_version_num`.
const VERSION_MIN: i32 = 130_000;

pub(crate) async fn apply_migrations(
    pool: &Pool,
    known: &'static [Migration],
) -> Result<(), OpenError> {
    let connection = pool.connect().await.map_err(OpenError::Engine)?;
    let client = &connection.client;
    check_server(client).await?;
    client
        .batch_execute(SESSION)
        .await
        .map_err(|error| engine(error, "prepare to migrate"))?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK_KEY])
        .await
        .map_err(|error| engine(error, "wait for another process to migrate"))?;
    let applied = load_applied(client).await?;
    let is_new = applied.is_empty();
    for migration in plan_migrations(&applied, known)? {
        let version = migration.version;
        let sql = render_ddl(Engine::Postgres, migration.sql)
            .map_err(|source| OpenError::Dialect { version, source })?;
        let record = render_ddl(Engine::Postgres, CREATE_RECORD)
            .map_err(|source| OpenError::Dialect { version, source })?;
        apply(client, migration, &sql, &record)
            .await
            .map_err(|source| OpenError::MigrationFailed {
                version,
                name: migration.name,
                source,
            })?;
        note_applied(migration, is_new);
    }
    // The end of the session frees the lock too; this is sooner.
    client
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK_KEY])
        .await
        .map_err(|error| engine(error, "end the migration"))?;
    Ok(())
}

/// An error leaves the transaction open; the connection is then dropped, and the server rolls back.
async fn apply(
    client: &Client,
    migration: &Migration,
    sql: &str,
    record: &str,
) -> Result<(), DatabaseFault> {
    let step = |error| fault_of(error, migration.name);
    client.batch_execute("BEGIN").await.map_err(step)?;
    client.batch_execute(record).await.map_err(step)?;
    client.batch_execute(sql).await.map_err(step)?;
    let applied_at = SystemClock.now().micros();
    client
        .execute(
            INSERT_RECORD,
            &[
                &migration.version,
                &migration.name,
                &migration.checksum(),
                &applied_at,
            ],
        )
        .await
        .map_err(step)?;
    client.batch_execute("COMMIT").await.map_err(step)
}

async fn check_server(client: &Client) -> Result<(), OpenError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
                    current_setting('fsync'), current_setting('server_version')",
            &[],
        )
        .await
        .map_err(|error| engine(error, "ask for the server's settings"))?;
    let setting = |error| engine(error, "read the server's settings");
    let version: i32 = row.try_get(0).map_err(setting)?;
    let encoding: String = row.try_get(1).map_err(setting)?;
    let fsync: String = row.try_get(2).map_err(setting)?;
    if version < VERSION_MIN {
        return Err(OpenError::EngineTooOld {
            found: row.try_get(3).map_err(setting)?,
        });
    }
    if encoding != "UTF8" {
        return Err(OpenError::BadSetting {
            reason: format!("the encoding is {encoding}, it must be UTF8"),
        });
    }
    if fsync != "on" {
        tracing::warn!(
            "fsync is off on the PostgreSQL server: a power failure can lose acknowledged writes"
        );
    }
    Ok(())
}

/// The record; empty when there is none.
async fn load_applied(client: &Client) -> Result<Vec<Applied>, OpenError> {
    let read = |error| engine(error, "read the record of migrations");
    let exists = client
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])
        .await
        .map_err(read)?;
    if !exists.try_get::<_, bool>(0).map_err(read)? {
        return Ok(Vec::new());
    }
    let rows = client.query(LOAD_RECORD, &[]).await.map_err(not_ours)?;
    rows.iter()
        .map(|row| {
            let (version, name, checksum) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok(Applied {
                version,
                name,
                checksum,
            })
        })
        .collect::<Result<Vec<_>, Error>>()
        .map_err(not_ours)
}

/// Another program's table may have our record's name with other columns.
fn not_ours(error: Error) -> OpenError {
    let has_no_such_column = error.code() == Some(&SqlState::UNDEFINED_COLUMN);
    let has_other_type = error.as_db_error().is_none() && !error.is_closed();
    if has_no_such_column || has_other_type {
        let reason =
            "its table schema_migrations belongs to another program; use a database of its own"
                .to_owned();
        return OpenError::BadSetting { reason };
    }
    engine(error, "read the record of migrations")
}

fn engine(error: Error, attempted: &str) -> OpenError {
    let fault = fault_of(error, attempted);
    if *fault.kind() == FaultKind::Corrupt {
        return OpenError::Corrupt {
            place: "on the server".to_owned(),
            reason: format!("{fault:?}"),
        };
    }
    OpenError::Engine(fault)
}
