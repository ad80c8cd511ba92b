//! Keeps the WAL small. SQLite checkpoints by itself at a commit, but under overlapping readers it may never find the
//! moment to start the WAL anew; then the file grows, and we wait for that moment, shortly, after a batch was answered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::sqlite::reader::ReaderPool;

/// How often the size of the WAL is looked at, in batches.
const BATCHES_BETWEEN_LOOKS: u32 = 128;

/// From this size on the WAL is cut by force; the next attempt comes when it has grown by as much again.
const WAL_BYTES_MAX: u64 = 64 << 20;

/// How long the writer may stand still for the readers to finish.
const WAIT_MAX: Duration = Duration::from_millis(50);

pub(crate) struct Checkpoints {
    wal: PathBuf,
    batches: u32,
    bytes_max: u64,
    bytes_next: u64,
}

impl Checkpoints {
    pub(crate) fn new(database: &Path) -> Self {
        Self::within(database, WAL_BYTES_MAX)
    }

    pub(crate) fn within(database: &Path, bytes_max: u64) -> Self {
        Self {
            wal: wal_of(database),
            batches: 0,
            bytes_max,
            bytes_next: bytes_max,
        }
    }

    /// Called after every batch, when nobody waits for an answer.
    pub(crate) fn after_batch(&mut self, connection: &Connection, readers: &ReaderPool) {
        self.batches += 1;
        if self.batches < BATCHES_BETWEEN_LOOKS {
            return;
        }
        self.batches = 0;
        let bytes = std::fs::metadata(&self.wal).map_or(0, |metadata| metadata.len());
        if bytes < self.bytes_next {
            return;
        }
        let _quiet = readers.quiet();
        self.bytes_next = match truncate(connection) {
            Ok(true) => self.bytes_max,
            Ok(false) => bytes + self.bytes_max,
            Err(error) => {
                tracing::warn!(error = %error, "the WAL could not be checkpointed");
                bytes + self.bytes_max
            }
        };
    }

    /// Moves all of the WAL into the database file before the last connection goes.
    pub(crate) fn finish(&self, connection: &Connection) {
        if let Err(error) = truncate(connection) {
            tracing::warn!(error = %error, "the WAL stays behind; the next start replays it");
        }
    }
}

/// Whether the WAL could be emptied.
fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    let usual: i64 = connection.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
    connection.busy_timeout(WAIT_MAX)?;
    let outcome = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| {
        row.get::<_, i64>(0)
    });
    connection.busy_timeout(Duration::from_millis(
        u64::try_from(usual).unwrap_or_default(),
    ))?;
    Ok(outcome? == 0)
}

/// The WAL that belongs to a database file.
pub(crate) fn wal_of(database: &Path) -> PathBuf {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    PathBuf::from(wal)
}
