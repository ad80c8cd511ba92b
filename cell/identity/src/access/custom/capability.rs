//! What a custom role can permit: the names that are enforced, over which kind of thing each holds, and which others it
//! contains. Pure. A name that is not in this table is refused, so that nobody believes in a right that nothing grants.

use crate::access::Permission;

/// A kind of thing that a capability is held over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ThingKind {
    /// People.
    Person,
    /// Groups.
    Group,
    /// Apps.
    App,
    /// Authorization servers.
    Server,
}

macro_rules! define_capabilities {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $kind:ident, $amounts:ident, [$($contains:ident),*];)*) => {
        /// Something that a custom role can permit, over the things of a resource set.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Capability {
            $($(#[$doc])* $variant,)*
        }

        impl Capability {
            /// Every capability.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name that tools in the field know.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Over which kind of thing it is held.
            #[must_use]
            pub const fn kind(self) -> ThingKind {
                match self { $(Self::$variant => ThingKind::$kind,)* }
            }

            /// What a standard role must permit to permit as much, and over everything. The ceiling holds whoever has
            /// the capability against this, however small the set is.
            #[must_use]
            pub const fn amounts_to(self) -> Permission {
                match self { $(Self::$variant => Permission::$amounts,)* }
            }

            const fn contained(self) -> &'static [Self] {
                match self { $(Self::$variant => &[$(Self::$contains,)*],)* }
            }
        }
    };
}

define_capabilities! {
    /// See people.
    UsersRead, "okta.users.read", Person, ReadDirectory, [];
    /// Do to people whatever any other capability over people permits.
    UsersManage, "okta.users.manage", Person, ManagePeople, [
        UsersRead, UsersCreate, UsersProfile, UsersLifecycle, UsersActivate, UsersDeactivate, UsersSuspend,
        UsersUnsuspend, UsersUnlock, UsersClearSessions, UsersCredentials, UsersResetFactors, UsersResetPassword,
        UsersExpirePassword, UsersGroupMembership, UsersAppAssignment
    ];
    /// Add people, where the set holds everybody.
    UsersCreate, "okta.users.create", Person, ManagePeople, [];
    /// Change profiles.
    UsersProfile, "okta.users.userprofile.manage", Person, ManagePeople, [];
    /// Take people through their life cycle, and remove those who have left.
    UsersLifecycle, "okta.users.lifecycle.manage", Person, ManagePeople, [
        UsersActivate, UsersDeactivate, UsersSuspend, UsersUnsuspend, UsersUnlock, UsersClearSessions
    ];
    /// Activate or invite people.
    UsersActivate, "okta.users.lifecycle.activate", Person, ManagePeople, [];
    /// Deactivate people.
    UsersDeactivate, "okta.users.lifecycle.deactivate", Person, ManagePeople, [];
    /// Keep people out for a time.
    UsersSuspend, "okta.users.lifecycle.suspend", Person, ManagePeople, [];
    /// Let suspended people in again.
    UsersUnsuspend, "okta.users.lifecycle.unsuspend", Person, ManagePeople, [];
    /// Unlock people.
    UsersUnlock, "okta.users.lifecycle.unlock", Person, HelpPeople, [];
    /// End every session of people.
    UsersClearSessions, "okta.users.lifecycle.clearSessions", Person, HelpPeople, [];
    /// Let people back in, by whatever means; it sets no password.
    UsersCredentials, "okta.users.credentials.manage", Person, HelpPeople, [
        UsersResetFactors, UsersResetPassword, UsersExpirePassword
    ];
    /// Take passkeys, authenticator apps and recovery codes from people.
    UsersResetFactors, "okta.users.credentials.resetFactors", Person, HelpPeople, [];
    /// Send people a link to get back in.
    UsersResetPassword, "okta.users.credentials.resetPassword", Person, HelpPeople, [];
    /// Ask people for a new password.
    UsersExpirePassword, "okta.users.credentials.expirePassword", Person, HelpPeople, [];
    /// Have people added to groups and taken out, by whoever may change the members of the group.
    UsersGroupMembership, "okta.users.groupMembership.manage", Person, ManageGroups, [];
    /// Have apps assigned to people and taken from them, by whoever may assign the app.
    UsersAppAssignment, "okta.users.appAssignment.manage", Person, ManageApps, [];
    /// See groups.
    GroupsRead, "okta.groups.read", Group, ReadDirectory, [];
    /// Do to groups whatever any other capability over groups permits, change and remove them.
    GroupsManage, "okta.groups.manage", Group, ManageGroups, [
        GroupsRead, GroupsCreate, GroupsMembers, GroupsAppAssignment
    ];
    /// Add groups, where the set holds every group.
    GroupsCreate, "okta.groups.create", Group, ManageGroups, [];
    /// Change the members of groups, of people whose memberships one may change.
    GroupsMembers, "okta.groups.members.manage", Group, ManageGroups, [];
    /// Have apps assigned to groups and taken from them, by whoever may assign the app.
    GroupsAppAssignment, "okta.groups.appAssignment.manage", Group, ManageApps, [];
    /// See apps.
    AppsRead, "okta.apps.read", App, ReadDirectory, [];
    /// Change apps, switch them, and assign them.
    AppsManage, "okta.apps.manage", App, ManageApps, [AppsRead, AppsAssignment];
    /// Assign apps, to people and groups to whom one may assign.
    AppsAssignment, "okta.apps.assignment.manage", App, ManageApps, [];
    /// See authorization servers.
    ServersRead, "okta.authzServers.read", Server, ReadDirectory, [];
    /// Change authorization servers, and switch them.
    ServersManage, "okta.authzServers.manage", Server, ManageServers, [ServersRead];
}

