//! English: refresh tokens that apps hold.

messages! {
    /// Refresh tokens that apps hold.
    Held, HELD {
        tab: "Tokens",
        about: "The refresh tokens of this app that live, whosever they are. What they are is never shown.",
        of_server_about: "The refresh tokens that this app has of this server. What they are is never shown.",
        clients_about: "The apps that have refresh tokens of this server.",
        clients_none: "No app has refresh tokens",
        clients_none_about: "An app gets one where it asks for offline_access and may have it.",
        none: "No refresh tokens",
        none_about: "Nobody stays signed in to this app by one.",
        person: "Whose",
        server: "Server",
        scopes: "Scopes",
        expires: "Ends",
        revoke: "End",
        revoke_question: "The app has to sign the person in again, and what was issued for it counts no more.",
        revoke_all: "End all",
        revoke_all_question: "Everybody has to sign in to the app again. This cannot be undone.",
        more_left: "There may be more of them than are ended at once. Look again, and repeat it.",
        back: "Apps with tokens",
    }
}
