//! One application: settings, credentials, assignments, sign-on policy, the management API, integration.

use super::app_new::client_auth_choices;
use super::app_profile::{AppAttributeRow, MappingForm};
use super::app_provisioning::{FoundKind, ProvisioningForm, ProvisioningStanding};
use super::apps::AppKind;
use super::assigned::AssignedView;
use super::custom_attributes::{CustomAttributes, SchemaWords};
use super::held::{HeldTokens, HeldWords};
use super::pick::Picker;
use super::snippet::{Integration, Snippet, render_snippets};
use crate::view::part::{self, Choice, Icon, Input, Moment, Pager, Tone};
use crate::view::row::PartyRow;
use crate::view::shell::{Right, Shell, here};
use askama::Template;

/// A client secret; never its value.
#[derive(Clone, Debug)]
pub struct SecretRow {
    /// Stands in forms.
    pub id: String,
    /// Its last characters, to know it by.
    pub hint: String,
    /// Whether it is accepted; the API can switch one off and on again.
    pub is_active: bool,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
}

/// A scope or role of an application at the management API.
#[derive(Clone, Debug)]
pub struct GivenRow {
    /// Stands in forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was given.
    pub since: Moment,
    /// Whether it is a role that can be held over its targets alone.
    pub has_targets: bool,
}

/// The view that is open; each has its own address under `/admin/apps/{id}`.
#[derive(Debug)]
pub enum AppTab {
    /// `/admin/apps/{id}`. Posts `revision`, `name`, `redirect_uris`, `post_logout_redirect_uris`, `start_uri`,
    /// `backchannel_logout_uri`, `pkce`, `refresh`, `device`, `consent`, `id_token_alg` there; and to `…/activate`,
    /// `…/deactivate`, `…/delete`.
    Settings {
        /// What was read, to tell a change by another.
        revision: i64,
        /// Its name.
        name: Input,
        /// One a line.
        redirect_uris: Input,
        /// One a line.
        post_logout_redirect_uris: Input,
        /// Where the dashboard's tile leads.
        start_uri: Input,
        /// Where sign-outs are told.
        backchannel_logout_uri: Input,
        /// Whether it must use PKCE though it keeps a secret.
        pkce: Input,
        /// Whether it gets refresh tokens.
        refresh: Input,
        /// Whether it may use the device grant.
        device: Input,
        /// Whether people are asked.
        consent: Input,
        /// The algorithm of its ID tokens; empty is the server's own.
        id_token_alg: Input,
        /// The algorithms there are.
        id_token_algs: Vec<Choice>,
    },
    /// `…/credentials`. Posts `revision`, `client_auth` there; to `…/secrets/add`; `id` to `…/secrets/remove`, with `on` to
    /// `…/secrets/switch`; `revision`, `jwks` to `…/keys`.
    Credentials {
        /// What was read, to tell a change by another.
        revision: i64,
        /// How it proves itself.
        client_auth: Input,
        /// The newest first.
        secrets: Vec<SecretRow>,
        /// A secret that was made just now, shown this once.
        fresh_secret: Option<String>,
        /// The public keys that it signs its assertions with: a key set as JSON.
        jwks: Input,
    },
    /// `…/assignments`. Posts `everyone` (`on` or absent) to `…/assignments/everyone`, `id` to
    /// `…/assignments/people/add`, `…/assignments/groups/add`, `…/assignments/remove`.
    Assignments {
        /// Whether everybody may use it.
        is_for_everyone: bool,
        /// Groups first, then people, by name.
        rows: Vec<PartyRow>,
        /// Its neighbours.
        pager: Pager,
        /// People to add, searched by `?find-people=…`.
        people: Picker,
        /// Groups to add, searched by `?find-groups=…`.
        groups: Picker,
    },
    /// `…/assignments/people/{user}`.
    Assigned(Box<AssignedView>),
    /// `…/sign-on`. Posts `revision`, `policy` there.
    SignOn {
        /// What was read, to tell a change by another.
        revision: i64,
        /// The id of the policy in force.
        policy: Input,
        /// The policies there are.
        policies: Vec<Choice>,
    },
    /// `…/api`. Posts `scope` to `…/api/scopes/add`, `role` to `…/api/roles/add`, `id` to `…/api/scopes/remove` and
    /// `…/api/roles/remove`.
    Api {
        /// Whether it proves itself by a key; nothing is given to it otherwise.
        has_key: bool,
        /// Scopes that it was granted, by name.
        scopes: Vec<GivenRow>,
        /// Those that it was not.
        free_scopes: Vec<Choice>,
        /// Its roles.
        roles: Vec<GivenRow>,
        /// Those that it does not have.
        free_roles: Vec<Choice>,
        /// What is chosen at first in either form.
        chosen: Input,
    },
    /// `…/tokens`. Forms are those of [`HeldTokens`].
    Tokens {
        /// Its refresh tokens.
        tokens: HeldTokens,
    },
    /// `…/profile`. Posts `attribute`, `expression`, `once` there; `attribute` to `…/profile/remove`; those of
    /// [`CustomAttributes`] below `…/profile/attributes`.
    Profile {
        /// What the attributes are.
        schema: CustomAttributes,
        /// The attributes that people have in it.
        rows: Vec<AppAttributeRow>,
        /// What is to be mapped.
        form: MappingForm,
        /// The attributes, to choose one.
        attributes: Vec<Choice>,
    },
    /// `…/provisioning`. Posts `base_url`, `token`, `create`, `update`, `deactivate` there; to `…/activate`, `…/deactivate`; `id` or
    /// nothing to `…/retry`; `id` to `…/pushes/add`, with `on` to `…/pushes/switch`, with `both` to `…/pushes/remove`; to `…/import`;
    /// `id` to `…/import/link` and `…/import/create`. With `?plan=on` it shows what would be sent.
    Provisioning {
        /// The connection.
        form: ProvisioningForm,
        /// How it stands, where there is one.
        standing: Option<ProvisioningStanding>,
    },
    /// `…/integrate`.
    Integrate {
        /// What it needs to know.
        integration: Integration,
        /// The address at which it is tried, after the path prefix, or none for who may not.
        test_href: Option<String>,
    },
}

