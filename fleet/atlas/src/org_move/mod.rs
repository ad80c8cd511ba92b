//! How an org moves from one cell to another while it is served.
//!
//! The record says how far a move is and is changed by compare-and-swap alone. `plan` decides the next step from it, `view`
//! takes in what came of a step, `carry` performs steps one by one, and `cleanup` those that are left when it is over. Whoever dies in between, whoever else carries the same
//! move: the next step follows from the record, and a cell refuses what is late.

pub mod ask;
pub mod carry;
pub mod cleanup;
pub mod drain;
pub mod operate;
pub mod plan;
pub mod record;
pub mod store;
pub mod view;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
