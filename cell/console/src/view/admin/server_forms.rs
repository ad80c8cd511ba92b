//! Forms of an authorization server: scope, claim, access policy, access rule. Each makes a new one or changes one.

use crate::view::part::{self, Choice, Input};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A scope. Posts `name`, `description`, `asks_consent`, `is_default` to `…/scopes/new` or `…/scopes/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/scope_form.html")]
pub struct ScopeFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// The scope's id; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// What people read when asked for consent.
    pub description: Input,
    /// Whether people are asked.
    pub asks_consent: Input,
    /// Whether it is given when none is asked for.
    pub is_default: Input,
}

/// A claim. Posts `name`, `source` (`attribute`, `groups`, `fixed`), `value`, `token` (`id`, `access`, `both`),
/// `scopes` to `…/claims/new` or `…/claims/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/claim_form.html")]
pub struct ClaimFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// The claim's id; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// Where its value comes from.
    pub source: Input,
    /// The attribute's name, the beginning of the groups' names, or the value itself.
    pub value: Input,
    /// The token or tokens it goes into.
    pub token: Input,
    /// The scopes that bring it, parted by spaces.
    pub scopes: Input,
}

impl ClaimFormPage {
    fn sources(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("attribute", t.source_attribute).about(t.source_attribute_about),
            Choice::new("groups", t.source_groups).about(t.source_groups_about),
            Choice::new("fixed", t.source_fixed).about(t.source_fixed_about),
        ]
    }

    fn tokens(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("id", t.token_id),
            Choice::new("access", t.token_access),
            Choice::new("both", t.token_both),
        ]
    }
}

/// An access policy. Posts `name`, `description`, `apps_mode` (`all` or `some`), any number of `app` to `…/access/new`
/// or `…/access/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/access_policy_form.html")]
pub struct AccessPolicyFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// The policy's id; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// What it is for.
    pub description: Input,
    /// All apps or some.
    pub apps_mode: Input,
    /// A bounded few apps to tick.
    pub apps: Vec<Choice>,
}

impl AccessPolicyFormPage {
    fn modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("all", t.apps_all),
            Choice::new("some", t.apps_some),
        ]
    }
}

/// A rule of an access policy. Posts `name`, any number of `grant`, `people_mode` (`any` or `groups`), any number of
/// `group`, `scopes` (empty means any), `access_minutes`, `refresh_days`, `refresh_idle_days` to
/// `…/access/{policy}/rules/new` or `…/access/{policy}/rules/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/access_rule_form.html")]
pub struct AccessRuleFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// The policy's id.
    pub policy_id: String,
    /// The policy's name.
    pub policy_name: String,
    /// The rule's id; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// The grants to tick.
    pub grants: Vec<Choice>,
    /// Carries the error of the grants.
    pub grant: Input,
    /// Any person or some groups.
    pub people_mode: Input,
    /// A bounded few groups to tick.
    pub groups: Vec<Choice>,
    /// The scopes it gives.
    pub scopes: Input,
    /// How long access tokens live.
    pub access_minutes: Input,
    /// How long a family of refresh tokens lives.
    pub refresh_days: Input,
    /// How long it lives unused.
    pub refresh_idle_days: Input,
}

impl AccessRuleFormPage {
    fn people_modes(&self) -> Vec<Choice> {
        let t = &self.shell.t.policies;
        vec![
            Choice::new("any", t.people_any),
            Choice::new("groups", t.people_groups),
        ]
    }
}

here!(ScopeFormPage => Servers, ClaimFormPage => Servers, AccessPolicyFormPage => Servers, AccessRuleFormPage => Servers);