/// One application.
#[derive(Debug, Template)]
#[template(path = "admin/app.html")]
pub struct AppPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses; also its client id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: AppKind,
    /// Whether it is switched on.
    pub is_active: bool,
    /// The open view.
    pub tab: AppTab,
}

impl AppPage {
    fn path(&self) -> String {
        format!("/admin/apps/{}", self.id)
    }

    fn tab_bar(&self) -> part::TabBar<'_> {
        let t = &self.shell.t.apps;
        let base = format!("{}{}", self.shell.prefix, self.path());
        let bar = part::tabs(&self.name).tab(
            t.tab_settings,
            &base,
            "",
            matches!(self.tab, AppTab::Settings { .. }),
        );
        // Whoever sees a part of the organisation alone is told of no secret, nobody else and no policy.
        if !self.shell.may(Right::SeeDirectory) {
            return bar;
        }
        let mut bar = bar.tab(
            t.tab_credentials,
            &base,
            "/credentials",
            matches!(self.tab, AppTab::Credentials { .. }),
        );
        if self.kind.has_people() {
            bar = bar
                .tab(
                    t.tab_assignments,
                    &base,
                    "/assignments",
                    matches!(self.tab, AppTab::Assignments { .. } | AppTab::Assigned(_)),
                )
                .tab(
                    t.tab_sign_on,
                    &base,
                    "/sign-on",
                    matches!(self.tab, AppTab::SignOn { .. }),
                )
                .tab(
                    self.shell.t.mappings.tab,
                    &base,
                    "/profile",
                    matches!(self.tab, AppTab::Profile { .. }),
                )
                .tab(
                    self.shell.t.held.tab,
                    &base,
                    "/tokens",
                    matches!(self.tab, AppTab::Tokens { .. }),
                )
                .tab(
                    self.shell.t.provisioning.tab,
                    &base,
                    "/provisioning",
                    matches!(self.tab, AppTab::Provisioning { .. }),
                );
        }
        if self.kind == AppKind::Service {
            bar = bar.tab(
                t.tab_api,
                &base,
                "/api",
                matches!(self.tab, AppTab::Api { .. }),
            );
        }
        bar.tab(
            t.tab_integrate,
            &base,
            "/integrate",
            matches!(self.tab, AppTab::Integrate { .. }),
        )
    }

    fn client_auths(&self) -> Vec<Choice> {
        client_auth_choices(&self.shell)
    }

    fn token_hint(&self) -> &'static str {
        let t = &self.shell.t.provisioning;
        match &self.tab {
            AppTab::Provisioning {
                standing: Some(_), ..
            } => t.token_kept,
            _ => t.token_new,
        }
    }

    fn held_words(&self) -> HeldWords<'static> {
        let t = self.shell.t;
        HeldWords {
            title: t.apps.refresh,
            about: t.held.about,
            question: t.held.revoke_all_question,
            may_change: self.shell.may(Right::ChangeApps),
            is_one_persons: false,
        }
    }

    fn schema_words(&self) -> SchemaWords {
        let t = &self.shell.t.schemas;
        SchemaWords {
            title: t.app,
            about: t.app_about,
            question: t.remove_app_question,
            right: Right::ChangeApps,
        }
    }

    fn snippets(&self, integration: &Integration) -> Vec<Snippet> {
        render_snippets(self.kind, integration)
    }
}

here!(AppPage => Apps);
