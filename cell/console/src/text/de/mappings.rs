//! German: what people have in an app.

use crate::text::en::mappings::Mappings;

/// The German wording.
pub const MAPPINGS: Mappings = Mappings {
    tab: "Profil",
    title: "Abbildung",
    about: "Was Personen in dieser App neben ihren eigenen Profilen haben. Ein Wert, der für jemanden gesetzt wurde, geht dem vor, was hier abgebildet wird.",
    attribute: "Attribut",
    expression: "Entsteht aus",
    expression_hint: "Ein Ausdruck über die Person, etwa user.email oder String.toUpperCase(user.login).",
    when: "Wann",
    always: "Folgt der Person",
    once: "Nur wenn die App zugewiesen wird",
    once_hint: "Der Wert wird dann gesetzt und bleibt, wie er ist. Wer die App nur über eine Gruppe hat, bekommt keinen.",
    none: "Die Personen dieser App haben noch keine Attribute. Fügen Sie oben eines hinzu, dann lässt es sich abbilden.",
    not_mapped: "Nicht abgebildet",
    map: "Ein Attribut abbilden",
    remove: "Nicht mehr abbilden",
    remove_question: "Dieses Attribut nicht mehr abbilden? Gesetzte Werte bleiben.",
};
