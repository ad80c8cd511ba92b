//! Proving who one is: password, passkey, codes, and the choice between them.

use crate::text::Text;
use crate::view::part::{self, Icon, Input};
use crate::view::shell::Shell;
use askama::Template;

/// Asks for the password; where it is the first question, the same page offers a passkey to everybody. Posts `password`,
/// `continue` to `/signin/password`; and `credential`, `continue` to `/signin/passkey`.
#[derive(Debug, Template)]
#[template(path = "signin/password.html")]
pub struct PasswordPage {
    /// The frame.
    pub shell: Shell,
    /// What the person typed as identifier.
    pub identifier: String,
    /// Where the sign-in leads.
    pub continue_to: String,
    /// Only its error is shown.
    pub password: Input,
    /// Whether a passkey is offered as well.
    pub offers_passkey: bool,
    /// Whether `/signin/choose` has anything else to offer.
    pub has_other_ways: bool,
}

/// Asks for a passkey. Posts `credential`, `continue` to `/signin/passkey`; options from `/signin/passkey/options`.
#[derive(Debug, Template)]
#[template(path = "signin/passkey.html")]
pub struct PasskeyPage {
    /// The frame.
    pub shell: Shell,
    /// What the person typed as identifier.
    pub identifier: String,
    /// Where the sign-in leads.
    pub continue_to: String,
    /// What was wrong with the last try.
    pub error: Option<String>,
    /// Whether `/signin/choose` has anything else to offer.
    pub has_other_ways: bool,
}

/// Which code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// From the authenticator app; posts to `/signin/totp`.
    Totp,
    /// From the printed list; posts to `/signin/recovery-code`.
    Recovery,
    /// From the mail; posts to `/signin/email`. Posting `again=on` there asks for another mail.
    Email,
}

impl CodeKind {
    fn action(self) -> &'static str {
        match self {
            CodeKind::Totp => "/signin/totp",
            CodeKind::Recovery => "/signin/recovery-code",
            CodeKind::Email => "/signin/email",
        }
    }

    fn title(self, t: &'static Text) -> &'static str {
        match self {
            CodeKind::Totp => t.signin.totp_title,
            CodeKind::Recovery => t.signin.recovery_title,
            CodeKind::Email => t.signin.email_title,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            CodeKind::Totp => t.signin.totp_about,
            CodeKind::Recovery => t.signin.recovery_about,
            CodeKind::Email => t.signin.email_about,
        }
    }

    fn example(self) -> &'static str {
        match self {
            CodeKind::Totp | CodeKind::Email => "123456",
            CodeKind::Recovery => "ABCDE-FGHJK",
        }
    }

    fn length_max(self) -> u32 {
        match self {
            CodeKind::Totp | CodeKind::Email => 10,
            CodeKind::Recovery => 24,
        }
    }
}

/// Asks for a code. Posts `code`, `continue`.
#[derive(Debug, Template)]
#[template(path = "signin/code.html")]
pub struct CodePage {
    /// The frame.
    pub shell: Shell,
    /// Which code.
    pub kind: CodeKind,
    /// What the person typed as identifier.
    pub identifier: String,
    /// Where the sign-in leads.
    pub continue_to: String,
    /// The code; only its error is shown.
    pub code: Input,
    /// For mail: the address, masked, or empty.
    pub sent_to: String,
    /// Whether `/signin/choose` has anything else to offer.
    pub has_other_ways: bool,
}

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the way that it names")]
pub enum WayKind {
    Passkey,
    Password,
    Provider,
    Totp,
    Recovery,
    Email,
}

impl WayKind {
    fn icon(self) -> Icon {
        match self {
            WayKind::Passkey => Icon::Passkey,
            WayKind::Password => Icon::Lock,
            WayKind::Provider => Icon::External,
            WayKind::Totp => Icon::Timer,
            WayKind::Recovery => Icon::Codes,
            WayKind::Email => Icon::Mail,
        }
    }

    fn title(self, t: &'static Text) -> &'static str {
        match self {
            WayKind::Passkey => t.signin.way_passkey,
            WayKind::Password => t.signin.way_password,
            WayKind::Provider => t.providers.way,
            WayKind::Totp => t.signin.way_totp,
            WayKind::Recovery => t.signin.way_recovery,
            WayKind::Email => t.signin.way_email,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            WayKind::Passkey => t.signin.way_passkey_about,
            WayKind::Password => t.signin.way_password_about,
            WayKind::Provider => t.providers.way_about,
            WayKind::Totp => t.signin.way_totp_about,
            WayKind::Recovery => t.signin.way_recovery_about,
            WayKind::Email => t.signin.way_email_about,
        }
    }
}

/// A way and its address, which carries whatever the next page needs.
#[derive(Clone, Debug)]
pub struct Way {
    /// Which one.
    pub kind: WayKind,
    /// Where it is, after the path prefix.
    pub href: String,
}

/// Offers the other ways (`/signin/choose`).
#[derive(Debug, Template)]
#[template(path = "signin/choose.html")]
pub struct ChoosePage {
    /// The frame.
    pub shell: Shell,
    /// What the person typed as identifier.
    pub identifier: String,
    /// The ways that the policy lets count, the strongest first.
    pub ways: Vec<Way>,
}
