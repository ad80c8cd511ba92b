//! The first page of a sign-in: who are you?

use crate::view::part::{self, Input};
use crate::view::shell::Shell;
use askama::Template;

/// Asks for the identifier and offers passkeys in its autofill list.
///
/// Posts `identifier`, `continue` to `/signin`; and `credential`, `continue` to `/signin/passkey`, whose options come
/// from `GET /signin/passkey/options`.
#[derive(Debug, Template)]
#[template(path = "signin/identifier.html")]
pub struct IdentifierPage {
    /// The frame.
    pub shell: Shell,
    /// What the person signs in with.
    pub identifier: Input,
    /// Where the sign-in leads, a relative path.
    pub continue_to: String,
    /// The application that asked, or none.
    pub app: Option<String>,
    /// Why this page shows again (a session that ran out, a proof that failed), or none.
    pub notice: Option<String>,
}
