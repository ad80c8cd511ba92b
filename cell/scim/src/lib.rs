//! SCIM 2.0 as a server (RFC 7643, RFC 7644, RFC 9865): provisioning clients keep people and groups in step with theirs.
//!
//! Every operation is a row of [`route::OPERATIONS`] and goes one way: [`call`] authenticates and authorizes, the handler of
//! its resource parses, asks `identity` and renders, [`reply`] chooses status and headers. No rule of the product lives
//! here, and no SQL: what a client may not do here, it may not do in the console either.

pub mod attributes;
pub mod bulk;
pub mod call;
pub mod discovery;
pub mod error;
pub mod groups;
pub mod limits;
pub mod list;
pub mod reply;
pub mod route;
pub mod users;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod tests;
