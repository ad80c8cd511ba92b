//! Enrolment that the policy asks for before a sign-in may end: passkey, authenticator app, recovery codes.

use crate::view::part::{self, Input, QrPicture};
use crate::view::shell::Shell;
use askama::Template;

/// Why one must enrol now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrollWhy {
    /// The organisation's policy.
    Policy,
    /// Administrators never sign in with a password alone.
    Administrator,
}

/// Something that can be enrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrollOption {
    /// Leads to `/signin/enroll/passkey`.
    Passkey,
    /// Leads to `/signin/enroll/totp`.
    Totp,
}

/// Says that something must be enrolled and offers what counts (`/signin/enroll`).
#[derive(Debug, Template)]
#[template(path = "signin/enroll.html")]
pub struct EnrollPage {
    /// The frame.
    pub shell: Shell,
    /// Who is signing in.
    pub identifier: String,
    /// Why.
    pub why: EnrollWhy,
    /// What counts, the strongest first.
    pub options: Vec<EnrollOption>,
}

/// Makes a passkey. Posts `name`, `credential` to `/signin/enroll/passkey`; options from
/// `/signin/enroll/passkey/options`.
#[derive(Debug, Template)]
#[template(path = "signin/enroll_passkey.html")]
pub struct EnrollPasskeyPage {
    /// The frame.
    pub shell: Shell,
    /// Who is signing in.
    pub identifier: String,
    /// The name of the new passkey.
    pub name: Input,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// Ties an authenticator app. Posts `code` to `/signin/enroll/totp`.
#[derive(Debug, Template)]
#[template(path = "signin/enroll_totp.html")]
pub struct EnrollTotpPage {
    /// The frame.
    pub shell: Shell,
    /// Who is signing in.
    pub identifier: String,
    /// The `otpauth:` address as a picture.
    pub picture: QrPicture,
    /// The secret in groups of four, for typing.
    pub secret: String,
    /// The code that proves that the app has it.
    pub code: Input,
}

/// Shows fresh recovery codes, once, and leads on.
#[derive(Debug, Template)]
#[template(path = "signin/recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// The frame.
    pub shell: Shell,
    /// The codes.
    pub codes: Vec<String>,
    /// Where to go on, after the path prefix.
    pub continue_to: String,
}
