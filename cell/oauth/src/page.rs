//! What a person must see: described here, drawn by the console.
//!
//! A handler puts the page into the extensions of its reply. Whoever composes the cell draws it; without that the
//! reply's own plain text says the same.

use protocol::oauth::error::ErrorCode;

/// A page that a reply asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The request cannot be answered to the client, so the person is told.
    Error(OAuthPageError),
    /// Hands an answer to the app by a form that posts itself.
    FormPost(FormPostPage),
    /// Asks whether to sign out.
    ConfirmLogout(ConfirmLogoutPage),
    /// Says that the person is signed out.
    SignedOut,
}

/// An error that is shown to the person and never sent to the redirect address (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthPageError {
    /// What finds it in the log.
    pub reference: String,
    /// The protocol's code.
    pub error: ErrorCode,
    /// What was wrong, for the developer of the app.
    pub description: String,
}

/// An answer for the app, to be posted by the browser (OAuth 2.0 Form Post Response Mode).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPostPage {
    /// The app's name.
    pub app: String,
    /// Where it goes.
    pub target: String,
    /// Its fields.
    pub fields: Vec<(&'static str, String)>,
}

/// A question whether to sign out; the answer goes to [`crate::logout::confirm`] with the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmLogoutPage {
    /// Who is signed in.
    pub login: String,
    /// The app that asks, if it is known.
    pub app: Option<String>,
    /// Where the answer goes, after the path prefix.
    pub action: String,
    /// What the request carries along.
    pub fields: Vec<(String, String)>,
}
