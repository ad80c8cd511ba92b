//! English: what a role is held over, and the roles of groups.

messages! {
    /// What a role is held over, and the roles of groups.
    Targets, TARGETS {
        of_role: "Targets: {role}",
        open: "Targets",
        whole: "This role is held over everything. With the first target it is held over its targets alone.",
        narrowed: "This role is held over what stands here, and over nothing else.",
        nothing: "What this role was held over is gone, so that it reaches nothing. Add a target, or take the role.",
        own: "This is your own role: another administrator can change it.",
        targets: "Targets",
        none: "No targets.",
        group_add: "Add a group",
        app_add: "Add an app",
        every_app: "Every app",
        every_app_about: "Those that are added later, too.",
        every_app_add: "Add every app",
        remove_question: "The role counts for it no more, at once. The last target stays: take the role instead.",
        widen: "Hold it over everything",
        widen_about: "All targets go, and the role permits everything that it can.",
        tab_roles: "Roles",
        group_about: "Whoever is in this group has these roles as long as they are in it. Super administrators alone then change who is in it, and no rule fills it.",
        group_none: "This group gives no role.",
        group_add_role: "Give the role",
        group_remove_question: "Every member loses what only this role permits, at once.",
    }
}
