//! Where a database is, and every way in which opening it can be refused. A refusal leaves the database untouched.

use std::error::Error;
use std::path::{Path, PathBuf};

use vocab::secret::Secret;

use crate::dialect::DialectError;
use crate::fault::{DatabaseFault, FaultKind};
use crate::sqlite::statement::fault_of;

/// Where the database is.
#[derive(Clone)]
pub enum Location {
    /// An embedded store in this file; it is created when there is none.
    Sqlite {
        /// The database file. Its folder must exist.
        path: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres {
        /// `postgres://user:password@host:port/name?sslmode=…&sslrootcert=…`
        url: Secret<String>,
    },
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path holds something else than a SQLite database.
    #[error("{} is not a database of ours: {reason}", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        reason: String,
    },
    /// The database is damaged.
    #[error("the database {place} is damaged: {reason}; restore it from a backup")]
    Corrupt {
        /// The file or the server.
        place: String,
        /// What the engine found.
        reason: String,
    },
    /// A newer release has migrated this database.
    #[error(
        "the database has schema version {found}, this release knows up to {known}: run a newer release"
    )]
    FutureVersion {
        /// The newest version in the database.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// A migration that was applied differs from the one of the same version that this release carries.
    #[error("migration {version} ({name}) was applied in another form than this release carries")]
    ChangedMigration {
        /// Its version.
        version: i64,
        /// The name that the database recorded.
        name: String,
    },
    /// The database and this release disagree on which migrations come before the newest applied one.
    #[error("migration {version} is missing {place}")]
    MissingMigration {
        /// Its version.
        version: i64,
        /// On which side it is missing.
        place: &'static str,
    },
    /// The list of migrations is not well-formed.
    #[error("migration {version}: {reason}")]
    BadMigration {
        /// Its version.
        version: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// A migration has no form in this engine's dialect.
    #[error("migration {version} cannot be expressed")]
    Dialect {
        /// Its version.
        version: i64,
        /// Why not.
        #[source]
        source: DialectError,
    },
    /// The engine refused a migration; it was rolled back whole.
    #[error("migration {version} ({name}) failed")]
    MigrationFailed {
        /// Its version.
        version: i64,
        /// Its name.
        name: &'static str,
        /// The engine's fault.
        #[source]
        source: DatabaseFault,
    },
    /// The engine is too old to be trusted with data.
    #[error("the engine's version {found} is too old")]
    EngineTooOld {
        /// Its version.
        found: String,
    },
    /// An acknowledged write would not be safe here.
    #[error("{} cannot hold a durable database: {reason}", path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What the engine or the file system does not do.
        reason: String,
    },
    /// The address or its TLS options make no sense.
    #[error("the database address is wrong: {reason}")]
    BadAddress {
        /// What is wrong with it; never the address itself, which carries a password.
        reason: String,
    },
    /// The database cannot be used as it is set up.
    #[error("the database is not set up as needed: {reason}")]
    BadSetting {
        /// The setting and what it should be.
        reason: String,
    },
    /// The engine failed or could not be reached.
    #[error("the database cannot be opened")]
    Engine(#[source] DatabaseFault),
}

impl OpenError {
    /// A step of opening that failed outside the engine's own words.
    pub(crate) fn engine(attempted: &str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Engine(DatabaseFault::caused(
            FaultKind::Unavailable,
            attempted,
            source,
        ))
    }

    /// What SQLite said while opening this file.
    pub(crate) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let fault = fault_of(error, "open the database");
        if *fault.kind() == FaultKind::Corrupt {
            return Self::Corrupt {
                place: path.display().to_string(),
                // The engine's own words: who reads it knows that a database was to be opened.
                reason: fault
                    .source()
                    .map_or_else(|| fault.to_string(), ToString::to_string),
            };
        }
        Self::Engine(fault)
    }
}
