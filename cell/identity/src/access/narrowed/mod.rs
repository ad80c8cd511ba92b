//! Standard roles that are held over some groups or apps alone, which are their targets.
//!
//! Such a role is to whoever enforces it what a custom role over a resource set is: capabilities, each over resources
//! ([`resource`]); `access/custom` reads both together. It is no role that is held over everything, and stands in none of
//! their tables: what has no target left reaches nothing.

pub mod operations;
pub mod store;

use crate::access::custom::Resource;
use crate::access::custom::capability::{Capability, Capability as To, ThingKind};
use crate::access::{Role, role_permits};
use vocab::id::{AppId, GroupId, UserId};
use vocab::time::Timestamp;

/// Most targets of one role of one holder.
pub const TARGETS_MAX: usize = 100;
/// The kind that every app is of: what clients in the field name when they mean all apps of a kind.
pub const APP_KIND: &str = "oidc_client";

/// Whoever has a standard role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleHolder {
    /// A person.
    User(UserId),
    /// Whoever is in the group.
    Group(GroupId),
    /// An app that acts for itself.
    App(AppId),
}

impl RoleHolder {
    /// The stored word, and the stored id. No two kinds of ids are alike.
    #[must_use]
    pub fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::User(id) => ("USER", id.as_str()),
            Self::Group(id) => ("GROUP", id.as_str()),
            Self::App(id) => ("APP", id.as_str()),
        }
    }
}

/// What a role is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleTarget {
    /// A group, and whoever is in it at the moment of the act.
    Group(GroupId),
    /// One app.
    App(AppId),
    /// Every app of the kind that there is: [`APP_KIND`].
    Apps,
}

/// What narrows a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// Groups.
    Groups,
    /// Apps.
    Apps,
}

impl RoleTarget {
    /// The stored word, and the stored id of what is meant.
    #[must_use]
    pub fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::Group(id) => ("GROUP", id.as_str()),
            Self::App(id) => ("APP", id.as_str()),
            Self::Apps => ("APPS", APP_KIND),
        }
    }

    /// Reads what was stored.
    #[must_use]
    pub fn from_stored(kind: &str, target: &str) -> Option<Self> {
        match kind {
            "GROUP" => GroupId::parse(target).ok().map(Self::Group),
            "APP" => AppId::parse(target).ok().map(Self::App),
            "APPS" => (target == APP_KIND).then_some(Self::Apps),
            _ => None,
        }
    }

    /// Which roles it narrows.
    #[must_use]
    pub const fn kind(&self) -> TargetKind {
        match self {
            Self::Group(_) => TargetKind::Groups,
            Self::App(_) | Self::Apps => TargetKind::Apps,
        }
    }
}

/// A target of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedTarget {
    /// What it is.
    pub target: RoleTarget,
    /// Since when.
    pub added_at: Timestamp,
}

/// Over what a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// Over everything.
    Whole,
    /// Over its targets alone.
    Narrowed,
}

impl Breadth {
    /// Reads the word that a statement answers.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "WHOLE" => Some(Self::Whole),
            "NARROWED" => Some(Self::Narrowed),
            _ => None,
        }
    }
}

/// The roles that can be narrowed.
pub const NARROWABLE: [Role; 3] = [Role::UserAdmin, Role::HelpDeskAdmin, Role::AppAdmin];

/// By what a role can be narrowed, if it can be.
#[must_use]
pub const fn narrowed_by(role: Role) -> Option<TargetKind> {
    match role {
        Role::UserAdmin | Role::HelpDeskAdmin => Some(TargetKind::Groups),
        Role::AppAdmin => Some(TargetKind::Apps),
        Role::SuperAdmin
        | Role::OrgAdmin
        | Role::ReadOnlyAdmin
        | Role::ReportAdmin
        | Role::ApiAccessManagementAdmin => None,
    }
}

/// What a narrowed role permits, over what its targets mean. No target lets its holder change the target itself: whoever
/// could rename or remove a group would decide what rules and other roles make of it.
#[must_use]
pub const fn permits(role: Role) -> &'static [Capability] {
    match role {
        Role::UserAdmin => &[To::UsersManage, To::GroupsRead, To::GroupsMembers],
        Role::HelpDeskAdmin => &[
            To::UsersRead,
            To::UsersUnlock,
            To::UsersClearSessions,
            To::UsersCredentials,
            To::GroupsRead,
        ],
        // An app is run for whomever it may be for: its administrator names people and groups, and lists none.
        Role::AppAdmin => &[
            To::AppsManage,
            To::UsersAppAssignment,
            To::GroupsAppAssignment,
        ],
        Role::SuperAdmin
        | Role::OrgAdmin
        | Role::ReadOnlyAdmin
        | Role::ReportAdmin
        | Role::ApiAccessManagementAdmin => &[],
    }
}

/// Whether a role gives a capability when it is narrowed: no more than what it permits over everything, whatever else is
/// contained in a capability that it gives.
#[must_use]
pub fn gives(role: Role, capability: Capability) -> bool {
    role_permits(role, capability.amounts_to())
        && permits(role).iter().any(|held| held.contains(capability))
}

/// The roles that give a capability when they are narrowed.
#[must_use]
pub fn giving(capability: Capability) -> Vec<Role> {
    let mut roles = NARROWABLE.to_vec();
    roles.retain(|role| gives(*role, capability));
    roles
}

