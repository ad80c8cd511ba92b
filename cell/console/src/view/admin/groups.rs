//! Groups and administrators.

use super::app::GivenRow;
use super::pick::Picker;
use crate::text::Text;
use crate::view::part::{self, AttributeField, Choice, Icon, Input, Moment, Pager};
use crate::view::row::{LinkRow, PartyRow};
use crate::view::shell::{Right, Shell, here};
use askama::Template;

/// A group in the list.
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// Stands in the address of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for, or empty.
    pub about: String,
}

/// The list (`/admin/groups?q=…`), keyset-paged.
#[derive(Debug, Template)]
#[template(path = "admin/groups.html")]
pub struct GroupsPage {
    /// The frame.
    pub shell: Shell,
    /// What was searched.
    pub query: String,
    /// By name.
    pub rows: Vec<GroupRow>,
    /// Its neighbours.
    pub pager: Pager,
}

/// A new group (`/admin/groups/new`). Posts `name`, `description` there.
#[derive(Debug, Template)]
#[template(path = "admin/group_new.html")]
pub struct GroupNewPage {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: Input,
    /// What it is for.
    pub description: Input,
}

/// The view that is open; each has its own address under `/admin/groups/{id}`.
#[derive(Debug)]
pub enum GroupTab {
    /// `/admin/groups/{id}?q=…`. Posts `id` to `…/members/add`, and to `…/members/remove`.
    Members {
        /// What was searched among the members.
        query: String,
        /// By name.
        rows: Vec<LinkRow>,
        /// Its neighbours.
        pager: Pager,
        /// People to add.
        picker: Picker,
    },
    /// `…/apps`. Posts `id` to `…/apps/add`, and to `…/apps/remove`.
    Apps {
        /// By name.
        rows: Vec<LinkRow>,
        /// Apps to add.
        picker: Picker,
    },
    /// `…/owners`. Posts `id` to `…/owners/add`, and to `…/owners/remove`.
    Owners {
        /// People and groups, a bounded few.
        rows: Vec<PartyRow>,
        /// People to add, searched by `?find-people=…`.
        people: Picker,
        /// Groups to add, searched by `?find-groups=…`.
        groups: Picker,
    },
    /// `…/roles`. Posts `role` to `…/roles/add` and `…/roles/remove`.
    Roles {
        /// Those that it gives.
        rows: Vec<GivenRow>,
        /// Those that it does not.
        free: Vec<Choice>,
        /// What is chosen at first.
        chosen: Input,
    },
    /// `…/settings`. Posts `name`, `description`, each attribute and `revision` there; and to `…/delete`.
    Settings {
        /// What was read, to tell a change by another.
        revision: i64,
        /// Its name.
        name: Input,
        /// What it is for.
        description: Input,
        /// What the schema of groups adds.
        attributes: Vec<AttributeField>,
    },
}

/// One group.
#[derive(Debug, Template)]
#[template(path = "admin/group.html")]
pub struct GroupPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for, or empty.
    pub about: String,
    /// The open view.
    pub tab: GroupTab,
}

impl GroupPage {
    fn path(&self) -> String {
        format!("/admin/groups/{}", self.id)
    }

    fn tab_bar(&self) -> part::TabBar<'_> {
        let t = self.shell.t;
        let base = format!("{}{}", self.shell.prefix, self.path());
        let sees_all = self.shell.may(Right::SeeDirectory);
        let tabs = [
            (
                true,
                t.groups.tab_members,
                "",
                matches!(self.tab, GroupTab::Members { .. }),
            ),
            (
                sees_all,
                t.groups.tab_apps,
                "/apps",
                matches!(self.tab, GroupTab::Apps { .. }),
            ),
            (
                true,
                t.groups.tab_owners,
                "/owners",
                matches!(self.tab, GroupTab::Owners { .. }),
            ),
            (
                sees_all,
                t.targets.tab_roles,
                "/roles",
                matches!(self.tab, GroupTab::Roles { .. }),
            ),
            (
                true,
                t.groups.tab_settings,
                "/settings",
                matches!(self.tab, GroupTab::Settings { .. }),
            ),
        ];
        let opened = tabs.into_iter().filter(|(is_open, ..)| *is_open);
        opened.fold(part::tabs(&self.name), |bar, (_, label, path, is_here)| {
            bar.tab(label, &base, path, is_here)
        })
    }
}

/// An administrator.
#[derive(Clone, Debug)]
pub struct AdministratorRow {
    /// The person's id; stands in addresses.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// What they sign in with.
    pub login: String,
    /// Every role there is, those ticked that the person has.
    pub roles: Vec<Choice>,
    /// The roles that can be held over their targets alone: the word in addresses, and the name.
    pub narrowable: Vec<LinkRow>,
    /// Since when.
    pub since: Moment,
    /// Whether it is the reader: nobody changes their own roles.
    pub is_self: bool,
}

/// Administrators (`/admin/administrators`). Posts `id` to `…/add` (who may see, and change nothing), each `role` that
/// the person shall have to `…/{id}/roles`, and to `…/{id}/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/administrators.html")]
pub struct AdministratorsPage {
    /// The frame.
    pub shell: Shell,
    /// By name.
    pub rows: Vec<AdministratorRow>,
    /// The roles there are: [`role_choices`].
    pub roles: Vec<Choice>,
    /// People to add.
    pub picker: Picker,
}

/// A role that is held over its targets alone.
#[must_use]
pub fn narrowed(t: &'static Text, role: Choice) -> Choice {
    let label = format!("{} ({})", role.label, t.words.role_narrowed);
    Choice { label, ..role }
}

/// The roles there are, by the words that storage and forms know them by.
#[must_use]
pub fn role_choices(t: &'static Text) -> Vec<Choice> {
    let words = &t.words;
    let roles = [
        ("SUPER_ADMIN", words.role_super, words.role_super_about),
        ("ORG_ADMIN", words.role_org, words.role_org_about),
        ("APP_ADMIN", words.role_apps, words.role_apps_about),
        ("USER_ADMIN", words.role_people, words.role_people_about),
        (
            "HELP_DESK_ADMIN",
            words.role_help_desk,
            words.role_help_desk_about,
        ),
        (
            "API_ACCESS_MANAGEMENT_ADMIN",
            words.role_servers,
            words.role_servers_about,
        ),
        (
            "READ_ONLY_ADMIN",
            words.role_reader,
            words.role_reader_about,
        ),
        ("REPORT_ADMIN", words.role_report, words.role_report_about),
    ];
    roles
        .into_iter()
        .map(|(value, label, about)| Choice::new(value, label).about(about))
        .collect()
}

impl AdministratorsPage {
    fn held(row: &AdministratorRow) -> String {
        let held = row.roles.iter().filter(|role| role.is_on);
        let labels: Vec<&str> = held.map(|role| role.label.as_str()).collect();
        labels.join(", ")
    }

    /// What the control of the roles shows beside it: nothing, since a refusal stands above the page.
    fn blank() -> Input {
        Input::default()
    }

    fn scope_of(row: &AdministratorRow) -> String {
        format!("role-{}", row.id)
    }
}

here!(GroupsPage => Groups, GroupNewPage => Groups, GroupPage => Groups, AdministratorsPage => Administrators);
