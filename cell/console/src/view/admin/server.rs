//! One authorization server: settings, scopes, claims, access rules, keys, token preview.

use super::held::{HeldTokens, HeldWords};
use super::keys::{KeyRow, KeyState};
use crate::view::part::{self, Choice, Icon, Input, Moment, Pager, Tone};
use crate::view::row::LinkRow;
use crate::view::shell::{Right, Shell, here};
use askama::Template;

/// An access policy, or a rule of one, which is in force or rests.
#[derive(Clone, Debug)]
pub struct AccessPolicyRow {
    /// The policy; stands in forms.
    pub policy: String,
    /// The rule; empty for the policy itself.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// Whether it is in force; a rule is only if its policy is as well.
    pub active: bool,
}

/// A scope.
#[derive(Clone, Debug)]
pub struct ScopeRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name, such as `orders:read`.
    pub name: String,
    /// What people read when asked for consent.
    pub about: String,
    /// Whether people are asked.
    pub asks_consent: bool,
    /// Whether it is given when none is asked for.
    pub is_default: bool,
    /// Whether it is one of the standard's own and cannot be changed.
    pub is_system: bool,
}

/// A claim.
#[derive(Clone, Debug)]
pub struct ClaimRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where its value comes from, as it is shown.
    pub source: String,
    /// The token or tokens it goes into, as it is shown.
    pub token: String,
    /// The scopes that bring it; empty means any.
    pub scopes: Vec<String>,
    /// Whether it is one of the standard's own and cannot be changed.
    pub is_system: bool,
}

/// An access rule.
#[derive(Clone, Debug)]
pub struct AccessRuleRow {
    /// Stands in addresses and forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it applies, in the reader's language, a few words each; empty means always.
    pub conditions: Vec<String>,
    /// The scopes it may give; empty means any.
    pub scopes: Vec<String>,
    /// How long tokens live, as it is shown ("1 h / 7 d / 90 d").
    pub lifetimes: String,
}

/// What a preview asks. All fields are read from the address (GET).
#[derive(Clone, Debug, Default)]
pub struct PreviewForm {
    /// Field `app`.
    pub app: Input,
    /// The apps that were found, a bounded few, and the one that is chosen.
    pub apps: Vec<Choice>,
    /// Field `find_app`: what was searched for among the apps.
    pub find_app: Input,
    /// Field `person`: a username, empty for services.
    pub person: Input,
    /// Field `grant`: `authorization_code`, `client_credentials`, `refresh_token` or the device grant's name.
    pub grant: Input,
    /// The grants there are.
    pub grants: Vec<Choice>,
    /// Field `scope`.
    pub scope: Input,
}

/// From so many apps on the form has a search.
const APPS_IN_SIGHT: usize = 20;

impl PreviewForm {
    fn is_many(&self) -> bool {
        self.apps.len() > APPS_IN_SIGHT || !self.find_app.value.is_empty()
    }
}

/// What a preview answers.
#[derive(Clone, Debug)]
pub enum TokenPreview {
    /// Nothing was asked yet.
    Unasked,
    /// These tokens would be issued.
    Issued {
        /// The payload of the ID token as indented JSON, or none.
        id_token: Option<String>,
        /// The payload of the access token as indented JSON.
        access_token: String,
        /// The rule that allows it, in words.
        rule: String,
    },
    /// It would be refused.
    Refused {
        /// Why, in words.
        reason: String,
    },
}

