//! German: behaviours.

use crate::text::en::behaviors::Behaviors;

/// Behaviours.
pub const BEHAVIORS: Behaviors = Behaviors {
    about: "Was an einer Anmeldung ungewöhnlich ist, damit Regeln davon sprechen können. Verglichen wird mit früheren Anmeldungen derselben Person, in denen so viel nachgewiesen wurde, wie die Regel verlangt.",
    empty: "Noch keine Verhaltensweisen",
    empty_about: "Legen Sie eine an und nennen Sie sie in einer Regel einer Anmelderichtlinie.",
    kind: "Was verglichen wird",
    device: "Gerät",
    device_about: "Ein Browser, in dem sich die Person noch nicht angemeldet hat.",
    address: "Adresse",
    address_about: "Eine IP-Adresse, von der sich die Person noch nicht angemeldet hat. Bei IPv6 zählt das Netz.",
    add: "Verhaltensweise anlegen",
    events_max: "Frühere Anmeldungen zum Vergleich",
    events_max_hint: "Die jüngsten, höchstens 100.",
    events_min: "Frühere Anmeldungen, die nötig sind",
    events_min_hint: "Bei weniger lässt sich nichts sagen, und Regeln, die die Verhaltensweise nennen, gelten. Höchstens 10.",
    active: "Darauf achten",
    active_hint: "Ohne diesen Haken gelten Regeln, die nur diese Verhaltensweise nennen, nie.",
    remove: "Verhaltensweise entfernen",
    remove_question: "Nur eine Verhaltensweise, die keine Regel nennt, lässt sich entfernen.",
    when: "Ungewöhnlich: {name}",
    rule_label: "Ungewöhnlich in einer dieser Weisen",
    rule_hint: "Kein Haken heißt gewöhnlich oder nicht. Die Regel gilt auch, wo es sich nicht sagen lässt.",
    inactive: "{name} (wird nicht beachtet)",
    usual_device: "Von einem Gerät, das diese Person benutzt",
    found: "Verhaltensweisen",
    found_positive: "{name}: ungewöhnlich",
    found_negative: "{name}: wie gewohnt",
    found_unknown: "{name}: zu wenige Anmeldungen, um es zu sagen",
    found_bad_request: "{name}: lässt sich nicht sagen",
};
