//! German: attributes of groups, and of people in an app.

use crate::text::en::schemas::Schemas;

/// The German wording.
pub const SCHEMAS: Schemas = Schemas {
    groups: "Gruppenattribute",
    groups_about: "Was Gruppen neben Name und Beschreibung haben. Ausgefüllt wird es in den Einstellungen jeder Gruppe.",
    app: "Attribute",
    app_about: "Was Personen nur in dieser App haben. Abgebildet wird es unten, oder für jemanden über die API gesetzt.",
    none: "Keine Attribute",
    none_about: "Fügen Sie eines hinzu; es ist sofort da.",
    remove_groups_question: "Es verschwindet von allen Gruppen; der Wert einer Gruppe fällt weg, sobald sie wieder gespeichert wird.",
    remove_app_question: "Niemand hat es mehr in dieser App, und was darauf abgebildet ist, fällt mit weg.",
};