/// The view that is open; each has its own address under `/admin/servers/{id}`.
#[derive(Debug)]
pub enum ServerTab {
    /// `/admin/servers/{id}`. Posts `name`, `audience`, `description`, `access_token_alg`, `access_token_format` (`jwt`
    /// or `opaque`) there; and to `…/activate`, `…/deactivate`, `…/delete`. The organisation's own has none of these.
    Settings {
        /// Its name.
        name: Input,
        /// Whom its tokens are for.
        audience: Input,
        /// What it is for.
        description: Input,
        /// The algorithm of its access tokens.
        access_token_alg: Input,
        /// The algorithms there are.
        algs: Vec<Choice>,
        /// Their format.
        access_token_format: Input,
        /// The discovery document.
        discovery: String,
    },
    /// `…/scopes`. Removal posts `id` to `…/scopes/remove`.
    Scopes {
        /// By name.
        rows: Vec<ScopeRow>,
    },
    /// `…/claims`. Removal posts `id` to `…/claims/remove`.
    Claims {
        /// By name.
        rows: Vec<ClaimRow>,
    },
    /// `…/access`. Moving posts `id`, `to` (`up` or `down`) to `…/access/move`; removal `id` to `…/access/remove`; `policy`, `rule`
    /// where it is one of its rules, and `on` to `…/access/switch`.
    Access {
        /// In the order in which they are tried.
        rules: Vec<AccessRuleRow>,
        /// The policies that they are of, and what rests.
        policies: Vec<AccessPolicyRow>,
    },
    /// `…/keys`. Forms are those of the keys page.
    Keys {
        /// The signing one first.
        rows: Vec<KeyRow>,
        /// When the next one takes over by itself.
        next_rotation: Option<Moment>,
        /// The address of the key set.
        jwks_uri: String,
    },
    /// `…/clients`; the organisation's own has none of these.
    Clients {
        /// The apps that have refresh tokens, by id.
        rows: Vec<LinkRow>,
        /// Its neighbours.
        pager: Pager,
    },
    /// `…/clients/{client}`. Forms are those of [`HeldTokens`].
    Client {
        /// The app.
        app: LinkRow,
        /// Its refresh tokens.
        tokens: HeldTokens,
    },
    /// `…/preview`.
    Preview {
        /// What was asked.
        form: PreviewForm,
        /// What would come of it.
        answer: TokenPreview,
    },
}

/// One authorization server.
#[derive(Debug, Template)]
#[template(path = "admin/server.html")]
pub struct ServerPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether it is the organisation's own, which has no access rules and cannot be switched off.
    pub is_org: bool,
    /// Whether it is the preset one, which keeps its name and is never deleted.
    pub is_preset: bool,
    /// The open view.
    pub tab: ServerTab,
}

impl ServerPage {
    fn path(&self) -> String {
        format!("/admin/servers/{}", self.id)
    }

    fn tab_bar(&self) -> part::TabBar<'_> {
        let t = &self.shell.t.servers;
        let base = format!("{}{}", self.shell.prefix, self.path());
        let mut bar = part::tabs(&self.name)
            .tab(
                t.tab_settings,
                &base,
                "",
                matches!(self.tab, ServerTab::Settings { .. }),
            )
            .tab(
                t.tab_scopes,
                &base,
                "/scopes",
                matches!(self.tab, ServerTab::Scopes { .. }),
            )
            .tab(
                t.tab_claims,
                &base,
                "/claims",
                matches!(self.tab, ServerTab::Claims { .. }),
            );
        if !self.is_org {
            bar = bar.tab(
                t.tab_access,
                &base,
                "/access",
                matches!(self.tab, ServerTab::Access { .. }),
            );
        }
        if !self.is_org {
            bar = bar.tab(
                self.shell.t.held.tab,
                &base,
                "/clients",
                matches!(
                    self.tab,
                    ServerTab::Clients { .. } | ServerTab::Client { .. }
                ),
            );
        }
        bar.tab(
            t.tab_keys,
            &base,
            "/keys",
            matches!(self.tab, ServerTab::Keys { .. }),
        )
        .tab(
            t.tab_preview,
            &base,
            "/preview",
            matches!(self.tab, ServerTab::Preview { .. }),
        )
    }

    fn held_words<'a>(&self, app: &'a LinkRow) -> HeldWords<'a> {
        HeldWords {
            title: &app.name,
            about: self.shell.t.held.of_server_about,
            question: self.shell.t.held.revoke_all_question,
            may_change: self.shell.may(Right::ChangeServers),
            is_one_persons: false,
        }
    }

    fn formats(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("jwt", t.format_jwt).about(t.format_jwt_about),
            Choice::new("opaque", t.format_opaque).about(t.format_opaque_about),
        ]
    }
}

here!(ServerPage => Servers);
