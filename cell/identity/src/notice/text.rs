//! The words of mails, once per language. It must never hold an address or a decision.

/// Subject and body.
pub(super) type Wording = (&'static str, &'static str);

/// The words of all mails in one language. Placeholders are written `{name}`.
pub(super) struct MailText {
    /// The primary part of the language's tag.
    pub(super) tag: &'static str,
    pub(super) hello: &'static str,
    /// Ends each notice of a change.
    pub(super) not_you: &'static str,
    pub(super) invitation: Wording,
    pub(super) recovery: Wording,
    pub(super) code: Wording,
    pub(super) password_changed: Wording,
    pub(super) passkey_added: Wording,
    pub(super) passkey_renamed: Wording,
    pub(super) passkey_removed: Wording,
    pub(super) passkeys_lost: Wording,
    pub(super) provider_linked: Wording,
    pub(super) provider_unlinked: Wording,
    pub(super) totp_added: Wording,
    pub(super) totp_removed: Wording,
    pub(super) factors_reset: Wording,
    pub(super) recovery_codes_made: Wording,
    pub(super) recovery_code_used: Wording,
    pub(super) log_stream_failing: Wording,
    pub(super) address_changed: Wording,
}

/// Every language there is.
pub(super) static TEXTS: [&MailText; 2] = [&ENGLISH, &GERMAN];

/// English.
pub(super) static ENGLISH: MailText = MailText {
    tag: "en",
    hello: "Hello {name},",
    not_you: "If this was not you, tell your administrator at once.",
    invitation: (
        "Set up your account",
        "an account was made for you. Set it up within seven days:\n\n{url}\n",
    ),
    recovery: (
        "Get back into your account",
        "somebody asked to get back into your account. If it was you, open this link within one hour:\n\n{url}\n\n\
         If it was not you, do nothing.",
    ),
    code: (
        "Your sign-in code",
        "your code is {code}. It is valid for ten minutes. Nobody but the sign-in page will ever ask for it.",
    ),
    password_changed: (
        "Your password was changed",
        "the password of your account was changed.",
    ),
    passkey_added: (
        "A passkey was added to your account",
        "the passkey \"{name}\" was added.",
    ),
    passkey_renamed: (
        "A passkey of your account was renamed",
        "the passkey \"{from}\" is now called \"{to}\".",
    ),
    passkey_removed: (
        "A passkey was removed from your account",
        "the passkey \"{name}\" was removed.",
    ),
    passkeys_lost: (
        "Your passkeys were removed from your account",
        "all passkeys of your account were removed, because they were reported lost.",
    ),
    provider_linked: (
        "Your account can be reached by another way to sign in",
        "it was linked to an account at \"{name}\", by which one can sign in.",
    ),
    provider_unlinked: (
        "A way to sign in was removed from your account",
        "it is no longer linked to an account at \"{name}\", by which one could sign in.",
    ),
    totp_added: (
        "An authenticator app was added to your account",
        "an authenticator app was added.",
    ),
    totp_removed: (
        "The authenticator app was removed from your account",
        "the authenticator app was removed.",
    ),
    factors_reset: (
        "Your passkeys and codes were removed from your account",
        "all passkeys, authenticator apps and recovery codes of your account were removed by an administrator.",
    ),
    recovery_codes_made: (
        "New recovery codes were made for your account",
        "new recovery codes were made; older ones no longer work.",
    ),
    recovery_code_used: (
        "A recovery code was used on your account",
        "one of your recovery codes was used to sign in.",
    ),
    log_stream_failing: (
        "A log stream does not arrive",
        "the receiver of the log stream \"{name}\" has taken nothing for several minutes. Nothing is lost: what it is not told \
         waits in the system log, and it is tried again and again. The administration says under Settings, Log streams, what \
         is wrong.",
    ),
    address_changed: (
        "The mail address of your account was changed",
        "mail about your account goes to {to} from now on.",
    ),
};

