//! Identity providers.

use super::settings::sections;
use crate::view::part::{self, Choice, Icon, Input, Moment, Pager, Tone};
use crate::view::row::LinkRow;
use crate::view::shell::{Shell, here};
use askama::Template;

/// A provider.
#[derive(Clone, Debug)]
pub struct ProviderRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it calls itself.
    pub issuer: String,
    /// Whether it is switched on.
    pub is_active: bool,
}

/// What the controls of a provider hold. The secret is never shown.
#[derive(Clone, Debug, Default)]
pub struct ProviderForm {
    /// Its name.
    pub name: Input,
    /// What it calls itself.
    pub issuer: Input,
    /// Where browsers are sent.
    pub authorization: Input,
    /// Where codes are redeemed.
    pub token: Input,
    /// Where it tells more of somebody.
    pub userinfo: Input,
    /// Where its keys are.
    pub jwks: Input,
    /// What it calls us.
    pub client_id: Input,
    /// Only its error is shown.
    pub client_secret: Input,
    /// How the secret is shown: `basic` or `post`.
    pub secret_place: Input,
    /// What is asked for, with spaces between.
    pub scopes: Input,
    /// By what people are found: `USERNAME`, `EMAIL` or `USERNAME_OR_EMAIL`.
    pub match_by: Input,
    /// Whether somebody whom it matches is linked.
    pub linking: Input,
    /// Whether somebody new is added.
    pub creation: Input,
}

impl ProviderForm {
    fn places(shell: &Shell) -> Vec<Choice> {
        let t = &shell.t.providers;
        vec![
            Choice::new("basic", t.secret_basic),
            Choice::new("post", t.secret_post),
        ]
    }

    fn matches(shell: &Shell) -> Vec<Choice> {
        let t = &shell.t.providers;
        vec![
            Choice::new("USERNAME", t.match_username),
            Choice::new("EMAIL", t.match_email),
            Choice::new("USERNAME_OR_EMAIL", t.match_either),
        ]
    }
}

/// The providers (`/admin/settings/providers`). Posts the form of a new one to `…/add`.
#[derive(Debug, Template)]
#[template(path = "admin/providers.html")]
pub struct ProvidersPage {
    /// The frame.
    pub shell: Shell,
    /// The oldest first; an organisation has few.
    pub rows: Vec<ProviderRow>,
    /// A new one.
    pub form: ProviderForm,
}

/// A provider (`/admin/settings/providers/{id}`). Posts the form and `revision` there; nothing to `…/activate`, `…/deactivate`
/// and `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/provider.html")]
pub struct ProviderPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The revision that its form is made from.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// When it was made.
    pub created: Moment,
    /// The address that it is told, and no other one.
    pub callback: String,
    /// Where people begin who sign in at it.
    pub start: String,
    /// What it is now.
    pub form: ProviderForm,
}

impl ProvidersPage {
    fn secret_hint(&self) -> &'static str {
        self.shell.t.providers.secret_new
    }
}

impl ProviderPage {
    fn secret_hint(&self) -> &'static str {
        self.shell.t.providers.secret_kept
    }
}

/// Somebody who is linked to an account at a provider.
#[derive(Clone, Debug)]
pub struct ProviderPersonRow {
    /// Who.
    pub person: LinkRow,
    /// What the provider calls them.
    pub account: String,
    /// Since when.
    pub since: Moment,
    /// When they last signed in with it.
    pub last_used: Option<Moment>,
}

/// The people of a provider (`/admin/settings/providers/{id}/people`).
#[derive(Debug, Template)]
#[template(path = "admin/provider_people.html")]
pub struct ProviderPeoplePage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// The name of the provider.
    pub name: String,
    /// By id.
    pub rows: Vec<ProviderPersonRow>,
    /// Its neighbours.
    pub pager: Pager,
}

here!(ProvidersPage => Settings, ProviderPage => Settings, ProviderPeoplePage => Settings);
