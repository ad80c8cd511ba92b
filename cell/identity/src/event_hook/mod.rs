//! Event hooks: addresses that are told what happens in an org.
//!
//! A hook follows the log of its org by the numbers of the rows, which rise in the order of their commits: nothing that
//! is written is missed, and whoever writes does nothing for it ([`follow`]). What a hook is to be told becomes a row of
//! the outbox and of the log of deliveries ([`deliveries`]); it is sent by [`dispatch`], signed ([`signing`]), through an
//! [`envoy`] that alone connects. Only a hook that is switched on, and whose address has shown that it wants to be told,
//! is told anything.

pub mod channel;
pub mod deliveries;
pub mod dispatch;
pub mod envoy;
pub mod follow;
pub mod operations;
pub(crate) mod sealing;
pub mod signing;
pub mod store;

use serde::{Deserialize, Serialize};
use vocab::id::{EventHookId, OrgId};
use vocab::time::Timestamp;

/// Most hooks of one org.
pub const HOOKS_MAX: usize = 25;
/// Most types of events of one hook.
pub const TYPES_MAX: usize = 300;
/// Longest name.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// For how long the former secret signs beside a new one.
pub const SECRET_OVERLAP_SECS: i64 = 24 * 60 * 60;

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHook {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: EventHookId,
    /// Its name.
    pub name: String,
    /// Where to, and how.
    pub config: HookConfig,
    /// The wire names of the types of events that it is told, sorted.
    pub types: Vec<String>,
    /// Whether it is switched on.
    pub active: bool,
    /// Whether its address has shown that it wants to be told.
    pub verified: bool,
    /// Rises with each change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// To what its sealed parts are bound.
pub(crate) fn place_of(id: &EventHookId) -> String {
    format!("event-hook:{id}")
}

/// Where a hook goes, and how, be it an event hook or an inline hook. Everything secret in it is sealed under the org's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookConfig {
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The address.
    pub uri: String,
    /// Further headers of each request.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// The header by which the receiver knows us.
    #[serde(default)]
    pub auth: Option<SealedHeader>,
    /// The secret of the signature, sealed, in base64.
    pub secret: String,
    /// The one before.
    #[serde(default)]
    pub former: Option<FormerSecret>,
    /// The address of the org, as whoever last set the hook reached it.
    pub base_url: String,
    /// Who made it: an id.
    pub created_by: String,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A header whose value is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedHeader {
    /// Its name.
    pub name: String,
    /// Its value, sealed, in base64.
    pub sealed: String,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// Sealed, in base64.
    pub sealed: String,
    /// Until when it signs, in microseconds.
    pub until: i64,
}
