//! Rows that pages of several areas show: passkeys, sessions, log entries, people and groups to pick.

use crate::text::Text;
use crate::view::part::{Badge, Moment, Tone, badge};

/// Where the private half of a passkey lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyStorage {
    /// With the person's other passkeys, on all their devices.
    Synced,
    /// In one device or security key, for good.
    DeviceBound,
}

/// A passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Stands in addresses.
    pub id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// Where it lives.
    pub storage: PasskeyStorage,
    /// The make of the authenticator where it was proved, or empty.
    pub model: String,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
}

impl PasskeyRow {
    /// Where it lives, in words.
    #[must_use]
    pub fn storage_badge(&self, t: &'static Text) -> Badge<'static> {
        match self.storage {
            PasskeyStorage::Synced => badge(t.account.passkey_synced, Tone::Info),
            PasskeyStorage::DeviceBound => badge(t.account.passkey_bound, Tone::Ok),
        }
    }
}

/// An account at an identity provider by which a person can sign in.
#[derive(Clone, Debug)]
pub struct ProviderLinkRow {
    /// The provider; stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the provider calls the person.
    pub account: String,
    /// When it was connected.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Stands in addresses; not the secret in the cookie.
    pub id: String,
    /// Browser and system, such as "Firefox on Linux".
    pub device: String,
    /// The address it was last seen at.
    pub address: String,
    /// When it began.
    pub started: Moment,
    /// When it was last used.
    pub last_seen: Moment,
    /// How it was proved, in words, such as "passkey".
    pub proof: String,
    /// Whether the page is read in it.
    pub is_this: bool,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the result of the log that it names")]
pub enum Outcome {
    Success,
    Failure,
    Allow,
    Deny,
    Challenge,
    Skipped,
    Limited,
    Unknown,
}

impl Outcome {
    /// Every outcome with the word by which the log and the filter know it.
    pub const ALL: [(&'static str, Outcome); 8] = [
        ("SUCCESS", Outcome::Success),
        ("FAILURE", Outcome::Failure),
        ("ALLOW", Outcome::Allow),
        ("DENY", Outcome::Deny),
        ("CHALLENGE", Outcome::Challenge),
        ("SKIPPED", Outcome::Skipped),
        ("RATE_LIMIT", Outcome::Limited),
        ("UNKNOWN", Outcome::Unknown),
    ];

    /// From the word of the log; a word that is not listed is unknown.
    #[must_use]
    pub fn parse(word: &str) -> Outcome {
        Outcome::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map_or(Outcome::Unknown, |(_, outcome)| *outcome)
    }

    /// In the reader's language.
    #[must_use]
    pub fn label(self, t: &'static Text) -> &'static str {
        match self {
            Outcome::Success => t.watch.outcome_success,
            Outcome::Failure => t.watch.outcome_failure,
            Outcome::Allow => t.watch.outcome_allow,
            Outcome::Deny => t.watch.outcome_deny,
            Outcome::Challenge => t.watch.outcome_challenge,
            Outcome::Skipped => t.watch.outcome_skipped,
            Outcome::Limited => t.watch.outcome_limited,
            Outcome::Unknown => t.watch.outcome_unknown,
        }
    }

    /// Its weight.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Outcome::Success | Outcome::Allow => Tone::Ok,
            Outcome::Failure | Outcome::Deny => Tone::Bad,
            Outcome::Limited => Tone::Warn,
            Outcome::Challenge => Tone::Info,
            Outcome::Skipped | Outcome::Unknown => Tone::Plain,
        }
    }

    /// As a badge.
    #[must_use]
    pub fn badge(self, t: &'static Text) -> Badge<'static> {
        badge(self.label(t), self.tone())
    }
}

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct LogRow {
    /// Stands in the address of its detail page.
    pub id: String,
    /// When.
    pub at: Moment,
    /// The event type, such as `user.session.start`.
    pub event: String,
    /// What happened, in words.
    pub message: String,
    /// Who did it, or empty.
    pub actor: String,
    /// To what, or empty.
    pub target: String,
    /// From where, or empty.
    pub address: String,
    /// With what, such as "Firefox on Linux", or empty.
    pub device: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// A person or a group that can be opened.
#[derive(Clone, Debug)]
pub struct PartyRow {
    /// The id of the person or the group; stands in addresses and forms.
    pub id: String,
    /// The name.
    pub name: String,
    /// A second line, or empty.
    pub about: String,
    /// Whether it is a group.
    pub is_group: bool,
}

/// A thing that is named and can be opened: a person, a group, an app.
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// Stands in the address of its page and in forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A second line, or empty.
    pub about: String,
}
