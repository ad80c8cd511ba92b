//! SQLite: one writer thread that commits many callers' work with one fsync, and a pool of read-only connections.

pub(crate) mod checkpoint;
pub(crate) mod connection;
pub(crate) mod file;
pub(crate) mod job;
pub(crate) mod migrate;
pub(crate) mod reader;
pub(crate) mod statement;
pub(crate) mod unit;
pub(crate) mod writer;