/// German.
static GERMAN: MailText = MailText {
    tag: "de",
    hello: "Guten Tag, {name},",
    not_you: "Wenn Sie das nicht waren, sagen Sie es sofort Ihrer Verwaltung.",
    invitation: (
        "Richten Sie Ihr Konto ein",
        "für Sie wurde ein Konto angelegt. Richten Sie es innerhalb von sieben Tagen ein:\n\n{url}\n",
    ),
    recovery: (
        "Zurück in Ihr Konto",
        "jemand möchte zurück in Ihr Konto. Wenn Sie es sind, öffnen Sie innerhalb einer Stunde diesen Link:\n\n{url}\n\n\
         Wenn nicht, tun Sie nichts.",
    ),
    code: (
        "Ihr Code zum Anmelden",
        "Ihr Code ist {code}. Er gilt zehn Minuten. Niemand außer der Anmeldeseite wird je danach fragen.",
    ),
    password_changed: (
        "Ihr Passwort wurde geändert",
        "das Passwort Ihres Kontos wurde geändert.",
    ),
    passkey_added: (
        "Ein Passkey kam zu Ihrem Konto hinzu",
        "der Passkey \"{name}\" kam hinzu.",
    ),
    passkey_renamed: (
        "Ein Passkey Ihres Kontos heißt jetzt anders",
        "der Passkey \"{from}\" heißt jetzt \"{to}\".",
    ),
    passkey_removed: (
        "Ein Passkey wurde aus Ihrem Konto entfernt",
        "der Passkey \"{name}\" wurde entfernt.",
    ),
    passkeys_lost: (
        "Ihre Passkeys wurden aus Ihrem Konto entfernt",
        "alle Passkeys Ihres Kontos wurden entfernt, weil sie als verloren gemeldet wurden.",
    ),
    provider_linked: (
        "Ihr Konto ist auf einem weiteren Weg erreichbar",
        "es wurde mit einem Konto bei \"{name}\" verknüpft, mit dem man sich anmelden kann.",
    ),
    provider_unlinked: (
        "Ein Weg zum Anmelden wurde aus Ihrem Konto entfernt",
        "es ist nicht mehr mit einem Konto bei \"{name}\" verknüpft, mit dem man sich anmelden konnte.",
    ),
    totp_added: (
        "Eine Authenticator-App kam zu Ihrem Konto hinzu",
        "eine Authenticator-App kam hinzu.",
    ),
    totp_removed: (
        "Die Authenticator-App wurde aus Ihrem Konto entfernt",
        "die Authenticator-App wurde entfernt.",
    ),
    factors_reset: (
        "Ihre Passkeys und Codes wurden aus Ihrem Konto entfernt",
        "alle Passkeys, Authenticator-Apps und Wiederherstellungscodes Ihres Kontos wurden von der Verwaltung entfernt.",
    ),
    recovery_codes_made: (
        "Neue Wiederherstellungscodes für Ihr Konto",
        "neue Wiederherstellungscodes wurden gemacht; ältere gelten nicht mehr.",
    ),
    recovery_code_used: (
        "Ein Wiederherstellungscode Ihres Kontos wurde benutzt",
        "einer Ihrer Wiederherstellungscodes wurde zum Anmelden benutzt.",
    ),
    log_stream_failing: (
        "Ein Protokollstrom kommt nicht an",
        "der Empfänger des Protokollstroms \"{name}\" hat seit mehreren Minuten nichts angenommen. Verloren ist nichts: Was er \
         nicht erfahren hat, wartet im Systemprotokoll, und er wird immer wieder versucht. Die Verwaltung nennt unter \
         Einstellungen, Protokollströme, den Grund.",
    ),
    address_changed: (
        "Die Mailadresse Ihres Kontos wurde geändert",
        "Nachrichten zu Ihrem Konto gehen von jetzt an an {to}.",
    ),
};
