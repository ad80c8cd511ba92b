//! The proof of a fleet: an open loop of real flows over the edge, a book of every acknowledged write, and scenarios that
//! hurt one part while the others are watched. It knows the fleet by its command line, its pages and its protocols alone.

pub mod audit;
pub mod book;
pub mod cores;
pub mod crash;
pub mod flow;
pub mod injury;
pub mod large;
pub mod maps;
pub mod moves;
pub mod outage;
pub mod plan;
pub mod restarts;
pub mod row;
pub mod scenario;
pub mod site;
pub mod steps;
pub mod tally;
pub mod trace;
pub mod world;
