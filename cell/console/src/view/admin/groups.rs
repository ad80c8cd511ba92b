//! Groups and administrators.

use super::pick::Picker;
use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Input, Moment, Pager};
use crate::view::row::LinkRow;
use crate::view::shell::{Shell, here};
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
    /// How many people are in it, as it is shown, or empty where counting would be dear.
    pub members: String,
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
    /// `…/settings`. Posts `name`, `description`, `revision` there; and to `…/delete`.
    Settings {
        /// What was read, to tell a change by another.
        revision: i64,
        /// Its name.
        name: Input,
        /// What it is for.
        description: Input,
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
        part::tabs(&self.name)
            .tab(
                t.groups.tab_members,
                &base,
                "",
                matches!(self.tab, GroupTab::Members { .. }),
            )
            .tab(
                t.groups.tab_apps,
                &base,
                "/apps",
                matches!(self.tab, GroupTab::Apps { .. }),
            )
            .tab(
                t.groups.tab_settings,
                &base,
                "/settings",
                matches!(self.tab, GroupTab::Settings { .. }),
            )
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
    /// The role's value among [`AdministratorsPage::roles`].
    pub role: Input,
    /// Since when.
    pub since: Moment,
    /// Whether it is the reader: nobody changes their own role.
    pub is_self: bool,
}

/// Administrators (`/admin/administrators`). Posts `id` to `…/add` (with the least role), `role` to `…/{id}/role`, and
/// to `…/{id}/remove`.
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

/// The roles there are, by the words that storage and forms know them by.
#[must_use]
pub fn role_choices(t: &'static Text) -> Vec<Choice> {
    vec![
        Choice::new("SUPER_ADMIN", t.words.role_super).about(t.words.role_super_about),
        Choice::new("READ_ONLY_ADMIN", t.words.role_reader).about(t.words.role_reader_about),
    ]
}

impl AdministratorsPage {
    fn role_label<'a>(&'a self, row: &'a AdministratorRow) -> &'a str {
        self.roles
            .iter()
            .find(|role| role.value == row.role.value)
            .map_or(row.role.value.as_str(), |role| &role.label)
    }

    fn scope_of(row: &AdministratorRow) -> String {
        format!("role-{}", row.id)
    }
}

here!(GroupsPage => Groups, GroupNewPage => Groups, GroupPage => Groups, AdministratorsPage => Administrators);
