//! English: reasons that the layers below name by a key, with underscores for its dots and hyphens.

messages! {
    /// Reasons that the layers below name by a key, with underscores for its dots and hyphens.
    Reasons, REASONS {
        sign_on_deny_rule: "A rule refuses.",
        sign_on_deny_no_rule_matched: "No rule fits.",
        sign_on_deny_no_policy: "There is no policy.",
        sign_on_deny_unattainable: "The person does not have, and may not set up, what the rule asks for.",
        sign_on_mismatch_person_excluded: "Not for this person.",
        sign_on_mismatch_group_excluded: "Not for a group of this person.",
        sign_on_mismatch_not_included: "For others.",
        sign_on_mismatch_outside_zones: "Only from inside its zones.",
        sign_on_mismatch_inside_zone: "Only from outside its zones.",
        sign_on_mismatch_unknown_zone: "It names a zone that does not exist.",
        sign_on_mismatch_as_usual: "Nothing that it names is unusual.",
        sign_on_mismatch_not_administrator: "For administrators.",
        sign_on_mismatch_administrator: "Not for administrators.",
        sign_on_unmet_nothing_proved: "Nothing was proved yet.",
        sign_on_unmet_second_factor: "A second factor is missing.",
        sign_on_unmet_phishing_resistant: "Something phishing-resistant is missing.",
        sign_on_unmet_hardware_bound: "Something bound to hardware is missing.",
        sign_on_unmet_possession: "Something owned is missing.",
        sign_on_unmet_knowledge: "Something known is missing.",
        sign_on_found_not_reached: "An earlier rule decided.",
        sign_on_found_denies: "It fits, and refuses.",
        sign_on_found_allows: "It fits, and everything it asks for is given.",
        sign_on_found_outdated: "Proved too long ago: {what}",
        password_problem_too_short: "Too short.",
        password_problem_too_long: "Too long.",
        password_problem_control_character: "It holds a character that cannot be typed.",
        password_problem_commonest: "Too common: others guess it at once.",
        password_problem_name_part: "It holds a part of your name.",
        password_problem_former: "You have used it before.",
    }
}
