//! The wizard for a new application: kind, details, and the settings to copy with a sign-in to try.

use super::apps::AppKind;
use super::snippet::{Integration, Snippet, render_snippets};
use crate::view::part::{self, Choice, Icon, Input, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

fn step_labels(shell: &Shell) -> [&'static str; 3] {
    let t = &shell.t.apps;
    [t.step_kind, t.step_details, t.step_ready]
}

/// Step one (`/admin/apps/new`): the kind. Leads to `/admin/apps/new?kind={word}`.
#[derive(Debug, Template)]
#[template(path = "admin/app_kind.html")]
pub struct AppKindPage {
    /// The frame.
    pub shell: Shell,
}

/// What step two asks for. Fields that the kind does not have are not drawn.
#[derive(Clone, Debug, Default)]
pub struct NewAppForm {
    /// Field `name`.
    pub name: Input,
    /// Field `redirect_uris`, one a line.
    pub redirect_uris: Input,
    /// Field `post_logout_redirect_uris`, one a line.
    pub post_logout_redirect_uris: Input,
    /// Field `start_uri`: where the dashboard's tile leads.
    pub start_uri: Input,
    /// Field `client_auth`: `client_secret_basic`, `client_secret_post` or `private_key_jwt`.
    pub client_auth: Input,
    /// Field `jwks`: the public keys for `private_key_jwt`, as JSON.
    pub jwks: Input,
    /// Field `refresh`: whether it gets refresh tokens.
    pub refresh: Input,
    /// Field `device`: whether it may use the device grant.
    pub device: Input,
    /// Field `consent`: whether people are asked.
    pub consent: Input,
    /// Field `assign`: `everyone`, `groups` or `later`.
    pub assign: Input,
    /// Field `group`, any number of times: a bounded few groups to tick.
    pub groups: Vec<Choice>,
}

/// Step two. Posts `kind` and the fields of [`NewAppForm`] to `/admin/apps/new`.
#[derive(Debug, Template)]
#[template(path = "admin/app_details.html")]
pub struct AppDetailsPage {
    /// The frame.
    pub shell: Shell,
    /// The kind that was chosen.
    pub kind: AppKind,
    /// The form.
    pub form: NewAppForm,
}

impl AppDetailsPage {
    fn client_auths(&self) -> Vec<Choice> {
        client_auth_choices(&self.shell)
    }

    fn assigns(&self) -> Vec<Choice> {
        let t = &self.shell.t.apps;
        vec![
            Choice::new("everyone", t.assign_everyone).about(t.assign_everyone_about),
            Choice::new("groups", t.assign_groups).about(t.assign_groups_about),
            Choice::new("later", t.assign_later).about(t.assign_later_about),
        ]
    }
}

pub(super) fn client_auth_choices(shell: &Shell) -> Vec<Choice> {
    let t = &shell.t.apps;
    vec![
        Choice::new("client_secret_basic", t.auth_basic).about(t.auth_basic_about),
        Choice::new("client_secret_post", t.auth_post).about(t.auth_post_about),
        Choice::new("private_key_jwt", t.auth_key).about(t.auth_key_about),
    ]
}

/// Step three (`/admin/apps/{id}/ready`): settings to copy, the secret once, and a sign-in to try.
#[derive(Debug, Template)]
#[template(path = "admin/app_ready.html")]
pub struct AppReadyPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind.
    pub kind: AppKind,
    /// What it needs to know.
    pub integration: Integration,
    /// The address at which it is tried, after the path prefix, or none for who may not.
    pub test_href: Option<String>,
}

impl AppReadyPage {
    fn snippets(&self) -> Vec<Snippet> {
        render_snippets(self.kind, &self.integration)
    }
}

here!(AppKindPage => Apps, AppDetailsPage => Apps, AppReadyPage => Apps);
