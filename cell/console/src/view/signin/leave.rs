//! Ways out: sign-out, and the pages that hand the browser back to an application.

use crate::view::part::{self, HiddenField};
use crate::view::shell::Shell;
use askama::Template;

/// Says that the session has ended.
#[derive(Debug, Template)]
#[template(path = "signin/signed_out.html")]
pub struct SignedOutPage {
    /// The frame.
    pub shell: Shell,
}

/// Asks whether to sign out. Posts [`LogoutConfirmPage::hidden`] to [`LogoutConfirmPage::action`].
#[derive(Debug, Template)]
#[template(path = "signin/logout_confirm.html")]
pub struct LogoutConfirmPage {
    /// The frame.
    pub shell: Shell,
    /// Who is signed in.
    pub login: String,
    /// The application that asked, or none.
    pub app: Option<String>,
    /// Where the form goes, after the path prefix.
    pub action: String,
    /// What the request carries along.
    pub hidden: Vec<HiddenField>,
}

/// Hands an authorization response to an application by POST (`response_mode=form_post`). The script posts it at once;
/// without script the button does. The handler must allow the target's origin in `form-action`.
#[derive(Debug, Template)]
#[template(path = "signin/form_post.html")]
pub struct FormPostPage {
    /// The frame.
    pub shell: Shell,
    /// The application's name.
    pub app: String,
    /// The redirection address.
    pub target: String,
    /// The response.
    pub fields: Vec<HiddenField>,
}

/// Sends the browser on to an application by a link that follows itself. For answers to a POST: a browser applies
/// `form-action` to the redirections of a form too, and would stop a redirection to another origin.
#[derive(Debug, Template)]
#[template(path = "signin/return.html")]
pub struct ReturnPage {
    /// The frame.
    pub shell: Shell,
    /// The application's name.
    pub app: String,
    /// The redirection address; the handler has checked that it is an `http`, `https` or registered one.
    pub target: String,
}
