//! German: what is wrong with an identity provider, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("identity providers", "Identitätsanbieter"),
    (
        "unfinished sign-ins at identity providers",
        "unbeendete Anmeldungen bei Identitätsanbietern",
    ),
    ("scopes of one provider", "Scopes eines Anbieters"),
    ("leave out the query", "Lassen Sie die Abfrage weg"),
    (
        "use 0 to 300 seconds, in milliseconds",
        "Verwenden Sie 0 bis 300 Sekunden, in Millisekunden",
    ),
    (
        "use 1 to 1,024 printable characters of ASCII",
        "Verwenden Sie 1 bis 1.024 druckbare ASCII-Zeichen",
    ),
    (
        "a scope is one printable word",
        "Ein Scope ist ein druckbares Wort",
    ),
    ("openid must be among them", "openid muss darunter sein"),
    ("name at most 20 groups", "Nennen Sie höchstens 20 Gruppen"),
    (
        "use 1 to 1,024 characters on one line",
        "Verwenden Sie 1 bis 1.024 Zeichen in einer Zeile",
    ),
    (
        "name the secret again, since it goes to another address",
        "Geben Sie das Geheimnis noch einmal an, denn es geht an eine andere Adresse",
    ),
    (
        "a provider needs a secret",
        "Ein Anbieter braucht ein Geheimnis",
    ),
    (
        "it stays while people are linked to the provider",
        "Er bleibt, solange Personen mit dem Anbieter verbunden sind",
    ),
    (
        "use 1 to 255 characters on one line",
        "Verwenden Sie 1 bis 255 Zeichen in einer Zeile",
    ),
    (
        "switch the provider off first",
        "Schalten Sie den Anbieter zuerst aus",
    ),
];
