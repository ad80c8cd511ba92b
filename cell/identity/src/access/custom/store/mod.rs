//! The tables of custom roles, resource sets and bindings.

pub mod bindings;
pub mod labelled;
pub(crate) mod reach;
pub mod roles;
pub mod sets;
