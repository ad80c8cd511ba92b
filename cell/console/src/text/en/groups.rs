//! English: groups and administrators.

messages! {
    /// Groups and administrators.
    Groups, GROUPS {
        about: "People together, so that apps and rules reach them together.",
        new: "New group",
        search: "Search groups by name",
        empty: "No groups yet",
        empty_about: "Make one for a team or for everybody who uses an app.",
        members: "Members",
        tab_members: "Members",
        tab_apps: "Apps",
        tab_settings: "Settings",
        members_add: "Add people",
        members_search: "Search members",
        members_empty: "No members yet",
        members_empty_about: "Search above and add people.",
        apps_empty: "No apps",
        apps_empty_about: "Every member may use the apps of the group.",
        delete: "Delete group",
        delete_about: "Its members stay, and lose the apps that only this group gave them.",
        delete_question: "This cannot be undone.",
        administrators_about: "Who may look at and change this organisation. They never sign in with a password alone.",
        administrator_add: "Add an administrator",
        administrator_add_about: "A new administrator may look and change nothing; give the roles afterwards.",
        administrator_remove_question: "The person keeps their account and loses the administration at once.",
        roles_held: "Roles",
        role_change: "Change roles",
        roles: "What the roles may do",
        since: "Since",
    }
}
