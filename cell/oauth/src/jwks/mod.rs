//! The published keys of a server (RFC 7517), kept by clients for a time.

pub mod http;
