//! Inline hooks: addresses that an org asks before it answers.
//!
//! A hook is asked while somebody waits: never inside a transaction, within three seconds, and by only so many callers of one
//! org at once ([`lines`]), so that one which hangs holds up its own org alone ([`call`]). What it is asked about says its kind:
//! tokens of a custom authorization server, by the access rule that names it, or passwords that another system keeps
//! ([`import`]). It knows us by a header, or by a token that is got before ([`bearer`]). Whatever it does, the log says that it was asked, and what came of it.

pub mod bearer;
pub mod call;
pub mod import;
pub(crate) mod lines;
pub mod oauth;
pub mod operations;
pub mod settings;
pub mod store;

use crate::event_hook::HookConfig;
use crate::inline_hook::oauth::OAuthChannel;
use vocab::id::{InlineHookId, OrgId};
use vocab::time::Timestamp;

/// Most hooks of one org.
pub const HOOKS_MAX: usize = 50;

/// What a hook is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InlineHookKind {
    /// What tokens say.
    TokenTransform,
    /// Whether a password is that of a person whom another system knows.
    PasswordImport,
}

impl InlineHookKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::TokenTransform, Self::PasswordImport];

    /// The word of storage and of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenTransform => "com.okta.oauth2.tokens.transform",
            Self::PasswordImport => "com.okta.user.credential.password.import",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A hook. Its configuration is that of event hooks, and it may be asked with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineHook {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: InlineHookId,
    /// Its name.
    pub name: String,
    /// What it is asked about.
    pub kind: InlineHookKind,
    /// Where to, and how.
    pub config: HookConfig,
    /// How it comes to the token that it is asked with; none where a header stands for it.
    pub oauth: Option<OAuthChannel>,
    /// Whether it is switched on.
    pub active: bool,
    /// Rises with each change.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// To what its sealed parts are bound.
pub(crate) fn place_of(id: &InlineHookId) -> String {
    format!("inline-hook:{id}")
}
