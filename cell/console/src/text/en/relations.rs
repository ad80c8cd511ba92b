//! English: relations between people.

messages! {
    /// Relations between people.
    Relations, RELATIONS {
        tab: "Relations",
        about: "Such as manager and subordinate. Somebody has one at the first end, and as many as there are at the second. Nothing is decided by a relation.",
        first: "One",
        second: "Many",
        empty: "No relations yet",
        empty_about: "Add one under Settings, and people can be linked by it.",
        add: "Add a relation",
        end_first: "The end of which somebody has one",
        end_second: "The end of which there are many",
        name: "Name for programs",
        name_hint: "Letters, digits and underscores. It cannot be changed later.",
        title: "Title",
        remove_question: "Nobody is linked by this relation any more. This cannot be undone.",
        of_person_about: "Who this person is linked to. Nothing is decided by it.",
        nobody: "Nobody",
        open: "Open",
        set: "Choose somebody",
        set_about: "Whoever was there before is replaced.",
        unlink_question: "The two are not linked any more.",
        second_none: "Nobody is linked to this person at that end.",
    }
}
