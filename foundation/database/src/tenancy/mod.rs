//! The rows of one org, whatever the tables: their shapes, pages, digests and arrival, and the capture of changes.
//!
//! It knows no table by name but the two that capture talks to. What a table is like comes from the engine's own
//! catalogue, so that a new table or column is carried without a word here; a table that does not say whose its rows
//! are is an error. Every function is given the org, and reads or writes rows of that org alone.
//!
//! The texts of its statements are rendered once for each table from names of the schema, quoted. A value is always a
//! parameter; the one exception is the org's id in the body of a trigger, which takes no parameters (see `capture`).

mod arrange;
mod capture;
mod catalogue;
mod fault;
mod key;
mod read;
mod record;
pub(crate) mod render;
mod shape;
mod write;

pub use self::capture::{CAPTURE_TABLES, FENCED};
pub use self::catalogue::load_shapes;
pub use self::fault::TenancyError;
pub use self::key::Key;
pub use self::read::{Page, RangeDigest};
pub use self::record::Record;
pub use self::shape::{Column, ColumnType, Shape, Shapes};

/// How the tables of a schema say whose their rows are.
#[derive(Debug, Clone, Copy)]
pub struct Tenancy {
    /// The column that holds the org's id.
    pub owner_column: &'static str,
    /// The one table whose rows are the orgs themselves, and its column with their id.
    pub root: (&'static str, &'static str),
    /// Tables whose rows are about the database itself and stay in it.
    pub local_tables: &'static [&'static str],
    /// Columns (table, column) whose numbers mean something in one database alone: a row that arrives keeps the number
    /// of the row it replaces, or gets the next free one.
    pub local_columns: &'static [(&'static str, &'static str)],
}
