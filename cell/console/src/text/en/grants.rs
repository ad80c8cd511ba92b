//! English: what apps hold of a person.

messages! {
    /// What apps hold of a person.
    Grants, GRANTS {
        tab: "Consents",
        title: "What apps hold of this person",
        about: "Scopes that the person let apps have, and refresh tokens. Open an app to see them.",
        none: "No app holds anything",
        none_about: "An app gets scopes where the person consents, and a refresh token where it may have one.",
        open: "See",
        back: "All apps",
        revoke_everything: "Take all consents back",
        revoke_everything_question: "Every app must ask this person again, and the refresh tokens that came of their consents end.",
        scopes: "Consents",
        scopes_about: "The scopes that the person let this app have. The app asks again for what is taken back.",
        scopes_none: "The person consented to no scope here.",
        revoke: "Take back",
        revoke_question: "The refresh tokens of this app at that server end with it, since they may carry the scope.",
        revoke_all: "Take all back",
        revoke_all_question: "This app must ask the person again, and its refresh tokens that came of the consents end.",
        tokens_about: "The refresh tokens that this app has of this person. What they are is never shown.",
        tokens_all_question: "The person has to sign in to this app again. This cannot be undone.",
    }
}
