//! Which migrations are due: pure decisions over the list that this release carries and the record in the database.
//!
//! A database that a newer release has touched, or whose record disagrees with the list, is refused before anything
//! is written to it.

use aws_lc_rs::digest;

use crate::open::OpenError;

/// The record of what was applied; the same words on both engines, mapped by the dialect.
pub(crate) const CREATE_RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";

/// Reads the record.
pub(crate) const LOAD_RECORD: &str =
    "SELECT version, name, checksum FROM schema_migrations ORDER BY version";

/// Adds to the record, in the transaction of the migration itself.
pub(crate) const INSERT_RECORD: &str =
    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

/// One step of the schema. Once released it never changes; a mend is a new step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Counts up from 1 without a gap.
    pub version: i64,
    /// Says what the step does.
    pub name: &'static str,
    /// Statements in the common dialect: `TEXT`, `BIGINT`, `BYTES`, `REAL`; see `dialect`.
    pub sql: &'static str,
}

impl Migration {
    /// SHA-256 of the text, in hex: what a database remembers of a step that was applied.
    #[must_use]
    pub fn checksum(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.sql.as_bytes());
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: String,
}

/// Tells that a step was applied. Of a new store all are, which is no news to anybody.
pub(crate) fn note_applied(migration: &Migration, is_new: bool) {
    let (version, name) = (migration.version, migration.name);
    if is_new {
        tracing::debug!(version, name, "migration applied");
    } else {
        tracing::info!(version, name, "migration applied");
    }
}

/// The migrations that are still to be applied, in order.
pub(crate) fn plan_migrations(
    applied: &[Applied],
    known: &'static [Migration],
) -> Result<&'static [Migration], OpenError> {
    check_list(known)?;
    let newest = known.last().map_or(0, |migration| migration.version);
    if let Some(future) = applied
        .iter()
        .map(|applied| applied.version)
        .max()
        .filter(|found| *found > newest)
    {
        return Err(OpenError::FutureVersion {
            found: future,
            known: newest,
        });
    }
    let mut due = known;
    for line in applied {
        let Some((migration, rest)) = due.split_first() else {
            return Err(OpenError::MissingMigration {
                version: line.version,
                place: "in this release",
            });
        };
        if migration.version < line.version {
            return Err(OpenError::MissingMigration {
                version: migration.version,
                place: "in the database",
            });
        }
        if migration.version > line.version {
            return Err(OpenError::MissingMigration {
                version: line.version,
                place: "in this release",
            });
        }
        if migration.checksum() != line.checksum {
            return Err(OpenError::ChangedMigration {
                version: line.version,
                name: line.name.clone(),
            });
        }
        due = rest;
    }
    Ok(due)
}

fn check_list(known: &[Migration]) -> Result<(), OpenError> {
    for (expected, migration) in (1..).zip(known) {
        let version = migration.version;
        if version != expected {
            return Err(OpenError::BadMigration {
                version,
                reason: format!("comes where {expected} is due"),
            });
        }
        if migration.name.is_empty() || migration.sql.trim().is_empty() {
            return Err(OpenError::BadMigration {
                version,
                reason: "has no name or no text".to_owned(),
            });
        }
    }
    Ok(())
}
