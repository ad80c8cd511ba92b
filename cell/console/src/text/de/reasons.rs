//! German: reasons that the layers below name by a key, with underscores for its dots and hyphens.

use crate::text::en::reasons::Reasons;

pub const REASONS: Reasons = Reasons {
    sign_on_deny_rule: "Eine Regel weist ab.",
    sign_on_deny_no_rule_matched: "Keine Regel passt.",
    sign_on_deny_no_policy: "Es gibt keine Richtlinie.",
    sign_on_deny_unattainable: "Die Person hat nicht, was die Regel verlangt, und darf es nicht einrichten.",
    sign_on_mismatch_person_excluded: "Nicht für diese Person.",
    sign_on_mismatch_group_excluded: "Nicht für eine Gruppe dieser Person.",
    sign_on_mismatch_not_included: "Für andere.",
    sign_on_mismatch_outside_zones: "Nur aus ihren Zonen.",
    sign_on_mismatch_inside_zone: "Nur von außerhalb ihrer Zonen.",
    sign_on_mismatch_unknown_zone: "Sie nennt eine Zone, die es nicht gibt.",
    sign_on_mismatch_not_administrator: "Für Verwaltende.",
    sign_on_mismatch_administrator: "Nicht für Verwaltende.",
    sign_on_unmet_nothing_proved: "Noch nichts wurde nachgewiesen.",
    sign_on_unmet_second_factor: "Ein zweiter Faktor fehlt.",
    sign_on_unmet_phishing_resistant: "Etwas Abfischsicheres fehlt.",
    sign_on_unmet_hardware_bound: "Etwas an Hardware Gebundenes fehlt.",
    sign_on_unmet_possession: "Etwas Besessenes fehlt.",
    sign_on_unmet_knowledge: "Etwas Gewusstes fehlt.",
    sign_on_found_not_reached: "Eine frühere Regel hat entschieden.",
    sign_on_found_denies: "Sie passt und weist ab.",
    sign_on_found_allows: "Sie passt, und alles Verlangte ist erbracht.",
    sign_on_found_outdated: "Vor zu langer Zeit nachgewiesen: {what}",
    password_problem_too_short: "Zu kurz.",
    password_problem_too_long: "Zu lang.",
    password_problem_control_character: "Es enthält ein Zeichen, das man nicht tippen kann.",
    password_problem_commonest: "Zu verbreitet: Andere erraten es sofort.",
    password_problem_name_part: "Es enthält einen Teil Ihres Namens.",
    password_problem_former: "Sie haben es schon einmal benutzt.",
};
