//! Trying an application: how it is tried, by its kind, and what came of it.

use crate::view::part::{self, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A token that a service asks for.
#[derive(Clone, Debug)]
pub struct ServiceTest {
    /// Field `scope`.
    pub scope: Input,
    /// Field `client_secret`, if it proves itself by one.
    pub secret: Option<Input>,
    /// The same on a command line.
    pub command: String,
}

/// What a device does.
#[derive(Clone, Debug)]
pub struct DeviceSteps {
    /// The command that asks for a code.
    pub begin: String,
    /// The page on which the person types it, an absolute address.
    pub page: String,
    /// The command that asks for the tokens.
    pub poll: String,
}

/// How a try ended.
#[derive(Clone, Debug)]
pub enum AppTestOutcome {
    /// The application would have got these tokens.
    Worked {
        /// Name and value of each claim of the ID token; empty without one.
        id_token: Vec<(String, String)>,
        /// The same of the access token.
        access_token: Vec<(String, String)>,
        /// Whether there was a refresh token.
        refreshes: bool,
    },
    /// The application would have got this error.
    Failed {
        /// The protocol's word, such as `access_denied`.
        error: String,
        /// Its description, or empty.
        description: String,
        /// What to do about it, in the reader's language.
        mend: &'static str,
        /// Where to do it, after the path prefix.
        mend_href: String,
    },
}

/// Trying an application (`/admin/apps/{id}/test`). Posts `anew` (`on` or absent) there to begin a sign-in, which ends
/// at `…/test/callback`; `scope`, `client_secret` to `…/test/token`.
#[derive(Debug, Template)]
#[template(path = "admin/app_test.html")]
pub struct AppTestPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether people sign in to it by a browser.
    pub signs_in: bool,
    /// What a service does.
    pub service: Option<ServiceTest>,
    /// What a device does.
    pub device: Option<DeviceSteps>,
    /// What came of it, once it was tried.
    pub outcome: Option<AppTestOutcome>,
}

here!(AppTestPage => Apps);
