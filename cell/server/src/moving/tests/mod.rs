//! Moves between two real cells, whole and with everything that can go wrong.

mod driver;
mod fences;
mod moves;
mod store;
mod streams;
mod undone;
pub(crate) mod world;
