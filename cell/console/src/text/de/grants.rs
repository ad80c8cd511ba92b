//! German: what apps hold of a person.

use crate::text::en::grants::Grants;

/// The German wording.
pub const GRANTS: Grants = Grants {
    tab: "Zustimmungen",
    title: "Was Apps von dieser Person haben",
    about: "Scopes, denen die Person zugestimmt hat, und Refresh-Tokens. Öffnen Sie eine App, um sie zu sehen.",
    none: "Keine App hat etwas",
    none_about: "Eine App bekommt Scopes, wo die Person zustimmt, und ein Refresh-Token, wo sie eines haben darf.",
    open: "Ansehen",
    back: "Alle Apps",
    revoke_everything: "Alle Zustimmungen zurücknehmen",
    revoke_everything_question: "Jede App muss diese Person neu fragen, und die Refresh-Tokens, die aus ihren Zustimmungen entstanden, enden.",
    scopes: "Zustimmungen",
    scopes_about: "Die Scopes, die die Person dieser App gab. Nach dem, was zurückgenommen wird, fragt die App neu.",
    scopes_none: "Die Person hat hier keinem Scope zugestimmt.",
    revoke: "Zurücknehmen",
    revoke_question: "Die Refresh-Tokens dieser App bei diesem Server enden damit, denn sie können den Scope tragen.",
    revoke_all: "Alle zurücknehmen",
    revoke_all_question: "Diese App muss die Person neu fragen, und ihre Refresh-Tokens, die aus den Zustimmungen entstanden, enden.",
    tokens_about: "Die Refresh-Tokens, die diese App von dieser Person hat. Ihr Wert wird nie gezeigt.",
    tokens_all_question: "Die Person muss sich bei dieser App neu anmelden. Das lässt sich nicht rückgängig machen.",
};
