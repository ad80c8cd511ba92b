//! English: what people have in an app.

messages! {
    /// What people have in an app.
    Mappings, MAPPINGS {
        tab: "Profile",
        title: "Mapping",
        about: "What people have in this app beside their own profiles. A value that was set for somebody comes before what is mapped here.",
        attribute: "Attribute",
        expression: "Made of",
        expression_hint: "An expression about the person, such as user.email or String.toUpperCase(user.login).",
        when: "When",
        always: "Follows the person",
        once: "Only when the app is assigned",
        once_hint: "The value is then set, and stays as it is. For whoever has the app through a group alone there is none.",
        none: "The people of this app have no attributes yet. Add one above, and it can be mapped.",
        not_mapped: "Not mapped",
        map: "Map an attribute",
        remove: "Map no more",
        remove_question: "Map this attribute no more? Values that were set stay.",
    }
}
