//! TLS of clients: a certificate for each host, from files, from an authority of this machine's own, or by ACME.
//!
//! A host that no source covers is refused; nobody is ever shown the certificate of another org in its place.

pub mod acme;
pub mod certificate;
pub mod files;
pub mod handshake;
pub mod in_the_clear;
pub mod inventory;
pub mod local;
pub mod open;
pub mod server_kit;
pub mod sources;
#[cfg(test)]
pub(crate) mod tests;
