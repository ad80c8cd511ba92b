//! The words that every other crate speaks: ids, time, randomness, secrets, column values.
//!
//! Nothing here knows a product rule, does I/O, or reads a clock by itself.

pub mod entropy;
pub mod epoch;
pub mod future;
pub mod hex;
pub mod id;
pub mod row;
pub mod secret;
pub mod slug;
pub mod text;
pub mod time;
pub mod value;
