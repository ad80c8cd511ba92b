//! What our own processes say to each other: names, messages, the signed route map, and who is who.
//!
//! Everything that crosses a process boundary of the fleet is defined here, once, and bounded where it is parsed.

pub mod cell;
pub mod client;
pub mod control;
pub mod files;
pub mod identity;
pub mod names;
pub mod org_move;
mod parts;
pub mod placement;
pub mod properties;
pub mod routes;
