//! Roles that an org makes itself: a custom role names what it permits, a resource set names over what, and a binding
//! gives both together to people and to those who are in a group.
//!
//! A permit that comes of them opens nothing by itself ([`Permit::covers`](crate::access::Permit::covers) refuses it): an operation
//! is opened by its row of the route table, and holds the permit against the very thing in the transaction that acts
//! ([`within`]). What lies outside is not found. Nobody comes to more by it (`guard.rs`).

pub mod bindings;
pub mod capability;
pub(crate) mod guard;
mod labelled;
pub mod roles;
pub mod sets;
pub mod shown;
pub mod store;
#[cfg(test)]
mod tests;
pub mod within;

use crate::access::custom::capability::{Capability, ThingKind};
use crate::fault::Refusal;
use crate::person::profile::fold;
use vocab::id::{AppId, CustomRoleId, GroupId, ResourceSetId, RoleBindingId, ServerId};
use vocab::id::{SetResourceId, UserId};
use vocab::text::disguises;
use vocab::time::Timestamp;

/// Most custom roles of one org.
pub const ROLES_MAX: usize = 100;
/// Most resource sets of one org.
pub const SETS_MAX: usize = 100;
/// Most resources of one set.
pub const RESOURCES_MAX: usize = 100;
/// Most who hold one role over one set.
pub const MEMBERS_MAX: usize = 100;
/// Most bindings of one person, or of one group.
pub const BINDINGS_OF_ONE_MAX: usize = 20;
/// Most groups of one person that give a role: what their roles amount to is read with every call.
pub const GIVING_GROUPS_OF_ONE_MAX: usize = 20;
/// Longest label.
pub const LABEL_CHARS_MAX: usize = 50;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// What roles and sets are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The label, unique among the roles or among the sets of the org.
    pub label: String,
    /// What it is for.
    pub description: String,
}

impl Named {
    /// Whether this was seen of another, however the lines of its description are broken: browsers break them in their own way.
    fn is_seen_of(&self, present: &Self) -> bool {
        self.label == present.label
            && lines_of(&self.description).eq(lines_of(&present.description))
    }
}

fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n']).filter(|line| !line.is_empty())
}

/// Something that the org calls by a label of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled<Id> {
    /// Its id.
    pub id: Id,
    /// What it is called.
    pub named: Named,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last change of label or description.
    pub updated_at: Timestamp,
}

/// A custom role.
pub type CustomRole = Labelled<CustomRoleId>;

/// A set of resources.
pub type ResourceSet = Labelled<ResourceSetId>;

/// What a custom role permits, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantedCapability {
    /// What.
    pub capability: Capability,
    /// Since when.
    pub granted_at: Timestamp,
}

/// Something that a set can hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// Everybody.
    Users,
    /// Whoever is in the group at the moment of the act.
    UsersOf(GroupId),
    /// Every group.
    Groups,
    /// One group.
    Group(GroupId),
    /// Every app.
    Apps,
    /// One app.
    App(AppId),
    /// Every authorization server.
    Servers,
    /// One authorization server.
    Server(ServerId),
}

impl Resource {
    /// The stored word, and the stored id of what is meant.
    #[must_use]
    pub fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::Users => ("USERS", ""),
            Self::UsersOf(id) => ("USERS_OF", id.as_str()),
            Self::Groups => ("GROUPS", ""),
            Self::Group(id) => ("GROUP", id.as_str()),
            Self::Apps => ("APPS", ""),
            Self::App(id) => ("APP", id.as_str()),
            Self::Servers => ("SERVERS", ""),
            Self::Server(id) => ("SERVER", id.as_str()),
        }
    }

    /// Reads what was stored.
    #[must_use]
    pub fn from_stored(kind: &str, target: &str) -> Option<Self> {
        let group = || GroupId::parse(target).ok();
        Some(match kind {
            "USERS" => Self::Users,
            "USERS_OF" => Self::UsersOf(group()?),
            "GROUPS" => Self::Groups,
            "GROUP" => Self::Group(group()?),
            "APPS" => Self::Apps,
            "APP" => Self::App(AppId::parse(target).ok()?),
            "SERVERS" => Self::Servers,
            "SERVER" => Self::Server(ServerId::parse(target).ok()?),
            _ => return None,
        })
    }
}

