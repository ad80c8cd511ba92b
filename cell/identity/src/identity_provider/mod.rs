//! Identity providers: OpenID Providers of others, at which people prove who they are before they come here.
//!
//! How a provider is spoken to is not known here. What it vouched for is taken from whoever spoke to it ([`arrival::Vouched`]), and
//! who that is here is decided in [`arrival`] alone. A link, once made, is that person's until it is removed ([`links`]).

pub mod arrival;
pub mod arrive;
pub mod links;
pub mod operations;
pub mod settings;
pub mod store;
pub mod way;

use crate::identity_provider::arrival::ArrivalPolicy;
use serde::{Deserialize, Serialize};
use vocab::id::{IdentityProviderId, OrgId, UserId};
use vocab::time::Timestamp;

/// Most providers of one org.
pub const PROVIDERS_MAX: usize = 20;
/// Longest name of a provider, as the sign-in page shows it.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest name of somebody at a provider (OpenID Connect Core section 2).
pub const SUBJECT_CHARS_MAX: usize = 255;
/// Longest id and secret by which a provider knows us.
pub const CLIENT_CHARS_MAX: usize = 1_024;
/// Most scopes that a provider is asked for.
pub const SCOPES_MAX: usize = 20;
/// Longest of them.
pub const SCOPE_CHARS_MAX: usize = 100;
/// Most groups that a policy names in one place.
pub const GROUPS_MAX: usize = 20;
/// How far the clock of a provider may be off at most.
pub const CLOCK_SKEW_SECS_MAX: i64 = 300;

/// How we show a provider who we are (OpenID Connect Core section 9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In the header (RFC 6749 section 2.3.1).
    #[default]
    Basic,
    /// In the body.
    Post,
}

/// Where a provider is, how it knows us, and what follows from what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// What it calls itself in its tokens.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization: String,
    /// Where codes are redeemed.
    pub token: String,
    /// Where it tells more of somebody, if anywhere.
    pub userinfo: Option<String>,
    /// Where its public keys are.
    pub jwks: String,
    /// What it calls us.
    pub client_id: String,
    /// By what it knows us, sealed.
    pub client_secret: String,
    /// How the secret is shown.
    pub secret_place: SecretPlace,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// How far its clock may be off.
    pub clock_skew_secs: i64,
    /// Who somebody is for whom it vouches.
    pub policy: ArrivalPolicy,
}

/// A provider of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: IdentityProviderId,
    /// Its name, as the sign-in page shows it.
    pub name: String,
    /// What it is set to.
    pub config: ProviderConfig,
    /// Whether it is switched on.
    pub active: bool,
    /// Rises with each change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// That somebody at a provider is a person here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderLink {
    /// The provider.
    pub provider: IdentityProviderId,
    /// What the provider calls them, for ever.
    pub subject: String,
    /// Who they are here.
    pub user: UserId,
    /// What the provider says that they are called, for people to read; may be empty.
    pub account: String,
    /// Whether the person proved by means of their own that it is theirs.
    pub own_proof: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When somebody last came in by it.
    pub last_used_at: Option<Timestamp>,
}

/// To what the sealed secret of a provider is bound.
pub(crate) fn place_of(id: &IdentityProviderId) -> String {
    format!("identity-provider:{id}")
}
