//! German: what is wrong with a log stream, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("log streams", "Protokollströme"),
    (
        "a stream keeps its type: remove it and add another one",
        "Ein Strom behält seine Art: Entfernen Sie ihn, und fügen Sie einen anderen hinzu",
    ),
    ("no event can fulfil it", "Kein Ereignis kann ihn erfüllen"),
    (
        "it is not understood: {why}",
        "Der Filter wird nicht verstanden: {why}",
    ),
    (
        "use the name or the address of a machine, without scheme, port and path",
        "Verwenden Sie den Namen oder die Adresse eines Rechners, ohne Schema, Port und Pfad",
    ),
    (
        "use a number from 1 to 65535",
        "Verwenden Sie eine Zahl von 1 bis 65535",
    ),
    (
        "use certificates of authorities in PEM, at most 16 KiB of them",
        "Verwenden Sie Zertifikate von Zertifizierungsstellen in PEM, höchstens 16 KiB",
    ),
    (
        "switch the stream off first",
        "Schalten Sie den Strom zuerst aus",
    ),
    (
        "messages of syslog are not signed",
        "Syslog-Nachrichten werden nicht signiert",
    ),
];
