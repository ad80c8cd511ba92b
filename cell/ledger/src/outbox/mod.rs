//! What must leave the cell: a row written in the same transaction as the act, delivered after the commit, at least
//! once.
//!
//! A worker leases what is due, delivers, and completes it; a worker that dies leaves a lease that runs out. Whoever
//! receives may see a message twice and tells by its idempotency key. Secrets in a payload (a one-time link) are
//! sealed by the caller before they come here.

mod plan;
pub mod store;

#[cfg(test)]
mod tests;

pub use crate::outbox::plan::{ATTEMPTS_MAX, Retry};

/// For how long a worker has a message to itself.
pub const LEASE_SECS: i64 = 300;
/// Most messages leased at one time.
pub const LEASE_ROWS_MAX: i64 = 100;
