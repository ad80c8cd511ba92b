//! What can go wrong with the rows of an org.

use vocab::row::RowError;

use crate::fault::DatabaseFault;

/// Why rows cannot be read, written or captured.
#[derive(Debug, thiserror::Error)]
pub enum TenancyError {
    /// A table says neither whose its rows are nor that they stay where they are.
    #[error("the table {table} does not say whose its rows are")]
    Undeclared {
        /// The table.
        table: String,
    },
    /// A table cannot be carried as it is built.
    #[error("the table {table} cannot be carried: {reason}")]
    UnfitTable {
        /// The table.
        table: String,
        /// What about it.
        reason: String,
    },
    /// Tables refer to one another in a circle, or one to itself: their rows have no order of arrival.
    #[error("the foreign keys of the table {table} form a circle")]
    Circle {
        /// One of the tables.
        table: String,
    },
    /// A row of another org holds the key of a row that arrives.
    #[error("{table}: a row of another org holds its {columns}")]
    Taken {
        /// The table.
        table: String,
        /// The columns of the key.
        columns: String,
    },
    /// A row that arrives belongs to another org than the one that was named.
    #[error("{table}: a row of another org than the one that was named")]
    Stranger {
        /// The table.
        table: String,
    },
    /// A row does not fit its table.
    #[error("{table}: a row that does not fit: {reason}")]
    UnfitRecord {
        /// The table.
        table: String,
        /// What about it; never a value.
        reason: String,
    },
    /// A key does not fit its table.
    #[error("{table}: a key that does not fit")]
    UnfitKey {
        /// The table.
        table: String,
    },
    /// What names an org is not the shape of an id.
    #[error("not the id of an org")]
    UnfitOrg,
    /// Bytes that are no row.
    #[error(transparent)]
    Codec(#[from] RowError),
    /// The database's own fault.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
}
