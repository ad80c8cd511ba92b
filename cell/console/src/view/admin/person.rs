//! One person: profile, groups, apps, factors, sessions, activity.

use super::grants::HeldOfPerson;
use super::held::HeldWords;
use super::people::PersonStatus;
use super::pick::Picker;
use super::relations::{LinkedView, RelationOfPerson};
use crate::text::Text;
use crate::view::account::{CodesState, PasswordState, TotpState};
use crate::view::part::{self, AttributeField, Choice, Icon, Input, Moment, Pager, Tone};
use crate::view::row::{LinkRow, LogRow, PasskeyRow, ProviderLinkRow, SessionRow};
use crate::view::shell::{Right, Shell, here};
use askama::Template;

/// A step of the life cycle. Each posts to `/admin/people/{id}/lifecycle/{verb}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the act that it names")]
pub enum PersonAction {
    Activate,
    Invite,
    Unlock,
    Unsuspend,
    ResetPassword,
    ExpirePassword,
    ResetFactors,
    EndSessions,
    Suspend,
    Deactivate,
    Delete,
}

impl PersonAction {
    /// The last segment of its address.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            PersonAction::Activate => "activate",
            PersonAction::Invite => "invite",
            PersonAction::Unlock => "unlock",
            PersonAction::Unsuspend => "unsuspend",
            PersonAction::ResetPassword => "reset-password",
            PersonAction::ExpirePassword => "expire-password",
            PersonAction::ResetFactors => "reset-factors",
            PersonAction::EndSessions => "end-sessions",
            PersonAction::Suspend => "suspend",
            PersonAction::Deactivate => "deactivate",
            PersonAction::Delete => "delete",
        }
    }

    fn label(self, t: &'static Text) -> &'static str {
        match self {
            PersonAction::Activate => t.people.act_activate,
            PersonAction::Invite => t.people.act_invite,
            PersonAction::Unlock => t.people.act_unlock,
            PersonAction::Unsuspend => t.people.act_unsuspend,
            PersonAction::ResetPassword => t.people.act_reset_password,
            PersonAction::ExpirePassword => t.people.act_expire_password,
            PersonAction::ResetFactors => t.people.act_reset_factors,
            PersonAction::EndSessions => t.people.act_end_sessions,
            PersonAction::Suspend => t.people.act_suspend,
            PersonAction::Deactivate => t.people.act_deactivate,
            PersonAction::Delete => t.people.act_delete,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            PersonAction::Activate => t.people.act_activate_about,
            PersonAction::Invite => t.people.act_invite_about,
            PersonAction::Unlock => t.people.act_unlock_about,
            PersonAction::Unsuspend => t.people.act_unsuspend_about,
            PersonAction::ResetPassword => t.people.act_reset_password_about,
            PersonAction::ExpirePassword => t.people.act_expire_password_about,
            PersonAction::ResetFactors => t.people.act_reset_factors_about,
            PersonAction::EndSessions => t.people.act_end_sessions_about,
            PersonAction::Suspend => t.people.act_suspend_about,
            PersonAction::Deactivate => t.people.act_deactivate_about,
            PersonAction::Delete => t.people.act_delete_about,
        }
    }

    /// Acts that shut somebody out ask first.
    fn asks_first(self) -> bool {
        matches!(
            self,
            PersonAction::ResetFactors
                | PersonAction::Suspend
                | PersonAction::Deactivate
                | PersonAction::Delete
        )
    }
}

/// An application that a person may use.
#[derive(Clone, Debug)]
pub struct PersonAppRow {
    /// Stands in the address of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The group through which, or empty for a direct assignment.
    pub via_group: String,
}

/// How a person proves who they are.
#[derive(Clone, Debug)]
pub struct PersonFactors {
    /// The password.
    pub password: PasswordState,
    /// By name.
    pub passkeys: Vec<PasskeyRow>,
    /// The authenticator app.
    pub totp: TotpState,
    /// The recovery codes.
    pub codes: CodesState,
    /// Accounts at identity providers.
    pub providers: Vec<ProviderLinkRow>,
}

/// The type of a person, and the one that the form of the profile is of.
#[derive(Clone, Debug, Default)]
pub struct PersonType {
    /// The word of the one that the form is of.
    pub word: Input,
    /// What the person's own is called; empty where there is one type.
    pub name: String,
    /// The types to choose from; empty hides the choice.
    pub choices: Vec<Choice>,
    /// Whether the form is of another type than the person.
    pub is_changing: bool,
    /// The attributes whose values are dropped when the form is saved.
    pub dropped: Vec<String>,
}

impl PersonType {
    fn told(&self, t: &'static Text) -> String {
        t.people
            .type_dropped
            .replace("{names}", &self.dropped.join(", "))
    }
}

/// A password that a person replaces at the next sign-in. Posts `end_sessions` to `/admin/people/{id}/temporary-password`.
#[derive(Clone, Debug, Default)]
pub struct TemporaryPassword {
    /// Whether the person can be given one.
    pub is_offered: bool,
    /// One that was made just now, shown this once.
    pub fresh: Option<String>,
}

/// A form that links a person to an account at an identity provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderLinkForm {
    /// The providers at which the person has no account yet.
    pub providers: Vec<Choice>,
    /// The one that is chosen.
    pub provider: Input,
    /// What it calls the person.
    pub subject: Input,
}

