//! Applications: what people sign in to and services act as. An app's id is its OAuth `client_id`.

pub mod api_access;
pub mod assigned;
pub mod assignment;
pub mod client_keys;
pub mod operations;
pub mod policy;
pub mod rules;
pub mod search;
pub mod secrets;
pub mod settings;
pub mod store;

use crate::access::scope::ApiScope;
use crate::app::settings::AppSettings;
use serde::{Deserialize, Serialize};
use vocab::id::{AppId, OrgId, PolicyId};
use vocab::secret::SecretHash;
use vocab::time::Timestamp;

/// What sort of program an app is; it decides how the app proves itself and which grants it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// Runs on a server and can keep a secret.
    Web,
    /// Runs in the browser; a public client.
    SinglePage,
    /// Runs on a person's machine or telephone; a public client.
    Native,
    /// Acts for itself, without a person.
    Service,
}

impl AppKind {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::SinglePage => "single_page",
            Self::Native => "native",
            Self::Service => "service",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Web, Self::SinglePage, Self::Native, Self::Service]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }

    /// A public client cannot keep a secret (RFC 6749 section 2.1).
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::SinglePage | Self::Native)
    }
}

/// Whether an app may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppStatus {
    /// In use.
    Active,
    /// Switched off: no sign-in, no token.
    Inactive,
}

impl AppStatus {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// An application with all that a token request needs to know of it.
#[derive(Debug, Clone)]
pub struct App {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id, and its `client_id`.
    pub id: AppId,
    /// Its name for people.
    pub label: String,
    /// What sort of program it is.
    pub kind: AppKind,
    /// Whether it may be used.
    pub status: AppStatus,
    /// What its administrators set.
    pub settings: AppSettings,
    /// The sign-on policy of its own, if it has one.
    pub policy_id: Option<PolicyId>,
    /// Scopes of the management API that it was granted.
    pub api_scopes: Vec<ApiScope>,
    /// Hashes of its secrets; two may be valid while one is being replaced.
    pub secrets: Vec<SecretHash>,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of label, settings, state or policy.
    pub updated_at: Timestamp,
}
