//! The management API over HTTP: a compatible subset of one that scripts and provisioning clients in the field speak.
//!
//! Every operation is a row of [`route::OPERATIONS`] and goes one way: [`call`] authenticates and authorizes, the
//! handler of its area parses, asks `identity` and renders, [`reply`] chooses status and headers. No rule of the product
//! lives here, and no SQL. What is not supported is refused by the documented error; nothing is taken and ignored.

mod api_access;
pub mod api_tokens;
pub mod apps;
pub mod attribute_schemas;
pub mod authenticators;
pub mod authn;
pub mod authorization_servers;
mod bearer;
pub mod behaviors;
pub mod body;
pub mod call;
pub mod description;
pub mod error;
pub mod event_hooks;
pub mod features;
pub mod groups;
pub mod hook_keys;
pub mod iam;
pub mod identity_providers;
pub mod inline_hooks;
pub mod limits;
pub mod linked_objects;
pub mod log_streams;
pub mod logs;
pub mod named;
pub mod org;
pub mod policies;
pub mod profile_mappings;
pub mod provisioning;
pub mod query;
mod receivers;
pub(crate) mod refresh_tokens;
pub mod reply;
mod role;
pub mod role_targets;
pub mod route;
pub mod search;
pub mod sessions;
mod shown;
pub mod threats;
pub mod trusted_origins;
pub mod user_schema;
pub mod users;
mod whole_list;
pub mod zones;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod tests;
