//! Roles of the organisation's own, and the resource sets over which they are held.

use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A custom role.
#[derive(Clone, Debug)]
pub struct CustomRoleRow {
    /// Stands in addresses.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Every permission, ticked where the role has it.
    pub permissions: Vec<PermissionsOver>,
}

/// The permissions over one kind of thing.
#[derive(Clone, Debug)]
pub struct PermissionsOver {
    /// What stands above them.
    pub title: &'static str,
    /// They are posted by the names that tools know; what is read are words.
    pub choices: Vec<Choice>,
}

impl CustomRoleRow {
    fn label_input(&self) -> Input {
        Input::of(&self.label)
    }

    fn description_input(&self) -> Input {
        Input::of(&self.description)
    }

    fn scope(&self) -> String {
        format!("role-{}", self.id)
    }

    fn held(&self) -> Vec<&Choice> {
        let all = self.permissions.iter().flat_map(|part| &part.choices);
        all.filter(|one| one.is_on).collect()
    }
}

/// A resource set in the list.
#[derive(Clone, Debug)]
pub struct ResourceSetRow {
    /// Stands in addresses.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub description: String,
}

/// Custom roles and resource sets (`/admin/custom-roles`). Posts `label`, `description` and each `permission` to `…/add` and
/// `…/{id}/edit`, there beside what was seen: `seen_label`, `seen_description` and each `seen`; and to `…/{id}/remove`; `label`
/// and `description` of a set to `/admin/resource-sets/add`.
#[derive(Debug, Template)]
#[template(path = "admin/custom_roles.html")]
pub struct CustomRolesPage {
    /// The frame.
    pub shell: Shell,
    /// Roles by label.
    pub roles: Vec<CustomRoleRow>,
    /// Sets by label.
    pub sets: Vec<ResourceSetRow>,
    /// Every permission, for a new role.
    pub permissions: Vec<PermissionsOver>,
    /// The label of a new one.
    pub label: Input,
    /// Its description.
    pub description: Input,
}

impl CustomRolesPage {
    /// Keeps the ids of one form's parts apart.
    fn part_scope(form: &str, part: impl std::fmt::Display) -> String {
        format!("{form}-{part}")
    }

    /// What a control shows beside it: nothing, since a refusal stands above the page.
    fn blank() -> Input {
        Input::default()
    }
}

/// Something that a set holds.
#[derive(Clone, Debug)]
pub struct SetResourceRow {
    /// Its id in the set.
    pub id: String,
    /// What kind it is, in the reader's language.
    pub kind: String,
    /// What it is called; empty where all of the kind are meant.
    pub name: String,
}

/// A role that is held over a set.
#[derive(Clone, Debug)]
pub struct RoleBindingRow {
    /// Its id.
    pub id: String,
    /// The role.
    pub role: String,
    /// Who holds it.
    pub holder: String,
    /// Whether it is whoever is in a group.
    pub is_group: bool,
}

/// A resource set (`/admin/resource-sets/{id}`). Posts `label` and `description` there beside what was seen, `seen_label` and
/// `seen_description`, and to `…/remove`; `kind` and `name` to
/// `…/resources/add`, `resource` to `…/resources/remove`; `role`, `holder` and `name` to `…/bindings/add`, `binding` to
/// `…/bindings/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/resource_set.html")]
pub struct ResourceSetPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The label, to be changed.
    pub label: Input,
    /// The description, to be changed.
    pub description: Input,
    /// The label that whoever fills the form in has seen.
    pub seen_label: String,
    /// The description that they have seen.
    pub seen_description: String,
    /// What it holds.
    pub resources: Vec<SetResourceRow>,
    /// Who holds which role over it; a bounded number.
    pub bindings: Vec<RoleBindingRow>,
    /// What it can hold.
    pub kinds: Vec<Choice>,
    /// The roles there are.
    pub roles: Vec<Choice>,
}

impl ResourceSetPage {
    fn path(&self) -> String {
        format!("/admin/resource-sets/{}", self.id)
    }

    /// What a control shows beside it: nothing, since a refusal stands above the page.
    fn blank() -> Input {
        Input::default()
    }

    fn holders(t: &'static Text) -> Vec<Choice> {
        vec![
            Choice::new("user", t.roles.holder_person),
            Choice::new("group", t.roles.holder_group),
        ]
    }
}

here!(CustomRolesPage => Administrators, ResourceSetPage => Administrators);
