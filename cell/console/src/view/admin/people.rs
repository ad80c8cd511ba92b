//! People: the list and the new person.

use crate::text::Text;
use crate::view::part::{
    self, AttributeField, Badge, Choice, Icon, Input, Moment, Pager, Tone, badge,
};
use crate::view::shell::{Shell, here};
use askama::Template;

/// Where a person is in the life cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the status that it names")]
pub enum PersonStatus {
    Staged,
    Provisioned,
    Active,
    Recovery,
    PasswordExpired,
    LockedOut,
    Suspended,
    Deprovisioned,
}

impl PersonStatus {
    /// Every status with the word by which storage, filter and log know it.
    pub const ALL: [(&'static str, PersonStatus); 8] = [
        ("STAGED", PersonStatus::Staged),
        ("PROVISIONED", PersonStatus::Provisioned),
        ("ACTIVE", PersonStatus::Active),
        ("RECOVERY", PersonStatus::Recovery),
        ("PASSWORD_EXPIRED", PersonStatus::PasswordExpired),
        ("LOCKED_OUT", PersonStatus::LockedOut),
        ("SUSPENDED", PersonStatus::Suspended),
        ("DEPROVISIONED", PersonStatus::Deprovisioned),
    ];

    /// From that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<PersonStatus> {
        PersonStatus::ALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, status)| *status)
    }

    /// In the reader's language.
    #[must_use]
    pub fn label(self, t: &'static Text) -> &'static str {
        match self {
            PersonStatus::Staged => t.people.staged,
            PersonStatus::Provisioned => t.people.provisioned,
            PersonStatus::Active => t.people.active,
            PersonStatus::Recovery => t.people.recovery,
            PersonStatus::PasswordExpired => t.people.password_expired,
            PersonStatus::LockedOut => t.people.locked_out,
            PersonStatus::Suspended => t.people.suspended,
            PersonStatus::Deprovisioned => t.people.deprovisioned,
        }
    }

    /// As a badge.
    #[must_use]
    pub fn badge(self, t: &'static Text) -> Badge<'static> {
        let tone = match self {
            PersonStatus::Active => Tone::Ok,
            PersonStatus::Provisioned => Tone::Info,
            PersonStatus::Recovery | PersonStatus::PasswordExpired | PersonStatus::LockedOut => {
                Tone::Warn
            }
            PersonStatus::Suspended => Tone::Bad,
            PersonStatus::Staged | PersonStatus::Deprovisioned => Tone::Plain,
        };
        badge(self.label(t), tone)
    }
}

/// A person in the list.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// Stands in the address of their page.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What they sign in with.
    pub login: String,
    /// Where in the life cycle.
    pub status: PersonStatus,
    /// When they last signed in.
    pub last_sign_in: Option<Moment>,
}

/// The list (`/admin/people?q=…&status=…&type=…`), keyset-paged.
#[derive(Debug, Template)]
#[template(path = "admin/people.html")]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// What was searched.
    pub query: String,
    /// The status that was filtered by, in the word of [`PersonStatus::ALL`], or empty.
    pub status: String,
    /// The type that was filtered by, or empty.
    pub type_word: String,
    /// The types to filter by; empty hides the choice.
    pub types: Vec<Choice>,
    /// By name or login, whichever the search orders by.
    pub rows: Vec<PersonRow>,
    /// Its neighbours.
    pub pager: Pager,
}

impl PeoplePage {
    fn statuses(&self) -> Vec<Choice> {
        let t = self.shell.t;
        std::iter::once(Choice::new("", t.common.all))
            .chain(
                PersonStatus::ALL
                    .iter()
                    .map(|(word, status)| Choice::new(*word, status.label(t))),
            )
            .collect()
    }

    fn is_filtered(&self) -> bool {
        !self.query.is_empty() || !self.status.is_empty() || !self.type_word.is_empty()
    }
}

/// A new person (`/admin/people/new`, with `?type=…` of another type). Posts `of-type`, `login`, each attribute under its name, `start` (`invite`, `password` or
/// `staged`), `password` (where `start` is `password`) and any number of `group` there.
#[derive(Debug, Template)]
#[template(path = "admin/person_new.html")]
pub struct PersonNewPage {
    /// The frame.
    pub shell: Shell,
    /// Of which type they are.
    pub type_word: Input,
    /// The types to choose from; empty hides the choice.
    pub types: Vec<Choice>,
    /// What they sign in with.
    pub login: Input,
    /// The attributes in the order of the schema.
    pub attributes: Vec<AttributeField>,
    /// How they begin: `invite`, `password` or `staged`.
    pub start: Input,
    /// Only its error is shown.
    pub password: Input,
    /// A bounded few groups to tick; empty hides the list.
    pub groups: Vec<Choice>,
}

impl PersonNewPage {
    fn starts(&self) -> Vec<Choice> {
        let t = &self.shell.t.people;
        vec![
            Choice::new("invite", t.start_invite).about(t.start_invite_about),
            Choice::new("password", t.start_password).about(t.start_password_about),
            Choice::new("staged", t.start_staged).about(t.start_staged_about),
        ]
    }
}

here!(PeoplePage => People, PersonNewPage => People);