/// A resource of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetResource {
    /// Its id.
    pub id: SetResourceId,
    /// What it is.
    pub resource: Resource,
    /// Since when it is in the set.
    pub added_at: Timestamp,
}

/// Who can hold a role over a set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// A person.
    User(UserId),
    /// Whoever is in the group.
    Group(GroupId),
}

impl Holder {
    /// The stored word, and the stored id.
    #[must_use]
    pub fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::User(id) => ("USER", id.as_str()),
            Self::Group(id) => ("GROUP", id.as_str()),
        }
    }

    /// Reads what was stored.
    #[must_use]
    pub fn from_stored(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "USER" => UserId::parse(id).ok().map(Self::User),
            "GROUP" => GroupId::parse(id).ok().map(Self::Group),
            _ => None,
        }
    }
}

/// A role over a set, held by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its id, which is also that of the assignment of the role.
    pub id: RoleBindingId,
    /// The role.
    pub role: CustomRoleId,
    /// The set.
    pub set: ResourceSetId,
    /// Who holds it.
    pub holder: Holder,
    /// Since when.
    pub bound_at: Timestamp,
}

/// How far a capability goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether everything of its kind is within.
    pub all: bool,
    /// The ids of the single things that are: of people, those of the groups whose members are.
    pub ids: std::collections::BTreeSet<String>,
}

impl Reach {
    /// What these resources mean for things of one kind.
    #[must_use]
    pub fn of(kind: ThingKind, resources: &[Resource]) -> Self {
        let mut reach = Self::default();
        for resource in resources {
            match (kind, resource) {
                (ThingKind::Person, Resource::Users)
                | (ThingKind::Group, Resource::Groups)
                | (ThingKind::App, Resource::Apps)
                | (ThingKind::Server, Resource::Servers) => reach.all = true,
                (ThingKind::Person, Resource::UsersOf(_))
                | (ThingKind::Group, Resource::Group(_))
                | (ThingKind::App, Resource::App(_))
                | (ThingKind::Server, Resource::Server(_)) => {
                    reach.ids.insert(resource.stored().1.to_owned());
                }
                _ => {}
            }
        }
        reach
    }

    /// Whether a thing that is no person is within.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        self.all || self.ids.contains(id)
    }
}

/// Holds label and description against their bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the field.
pub fn decide_named(named: &Named) -> Result<Named, Refusal> {
    let label = named.label.trim();
    let chars = label.chars().count();
    if chars == 0 || chars > LABEL_CHARS_MAX || label.chars().any(disguises) {
        return Err(Refusal::invalid(
            "label",
            "use 1 to 50 characters on one line",
        ));
    }
    // A label takes the place of an id in addresses, and must not be one.
    let is_id = CustomRoleId::parse(label).is_ok() || ResourceSetId::parse(label).is_ok();
    if is_id || label.contains(['/', '?', '#']) {
        return Err(Refusal::invalid(
            "label",
            "it would not be told from an id or an address",
        ));
    }
    let description = named.description.trim();
    if description.chars().count() > DESCRIPTION_CHARS_MAX || description.contains('\0') {
        return Err(Refusal::invalid(
            "description",
            "use at most 1,000 characters",
        ));
    }
    Ok(Named {
        label: label.to_owned(),
        description: description.to_owned(),
    })
}

/// Whether a text that is no id means the thing that is called so.
#[must_use]
pub fn is_called(named: &Named, text: &str) -> bool {
    fold(&named.label) == fold(text)
}