/// Most capabilities that contain one and the same, itself included.
pub const CONTAINERS_MAX: usize = 4;

impl Capability {
    /// Reads its name; none for a name that is not enforced here.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == name)
    }

    /// Whether whoever holds it may do what needs that one.
    #[must_use]
    pub fn contains(self, needed: Self) -> bool {
        self == needed || self.contained().contains(&needed)
    }

    /// Every capability that contains it, itself first: at most [`CONTAINERS_MAX`].
    #[must_use]
    pub fn containers(self) -> Vec<Self> {
        let others = Self::ALL.iter().copied();
        let others = others.filter(|other| *other != self && other.contains(self));
        std::iter::once(self).chain(others).collect()
    }

    /// What its holder needs over things of another kind that the same act touches or shows; none where the act is
    /// about one kind alone. Adding somebody to a group, say, is an act upon both.
    #[must_use]
    pub const fn over(self, kind: ThingKind) -> Option<Self> {
        match (self, kind) {
            (Self::GroupsMembers, ThingKind::Person) => Some(Self::UsersGroupMembership),
            (Self::GroupsRead, ThingKind::Person) => Some(Self::UsersRead),
            (Self::AppsAssignment, ThingKind::Person) => Some(Self::UsersAppAssignment),
            (Self::AppsAssignment, ThingKind::Group) => Some(Self::GroupsAppAssignment),
            _ if self.kind() as u8 == kind as u8 => Some(self),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CONTAINERS_MAX;
    use super::ThingKind::{App, Group, Person, Server};
    use super::{Capability, Capability as To};
    use std::collections::BTreeSet;

    #[test]
    fn names_are_read_as_they_are_written_and_are_one_each() {
        let names: BTreeSet<&str> = Capability::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(names.len(), Capability::ALL.len());
        for one in Capability::ALL {
            assert_eq!(Capability::parse(one.as_str()), Some(*one));
        }
        for none in [
            "",
            "okta.users",
            "okta.users.READ",
            "okta.users.read ",
            "okta.logs.read",
            "okta.roles.manage",
            "okta.users.lifecycle.delete",
            "okta.users.apitokens.manage",
            "okta.apps.clientCredentials.read",
        ] {
            assert_eq!(Capability::parse(none), None, "{none}");
        }
    }

    #[test]
    fn containing_is_of_one_kind_and_goes_all_the_way_down() {
        for outer in Capability::ALL {
            assert!(outer.contains(*outer));
            assert!(outer.containers().len() <= CONTAINERS_MAX, "{outer:?}");
            for inner in Capability::ALL.iter().filter(|one| outer.contains(**one)) {
                assert_eq!(outer.kind(), inner.kind(), "{outer:?} {inner:?}");
                for innermost in Capability::ALL.iter().filter(|one| inner.contains(**one)) {
                    assert!(outer.contains(*innermost), "{outer:?} {innermost:?}");
                }
            }
        }
        for (held, needed, enough) in [
            (To::UsersManage, To::UsersSuspend, true),
            (To::UsersLifecycle, To::UsersSuspend, true),
            (To::UsersSuspend, To::UsersUnsuspend, false),
            (To::UsersSuspend, To::UsersRead, false),
            (To::UsersRead, To::UsersManage, false),
            (To::GroupsMembers, To::GroupsManage, false),
            (To::AppsManage, To::AppsAssignment, true),
        ] {
            assert_eq!(held.contains(needed), enough, "{held:?} {needed:?}");
        }
    }

    #[test]
    fn an_act_upon_two_things_needs_something_over_each() {
        for (held, kind, needed) in [
            (To::UsersSuspend, Person, Some(To::UsersSuspend)),
            (To::UsersSuspend, Group, None),
            (To::GroupsMembers, Group, Some(To::GroupsMembers)),
            (To::GroupsMembers, Person, Some(To::UsersGroupMembership)),
            (To::GroupsManage, Person, None),
            (To::AppsAssignment, Person, Some(To::UsersAppAssignment)),
            (To::AppsAssignment, Group, Some(To::GroupsAppAssignment)),
            (To::AppsRead, Person, None),
            (To::ServersManage, App, None),
            (To::ServersManage, Server, Some(To::ServersManage)),
        ] {
            assert_eq!(held.over(kind), needed, "{held:?} {kind:?}");
        }
    }
}
