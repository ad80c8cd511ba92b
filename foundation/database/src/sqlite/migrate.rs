//! Applies migrations to a SQLite file, each in its own transaction together with its line in the record.

use std::path::Path;

use rusqlite::Connection;
use vocab::time::{Clock, SystemClock};

use crate::Engine;
use crate::dialect::render_ddl;
use crate::fault::DatabaseFault;
use crate::migrate::{
    Applied, CREATE_RECORD, INSERT_RECORD, LOAD_RECORD, Migration, note_applied, plan_migrations,
};
use crate::open::OpenError;
use crate::sqlite::reader::step;
use crate::sqlite::statement::fault_of;

pub(crate) fn apply_migrations(
    connection: &Connection,
    path: &Path,
    known: &'static [Migration],
) -> Result<(), OpenError> {
    let applied = load_applied(connection).map_err(|error| OpenError::sqlite(path, error))?;
    let applied = applied.unwrap_or_default();
    let is_new = applied.is_empty();
    for migration in plan_migrations(&applied, known)? {
        let version = migration.version;
        let sql = render_ddl(Engine::Sqlite, migration.sql)
            .map_err(|source| OpenError::Dialect { version, source })?;
        let record = render_ddl(Engine::Sqlite, CREATE_RECORD)
            .map_err(|source| OpenError::Dialect { version, source })?;
        if let Err(source) = apply(connection, migration, &sql, &record) {
            // The first fault is the one to tell; without a transaction there is nothing to roll back.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(OpenError::MigrationFailed {
                version,
                name: migration.name,
                source,
            });
        }
        note_applied(migration, is_new);
    }
    Ok(())
}

fn apply(
    connection: &Connection,
    migration: &Migration,
    sql: &str,
    record: &str,
) -> Result<(), DatabaseFault> {
    step(connection, "BEGIN IMMEDIATE")?;
    connection
        .execute_batch(record)
        .map_err(|error| fault_of(error, CREATE_RECORD))?;
    connection
        .execute_batch(sql)
        .map_err(|error| fault_of(error, migration.name))?;
    let line = (
        migration.version,
        migration.name,
        migration.checksum(),
        SystemClock.now().micros(),
    );
    connection
        .execute(INSERT_RECORD, line)
        .map_err(|error| fault_of(error, INSERT_RECORD))?;
    step(connection, "COMMIT")
}

/// The record, or nothing when the file has none.
pub(crate) fn load_applied(connection: &Connection) -> rusqlite::Result<Option<Vec<Applied>>> {
    let tables: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
        (),
        |row| row.get(0),
    )?;
    if tables == 0 {
        return Ok(None);
    }
    let mut statement = connection.prepare(LOAD_RECORD)?;
    let lines = statement.query_map((), |row| {
        Ok(Applied {
            version: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
        })
    })?;
    lines.collect::<rusqlite::Result<Vec<_>>>().map(Some)
}
