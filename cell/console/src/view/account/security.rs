//! The overview of how one proves who one is.

use crate::view::part::{self, Icon, Input, Moment, Tone};
use crate::view::row::{PasskeyRow, ProviderLinkRow};
use crate::view::shell::{Shell, here};
use askama::Template;

/// The password.
#[derive(Clone, Debug)]
pub enum PasswordState {
    /// There is none.
    Absent,
    /// Another system knows it until the first sign-in.
    Elsewhere,
    /// There is one.
    Set {
        /// Since when.
        changed: Moment,
    },
}

/// The authenticator app.
#[derive(Clone, Debug)]
pub enum TotpState {
    /// None is tied.
    Absent,
    /// One is tied.
    Set {
        /// Since when.
        created: Moment,
        /// When it was last used.
        last_used: Option<Moment>,
    },
}

/// The recovery codes.
#[derive(Clone, Debug)]
pub enum CodesState {
    /// None were made.
    Absent,
    /// Some are left.
    Left {
        /// How many.
        left: u64,
        /// Since when.
        created: Moment,
    },
}

/// Password, passkeys, authenticator app, recovery codes (`/account/security`).
///
/// Passkeys post `name` to `/account/security/passkeys/{id}/rename` and nothing to `…/{id}/remove`. The app posts to
/// `/account/security/totp/remove`. New codes are made by a post to `/account/security/recovery-codes`.
#[derive(Debug, Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    /// The frame.
    pub shell: Shell,
    /// The password.
    pub password: PasswordState,
    /// Whether passkeys count here.
    pub takes_passkeys: bool,
    /// Whether authenticator apps do.
    pub takes_apps: bool,
    /// By name.
    pub passkeys: Vec<PasskeyRow>,
    /// The authenticator app.
    pub totp: TotpState,
    /// The recovery codes.
    pub codes: CodesState,
    /// Accounts at identity providers; each posts nothing to `/account/security/providers/{id}/remove`.
    pub providers: Vec<ProviderLinkRow>,
}

impl SecurityPage {
    /// Whether losing one device would lock the person out.
    fn is_thin(&self) -> bool {
        let proofs = self.passkeys.len() + usize::from(matches!(self.totp, TotpState::Set { .. }));
        proofs < 2 && matches!(self.codes, CodesState::Absent)
    }

    fn name_input(passkey: &PasskeyRow) -> Input {
        Input::of(&passkey.name)
    }

    fn scope_of(passkey: &PasskeyRow) -> String {
        format!("pk-{}", passkey.id)
    }

    fn path_of(passkey: &PasskeyRow, act: &str) -> String {
        format!("/account/security/passkeys/{}/{act}", passkey.id)
    }
}

here!(SecurityPage => Security);