/// The view that is open; each has its own address under `/admin/people/{id}`.
#[derive(Debug)]
pub enum PersonTab {
    /// `/admin/people/{id}`, with `?type=…` as one of another type. Posts each writable attribute there, and `of-type`, which no attribute is called.
    Profile {
        /// Of which type the person is, and of which the form is.
        of: PersonType,
        /// What was read, to tell a change by another.
        revision: i64,
        /// The attributes in the order of the schema.
        attributes: Vec<AttributeField>,
        /// The acts that the status and the reader's rights allow.
        actions: Vec<PersonAction>,
        /// The password that is shown once, and whether there is a form for one.
        temporary: TemporaryPassword,
        /// Since when.
        created: Moment,
        /// When they last signed in.
        last_sign_in: Option<Moment>,
    },
    /// `…/groups`. Posts `id` to `…/groups/add`, and to `…/groups/remove`.
    Groups {
        /// By name.
        rows: Vec<LinkRow>,
        /// Its neighbours.
        pager: Pager,
        /// Groups to add.
        picker: Picker,
    },
    /// `…/apps`. Posts `id` to `…/apps/add`, and to `…/apps/remove` for direct assignments.
    Apps {
        /// By name.
        rows: Vec<PersonAppRow>,
        /// Its neighbours.
        pager: Pager,
        /// Apps to add.
        picker: Picker,
    },
    /// `…/relations`.
    Relations {
        /// A bounded few.
        rows: Vec<RelationOfPerson>,
    },
    /// `…/relations/{name}`. Posts `id` to `…/set`, and nothing to `…/remove`.
    Relation(Box<LinkedView>),
    /// `…/clients`. Posts nothing to `…/clients/revoke-all`.
    Clients {
        /// The apps that hold something, by id.
        rows: Vec<LinkRow>,
        /// Its neighbours.
        pager: Pager,
    },
    /// `…/clients/{client}`.
    Client(Box<HeldOfPerson>),
    /// `…/factors`. Posts `id` to `…/factors/passkeys/remove`, and to `…/factors/totp/remove`; `provider`, `subject` to
    /// `…/factors/providers/add`, and `id` to `…/factors/providers/remove`.
    Factors(PersonFactors, Option<ProviderLinkForm>),
    /// `…/sessions`. Posts `id` to `…/sessions/end`.
    Sessions {
        /// The newest first.
        sessions: Vec<SessionRow>,
        /// Its neighbours.
        pager: Pager,
    },
    /// `…/activity`.
    Activity {
        /// The newest first.
        rows: Vec<LogRow>,
        /// Its neighbours.
        pager: Pager,
    },
}

/// What the reader may do to the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touch {
    /// Change the account.
    pub edit: bool,
    /// Help the person back in.
    pub help: bool,
    /// The reader may do so to others, but the person may do more than the reader.
    pub is_above: bool,
}

/// One person (`/admin/people/{id}` and below).
#[derive(Debug, Template)]
#[template(path = "admin/person.html")]
pub struct PersonPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What they sign in with.
    pub login: String,
    /// Where in the life cycle.
    pub status: PersonStatus,
    /// What the reader may do.
    pub touch: Touch,
    /// The open view.
    pub tab: PersonTab,
}

impl PersonPage {
    fn path(&self) -> String {
        format!("/admin/people/{}", self.id)
    }

    fn held_words(&self) -> HeldWords<'static> {
        HeldOfPerson::words(self.shell.t, self.touch)
    }

    fn tab_bar(&self) -> part::TabBar<'_> {
        let t = self.shell.t;
        let base = format!("{}{}", self.shell.prefix, self.path());
        // Whoever sees a part of the organisation alone is told neither of others nor of the log.
        let sees_all = self.shell.may(Right::SeeDirectory);
        let tabs = [
            (
                true,
                t.people.tab_profile,
                "",
                matches!(self.tab, PersonTab::Profile { .. }),
            ),
            (
                sees_all,
                t.people.tab_groups,
                "/groups",
                matches!(self.tab, PersonTab::Groups { .. }),
            ),
            (
                sees_all,
                t.people.tab_apps,
                "/apps",
                matches!(self.tab, PersonTab::Apps { .. }),
            ),
            (
                sees_all,
                t.relations.tab,
                "/relations",
                matches!(
                    self.tab,
                    PersonTab::Relations { .. } | PersonTab::Relation(_)
                ),
            ),
            (
                sees_all,
                t.grants.tab,
                "/clients",
                matches!(self.tab, PersonTab::Clients { .. } | PersonTab::Client(_)),
            ),
            (
                true,
                t.people.tab_factors,
                "/factors",
                matches!(self.tab, PersonTab::Factors(..)),
            ),
            (
                sees_all,
                t.people.tab_sessions,
                "/sessions",
                matches!(self.tab, PersonTab::Sessions { .. }),
            ),
            (
                self.shell.may(Right::SeeLog),
                t.people.tab_activity,
                "/activity",
                matches!(self.tab, PersonTab::Activity { .. }),
            ),
        ];
        let opened = tabs.into_iter().filter(|(is_open, ..)| *is_open);
        opened.fold(part::tabs(&self.name), |bar, (_, label, path, is_here)| {
            bar.tab(label, &base, path, is_here)
        })
    }
}

here!(PersonPage => People);
