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
    /// Whether passkeys are offered.
    pub offers_passkey: bool,
    /// Identity providers at which one may sign in instead.
    pub providers: Vec<ProviderButton>,
}

/// A way to an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderButton {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Offers the providers at which a person may prove who they are (`/signin/provider`), each a link to `/sso/idps/{id}`.
#[derive(Debug, Template)]
#[template(path = "signin/provider.html")]
pub struct ProviderPage {
    /// The frame.
    pub shell: Shell,
    /// Who is signing in.
    pub identifier: String,
    /// The providers.
    pub providers: Vec<ProviderButton>,
    /// Why this page shows again, or none.
    pub notice: Option<String>,
    /// Whether `/signin/choose` has anything else to offer.
    pub has_other_ways: bool,
}

/// Asks whether somebody at a provider is the person who has just proved who they are. Posts `decision` (`allow` or `deny`) to
/// `/signin/connect`.
#[derive(Debug, Template)]
#[template(path = "signin/connect.html")]
pub struct ConnectPage {
    /// The frame.
    pub shell: Shell,
    /// Who signs in.
    pub login: String,
    /// What the provider calls them; its own word where it said no address.
    pub account: String,
    /// The provider.
    pub provider: String,
}
