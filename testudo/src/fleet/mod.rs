//! The commands of a fleet: each of its processes, all of them at once on one machine, and what operators ask.

pub mod ask;
pub mod command;
pub mod folder;
pub mod last_words;
pub mod lifeline;
pub mod lost;
pub mod members;
pub mod moves;
pub mod ports;
pub mod premises;
pub mod print;
pub mod probe;
pub mod renewal;
pub mod roster;
pub mod supervisor;
pub mod up;
