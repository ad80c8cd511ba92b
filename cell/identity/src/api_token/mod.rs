//! Tokens of the management API. Each acts with the roles that its person has at that moment; the text itself is shown
//! once and stored nowhere.

pub mod allowance;
pub mod operations;
pub mod store;

use vocab::id::{ApiTokenId, OrgId, UserId};
use vocab::time::Timestamp;

/// What every token begins with.
pub const TOKEN_PREFIX: &str = "00T";
/// A token ends when it was not used for so long.
pub const IDLE_SECS: i64 = 30 * 24 * 60 * 60;
/// The end is moved on only when this much time has passed, so that most calls cost no write.
pub const TOUCH_INTERVAL_SECS: i64 = 60 * 60;
/// Most tokens of one org that have neither ended nor been revoked.
pub const TOKENS_MAX: usize = 200;
/// Longest name.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest text that is looked up; a longer one is none of ours.
pub const TOKEN_BYTES_MAX: usize = 256;
/// The fewest characters of a declared token after its prefix: 43 of base64url carry 256 bits.
pub const DECLARED_CHARS_MIN: usize = 40;

/// A token of the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: ApiTokenId,
    /// Its name.
    pub name: String,
    /// The person with whose roles it acts.
    pub user_id: UserId,
    /// The token by which it was made; it ends with that one.
    pub made_by: Option<ApiTokenId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends unless used.
    pub expires_at: Timestamp,
    /// When it was last used, within [`TOUCH_INTERVAL_SECS`].
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token is honoured, as far as itself tells; its person must be able to act besides.
#[must_use]
pub fn is_live(token: &ApiToken, now: Timestamp) -> bool {
    token.revoked_at.is_none() && now < token.expires_at
}

/// Whether a use now is worth a write that moves the end on.
#[must_use]
pub fn is_touch_due(token: &ApiToken, now: Timestamp) -> bool {
    token
        .last_used_at
        .is_none_or(|last_used_at| now.secs_since(last_used_at) >= TOUCH_INTERVAL_SECS)
}
