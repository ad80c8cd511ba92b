//! English: attributes of groups, and of people in an app.

messages! {
    /// Attributes of groups, and of people in an app.
    Schemas, SCHEMAS {
        groups: "Group attributes",
        groups_about: "What groups have beside name and description. It is filled in among the settings of each group.",
        app: "Attributes",
        app_about: "What people have in this app alone. It is mapped below, or set for somebody by the API.",
        none: "No attributes",
        none_about: "Add one, and it is there at once.",
        remove_groups_question: "It goes from all groups; the value of a group is dropped when the group is next saved.",
        remove_app_question: "Nobody has it in this app any more, and what is mapped to it goes with it.",
    }
}
