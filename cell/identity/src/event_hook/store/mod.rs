//! The tables of event hooks.

pub mod deliveries;
pub mod hooks;
