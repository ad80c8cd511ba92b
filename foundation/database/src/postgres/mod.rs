//! PostgreSQL: a bounded pool of connections, each with its prepared statements.

pub(crate) mod address;
pub(crate) mod bind;
pub(crate) mod cell;
pub(crate) mod fault;
pub(crate) mod lease;
pub(crate) mod migrate;
pub(crate) mod pool;
pub(crate) mod tls;
