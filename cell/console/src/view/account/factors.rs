//! Setting up and changing single factors.

use crate::view::part::{self, Input, QrPicture};
use crate::view::shell::{Shell, here};
use askama::Template;

/// Changes the password (`/account/security/password`). Posts `current_password` (where there is one), `password`,
/// `password_again` there.
#[derive(Debug, Template)]
#[template(path = "account/password.html")]
pub struct PasswordChangePage {
    /// The frame.
    pub shell: Shell,
    /// What the person signs in with.
    pub login: String,
    /// The present password, where there is one; only its error is shown.
    pub current_password: Option<Input>,
    /// The rules, one a line.
    pub rules: Vec<String>,
    /// Only its error is shown.
    pub password: Input,
    /// Only its error is shown.
    pub password_again: Input,
}

/// Makes a passkey (`/account/security/passkeys/new`). Posts `name`, `credential` there; options from
/// `/account/security/passkeys/options`.
#[derive(Debug, Template)]
#[template(path = "account/passkey_add.html")]
pub struct PasskeyAddPage {
    /// The frame.
    pub shell: Shell,
    /// The name of the new one.
    pub name: Input,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// Ties an authenticator app (`/account/security/totp`). Posts `code` there.
#[derive(Debug, Template)]
#[template(path = "account/totp.html")]
pub struct AccountTotpPage {
    /// The frame.
    pub shell: Shell,
    /// The `otpauth:` address as a picture.
    pub picture: QrPicture,
    /// The secret in groups of four.
    pub secret: String,
    /// The proof that the app has it.
    pub code: Input,
}

/// Shows fresh recovery codes, once.
#[derive(Debug, Template)]
#[template(path = "account/codes.html")]
pub struct AccountCodesPage {
    /// The frame.
    pub shell: Shell,
    /// The codes.
    pub codes: Vec<String>,
}

here!(PasswordChangePage => Security, PasskeyAddPage => Security, AccountTotpPage => Security, AccountCodesPage => Security);
