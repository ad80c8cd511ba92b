//! People: their life cycle, profile, and the ways to find them.

pub mod blocks;
pub mod change;
pub mod creation;
pub mod lifecycle;
pub mod operations;
pub mod places;
pub mod profile;
pub mod removal;
pub mod roles;
pub mod search;
pub mod spelling;
pub mod steps;
pub mod store;
pub mod unique;

use crate::access::Role;
use crate::person::profile::ProfileInput;
use serde::{Deserialize, Serialize};
use vocab::id::{OrgId, UserId, UserTypeId};
use vocab::time::Timestamp;

/// Where a person stands in the life cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonStatus {
    /// Known, not yet invited.
    Staged,
    /// Invited; has not yet set up a way to sign in.
    Provisioned,
    /// May sign in.
    Active,
    /// May sign in only by the recovery link that was sent.
    Recovery,
    /// Must choose a new password at the next sign-in.
    PasswordExpired,
    /// Locked by an administrator or a rule.
    LockedOut,
    /// Kept out for a time.
    Suspended,
    /// Left.
    Deprovisioned,
}

impl PersonStatus {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Staged,
        Self::Provisioned,
        Self::Active,
        Self::Recovery,
        Self::PasswordExpired,
        Self::LockedOut,
        Self::Suspended,
        Self::Deprovisioned,
    ];

    /// The stored word, which is also the word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::Recovery => "RECOVERY",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether sessions and tokens of such a person are honoured.
    #[must_use]
    pub const fn may_act(self) -> bool {
        matches!(self, Self::Active | Self::PasswordExpired)
    }

    /// Whether such a person belongs, as provisioning clients understand it: invited, or in, or only waiting to get back in.
    #[must_use]
    pub const fn belongs(self) -> bool {
        !matches!(self, Self::Staged | Self::Suspended | Self::Deprovisioned)
    }
}

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    /// The org the person belongs to.
    pub org_id: OrgId,
    /// The id.
    pub id: UserId,
    /// Where the person stands in the life cycle.
    pub status: PersonStatus,
    /// What the person types to sign in.
    pub login: String,
    /// Where mail goes.
    pub email: String,
    /// Whether the person has proved to receive mail there.
    pub email_verified: bool,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Further attributes, by the schema of the type.
    pub profile: serde_json::Map<String, serde_json::Value>,
    /// Raised to end every session and token of the person at once.
    pub epoch: i64,
    /// Counts changes.
    pub revision: i64,
    /// When the person was added.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Last sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When the person first became active.
    pub activated_at: Option<Timestamp>,
    /// Last change of state.
    pub status_changed_at: Timestamp,
    /// What a provisioning client calls the person.
    pub external_id: Option<String>,
    /// Of which type the person is; nothing for the one that every org has.
    pub type_id: Option<UserTypeId>,
}

impl Person {
    /// Somebody as they are when they are added.
    #[must_use]
    pub(crate) fn new(
        org_id: &OrgId,
        id: &UserId,
        status: PersonStatus,
        profile: &ProfileInput,
        now: Timestamp,
    ) -> Self {
        Self {
            org_id: org_id.clone(),
            id: id.clone(),
            status,
            login: profile.login.clone(),
            email: profile.email.clone(),
            email_verified: false,
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            profile: profile.attributes.clone(),
            epoch: 1,
            revision: 1,
            created_at: now,
            updated_at: now,
            last_sign_in_at: None,
            activated_at: None,
            status_changed_at: now,
            external_id: None,
            type_id: None,
        }
    }

    /// Given and family name, or the login where there is neither.
    #[must_use]
    pub fn display_name(&self) -> String {
        name_of(&self.first_name, &self.last_name, &self.login)
    }
}

/// What somebody with these is called.
pub(crate) fn name_of(first_name: &str, last_name: &str, login: &str) -> String {
    let name = format!("{first_name} {last_name}");
    match name.trim() {
        "" => login.to_owned(),
        name => name.to_owned(),
    }
}

/// A person together with the roles held now.
#[derive(Debug, Clone)]
pub struct PersonWithRoles {
    /// The person.
    pub person: Person,
    /// The roles.
    pub roles: Vec<Role>,
}
