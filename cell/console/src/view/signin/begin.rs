//! First times: an invitation accepted, and the very first administrator.

use crate::view::part::{self, Input};
use crate::view::shell::Shell;
use askama::Template;

/// Welcomes an invited person. Posts `token`, `password`, `password_again` to `/welcome`; or `token`, `name`,
/// `credential` to `/welcome/passkey`, whose options come from `/welcome/passkey/options?token=…`.
#[derive(Debug, Template)]
#[template(path = "signin/welcome.html")]
pub struct WelcomePage {
    /// The frame.
    pub shell: Shell,
    /// The person's name.
    pub name: String,
    /// What the person will sign in with.
    pub login: String,
    /// The invitation's token.
    pub token: String,
    /// The rules for a password, one a line.
    pub rules: Vec<String>,
    /// Only its error is shown.
    pub password: Input,
    /// Only its error is shown.
    pub password_again: Input,
    /// What was wrong with the last passkey, or none.
    pub passkey_error: Option<String>,
}

/// Makes the first administrator. Posts `token`, `org_name`, `given_name`, `family_name`, `email`, `password`,
/// `password_again` to `/setup`. A passkey is asked for on the page after it (forced enrolment).
#[derive(Debug, Template)]
#[template(path = "signin/setup.html")]
pub struct SetupPage {
    /// The frame.
    pub shell: Shell,
    /// The set-up link's token.
    pub token: String,
    /// The organisation's name.
    pub org_name: Input,
    /// The administrator's given name.
    pub given_name: Input,
    /// The administrator's family name.
    pub family_name: Input,
    /// The administrator's mail address, which is also what they sign in with.
    pub email: Input,
    /// Only its error is shown.
    pub password: Input,
    /// Only its error is shown.
    pub password_again: Input,
    /// The rules for a password, one a line.
    pub rules: Vec<String>,
}
