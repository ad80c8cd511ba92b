//! What a role of somebody is held over: a page of its own for each role, whoever holds it.

use super::pick::Picker;
use crate::text::Text;
use crate::view::part::{self, Icon, Moment, Tone};
use crate::view::shell::{Place, Shell};
use askama::Template;

/// What narrows a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetsOf {
    /// Groups.
    Groups,
    /// Apps, or every app.
    Apps,
}

/// Over what a role is held at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Over everything.
    Whole,
    /// Over its targets alone.
    Narrowed,
    /// Over nothing: its targets are gone.
    Nothing,
}

impl Hold {
    fn banner(self, t: &'static Text) -> part::Banner<'static> {
        match self {
            Hold::Whole => part::banner(t.targets.whole, Tone::Info),
            Hold::Narrowed => part::banner(t.targets.narrowed, Tone::Ok),
            Hold::Nothing => part::banner(t.targets.nothing, Tone::Warn),
        }
    }
}

/// Something that a role is held over.
#[derive(Clone, Debug)]
pub struct TargetRow {
    /// Stands in forms: the id of the group or the app, or [`EVERY_APP`].
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is opened, after the path prefix; nothing for every app.
    pub href: Option<String>,
    /// Since when.
    pub since: Moment,
}

/// What stands for every app in forms.
pub const EVERY_APP: &str = "every";

/// Who holds the role, and from where the page was opened.
#[derive(Clone, Debug)]
pub struct RoleHolderView {
    /// The name of the person, the group or the app.
    pub name: String,
    /// Where the roles of the holder are, after the path prefix.
    pub roles_href: String,
    /// To which part of the administration that belongs.
    pub place: Place,
}

/// The targets of a role (`/admin/administrators/{id}/roles/{role}`, `/admin/groups/{id}/roles/{role}`,
/// `/admin/apps/{id}/api/roles/{role}`). Posts `id` to `…/add` and `…/remove`, and to `…/widen` for a person's app administrator.
#[derive(Debug, Template)]
#[template(path = "admin/role_targets.html")]
pub struct RoleTargetsPage {
    /// The frame.
    pub shell: Shell,
    /// Who holds the role.
    pub holder: RoleHolderView,
    /// The role, in the reader's language.
    pub role: String,
    /// The page's own address, after the path prefix.
    pub own_path: String,
    /// What narrows the role.
    pub of: TargetsOf,
    /// Over what it is held.
    pub hold: Hold,
    /// What it is held over, a bounded few.
    pub rows: Vec<TargetRow>,
    /// Whether the reader may change it.
    pub may_change: bool,
    /// Whether it is the reader's own, which others change.
    pub is_own: bool,
    /// Whether it can be held over everything again from here.
    pub may_widen: bool,
    /// Groups or apps to add.
    pub picker: Picker,
}

impl RoleTargetsPage {
    fn here(&self) -> Place {
        self.holder.place
    }

    fn has_every_app(&self) -> bool {
        self.rows.iter().any(|row| row.id == EVERY_APP)
    }

    fn crumb(&self) -> &'static str {
        let t = self.shell.t;
        match self.holder.place {
            Place::Groups => t.targets.tab_roles,
            Place::Apps => t.apps.tab_api,
            _ => t.admin.nav_administrators,
        }
    }
}
