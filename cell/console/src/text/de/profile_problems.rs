//! German: what is wrong with an attribute of profiles, or with a value of one, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    (
        "the mapping of the app makes too much of this person's profile: {bytes} bytes of text and {steps} steps are possible",
        "Die Abbildung der App macht zu viel aus dem Profil dieser Person: Möglich sind {bytes} Bytes Text und {steps} Schritte",
    ),
    (
        "the value of {name} is not within its bounds",
        "Der Wert von {name} liegt nicht in seinen Grenzen",
    ),
    (
        "the value of {name} is none of those that there are",
        "Der Wert von {name} ist keiner von denen, die es gibt",
    ),
    (
        "somebody else has this value of {name}",
        "Jemand anderes hat diesen Wert von {name}",
    ),
    (
        "two people have the same value of {name}",
        "Zwei Personen haben denselben Wert von {name}",
    ),
    (
        "an attribute becomes unique only where there are at most 10,000 people",
        "Ein Attribut wird nur dort eindeutig, wo es höchstens 10.000 Personen gibt",
    ),
    (
        "attributes without two people of one value",
        "eindeutige Attribute",
    ),
    ("groups that are counted", "Gruppen, die gezählt werden"),
    (
        "{name}: another type of people has it, and it holds something else there",
        "{name}: Ein anderer Personentyp hat es, und dort enthält es etwas anderes",
    ),
    ("types of people", "Personentypen"),
    (
        "use a letter, then letters, digits and underscores, 64 characters at most",
        "Verwenden Sie einen Buchstaben, dann Buchstaben, Ziffern und Unterstriche, höchstens 64 Zeichen",
    ),
    (
        "there is no such type of people",
        "Es gibt keinen solchen Personentyp",
    ),
    (
        "every organisation has this type of people",
        "jede Organisation hat diesen Personentyp",
    ),
    (
        "there are people of this type",
        "es gibt Personen dieses Typs",
    ),
    (
        "{name}: the bounds do not fit what it holds",
        "{name}: Die Grenzen passen nicht zu dem, was es enthält",
    ),
    (
        "{name}: nobody changes what they do not see",
        "{name}: Niemand ändert, was er nicht sieht",
    ),
    (
        "{name}: of two values everybody has one",
        "{name}: Von zwei Werten hat jeder einen",
    ),
    (
        "{name}: name values of its kind and within its bounds, each once, 200 at most",
        "{name}: Nennen Sie Werte seiner Art und in seinen Grenzen, jeden einmal, höchstens 200",
    ),
];
