//! How every process of ours takes connections: so many at a time, so many of one address, bodies in time.
//!
//! It knows nothing of what is said on them.

pub mod accept;
pub mod crowd;
pub mod descriptors;
pub mod leaving;
pub mod timed_body;
