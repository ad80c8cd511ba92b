//! German: what is wrong with the provisioning of an app, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    (
        "provisioning connections",
        "Verbindungen zur Bereitstellung",
    ),
    ("pushed groups of one app", "übertragene Gruppen einer App"),
    ("it is required", "Das ist erforderlich"),
    (
        "use 1 to 4,096 visible characters of ASCII",
        "Verwenden Sie 1 bis 4.096 sichtbare ASCII-Zeichen",
    ),
    (
        "give it: what is stored was given for another address",
        "Geben Sie es an: Das gespeicherte wurde für eine andere Adresse angegeben",
    ),
    (
        "switch the connection on first",
        "Schalten Sie zuerst die Verbindung ein",
    ),
    (
        "set up the connection of the app first",
        "Richten Sie zuerst die Verbindung der App ein",
    ),
    (
        "switch the push of the group off first",
        "Halten Sie zuerst die Übertragung der Gruppe an",
    ),
    (
        "use 1 to 255 characters on one line",
        "Verwenden Sie 1 bis 255 Zeichen in einer Zeile",
    ),
    ("this is no id of a group", "Das ist keine ID einer Gruppe"),
    (
        "this organisation has no such group",
        "Diese Organisation hat keine solche Gruppe",
    ),
    (
        "another group is pushed to it",
        "Eine andere Gruppe wird dorthin übertragen",
    ),
    ("an import is under way", "Ein Import läuft"),
    (
        "nobody who is not linked yet was matched",
        "Es passte niemand, der noch nicht verbunden ist",
    ),
    ("they are not new", "Diese Person ist nicht neu"),
    (
        "somebody else is linked to it",
        "Jemand anderes ist damit verbunden",
    ),
    (
        "the person is linked to another account, or one may just be being made",
        "Die Person ist mit einem anderen Konto verbunden, oder es wird gerade eines angelegt",
    ),
    (
        "it is no cursor of this list",
        "Das ist kein Zeiger dieser Liste",
    ),
];
