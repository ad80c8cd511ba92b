//! Losing one's way in and finding it again.

use crate::view::part::{self, HiddenField, Input};
use crate::view::shell::Shell;
use askama::Template;

/// Begins a recovery. Posts `identifier` to `/signin/recover`.
#[derive(Debug, Template)]
#[template(path = "signin/recover_start.html")]
pub struct RecoverStartPage {
    /// The frame.
    pub shell: Shell,
    /// What the person signs in with.
    pub identifier: Input,
}

/// Why a mail is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSentKind {
    /// If there is such an account: the page says the same whether or not there is.
    Recovery,
    /// An address was changed and must be proved.
    Verification,
}

/// Says that a mail is on its way.
#[derive(Debug, Template)]
#[template(path = "signin/mail_sent.html")]
pub struct MailSentPage {
    /// The frame.
    pub shell: Shell,
    /// Why.
    pub kind: MailSentKind,
    /// Minutes until the link in it runs out.
    pub minutes: u64,
    /// The address of the local mailbox, where mail is kept because none is sent; or none.
    pub mailbox_href: Option<String>,
}

/// Why a new password is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPasswordWhy {
    /// The person asked for it.
    Recovery,
    /// The old one is too old.
    Expired,
    /// An administrator asked for it.
    Demanded,
}

/// Asks for a new password. Posts `password`, `password_again` and [`NewPasswordPage::hidden`] to
/// [`NewPasswordPage::action`].
#[derive(Debug, Template)]
#[template(path = "signin/new_password.html")]
pub struct NewPasswordPage {
    /// The frame.
    pub shell: Shell,
    /// Why.
    pub why: NewPasswordWhy,
    /// Whose.
    pub login: String,
    /// The rules in the reader's language, one a line.
    pub rules: Vec<String>,
    /// The new one; only its error is shown.
    pub password: Input,
    /// The same again; only its error is shown.
    pub password_again: Input,
    /// Where a code must back the link: posted as `code`; only its error is shown.
    pub code: Option<Input>,
    /// Where the form goes, after the path prefix.
    pub action: String,
    /// What the request carries along, such as `token`.
    pub hidden: Vec<HiddenField>,
    /// Whether the person may say that the passkeys are lost, by `lost_passkeys=on`.
    pub may_lose_passkeys: bool,
}

/// Says that a link alone does not open this account, and who can help.
#[derive(Debug, Template)]
#[template(path = "signin/recover_help.html")]
pub struct RecoverHelpPage {
    /// The frame.
    pub shell: Shell,
    /// Whose account it is; nobody's where the organisation lets nobody back in by mail.
    pub login: String,
}
