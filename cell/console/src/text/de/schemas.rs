//! German: attributes of groups, and of people in an app.

use crate::text::en::schemas::Schemas;

/// The German wording.
pub const SCHEMAS: Schemas = Schemas {
    groups: "Gruppenattribute",
    groups_about: "Was Gruppen neben Name und Beschreibung haben. Ausgefüllt wird es in den Einstellungen jeder Gruppe.",
    app: "Attribute",
    app_about: "Was Personen nur in dieser App haben. Abgebildet wird es unten, oder für jemanden unter Zuteilungen gesetzt.",
    none: "Keine Attribute",
    none_about: "Fügen Sie eines hinzu; es ist sofort da.",
    remove_groups_question: "Es verschwindet von allen Gruppen; der Wert einer Gruppe fällt weg, sobald sie wieder gespeichert wird.",
    remove_app_question: "Niemand hat es mehr in dieser App, und was darauf abgebildet ist, fällt mit weg.",
    in_app: "In dieser App",
    in_app_about: "Auch was auf der Seite Profil der App abgebildet ist, steht hier. Was Sie ändern, gilt für diese Person allein.",
    in_app_none: "Diese App hat keine Attribute. Sie werden auf ihrer Seite Profil hinzugefügt.",
    through: "Die Person hat die App durch die Gruppe {group}. Wenn Sie speichern, wird sie ihr auch selbst zugeteilt, und was hier steht, gilt für sie.",
    assigned_since: "Zugeteilt",
    description_hint: "Eine Zeile Hilfe daneben in Formularen.",
    length_min: "Mindestens so viele Zeichen",
    length_max: "Höchstens so viele Zeichen",
    number_min: "Kleinste Zahl",
    number_max: "Größte Zahl",
    bound_wrong: "Geben Sie eine ganze Zahl ein, oder nichts.",
    choices: "Werte zur Auswahl",
    choices_hint: "Einer je Zeile, als Wert oder als Wert = Titel. Steht keiner da, geht jeder.",
    own: "Was Personen mit ihrem eigenen dürfen",
    own_hide: "Es nicht sehen",
    own_read: "Es sehen",
    own_write: "Es sehen und ändern",
};
