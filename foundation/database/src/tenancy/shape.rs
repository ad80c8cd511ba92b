//! What a table that holds rows of orgs is like, and all such tables in the order in which rows may arrive.

use crate::tenancy::render::Statements;

/// The types of the common dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `TEXT`.
    Text,
    /// `BIGINT`.
    Integer,
    /// `REAL`.
    Real,
    /// `BYTES`.
    Bytes,
}

/// A column that travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) nullable: bool,
}

impl Column {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> ColumnType {
        self.kind
    }

    /// Whether it may hold NULL.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }
}

/// What a table is like, apart from the statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) table: String,
    /// The columns that travel, in the order of the table.
    pub(crate) columns: Vec<Column>,
    /// The columns that are given anew where a row arrives.
    pub(crate) local: Vec<String>,
    /// Which column holds the org's id.
    pub(crate) owner: usize,
    /// The primary key, in its order.
    pub(crate) primary: Vec<usize>,
    /// The primary key without the owner.
    pub(crate) key: Vec<usize>,
    /// The other unique keys, of columns that travel.
    pub(crate) uniques: Vec<Vec<usize>>,
}

impl Form {
    pub(crate) fn column(&self, index: usize) -> Option<&Column> {
        self.columns.get(index)
    }

    pub(crate) fn name(&self, index: usize) -> &str {
        self.column(index).map_or("", Column::name)
    }

    /// Whether a key can be held by rows of one org alone.
    pub(crate) fn holds_owner(&self, key: &[usize]) -> bool {
        key.contains(&self.owner)
    }

    /// The columns of a key but the owner.
    pub(crate) fn without_owner(&self, key: &[usize]) -> Vec<usize> {
        key.iter()
            .copied()
            .filter(|index| *index != self.owner)
            .collect()
    }
}

/// A table whose rows belong to orgs.
#[derive(Debug, Clone)]
pub struct Shape {
    pub(crate) form: Form,
    pub(crate) statements: Statements,
}

impl Shape {
    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.form.table
    }

    /// The columns that travel, in the order of the table.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.form.columns
    }

    /// Where a column stands among those that travel.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns().iter().position(|own| own.name == column)
    }

    /// The primary key's columns without the owner, in its order.
    pub fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.form
            .key
            .iter()
            .filter_map(|index| self.form.column(*index))
    }

    pub(crate) fn key_indexes(&self) -> &[usize] {
        &self.form.key
    }
}

/// All tables whose rows belong to orgs.
#[derive(Debug, Clone)]
pub struct Shapes {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) fingerprint: String,
}

impl Shapes {
    /// In the order of arrival: what others refer to comes first.
    pub fn arrival(&self) -> impl DoubleEndedIterator<Item = &Shape> + ExactSizeIterator {
        self.shapes.iter()
    }

    /// In the order of departure: what refers to others comes first.
    pub fn departure(&self) -> impl DoubleEndedIterator<Item = &Shape> + ExactSizeIterator {
        self.shapes.iter().rev()
    }

    /// The table of this name.
    #[must_use]
    pub fn get(&self, table: &str) -> Option<&Shape> {
        self.shapes.iter().find(|shape| shape.table() == table)
    }

    /// SHA-256, in hex, of what the tables are like: tables, columns and their types, keys, and what refers to what.
    /// The same migrations give the same on both engines. A CHECK and an index that is no key are not part of it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}
