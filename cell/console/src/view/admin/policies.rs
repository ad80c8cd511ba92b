//! Sign-on policies: the list, a new one, one with its rules in order.

use crate::text::Text;
use crate::view::part::{self, Badge, Icon, Input, Tone, badge};
use crate::view::row::LinkRow;
use crate::view::shell::{Shell, here};
use askama::Template;

/// What a policy is for. An organisation has one each for its sign-ins and its console, and any number for apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyScope {
    /// Every sign-in to the organisation.
    Org,
    /// The administration.
    Console,
    /// The apps that name it, beside the organisation's.
    App,
}

impl PolicyScope {
    fn label(self, t: &'static Text) -> &'static str {
        match self {
            PolicyScope::Org => t.policies.scope_org,
            PolicyScope::Console => t.policies.scope_console,
            PolicyScope::App => t.policies.scope_app,
        }
    }

    fn about(self, t: &'static Text) -> &'static str {
        match self {
            PolicyScope::Org => t.policies.scope_org_about,
            PolicyScope::Console => t.policies.scope_console_about,
            PolicyScope::App => t.policies.scope_app_about,
        }
    }

    fn badge(self, t: &'static Text) -> Badge<'static> {
        badge(
            self.label(t),
            if self == PolicyScope::App {
                Tone::Plain
            } else {
                Tone::Info
            },
        )
    }
}

/// A policy in the list.
#[derive(Clone, Debug)]
pub struct PolicyRow {
    /// Stands in the address of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub scope: PolicyScope,
    /// How many rules it has.
    pub rules: u64,
    /// How many apps name it.
    pub apps: u64,
    /// Whether it is in force; one that rests can be named by no app.
    pub active: bool,
}

/// The list (`/admin/policies`); an organisation has few.
#[derive(Debug, Template)]
#[template(path = "admin/policies.html")]
pub struct PoliciesPage {
    /// The frame.
    pub shell: Shell,
    /// The organisation's first, then the console's, then those for apps by name.
    pub rows: Vec<PolicyRow>,
}

/// A new one for apps (`/admin/policies/new`). Posts `name` there.
#[derive(Debug, Template)]
#[template(path = "admin/policy_new.html")]
pub struct PolicyNewPage {
    /// The frame.
    pub shell: Shell,
    /// Its name.
    pub name: Input,
}

/// A rule of a policy.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it applies, in the reader's language, a few words each; empty means always.
    pub conditions: Vec<String>,
    /// What it asks for, a few words each; empty for a rule that refuses.
    pub demands: Vec<String>,
    /// Whether it lets in.
    pub allows: bool,
    /// Whether it is in force; one that rests is held against nobody.
    pub active: bool,
}

/// One policy (`/admin/policies/{id}`). Posts `name`, `revision` there; to `…/delete`; and `id`, `to` (`up` or `down`),
/// `revision` to `…/rules/move`; nothing to `…/activate`, `…/deactivate`; `revision` to `…/rules/{rule}/activate`, `…/deactivate`.
#[derive(Debug, Template)]
#[template(path = "admin/policy.html")]
pub struct PolicyPage {
    /// The frame.
    pub shell: Shell,
    /// Stands in addresses.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What it is for.
    pub scope: PolicyScope,
    /// Whether it is in force.
    pub active: bool,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Its name, to change.
    pub name: Input,
    /// In the order in which they are tried.
    pub rules: Vec<RuleRow>,
    /// The apps that name it, a bounded few.
    pub apps: Vec<LinkRow>,
}

impl PolicyPage {
    fn switch_label(&self, rule: &RuleRow) -> &'static str {
        let t = &self.shell.t.policies;
        if rule.active {
            t.rule_rest
        } else {
            t.rule_wake
        }
    }

    fn switch(&self, rule: &RuleRow) -> String {
        let verb = if rule.active {
            "deactivate"
        } else {
            "activate"
        };
        format!("/admin/policies/{}/rules/{}/{verb}", self.id, rule.id)
    }
}

here!(PoliciesPage => Policies, PolicyNewPage => Policies, PolicyPage => Policies);
