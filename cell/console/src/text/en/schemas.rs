//! English: attributes of groups, and of people in an app.

messages! {
    /// Attributes of groups, and of people in an app.
    Schemas, SCHEMAS {
        groups: "Group attributes",
        groups_about: "What groups have beside name and description. It is filled in among the settings of each group.",
        app: "Attributes",
        app_about: "What people have in this app alone. It is mapped below, or set for somebody under Assignments.",
        none: "No attributes",
        none_about: "Add one, and it is there at once.",
        remove_groups_question: "It goes from all groups; the value of a group is dropped when the group is next saved.",
        remove_app_question: "Nobody has it in this app any more, and what is mapped to it goes with it.",
        in_app: "In this app",
        in_app_about: "What is mapped on the page Profile of the app stands here too. What you change is set for this person alone.",
        in_app_none: "This app has no attributes. They are added on its page Profile.",
        through: "The app is theirs through the group {group}. When you save, it is assigned to them as well, and what is set here is theirs.",
        assigned_since: "Assigned",
        description_hint: "A line of help beside it in forms.",
        length_min: "Fewest characters",
        length_max: "Most characters",
        number_min: "Smallest number",
        number_max: "Largest number",
        bound_wrong: "Type a whole number, or nothing.",
        choices: "Values to choose from",
        choices_hint: "One a line, as value or as value = title. With none named, any will do.",
        own: "What people may do with their own",
        own_hide: "Not see it",
        own_read: "See it",
        own_write: "See and change it",
    }
}
