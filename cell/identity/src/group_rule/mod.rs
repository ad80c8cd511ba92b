//! Rules that fill groups: who fits an expression is in, and leaves when they fit no more.
//!
//! A membership by a rule is not one by hand. Somebody is in a group as long as they were put in by hand or a rule that is
//! not removed put them in; a rule takes nobody out whom it did not put in. A rule that is switched off rests: what it
//! gave stays as it is until it is switched on again, which applies it anew, or taken back.
//!
//! An expression sees memberships by hand alone. So rules never wait for each other and there is no circle: each person is
//! looked at once, in any order. That a rule asks about a group which a rule fills is a mistake all the same, and refused
//! when it is switched on.

pub mod active;
pub mod allowance;
pub(crate) mod asked;
pub mod decide;
pub mod exclude;
pub mod follow;
pub mod operations;
pub mod pass;
pub mod store;
pub mod trial;

use vocab::id::{GroupId, GroupRuleId, OrgId, UserId};
use vocab::time::Timestamp;

/// Longest name of a rule.
pub const NAME_CHARS_MAX: usize = 50;
/// Most rules of an org: each change of a person asks all of them that are on.
pub const RULES_MAX: usize = 2_000;
/// Most groups that one rule fills.
pub const GROUPS_MAX: usize = 100;
/// Most people whom one rule passes over.
pub const EXCLUDED_MAX: usize = 1_000;
/// Most groups of a person that a rule which asks about groups looks at; of somebody with more such a rule decides nothing.
pub const GROUPS_SEEN_MAX: usize = 2_000;

/// Whether a rule is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleStatus {
    /// It rests, and can be changed.
    Inactive,
    /// It is evaluated.
    Active,
    /// It rests, because a group that it filled is no more; it must be changed before it can be switched on.
    Invalid,
    /// It is no more; what it gave is still being taken back, or handed over.
    Removed,
}

impl RuleStatus {
    /// The stored word, which is also the word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "INACTIVE",
            Self::Active => "ACTIVE",
            Self::Invalid => "INVALID",
            Self::Removed => "REMOVED",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Inactive, Self::Active, Self::Invalid, Self::Removed]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A rule.
#[derive(Debug, Clone)]
pub struct GroupRule {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: GroupRuleId,
    /// Its name, unique in the org.
    pub name: String,
    /// Whether it is evaluated.
    pub status: RuleStatus,
    /// Who is put in.
    pub expression: String,
    /// Into which groups, by id.
    pub groups: Vec<GroupId>,
    /// Who is passed over, by id.
    pub excluded: Vec<UserId>,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// What a rule is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInput {
    /// Its name.
    pub name: String,
    /// Who is put in.
    pub expression: String,
    /// Into which groups.
    pub groups: Vec<GroupId>,
    /// Who is passed over.
    pub excluded: Vec<UserId>,
}

/// What becomes of those whom a rule put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutIn {
    /// They stay.
    Stay,
    /// They leave, but for whoever is in by hand or by another rule.
    Leave,
}
