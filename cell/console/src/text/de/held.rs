//! German: refresh tokens that apps hold.

use crate::text::en::held::Held;

/// The German wording.
pub const HELD: Held = Held {
    tab: "Tokens",
    about: "Die Refresh-Tokens dieser App, die gelten, wem auch immer sie gehören. Ihr Wert wird nie gezeigt.",
    of_server_about: "Die Refresh-Tokens, die diese App von diesem Server hat. Ihr Wert wird nie gezeigt.",
    clients_about: "Die Apps, die Refresh-Tokens dieses Servers haben.",
    clients_none: "Keine App hat Refresh-Tokens",
    clients_none_about: "Eine App bekommt eines, wo sie offline_access verlangt und bekommen darf.",
    none: "Keine Refresh-Tokens",
    none_about: "Niemand bleibt durch eines bei dieser App angemeldet.",
    person: "Von wem",
    server: "Server",
    scopes: "Scopes",
    expires: "Endet",
    revoke: "Beenden",
    revoke_question: "Die App muss die Person neu anmelden, und was dafür ausgestellt wurde, gilt nicht mehr.",
    revoke_all: "Alle beenden",
    revoke_all_question: "Alle müssen sich bei der App neu anmelden. Das lässt sich nicht rückgängig machen.",
    more_left: "Es gibt vielleicht mehr, als auf einmal beendet werden. Sehen Sie nach, und wiederholen Sie es.",
    back: "Apps mit Tokens",
};
