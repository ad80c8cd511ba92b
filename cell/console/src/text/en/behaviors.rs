//! English: behaviours.

messages! {
    /// Behaviours.
    Behaviors, BEHAVIORS {
        about: "What is unusual of a sign-in, for rules to speak of. It is told from earlier sign-ins of the same person in which as much was proved as the rule asks for.",
        empty: "No behaviours yet",
        empty_about: "Add one, and name it in a rule of a sign-on policy.",
        kind: "What is compared",
        device: "Device",
        device_about: "A browser in which the person has not got in before.",
        address: "Address",
        address_about: "An IP address from which the person has not got in before. Of IPv6 the network counts.",
        add: "Add a behaviour",
        events_max: "Earlier sign-ins to compare with",
        events_max_hint: "The newest ones, 100 at most.",
        events_min: "Earlier sign-ins that are needed",
        events_min_hint: "With fewer nothing can be told, and rules that name the behaviour apply. 10 at most.",
        active: "Detect it",
        active_hint: "Without this tick, rules that name this behaviour alone never apply.",
        remove: "Remove behaviour",
        remove_question: "Only a behaviour that no rule names can be removed.",
        when: "Unusual: {name}",
        rule_label: "Unusual in one of these ways",
        rule_hint: "None ticked means usual or not. The rule also applies where it cannot be told.",
        inactive: "{name} (not detected)",
        usual_device: "From a device that this person uses",
        found: "Behaviours",
        found_positive: "{name}: unusual",
        found_negative: "{name}: as usual",
        found_unknown: "{name}: too few sign-ins to tell",
        found_bad_request: "{name}: cannot be told",
    }
}
