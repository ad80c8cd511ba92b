//! German: what is wrong with a relation between people or with an attribute beside their profiles, by the English words of the
//! layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("relations between people", "Beziehungen zwischen Personen"),
    ("owners of a group", "Verantwortliche einer Gruppe"),
    (
        "bytes of expressions of one mapping",
        "Bytes von Ausdrücken einer Abbildung",
    ),
    (
        "a mapping cannot ask about groups",
        "Eine Abbildung kann nicht nach Gruppen fragen",
    ),
    (
        "the ends need different names",
        "Die beiden Enden brauchen verschiedene Namen",
    ),
    (
        "nobody is linked to themselves",
        "Niemand wird mit sich selbst verbunden",
    ),
    (
        "name the primary end of the relation",
        "Nennen Sie das vorrangige Ende der Beziehung",
    ),
    (
        "use at most 64 letters, digits and underscores, no digit first",
        "Verwenden Sie höchstens 64 Buchstaben, Ziffern und Unterstriche, keine Ziffer am Anfang",
    ),
    (
        "{name}: it cannot be required here",
        "{name}: Es kann hier nicht verlangt werden",
    ),
    (
        "{name}: it cannot be unique here",
        "{name}: Es kann hier nicht eindeutig sein",
    ),
    (
        "{name}: people do not see it on their own pages",
        "{name}: Personen sehen es auf ihren eigenen Seiten nicht",
    ),
];
