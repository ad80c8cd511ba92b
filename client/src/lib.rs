//! A typed client of the management API: what administrators do, for programs and the command line.
//!
//! It knows the interface alone, and nothing of how it is served.

pub mod apps;
pub mod connection;
pub mod error;
pub mod groups;
pub mod log;
mod names;
pub mod pages;
pub mod people;
pub mod policies;
pub mod tokens;

pub use connection::{Client, Settings};
pub use error::ClientError;
