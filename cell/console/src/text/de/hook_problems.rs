//! German: what is wrong with a hook, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("event hooks", "Event-Hooks"),
    ("inline hooks", "Inline-Hooks"),
    (
        "an organisation has one hook of this type",
        "Eine Organisation hat einen Hook dieser Art",
    ),
    (
        "there is no inline hook of this id that is asked about tokens",
        "Es gibt keinen Inline-Hook mit dieser Kennung, der nach Token gefragt wird",
    ),
    (
        "no inline hook for passwords of another system is switched on",
        "Kein Inline-Hook für Passwörter eines anderen Systems ist eingeschaltet",
    ),
    (
        "an access rule names the hook",
        "Eine Zugriffsregel nennt den Hook",
    ),
    ("hook keys", "Hook-Schlüssel"),
    (
        "an inline hook uses the key",
        "Ein Inline-Hook benutzt den Schlüssel",
    ),
    (
        "another hook key is being made",
        "Ein anderer Hook-Schlüssel wird gerade erzeugt",
    ),
    ("say by what it knows us", "Sagen Sie, woran er uns erkennt"),
    (
        "there is no hook key of this id",
        "Es gibt keinen Hook-Schlüssel mit dieser Kennung",
    ),
    (
        "the token stands in the header Authorization",
        "Das Token steht im Header Authorization",
    ),
    (
        "name scopes with one space between them",
        "Nennen Sie Scopes mit je einem Leerzeichen dazwischen",
    ),
    (
        "give the secret: what is stored was given for another address or client",
        "Geben Sie das Geheimnis an: Das gespeicherte galt für eine andere Adresse oder einen anderen Client",
    ),
    ("headers of one hook", "Header eines Hooks"),
    (
        "types of events of one hook",
        "Arten von Ereignissen eines Hooks",
    ),
    ("{name} stands here twice", "{name} steht hier zweimal"),
    ("this address is too long", "Diese Adresse ist zu lang"),
    (
        "use an address that begins with https://",
        "Verwenden Sie eine Adresse, die mit https:// beginnt",
    ),
    (
        "leave out user name, password and fragment",
        "Lassen Sie Benutzernamen, Passwort und Fragment weg",
    ),
    (
        "name at least one type of event",
        "Nennen Sie mindestens eine Art von Ereignis",
    ),
    (
        "there are no events of the type {name}",
        "Es gibt keine Ereignisse der Art {name}",
    ),
    (
        "this is no name of a header",
        "Das ist kein Name eines Headers",
    ),
    (
        "the header {name} cannot be set",
        "Der Header {name} kann nicht gesetzt werden",
    ),
    (
        "use 1 to 2,048 visible characters of ASCII as the value of a header",
        "Verwenden Sie 1 bis 2.048 sichtbare ASCII-Zeichen als Wert eines Headers",
    ),
    (
        "give its value: what is stored was given for another address or header",
        "Geben Sie den Wert an: Der gespeicherte galt für eine andere Adresse oder einen anderen Header",
    ),
    (
        "switch the hook off first",
        "Schalten Sie den Hook zuerst aus",
    ),
    (
        "the hook is switched off or not verified",
        "Der Hook ist ausgeschaltet oder nicht bestätigt",
    ),
    (
        "the delivery waits to be sent already",
        "Die Zustellung wartet bereits",
    ),
];
