//! Opens SQLite connections: the one that writes and those that only read.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::open::OpenError;

/// Older engines can corrupt the database when the WAL restarts; the version is bundled, so this guards the build.
const VERSION_MIN: i32 = 3_051_003;

/// How long a statement waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 256;

/// Pages of the file that each reading connection keeps in memory; the pragma takes kibibytes with a minus.
const PAGES_KIB_MAX: u32 = 2_000;

/// The same for the connection that writes: a commit of many units changes more pages than readers ever need, and those that
/// have no room are written out and read back before it ends.
const WRITER_PAGES_KIB_MAX: u32 = 16_000;

/// Pages of the WAL after which a commit brings them into the file. Between two times the same few pages are written again and
/// again, so that four times as many cost little more to bring over.
const WAL_PAGES: u32 = 4_000;

/// The WAL file is cut back to this after a checkpoint.
const WAL_KEPT_BYTES: i64 = 16 << 20;

/// `PRAGMA synchronous` answers with this number for FULL.
const SYNCHRONOUS_FULL: i64 = 2;

/// The engine's version when it is too old to be trusted.
pub(crate) fn refused_version() -> Option<&'static str> {
    (rusqlite::version_number() < VERSION_MIN).then(rusqlite::version)
}

/// The connection that writes; creates the file when there is none.
pub(crate) fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -{WRITER_PAGES_KIB_MAX};
         PRAGMA wal_autocheckpoint = {WAL_PAGES};
         PRAGMA journal_size_limit = {WAL_KEPT_BYTES};"
    ))?;
    Ok(connection)
}

/// The WAL and the fsync that an acknowledged write relies on; some file systems cannot carry a WAL.
pub(crate) fn check_durable(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(|error| OpenError::sqlite(path, error))?;
    let synchronous: i64 = connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .map_err(|error| OpenError::sqlite(path, error))?;
    if mode != "wal" || synchronous != SYNCHRONOUS_FULL {
        let reason = format!("journal_mode is {mode}, synchronous is {synchronous}");
        return Err(OpenError::NotDurable {
            path: path.to_owned(),
            reason,
        });
    }
    Ok(())
}

/// A connection that cannot write, twice over: opened read-only, and told so.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A string in double quotes is a mistake on PostgreSQL; so it is here.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // A plan goes by the statement alone: otherwise SQLite looks at bound values where more than one index could serve, and
    // every new value has the statement prepared once more, which costs more than most of them do. Whatever a partial index
    // is to serve says the index's condition in its own text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(&format!(
        "PRAGMA cache_size = -{PAGES_KIB_MAX}; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
    ))
}

#[cfg(test)]
mod tests {
    use super::prepare;
    use rusqlite::{Connection, StatementStatus};

    #[test]
    fn a_statement_is_prepared_once_for_all_values() {
        let connection = Connection::open_in_memory().unwrap();
        prepare(&connection).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE people (org TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (org, id));
                 CREATE INDEX people_by_time ON people (org, at, id);",
            )
            .unwrap();
        let mut statement = connection
            .prepare("SELECT at FROM people WHERE org = $1 AND id = $2")
            .unwrap();
        for id in ["ada", "bob", "eve"] {
            assert!(!statement.exists(["acme", id]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
