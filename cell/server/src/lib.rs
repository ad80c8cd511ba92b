//! One running cell: configuration, data folder, listener, route table, middleware, background jobs.
//!
//! This crate composes; the rules live in `identity` and `oauth`, the pages in `console`.

pub mod arrivals;
pub mod backchannel;
pub mod blocked;
mod client;
pub mod config;
pub mod control;
pub mod cors;
pub mod data_folder;
pub mod declaration;
pub mod envoy;
mod errands;
mod event_hooks;
mod group_passes;
pub mod health;
pub mod jobs;
pub mod listener;
mod log_streams;
mod log_words;
pub mod mail;
pub mod mailbox;
pub mod membership;
pub mod middleware;
pub mod moving;
pub mod origin;
pub mod outbound;
mod provisioning;
pub mod pulse;
pub mod recovery;
pub mod request_names;
pub mod routes;
pub mod start;
mod syslog;
pub mod tls;
mod turns;

#[cfg(test)]
mod tests;
