//! Apps whose people are provisioned outward by SCIM 2.0 (RFC 7643, RFC 7644).
//!
//! An app has at most one connection to a SCIM server, its peer. Whoever changes a person does nothing for it: the connection follows the
//! log of its org by the numbers of the rows ([`follow`]), and marks whom a row is about. What is marked waits in a row of its own until
//! somebody who holds the connection has looked at it: what the person is like now, what was last sent, and so what is to be sent
//! ([`decide`], [`account`], [`account_facts`]). Nothing is sent inside of a transaction, and everything can be sent twice: before an
//! account is made it is looked for, and all else says how something is to be, not how it changes.

pub mod account;
pub mod account_facts;
pub(crate) mod account_note;
pub mod account_search;
pub mod decide;
pub mod follow;
pub mod import;
pub mod import_work;
pub mod mapping;
pub mod operations;
pub mod peer;
pub mod plan;
pub mod push;
pub mod push_work;
pub mod requests;
pub mod retry;
pub mod store;
pub mod work;

use serde::{Deserialize, Serialize};
use vocab::id::{AppId, OrgId};
use vocab::time::Timestamp;

/// Most connections of one org.
pub const CONNECTIONS_MAX: usize = 100;

/// What is done at a peer, each as an administrator lets it be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// An account is made for whom the app is assigned to, or theirs is found.
    pub create: bool,
    /// What changes of them is sent.
    pub update: bool,
    /// The account of whom the app is taken from, or who leaves, is switched off.
    pub deactivate: bool,
}

/// By what somebody of a peer is found among the people of the org.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchBy {
    /// The name there is the login here.
    #[default]
    Username,
    /// The mail address is the same, and one person's alone.
    Email,
}

impl MatchBy {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Username => "USERNAME",
            Self::Email => "EMAIL",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Username, Self::Email]
            .into_iter()
            .find(|known| known.as_str() == word)
    }
}

/// Where a peer is, and what is done there. The token is sealed under the org's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionConfig {
    /// The address that `/Users` and `/Groups` stand below.
    pub base_url: String,
    /// The token, sealed, in base64.
    pub token: String,
    /// What is done there.
    #[serde(default)]
    pub features: Features,
    /// By what an import finds people.
    #[serde(default)]
    pub match_by: MatchBy,
}

/// How far a connection has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last row of the log that was looked at.
    pub followed: i64,
    /// The newest one.
    pub newest: i64,
    /// The place of the walk over everybody that is under way; empty where there is none.
    pub walk_at: String,
    /// By which rules of what is sent everybody was looked at last.
    pub walked_by: i64,
    /// Whether the peer changes parts of a resource, or only takes whole ones.
    pub replaces: bool,
    /// How often the peer failed of late.
    pub failures: i64,
    /// When it is tried again.
    pub next_at: Timestamp,
    /// What went wrong the last time.
    pub trouble: Option<String>,
}

/// The connection of an app to its peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// Where to, and what.
    pub config: ConnectionConfig,
    /// Whether it is switched on.
    pub active: bool,
    /// Rises with each change by an administrator.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How far it has come.
    pub standing: Standing,
}

/// To what its token is bound.
pub(crate) fn place_of(app: &AppId) -> String {
    format!("provisioning:{app}/token")
}
