//! The front door of a fleet: takes each request to the one cell that serves its org, or refuses it.
//!
//! The route map is whole in memory and on disk. Nothing here asks anybody on the way of a request, and nothing falls
//! through to a default: an unknown host, an unreadable map and a cell that disagrees are refusals.

pub mod address;
pub mod answer;
pub mod breaker;
pub mod capacity;
pub mod complaints;
pub mod connection;
pub mod follower;
pub mod framing;
pub mod headers;
pub mod holding;
pub mod hosts;
pub mod listener;
pub mod lobby;
pub mod metrics;
pub mod parking;
pub mod passing;
pub mod properties;
pub mod proxy;
pub mod proxy_protocol;
pub mod pulse;
pub mod share;
pub mod shelf;
pub mod start;
pub mod succession;
pub mod switched;
pub mod tls;
pub mod traffic;
pub mod trust;
pub mod ways;

#[cfg(test)]
mod tests;
