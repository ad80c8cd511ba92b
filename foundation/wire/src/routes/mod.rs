//! The route map: which cell serves which org, at which epoch, and under which names.
//!
//! It is an authenticated dictionary. The control plane signs its root; whoever follows it applies the same changes and
//! takes them only if the same root comes out, so that no copy can differ from the signed one by a single entry.

pub mod entry;
pub mod file;
pub mod follow;
pub mod map;
pub mod signature;
#[cfg(test)]
mod tests;

/// Why changes, a file or a message could not become a route map. The map before stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// An entry would go back to an older epoch, or be another at the same one.
    #[error("the route of {subject} would go back from epoch {known} to {offered}")]
    Stale {
        /// Which entry.
        subject: String,
        /// The epoch in the map.
        known: i64,
        /// The epoch that was offered.
        offered: i64,
    },
    /// The head is older than the one in use.
    #[error("the route map would go back from change {known} to {offered}")]
    Older {
        /// The cursor in use.
        known: i64,
        /// The cursor that was offered.
        offered: i64,
    },
    /// The changes do not begin where the map ends.
    #[error("the changes begin after {offered}, but the map ends at {known}")]
    Gap {
        /// The cursor in use.
        known: i64,
        /// Where the changes begin.
        offered: i64,
    },
    /// The signature is not the control plane's.
    #[error("the signature of the route map is not of the key that is trusted")]
    Signature,
    /// The entries are not those that were signed.
    #[error("the entries of the route map are not those that were signed")]
    Root,
    /// The bytes are no route map.
    #[error("not a route map: {0}")]
    Malformed(&'static str),
}
