//! German: what is wrong with a value, and why something is not done, by the English words of the layers below.

/// By the English pattern.
pub const PROBLEMS: &[(&str, &str)] = &[
    // Threats.
    (
        "there is no such zone in force: {name}",
        "Es gibt keine solche Zone, die gilt: {name}",
    ),
    ("name each zone once", "Nennen Sie jede Zone einmal"),
    (
        "the settings of threats name this zone",
        "der Umgang mit Bedrohungen nennt diese Zone",
    ),
    // Ways in of programs.
    ("Classic sign-in API", "Klassische Anmelde-API"),
    ("Sessions by session tokens", "Sitzungen mit Sitzungstoken"),
    ("SCIM server", "SCIM-Server"),
    ("Device grant", "Anmeldung von Geräten"),
    (
        "it depends on {name}, which is switched off",
        "Es setzt {name} voraus, was ausgeschaltet ist",
    ),
    (
        "{name} depends on it and is switched on",
        "{name} setzt es voraus und ist eingeschaltet",
    ),
    // What may stand where.
    (
        "use scheme and host, such as https://app.example.com, without a path",
        "Verwenden Sie Schema und Host, etwa https://app.example.com, ohne Pfad",
    ),
    (
        "use https: only a site on the reader's own machine may do without",
        "Verwenden Sie https: Nur eine Seite auf dem eigenen Gerät kommt ohne aus",
    ),
    (
        "say what it is trusted with: one of both at least",
        "Sagen Sie, womit ihr vertraut wird: mindestens eines von beiden",
    ),
    ("trusted origins", "vertraute Herkünfte"),
    ("use 1 to 254 characters", "Verwenden Sie 1 bis 254 Zeichen"),
    (
        "use 1 to 100 characters on one line",
        "Verwenden Sie 1 bis 100 Zeichen in einer Zeile",
    ),
    (
        "use 1 to 60 characters on one line",
        "Verwenden Sie 1 bis 60 Zeichen in einer Zeile",
    ),
    (
        "use at most 100 characters on one line",
        "Verwenden Sie höchstens 100 Zeichen in einer Zeile",
    ),
    (
        "use at most 256 characters on one line",
        "Verwenden Sie höchstens 256 Zeichen in einer Zeile",
    ),
    (
        "use at most 1,000 characters",
        "Verwenden Sie höchstens 1.000 Zeichen",
    ),
    (
        "it must not contain spaces or control characters",
        "Leer- und Steuerzeichen sind nicht möglich",
    ),
    (
        "it must not contain characters that are not shown, or that are another form of others",
        "Zeichen, die nicht zu sehen oder nur eine andere Form anderer Zeichen sind, sind nicht möglich",
    ),
    ("there is nobody {name}", "Es gibt niemanden namens {name}"),
    ("this is not a mail address", "Das ist keine Mailadresse"),
    (
        "type your user name or mail address",
        "Geben Sie Ihren Benutzernamen oder Ihre Mailadresse ein",
    ),
    (
        "use #rrggbb, for example #2f6f4f",
        "Verwenden Sie #rrggbb, zum Beispiel #2f6f4f",
    ),
    (
        "use a language tag such as de, or leave it empty",
        "Verwenden Sie ein Sprachkürzel wie de, oder lassen Sie es leer",
    ),
    (
        "use between 1 minute and 30 days",
        "Verwenden Sie zwischen 1 Minute und 30 Tagen",
    ),
    (
        "use between 60 seconds and 365 days",
        "Verwenden Sie zwischen 60 Sekunden und 365 Tagen",
    ),
    (
        "the idle time must not be longer than the lifetime",
        "Die Zeit ohne Nutzung darf nicht länger sein als die Lebensdauer",
    ),
    (
        "use an image of at most 256 KiB",
        "Verwenden Sie ein Bild von höchstens 256 KiB",
    ),
    (
        "use a PNG, JPEG or WebP image",
        "Verwenden Sie ein Bild als PNG, JPEG oder WebP",
    ),
    (
        "use 1 to 40 lower-case letters, digits and inner hyphens",
        "Verwenden Sie 1 bis 40 Kleinbuchstaben, Ziffern und innere Bindestriche",
    ),
    ("this name is reserved", "Dieser Name ist vergeben"),
    (
        "the password is refused",
        "Das Passwort wird nicht angenommen",
    ),
    (
        "length_min must be between 8 and 64",
        "Die Mindestlänge muss zwischen 8 und 64 liegen",
    ),
    (
        "history_count must be at most 24",
        "Höchstens 24 frühere Passwörter können gemerkt werden",
    ),
    (
        "age_max_days must be at least 1 where it is set",
        "Das Höchstalter muss mindestens 1 Tag sein, wenn es gesetzt ist",
    ),
    // Profiles.
    (
        "the schema has no attribute {name}",
        "Das Schema hat kein Merkmal {name}",
    ),
    (
        "the value of {name} has the wrong type or length",
        "Der Wert von {name} hat die falsche Art oder Länge",
    ),
    ("{name} is required", "{name} ist nötig"),
    (
        "{name}: use a letter, then letters, digits and underscores, each name once",
        "{name}: Verwenden Sie einen Buchstaben, dann Buchstaben, Ziffern und Unterstriche, jeden Namen einmal",
    ),
    (
        "the person's state does not permit this",
        "Der Zustand der Person lässt das nicht zu",
    ),
    (
        "the organisation would have no super administrator left",
        "Die Organisation hätte keine Hauptverwaltung mehr",
    ),
    (
        "this person has a role that permits more than yours; somebody with that role can do it",
        "Diese Person hat eine Rolle, die mehr erlaubt als Ihre; jemand mit dieser Rolle kann es",
    ),
    (
        "this app has a role that permits more than yours; somebody with that role can change it",
        "Diese App hat eine Rolle, die mehr erlaubt als Ihre; jemand mit dieser Rolle kann sie ändern",
    ),
    (
        "only an app that proves itself by a key (private_key_jwt) may act for itself at this API",
        "Nur eine App, die sich durch einen Schlüssel ausweist (private_key_jwt), darf an dieser API für sich handeln",
    ),
    (
        "only an app that proves itself by a key (private_key_jwt) may have a role",
        "Nur eine App, die sich durch einen Schlüssel ausweist (private_key_jwt), darf eine Rolle haben",
    ),
    (
        "the person is getting back in by mail; give the role afterwards",
        "Die Person kommt gerade per Mail wieder hinein; vergeben Sie die Rolle danach",
    ),
    (
        "nobody gives or takes a role that permits more than their own",
        "Niemand vergibt oder nimmt eine Rolle, die mehr erlaubt als die eigene",
    ),
    (
        "this decides how administrators get in; only a super administrator changes it",
        "Das entscheidet, wie Verwaltende hineinkommen; nur die Hauptverwaltung ändert es",
    ),
    (
        "nobody changes their own role; another administrator can",
        "Niemand ändert die eigene Rolle; eine andere Verwaltung kann es",
    ),
    // Mail and hosts.
    (
        "use a host name or an address, for example smtp.example.com",
        "Verwenden Sie einen Hostnamen oder eine Adresse, zum Beispiel smtp.example.com",
    ),
    (
        "use a port from 1 to 65535",
        "Verwenden Sie einen Port von 1 bis 65535",
    ),
    (
        "without TLS only a server on this machine can be used",
        "Ohne TLS geht nur ein Server auf diesem Rechner",
    ),
    (
        "a password needs a user name beside it",
        "Zu einem Passwort gehört ein Benutzername",
    ),
    (
        "type it again: it was stored for another server or user name",
        "Geben Sie es neu ein: Es gehörte zu einem anderen Server oder Benutzernamen",
    ),
    (
        "use a host name alone, for example id.example.com",
        "Verwenden Sie nur einen Hostnamen, zum Beispiel id.example.com",
    ),
    (
        "names under localhost lead to the machine of whoever uses them",
        "Namen unter localhost führen zum Rechner dessen, der sie benutzt",
    ),
    (
        "this organisation answers there already",
        "Diese Organisation antwortet dort schon",
    ),
    (
        "another organisation of this server answers there",
        "Eine andere Organisation dieses Servers antwortet dort",
    ),
    (
        "you are here by this name; come by another one to remove it",
        "Sie sind unter diesem Namen hier; kommen Sie unter einem anderen, um ihn zu entfernen",
    ),
    // Passkeys and codes.
    (
        "this is not the code that the app shows now",
        "Das ist nicht der Code, den die App jetzt zeigt",
    ),
    (
        "the organisation does not take this model of authenticator",
        "Die Organisation nimmt dieses Modell nicht an",
    ),
    (
        "the passkey could not be verified",
        "Der Passkey konnte nicht geprüft werden",
    ),
    (
        "this passkey is enrolled already",
        "Dieser Passkey ist schon eingerichtet",
    ),
    (
        "at most 20 passkeys are possible",
        "Höchstens 20 Passkeys sind möglich",
    ),
    (
        "passkeys need a host name; this is an address",
        "Passkeys brauchen einen Hostnamen; das ist eine Adresse",
    ),
    (
        "it is the last way to sign in",
        "Das ist der letzte Weg, sich anzumelden",
    ),
    (
        "something else is to be proved first",
        "Zuerst ist etwas anderes nachzuweisen",
    ),
    (
        "use certificates in PEM: -----BEGIN CERTIFICATE-----",
        "Verwenden Sie Zertifikate als PEM: -----BEGIN CERTIFICATE-----",
    ),
    (
        "name at least one model",
        "Nennen Sie mindestens ein Modell",
    ),
    (
        "without a root certificate of a maker no model can be proved; name at least one",
        "Ohne Wurzelzertifikat eines Herstellers lässt sich kein Modell nachweisen; nennen Sie mindestens eines",
    ),
    (
        "it would refuse all of your own passkeys; enrol one of an allowed model first",
        "Das wiese alle Ihre eigenen Passkeys ab; richten Sie zuerst einen eines erlaubten Modells ein",
    ),
    // Policies and zones.
    (
        "an app names this policy",
        "Eine App nennt diese Richtlinie",
    ),
    (
        "a policy names this zone",
        "Eine Richtlinie nennt diese Zone",
    ),
    (
        "every organisation has this policy; change its rules instead",
        "Jede Organisation hat diese Richtlinie; ändern Sie stattdessen ihre Regeln",
    ),
    (
        "every rule refuses: nobody could sign in to change it again",
        "Jede Regel weist ab: Niemand könnte sich anmelden, um es wieder zu ändern",
    ),
    (
        "the policy is longer than 65536 bytes",
        "Die Richtlinie ist länger als 65536 Bytes",
    ),
    (
        "the policy cannot be read: {why}",
        "Die Richtlinie ist nicht lesbar: {why}",
    ),
    (
        "a policy must have between 1 and 50 rules",
        "Eine Richtlinie hat zwischen 1 und 50 Regeln",
    ),
    (
        "the name of {what} must have between 1 and 100 characters",
        "Der Name von {what} hat zwischen 1 und 100 Zeichen",
    ),
    (
        "the rule id {rule} stands twice",
        "Die Regelkennung {rule} steht doppelt da",
    ),
    (
        "each list of rule {rule} must have at most 200 entries, and a zone condition at least 1",
        "Jede Liste der Regel {rule} hat höchstens 200 Einträge, eine Zonenbedingung mindestens 1",
    ),
    (
        "rule {rule} names the zone {zone}, which does not exist",
        "Die Regel {rule} nennt die Zone {zone}, die es nicht gibt",
    ),
    (
        "a policy names this behaviour",
        "Eine Richtlinie nennt diese Verhaltensweise",
    ),
    (
        "rule {rule} names the behaviour {behavior}, which does not exist",
        "Die Regel {rule} nennt die Verhaltensweise {behavior}, die es nicht gibt",
    ),
    (
        "what is compared stays; add another behaviour instead",
        "Was verglichen wird, bleibt; legen Sie stattdessen eine andere Verhaltensweise an",
    ),
    (
        "use 1 to 128 characters on one line",
        "Verwenden Sie 1 bis 128 Zeichen in einer Zeile",
    ),
    (
        "use a number from 0 to 100",
        "Verwenden Sie eine Zahl von 0 bis 100",
    ),
    (
        "use a number from 1 to 100",
        "Verwenden Sie eine Zahl von 1 bis 100",
    ),
    (
        "use a number from 0 to 10",
        "Verwenden Sie eine Zahl von 0 bis 10",
    ),
    (
        "rule {rule}: session_age_max_secs must be at least 60",
        "Regel {rule}: Ein Nachweis muss mindestens 60 Sekunden gelten",
    ),
    (
        "rule {rule} asks for proof that no authenticator can give",
        "Die Regel {rule} verlangt einen Nachweis, den nichts erbringen kann",
    ),
    (
        "the name of a zone must have between 1 and 100 characters",
        "Der Name einer Zone hat zwischen 1 und 100 Zeichen",
    ),
    (
        "a zone must have between 1 and 1000 address ranges",
        "Eine Zone hat zwischen 1 und 1000 Adressbereiche",
    ),
    (
        "line {line}: {word} is neither an address nor a range such as 192.0.2.0/24 or 2001:db8::/32",
        "Zeile {line}: {word} ist weder eine Adresse noch ein Bereich wie 192.0.2.0/24 oder 2001:db8::/32",
    ),
    (
        "the rule {name} of the policy {policy} asks for proof that this organisation takes from nobody",
        "Die Regel {name} der Richtlinie {policy} verlangt einen Nachweis, den diese Organisation von niemandem annimmt",
    ),
    (
        "nobody answers there with a discovery document",
        "Dort antwortet niemand mit einem Discovery-Dokument",
    ),
    (
        "what is answered there is no discovery document of exactly this issuer",
        "Was dort geantwortet wird, ist kein Discovery-Dokument genau dieses Ausstellers",
    ),
    (
        "this organisation takes no passkeys",
        "Diese Organisation nimmt keine Passkeys an",
    ),
    (
        "this organisation takes no authenticator apps",
        "Diese Organisation nimmt keine Authenticator-Apps an",
    ),
    (
        "this organisation takes no codes by mail",
        "Diese Organisation nimmt keine Codes per E-Mail an",
    ),
    (
        "this organisation lets nobody back in by mail",
        "Diese Organisation lässt niemanden per E-Mail wieder hinein",
    ),
    (
        "this policy is always in force; change its rules instead",
        "Diese Richtlinie gilt immer; ändern Sie stattdessen ihre Regeln",
    ),
    ("this app signs nobody in", "Diese App meldet niemanden an"),
    (
        "this would shut you out: your own address, {address}, lies in the blocked zone {name}. If it is meant, let an administrator do it who could still sign in",
        "Das sperrte Sie selbst aus: Ihre eigene Adresse, {address}, liegt in der gesperrten Zone {name}. Ist es gewollt, soll es eine Verwaltung tun, die sich noch anmelden könnte",
    ),
    (
        "this would shut you out: the rule {name} would refuse you. If it is meant, let an administrator do it who could still sign in",
        "Das sperrte Sie selbst aus: Die Regel {name} wiese Sie ab. Ist es gewollt, soll es eine Verwaltung tun, die sich noch anmelden könnte",
    ),
    (
        "this would shut you out: no rule of the policy {name} would fit you. If it is meant, let an administrator do it who could still sign in",
        "Das sperrte Sie selbst aus: Keine Regel der Richtlinie {name} passte auf Sie. Ist es gewollt, soll es eine Verwaltung tun, die sich noch anmelden könnte",
    ),
    (
        "this would shut you out: the rule {name} would ask you for proof that you do not have. If it is meant, let an administrator do it who could still sign in",
        "Das sperrte Sie selbst aus: Die Regel {name} verlangte einen Nachweis, den Sie nicht haben. Ist es gewollt, soll es eine Verwaltung tun, die sich noch anmelden könnte",
    ),
    // Apps.
    (
        "an app of this kind cannot keep a secret: use none",
        "Eine App dieser Art kann kein Geheimnis hüten: Verwenden Sie keines",
    ),
    (
        "an app of this kind may not use one of these grants",
        "Eine App dieser Art darf eine dieser Arten der Gewährung nicht nutzen",
    ),
    (
        "an app of this kind must authenticate itself",
        "Eine App dieser Art muss sich ausweisen",
    ),
    (
        "name each grant once",
        "Nennen Sie jede Art der Gewährung einmal",
    ),
    (
        "refresh_token needs authorization_code or device_code beside it",
        "refresh_token braucht authorization_code oder device_code daneben",
    ),
    (
        "private_key_jwt needs the app's public keys as a JWKS document",
        "private_key_jwt braucht die öffentlichen Schlüssel der App als JWKS-Dokument",
    ),
    (
        "authorization_code needs at least one address to return to, for example http://localhost:3000/callback",
        "authorization_code braucht mindestens eine Adresse für die Rückkehr, zum Beispiel http://localhost:3000/callback",
    ),
    (
        "only authorization_code returns to an address",
        "Nur authorization_code kehrt zu einer Adresse zurück",
    ),
    (
        "it must not be longer than refresh_lifetime_secs",
        "Das darf nicht länger sein als die ganze Lebensdauer",
    ),
    (
        "this organisation has no such policy for apps",
        "Diese Organisation hat keine solche Richtlinie für Apps",
    ),
    (
        "this app proves itself by a secret: name one",
        "Diese App weist sich durch ein Geheimnis aus: Nennen Sie eines",
    ),
    (
        "this app does not prove itself by a secret",
        "Diese App weist sich nicht durch ein Geheimnis aus",
    ),
    (
        "use 32 to 256 printable ASCII characters without spaces",
        "Verwenden Sie 32 bis 256 druckbare ASCII-Zeichen ohne Leerzeichen",
    ),
    (
        "use 00T and at least 40 random letters, digits, hyphens or underscores",
        "Verwenden Sie 00T und mindestens 40 zufällige Buchstaben, Ziffern, Binde- oder Unterstriche",
    ),
    (
        "switch the app off before it is deleted",
        "Schalten Sie die App aus, bevor sie gelöscht wird",
    ),
    (
        "switch the secret off before it is removed",
        "Schalten Sie das Geheimnis aus, bevor es entfernt wird",
    ),
    (
        "it is the only secret that is accepted: add another one first",
        "Es ist das einzige Geheimnis, das gilt: Fügen Sie zuerst ein anderes hinzu",
    ),
    ("the app has this key", "Die App hat diesen Schlüssel schon"),
    (
        "where there are several keys, each needs a kid of its own",
        "Wo es mehrere Schlüssel gibt, braucht jeder eine eigene kid",
    ),
    (
        "switch the app on before you try it",
        "Schalten Sie die App ein, bevor Sie sie ausprobieren",
    ),
    (
        "this test has ended; begin it again",
        "Diese Probe ist zu Ende; beginnen Sie sie neu",
    ),
    ("{name} is named twice", "{name} ist doppelt genannt"),
    (
        "{address}: the redirect address is too long",
        "{address}: Die Rücksprungadresse ist zu lang",
    ),
    (
        "{address}: the redirect address is not an absolute URL",
        "{address}: Die Rücksprungadresse ist keine vollständige URL",
    ),
    (
        "{address}: the redirect address must not have a fragment (#)",
        "{address}: Die Rücksprungadresse darf kein Fragment (#) haben",
    ),
    (
        "{address}: the redirect address must not have a user name or password",
        "{address}: Die Rücksprungadresse darf weder Benutzernamen noch Passwort haben",
    ),
    (
        "{address}: the redirect address must not have a wildcard (*)",
        "{address}: Die Rücksprungadresse darf keinen Platzhalter (*) haben",
    ),
    (
        "{address}: the redirect address must use https; http is for localhost, 127.0.0.1 and [::1] only",
        "{address}: Die Rücksprungadresse muss https nutzen; http geht nur bei localhost, 127.0.0.1 und [::1]",
    ),
    (
        "{address}: the redirect address must use https, or for a native app a scheme with a dot such as com.example.app",
        "{address}: Die Rücksprungadresse muss https nutzen, oder bei einer nativen App ein Schema mit Punkt wie com.example.app",
    ),
    (
        "{address}: the redirect address must not have the parameter {name} in its query: the answer adds it",
        "{address}: Die Rücksprungadresse darf den Parameter {name} nicht haben: Die Antwort fügt ihn hinzu",
    ),
    (
        "{address}: the redirect address must be written in its normal form: {form}",
        "{address}: Die Rücksprungadresse ist in ihrer Normalform zu schreiben: {form}",
    ),
    (
        "{address}: the redirect address has characters that must be percent-encoded, or a broken percent-encoding",
        "{address}: Die Rücksprungadresse hat Zeichen, die prozentkodiert sein müssen, oder eine kaputte Prozentkodierung",
    ),
    (
        "the key set is not a JSON object with an array \"keys\", is too large, or repeats a member",
        "Der Schlüsselsatz ist kein JSON-Objekt mit einer Liste \"keys\", ist zu groß oder wiederholt ein Feld",
    ),
    (
        "the key set has more than 16 keys",
        "Der Schlüsselsatz hat mehr als 16 Schlüssel",
    ),
    (
        "the key set has no key for RS256, ES256 or EdDSA signatures",
        "Der Schlüsselsatz hat keinen Schlüssel für Signaturen mit RS256, ES256 oder EdDSA",
    ),
    (
        "key {index} of the set: the member {name} is missing or malformed",
        "Schlüssel {index} des Satzes: Das Feld {name} fehlt oder ist falsch",
    ),
    (
        "key {index} of the set: the key is not a JSON object, is too large, or repeats a member",
        "Schlüssel {index} des Satzes: Er ist kein JSON-Objekt, ist zu groß oder wiederholt ein Feld",
    ),
    (
        "key {index} of the set: the key holds a private member: it is compromised now, make a new one and send its public half only",
        "Schlüssel {index} des Satzes: Er enthält ein privates Feld und ist damit verbrannt; machen Sie einen neuen und geben Sie nur die öffentliche Hälfte weiter",
    ),
    (
        "key {index} of the set: an RSA key must have 2048 to 8192 bits and an odd public exponent from 3 to 2^32",
        "Schlüssel {index} des Satzes: Ein RSA-Schlüssel hat 2048 bis 8192 Bits und einen ungeraden öffentlichen Exponenten von 3 bis 2^32",
    ),
    (
        "key {index} of the set: the coordinates x and y are not a point of P-256",
        "Schlüssel {index} des Satzes: Die Koordinaten x und y sind kein Punkt von P-256",
    ),
    (
        "key {index} of the set: the key is of a type, curve, algorithm or use that is not supported (RS256, ES256, EdDSA signatures are)",
        "Schlüssel {index} des Satzes: Art, Kurve, Verfahren oder Zweck werden nicht unterstützt (Signaturen mit RS256, ES256, EdDSA schon)",
    ),
    // Authorization servers.
    (
        "the preset server can only be switched off",
        "Der vorgegebene Server lässt sich nur ausschalten",
    ),
    (
        "the preset server keeps its name",
        "Der vorgegebene Server behält seinen Namen",
    ),
    (
        "switch the server off before it is deleted",
        "Schalten Sie den Server aus, bevor er gelöscht wird",
    ),
    (
        "use 1 to 500 characters without spaces, for example api://default",
        "Verwenden Sie 1 bis 500 Zeichen ohne Leerzeichen, zum Beispiel api://default",
    ),
    (
        "{name}: use printable ASCII without spaces, quotes and back slashes",
        "{name}: Verwenden Sie druckbares ASCII ohne Leerzeichen, Anführungszeichen und Rückstriche",
    ),
    (
        "{name}: this name is reserved",
        "{name}: Dieser Name ist vergeben",
    ),
    (
        "{name}: use at most 1,000 characters to describe it",
        "{name}: Verwenden Sie höchstens 1.000 Zeichen für die Beschreibung",
    ),
    (
        "{name} is named twice for the same token",
        "{name} ist für dasselbe Token doppelt genannt",
    ),
    (
        "{name}: use 1 to 100 characters without spaces",
        "{name}: Verwenden Sie 1 bis 100 Zeichen ohne Leerzeichen",
    ),
    (
        "{name}: the protocol sets this claim itself",
        "{name}: Diese Angabe setzt das Protokoll selbst",
    ),
    (
        "{name}: its value is empty or too long",
        "{name}: Der Wert ist leer oder zu lang",
    ),
    (
        "{of}: this server has no scope {name}",
        "{of}: Dieser Server hat keinen Scope {name}",
    ),
    (
        "{of}: people have no attribute {name}",
        "{of}: Personen haben kein Attribut {name}",
    ),
    (
        "{user} still names {name}; change it first",
        "{user} nennt {name} noch; ändern Sie das zuerst",
    ),
    (
        "name each rule with 1 to 100 characters on one line",
        "Geben Sie jeder Regel einen Namen von 1 bis 100 Zeichen in einer Zeile",
    ),
    (
        "{name}: an access token lives 60 seconds to 24 hours; a refresh token is unused for at least 60 seconds, and for no longer than its family lives, which is at most 365 days",
        "{name}: Ein Zugriffstoken lebt 60 Sekunden bis 24 Stunden; ein Erneuerungstoken ruht mindestens 60 Sekunden und nicht länger, als seine Familie lebt, höchstens 365 Tage",
    ),
    (
        "{name}: {id} is no id of an app",
        "{name}: {id} ist keine Kennung einer App",
    ),
    (
        "{name}: {id} is no id of a person",
        "{name}: {id} ist keine Kennung einer Person",
    ),
    (
        "{name}: {id} is no id of a group",
        "{name}: {id} ist keine Kennung einer Gruppe",
    ),
    (
        "only somebody who was deactivated can be removed",
        "Entfernt werden kann nur, wer deaktiviert wurde",
    ),
    (
        "there is no group {name}",
        "Die Gruppe {name} gibt es nicht",
    ),
    ("it is of another list", "Das gehört zu einer anderen Liste"),
    // What there may be only so many of.
    ("administrators", "Verwaltende"),
    ("access policies", "Zugriffsrichtlinien"),
    ("API tokens", "API-Token"),
    ("members changed at once", "auf einmal geänderte Mitglieder"),
    (
        "apps, people or groups of one rule",
        "Apps, Personen oder Gruppen einer Regel",
    ),
    ("authorization servers", "Autorisierungsserver"),
    ("claims", "Angaben"),
    ("groups at the start", "Gruppen zu Beginn"),
    ("host names", "Hostnamen"),
    ("models", "Modelle"),
    ("policies", "Richtlinien"),
    ("post_logout_redirect_uris", "Adressen nach dem Abmelden"),
    ("profile attributes", "Merkmale im Profil"),
    (
        "published keys of one algorithm (wait until the oldest has run out)",
        "veröffentlichte Schlüssel eines Verfahrens (warten Sie, bis der älteste abgelaufen ist)",
    ),
    ("behaviors", "Verhaltensweisen"),
    ("redirect_uris", "Rücksprungadressen"),
    ("roots", "Wurzelzertifikate"),
    ("rules", "Regeln"),
    ("scopes", "Scopes"),
    (
        "scopes of one rule or claim",
        "Scopes einer Regel oder Angabe",
    ),
    ("secrets", "Geheimnisse"),
    ("zones", "Zonen"),
];
