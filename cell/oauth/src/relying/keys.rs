//! The public keys of a provider: read where the administrator said, kept for a few minutes, and read once more for a key that is
//! not among them, but not at the pace of whoever shows us tokens.

use crate::limits::{PROVIDER_KEYS_AGAIN_SECS, PROVIDER_KEYS_SECS};
use crate::relying::RelyingRefusal;
use identity::cell::Cell;
use identity::event_hook::envoy::{Letter, Method};
use identity::identity_provider::IdentityProvider;
use identity::identity_provider::way::KeptKeys;
use protocol::jose::jwks::{JWKS_BYTES_MAX, Jwks};
use std::sync::Arc;
use vocab::time::Timestamp;

/// Why keys are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// For a token.
    Any,
    /// For a token whose key is not among those that are kept.
    Unknown,
}

/// Whether kept keys will do.
#[must_use]
pub fn decide_kept(kept: &KeptKeys, uri: &str, want: Want, now: Timestamp) -> bool {
    let secs = match want {
        Want::Any => PROVIDER_KEYS_SECS,
        Want::Unknown => PROVIDER_KEYS_AGAIN_SECS,
    };
    kept.uri == uri && now < kept.read_at.plus_secs(secs)
}

/// The keys of a provider.
///
/// # Errors
/// [`RelyingRefusal`] if they cannot be had, or are none.
pub async fn load(
    cell: &Cell,
    provider: &IdentityProvider,
    want: Want,
    now: Timestamp,
) -> Result<Jwks, RelyingRefusal> {
    let (org, uri) = (&provider.org_id, &provider.config.jwks);
    let kept = cell.kept_keys(org, &provider.id);
    if let Some(kept) = kept.filter(|kept| decide_kept(kept, uri, want, now)) {
        return Jwks::parse(&kept.document).map_err(|_| RelyingRefusal::Keys);
    }
    let letter = Letter {
        method: Method::Get,
        uri: uri.clone(),
        headers: Vec::new(),
        body: Vec::new(),
        // One more tells that an answer is too large.
        answer_bytes_max: JWKS_BYTES_MAX + 1,
    };
    let asked = cell.ask_provider(org, &letter).await;
    let answered = asked.map_err(RelyingRefusal::Unreached)?;
    if answered.status != 200 {
        return Err(RelyingRefusal::Status(answered.status));
    }
    let keys = Jwks::parse(&answered.body).map_err(|_| RelyingRefusal::Keys)?;
    let kept = KeptKeys {
        uri: uri.clone(),
        document: Arc::from(answered.body),
        read_at: now,
    };
    cell.keep_keys(org, &provider.id, kept);
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::{Want, decide_kept};
    use identity::identity_provider::way::KeptKeys;
    use std::sync::Arc;
    use vocab::time::Timestamp;

    #[test]
    fn keys_are_kept_for_minutes_and_read_again_at_a_bounded_pace() {
        let read_at = Timestamp::from_seconds(1_000);
        let kept = KeptKeys {
            uri: "https://idp.example/keys".into(),
            document: Arc::from(Vec::new()),
            read_at,
        };
        for (uri, want, secs, expected) in [
            ("https://idp.example/keys", Want::Any, 0, true),
            ("https://idp.example/keys", Want::Any, 299, true),
            ("https://idp.example/keys", Want::Any, 300, false),
            ("https://idp.example/other", Want::Any, 0, false),
            ("https://idp.example/keys", Want::Unknown, 29, true),
            ("https://idp.example/keys", Want::Unknown, 30, false),
        ] {
            let now = read_at.plus_secs(secs);
            assert_eq!(
                decide_kept(&kept, uri, want, now),
                expected,
                "{want:?} {secs}"
            );
        }
    }
}
