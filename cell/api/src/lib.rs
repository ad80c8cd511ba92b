//! The management API over HTTP: a compatible subset of one that scripts and provisioning clients in the field speak.
//!
//! Every operation is a row of [`route::OPERATIONS`] and goes one way: [`call`] authenticates and authorizes, the
//! handler of its area parses, asks `identity` and renders, [`reply`] chooses status and headers. No rule of the product
//! lives here, and no SQL. What is not supported is refused by the documented error; nothing is taken and ignored.

pub mod allowance;
pub mod apps;
pub mod body;
pub mod call;
pub mod cursor;
pub mod error;
pub mod groups;
pub mod limits;
pub mod logs;
pub mod query;
pub mod reply;
pub mod route;
pub mod search;
pub mod users;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod tests;
