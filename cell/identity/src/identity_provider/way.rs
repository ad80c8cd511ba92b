//! The way to a provider: by the cell's envoy alone, with no more callers of one org at once than inline hooks have, on lines of their
//! own, and never inside a transaction; its keys, kept for a while; and the secret by which it knows us.

use crate::cell::Cell;
use crate::event_hook::envoy::{Answered, Letter, Trouble};
use crate::fault::Fault;
use crate::identity_provider::{IdentityProvider, place_of};
use std::sync::Arc;
use vocab::future::boxed;
use vocab::id::{IdentityProviderId, OrgId};
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Binds the sealed secret to its place.
pub(crate) const SECRET_PART: &str = "client-secret";

/// Why a provider was not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreached {
    /// There was no answer.
    Trouble(Trouble),
    /// Too many calls of the org are under way.
    Busy,
}

impl Unreached {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.as_str(),
            Self::Busy => "TOO_MANY_CALLS",
        }
    }
}

/// The keys of a provider, as it published them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKeys {
    /// Where they were read.
    pub uri: String,
    /// The document.
    pub document: Arc<[u8]>,
    /// When it was read.
    pub read_at: Timestamp,
}

impl Cell {
    /// Asks a provider something, once.
    ///
    /// # Errors
    /// [`Unreached`] if nothing was heard.
    #[boxed]
    pub async fn ask_provider(&self, org: &OrgId, letter: &Letter) -> Result<Answered, Unreached> {
        let line = self
            .provider_lines
            .enter(org)
            .await
            .ok_or(Unreached::Busy)?;
        let answer = self.envoy().send(letter).await;
        drop(line);
        answer.map_err(Unreached::Trouble)
    }

    /// The keys that are remembered of a provider.
    #[must_use]
    pub fn kept_keys(&self, org: &OrgId, id: &IdentityProviderId) -> Option<KeptKeys> {
        self.provider_keys.get(&(org.clone(), id.clone())).ok()
    }

    /// Remembers the keys of a provider instead of those before.
    pub fn keep_keys(&self, org: &OrgId, id: &IdentityProviderId, keys: KeptKeys) {
        let key = (org.clone(), id.clone());
        self.provider_keys.invalidate(&key);
        if let Err(generation) = self.provider_keys.get(&key) {
            self.provider_keys.insert(key, keys, generation);
        }
    }

    /// By what a provider knows us.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be opened.
    #[boxed]
    pub async fn provider_secret(
        &self,
        provider: &IdentityProvider,
    ) -> Result<Secret<String>, Fault> {
        let place = format!("{}/{SECRET_PART}", place_of(&provider.id));
        self.open_text(&provider.org_id, &place, &provider.config.client_secret)
            .await
    }
}
