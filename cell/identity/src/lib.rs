//! Who people are and what they may do: orgs, people, groups, apps, credentials, sessions, policies.
//!
//! This crate is the one enforcement point: [`access::authorize`] alone decides who may do what, and the operations
//! here take its proof as an argument. It answers in no protocol; what it asks SCIM servers is made in [`provisioning`] out of
//! types of `protocol`.

pub mod access;
pub mod api_token;
pub mod app;
pub mod attribute_schema;
pub mod behavior;
pub mod cell;
pub mod condition;
pub mod credential;
pub mod cursor;
pub mod embedded;
pub mod event_hook;
pub mod fault;
pub mod feature;
pub mod group;
pub mod group_rule;
pub mod hook_key;
pub mod housekeeping;
pub mod identity_provider;
pub mod inline_hook;
pub mod linked_object;
pub mod log_filter;
pub mod log_stream;
pub mod notice;
pub mod org;
pub mod password;
pub mod person;
pub mod problem;
pub mod profile_mapping;
pub mod provisioning;
pub mod recovery_codes;
pub mod schema;
pub mod sealed;
pub mod server;
pub mod session;
pub mod sign_in;
pub mod sign_on;
pub mod slowdown;
pub mod snapshot;
pub mod threat;
pub mod totp;
pub mod trusted_origin;
pub mod user_type;
pub mod walk;

#[cfg(test)]
mod for_tests;
#[cfg(test)]
mod tests;
