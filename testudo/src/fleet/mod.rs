//! The commands of a fleet: each of its processes, all of them at once on one machine, and what operators ask.

pub mod ask;
pub mod folder;
pub mod members;
pub mod moves;
pub mod print;
pub mod supervisor;
pub mod up;
