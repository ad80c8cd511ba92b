//! The published keys of a server, rendered once and served until they change.

use aws_lc_rs::digest::{SHA256, digest};
use protocol::jose::base64url;
use protocol::jose::jwks::Jwks;
use protocol::jose::jws::memo::KeySetMark;

/// The published keys of a server.
#[derive(Debug, PartialEq, Eq)]
pub struct JwksDocument {
    /// The keys, for checking tokens of our own.
    pub keys: Jwks,
    /// What stands for these keys where their verdicts are remembered.
    pub mark: KeySetMark,
    /// The document.
    pub json: String,
    /// Its entity tag, with its quotation marks.
    pub etag: String,
    /// How long it may be kept.
    pub max_age_secs: i64,
}

impl JwksDocument {
    pub(crate) fn new(keys: Jwks, max_age_secs: i64) -> Self {
        let json = keys.render();
        let hash = digest(&SHA256, json.as_bytes());
        let etag = format!(
            "\"{}\"",
            base64url::render(hash.as_ref().get(..16).unwrap_or_default())
        );
        Self {
            keys,
            mark: KeySetMark::of(json.as_bytes()),
            json,
            etag,
            max_age_secs,
        }
    }
}
