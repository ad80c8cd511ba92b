//! The connection that writes, and what keeps the units of one commit apart on it.
//!
//! A savepoint is opened by the first change of a unit and not before: while one is open, SQLite copies every page that
//! was changed in the same commit already, so that a unit which changes nothing itself must not have one.

use rusqlite::Connection;

use crate::fault::DatabaseFault;
use crate::sqlite::job::Keep;
use crate::sqlite::reader::step;

/// The connection that writes.
pub(crate) struct WriterConnection {
    connection: Connection,
    isolation: Isolation,
}

/// How what runs can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isolation {
    /// With the whole commit.
    Whole,
    /// There is nothing to undo yet.
    Untouched,
    /// By the savepoint.
    Savepoint,
}

impl WriterConnection {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            isolation: Isolation::Whole,
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A unit begins that can be undone alone.
    pub(crate) fn begin_unit(&mut self) {
        self.isolation = Isolation::Untouched;
    }

    /// Called before each statement that changes something.
    pub(crate) fn prepare_change(&mut self) -> Result<(), DatabaseFault> {
        if self.isolation == Isolation::Untouched {
            step(&self.connection, "SAVEPOINT unit")?;
            self.isolation = Isolation::Savepoint;
        }
        Ok(())
    }

    /// The unit is over with the whole commit.
    pub(crate) fn drop_unit(&mut self) {
        self.isolation = Isolation::Whole;
    }

    /// The unit is over, and its changes stay or not.
    pub(crate) fn end_unit(&mut self, keep: Keep) -> Result<(), DatabaseFault> {
        let isolation = std::mem::replace(&mut self.isolation, Isolation::Whole);
        if isolation != Isolation::Savepoint {
            return Ok(());
        }
        if keep == Keep::No {
            step(&self.connection, "ROLLBACK TO unit")?;
        }
        step(&self.connection, "RELEASE unit")
    }
}
