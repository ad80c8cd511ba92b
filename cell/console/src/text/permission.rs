//! What people read of a permission of a custom role: words, and never the name by which tools know it.

use super::Text;
use identity::access::custom::capability::{Capability, ThingKind};

impl Text {
    /// What a permission is called, and what it means where that alone does not say it; else nothing.
    #[must_use]
    pub fn capability(&self, capability: Capability) -> (&'static str, &'static str) {
        let p = &self.permissions;
        match capability {
            Capability::UsersRead => (p.users_read, ""),
            Capability::UsersManage => (p.users_manage, p.users_manage_about),
            Capability::UsersCreate => (p.users_create, p.users_create_about),
            Capability::UsersProfile => (p.users_profile, p.users_profile_about),
            Capability::UsersLifecycle => (p.users_lifecycle, p.users_lifecycle_about),
            Capability::UsersActivate => (p.users_activate, p.users_activate_about),
            Capability::UsersDeactivate => (p.users_deactivate, ""),
            Capability::UsersSuspend => (p.users_suspend, ""),
            Capability::UsersUnsuspend => (p.users_unsuspend, ""),
            Capability::UsersUnlock => (p.users_unlock, p.users_unlock_about),
            Capability::UsersClearSessions => {
                (p.users_clear_sessions, p.users_clear_sessions_about)
            }
            Capability::UsersCredentials => (p.users_credentials, p.users_credentials_about),
            Capability::UsersResetFactors => (p.users_reset_factors, p.users_reset_factors_about),
            Capability::UsersResetPassword => {
                (p.users_reset_password, p.users_reset_password_about)
            }
            Capability::UsersExpirePassword => {
                (p.users_expire_password, p.users_expire_password_about)
            }
            Capability::UsersGroupMembership => {
                (p.users_group_membership, p.users_group_membership_about)
            }
            Capability::UsersAppAssignment => {
                (p.users_app_assignment, p.users_app_assignment_about)
            }
            Capability::GroupsRead => (p.groups_read, p.groups_read_about),
            Capability::GroupsManage => (p.groups_manage, p.groups_manage_about),
            Capability::GroupsCreate => (p.groups_create, p.groups_create_about),
            Capability::GroupsMembers => (p.groups_members, p.groups_members_about),
            Capability::GroupsAppAssignment => {
                (p.groups_app_assignment, p.groups_app_assignment_about)
            }
            Capability::AppsRead => (p.apps_read, ""),
            Capability::AppsManage => (p.apps_manage, p.apps_manage_about),
            Capability::AppsAssignment => (p.apps_assignment, p.apps_assignment_about),
            Capability::ServersRead => (p.servers_read, ""),
            Capability::ServersManage => (p.servers_manage, p.servers_manage_about),
        }
    }

    /// What stands above the permissions over one kind of thing.
    #[must_use]
    pub fn capabilities_over(&self, kind: ThingKind) -> &'static str {
        match kind {
            ThingKind::Person => self.permissions.over_people,
            ThingKind::Group => self.permissions.over_groups,
            ThingKind::App => self.permissions.over_apps,
            ThingKind::Server => self.permissions.over_servers,
        }
    }
}