/// What a target means for things of a kind, in an act upon that app, if it is one upon an app: an app that is a target is run
/// for whomever it may be for, and says nothing of people and groups in an act upon another.
#[must_use]
pub fn resource(
    target: &RoleTarget,
    kind: ThingKind,
    act_upon: Option<&AppId>,
) -> Option<Resource> {
    let is_of_act = match target {
        RoleTarget::Group(_) => false,
        RoleTarget::App(id) => act_upon == Some(id),
        RoleTarget::Apps => act_upon.is_some(),
    };
    match (target, kind) {
        (RoleTarget::Group(id), ThingKind::Person) => Some(Resource::UsersOf(id.clone())),
        (RoleTarget::Group(id), ThingKind::Group) => Some(Resource::Group(id.clone())),
        (RoleTarget::App(id), ThingKind::App) => Some(Resource::App(id.clone())),
        (RoleTarget::Apps, ThingKind::App) => Some(Resource::Apps),
        (RoleTarget::App(_) | RoleTarget::Apps, ThingKind::Person) => {
            is_of_act.then_some(Resource::Users)
        }
        (RoleTarget::App(_) | RoleTarget::Apps, ThingKind::Group) => {
            is_of_act.then_some(Resource::Groups)
        }
        (RoleTarget::Group(_), ThingKind::App) | (_, ThingKind::Server) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{NARROWABLE, RoleTarget, giving, narrowed_by, permits, resource};
    use crate::access::custom::Resource;
    use crate::access::custom::capability::{Capability as To, ThingKind};
    use crate::access::{Role, role_permits};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{AppId, GroupId};

    #[test]
    fn a_narrowed_role_permits_nothing_that_the_whole_one_does_not() {
        for role in Role::ALL {
            assert_eq!(narrowed_by(role).is_some(), NARROWABLE.contains(&role));
            assert_eq!(permits(role).is_empty(), narrowed_by(role).is_none());
            for held in permits(role) {
                assert!(role_permits(role, held.amounts_to()), "{role:?} {held:?}");
            }
        }
    }

    #[test]
    fn each_role_gives_these_capabilities_when_it_is_narrowed_and_no_others() {
        let people = [
            To::UsersRead,
            To::UsersManage,
            To::UsersCreate,
            To::UsersProfile,
            To::UsersLifecycle,
            To::UsersActivate,
            To::UsersDeactivate,
            To::UsersSuspend,
            To::UsersUnsuspend,
            To::UsersUnlock,
            To::UsersClearSessions,
            To::UsersCredentials,
            To::UsersResetFactors,
            To::UsersResetPassword,
            To::UsersExpirePassword,
            To::UsersGroupMembership,
            To::GroupsRead,
            To::GroupsMembers,
        ];
        let help_desk = [
            To::UsersRead,
            To::UsersUnlock,
            To::UsersClearSessions,
            To::UsersCredentials,
            To::UsersResetFactors,
            To::UsersResetPassword,
            To::UsersExpirePassword,
            To::GroupsRead,
        ];
        // Whoever runs people assigns no apps, although it is contained in running them.
        let apps = [
            To::UsersAppAssignment,
            To::GroupsAppAssignment,
            To::AppsRead,
            To::AppsManage,
            To::AppsAssignment,
        ];
        for role in Role::ALL {
            let expected: &[To] = match role {
                Role::UserAdmin => &people,
                Role::HelpDeskAdmin => &help_desk,
                Role::AppAdmin => &apps,
                _ => &[],
            };
            let given = To::ALL.iter().copied();
            let given: Vec<To> = given.filter(|one| giving(*one).contains(&role)).collect();
            assert_eq!(given, expected, "{role:?}");
        }
    }

    #[test]
    fn a_target_is_stored_and_read_and_means_what_it_names() {
        let entropy = SeededEntropy::new(71);
        let (group, app) = (GroupId::generate(&entropy), AppId::generate(&entropy));
        for target in [
            RoleTarget::Group(group.clone()),
            RoleTarget::App(app.clone()),
            RoleTarget::Apps,
        ] {
            let (kind, id) = target.stored();
            assert_eq!(RoleTarget::from_stored(kind, id), Some(target.clone()));
            assert_eq!(resource(&target, ThingKind::Server, Some(&app)), None);
        }
        for (kind, id) in [("GROUP", app.as_str()), ("APPS", ""), ("USERS", "")] {
            assert_eq!(RoleTarget::from_stored(kind, id), None);
        }
        let group = RoleTarget::Group(group);
        assert!(matches!(
            resource(&group, ThingKind::Person, None),
            Some(Resource::UsersOf(_))
        ));
        assert!(matches!(
            resource(&group, ThingKind::Group, None),
            Some(Resource::Group(_))
        ));
        assert_eq!(resource(&group, ThingKind::App, Some(&app)), None);
        let target = RoleTarget::App(app.clone());
        assert!(matches!(
            resource(&target, ThingKind::App, None),
            Some(Resource::App(_))
        ));
        // Of people and groups it says something in an act upon that app alone.
        let other = AppId::generate(&entropy);
        for (kind, all) in [
            (ThingKind::Person, Resource::Users),
            (ThingKind::Group, Resource::Groups),
        ] {
            assert_eq!(resource(&target, kind, Some(&app)), Some(all.clone()));
            assert_eq!(resource(&target, kind, Some(&other)), None);
            assert_eq!(resource(&target, kind, None), None);
            assert_eq!(resource(&RoleTarget::Apps, kind, None), None);
            assert_eq!(resource(&RoleTarget::Apps, kind, Some(&other)), Some(all));
        }
    }
}
