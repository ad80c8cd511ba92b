//! The test bed: starts the real program, drives it with real clients and a real browser, loads it, and ends it without
//! warning. Knows the program by its command line, its pages and its protocols alone; imports nothing of it.

pub mod agent;
pub mod binary;
pub mod bootstrap;
pub mod companion;
pub mod connection;
pub mod fingerprint;
pub mod first_hour;
pub mod fleet;
pub mod gate;
pub mod html;
pub mod instance;
pub mod knock;
pub mod listener;
pub mod load;
pub mod mailbox;
pub mod process;
pub mod proof;
pub mod raw;
pub mod refusal;
pub mod scratch;
pub mod script;
pub mod size;
pub mod store;
pub mod totp;
pub mod wait;
pub mod witness;
