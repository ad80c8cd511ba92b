//! German: relations between people.

use crate::text::en::relations::Relations;

/// The German wording.
pub const RELATIONS: Relations = Relations {
    tab: "Beziehungen",
    about: "Etwa Führungskraft und unterstellte Person. Am ersten Ende hat jemand eine, am zweiten so viele, wie es gibt. Durch eine Beziehung wird nichts entschieden.",
    first: "Eine",
    second: "Viele",
    empty: "Noch keine Beziehungen",
    empty_about: "Fügen Sie in den Einstellungen eine hinzu, und Personen lassen sich durch sie verbinden.",
    add: "Beziehung hinzufügen",
    end_first: "Das Ende, an dem jemand eine hat",
    end_second: "Das Ende, an dem es viele gibt",
    name: "Name für Programme",
    name_hint: "Buchstaben, Ziffern und Unterstriche. Er lässt sich später nicht ändern.",
    title: "Titel",
    remove_question: "Niemand ist mehr durch diese Beziehung verbunden. Das lässt sich nicht rückgängig machen.",
    of_person_about: "Mit wem diese Person verbunden ist. Entschieden wird dadurch nichts.",
    nobody: "Niemand",
    open: "Öffnen",
    set: "Jemanden wählen",
    set_about: "Wer bisher dort stand, wird ersetzt.",
    unlink_question: "Die beiden sind dann nicht mehr verbunden.",
    second_none: "An diesem Ende ist niemand mit dieser Person verbunden.",
};
