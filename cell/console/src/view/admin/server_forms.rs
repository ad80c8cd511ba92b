//! Forms of an authorization server: scope, claim, access rule. Each makes a new one or changes one.

use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Input};
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
    /// What stands for the scope in addresses; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// What people read when asked for consent.
    pub description: Input,
    /// Whether people are asked, even for the organisation's own apps.
    pub asks_consent: Input,
    /// Whether it is given when none is asked for.
    pub is_default: Input,
}

/// A claim. Posts `name`, `source` (`attribute`, `groups_starting_with`, `constant`), `value`, `token` (`id_token`,
/// `access_token`), `scopes` to `…/claims/new` or `…/claims/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/claim_form.html")]
pub struct ClaimFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// What stands for the claim in addresses; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// Where its value comes from.
    pub source: Input,
    /// The attribute's name, the beginning of the groups' names, or the value itself.
    pub value: Input,
    /// The token that carries it.
    pub token: Input,
    /// The scopes that bring it, parted by spaces.
    pub scopes: Input,
}

impl ClaimFormPage {
    fn sources(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("attribute", t.source_attribute).about(t.source_attribute_about),
            Choice::new("groups_starting_with", t.source_groups).about(t.source_groups_about),
            Choice::new("constant", t.source_fixed).about(t.source_fixed_about),
        ]
    }

    fn tokens(&self) -> Vec<Choice> {
        let t = &self.shell.t.servers;
        vec![
            Choice::new("access_token", t.token_access),
            Choice::new("id_token", t.token_id).about(t.token_id_about),
        ]
    }
}

/// An access rule; whatever is left empty means any. Posts `name`, any number of `app` and of `grant`
/// (`authorization_code`, `refresh_token`, `client_credentials`, `device_code`), `people` (usernames, one a line), any
/// number of `group`, `scopes`, `access_minutes`, `refresh_idle_days`, `refresh_days` to `…/access/new` or
/// `…/access/{id}`.
#[derive(Debug, Template)]
#[template(path = "admin/access_rule_form.html")]
pub struct AccessRuleFormPage {
    /// The frame.
    pub shell: Shell,
    /// The server's id.
    pub server_id: String,
    /// The server's name.
    pub server_name: String,
    /// What stands for the rule in addresses; none for a new one.
    pub id: Option<String>,
    /// Its name.
    pub name: Input,
    /// Apps to tick. Searched for by posting `find_app`.
    pub apps: SearchedChoices,
    /// The words of the grants that are ticked.
    pub grants: Vec<String>,
    /// Usernames, one a line.
    pub people: Input,
    /// Groups to tick. Searched for by posting `find_group`.
    pub groups: SearchedChoices,
    /// The scopes it may give, parted by spaces.
    pub scopes: Input,
    /// How long access tokens live.
    pub access_minutes: Input,
    /// How long a family of refresh tokens lives unused.
    pub refresh_idle_days: Input,
    /// How long it lives at most.
    pub refresh_days: Input,
    /// The hook that is asked about its tokens, or nothing. Posts `hook` to `…/{id}/hook`.
    pub hook: Input,
    /// Those that there are, none of them first.
    pub hooks: Vec<Choice>,
}

impl AccessRuleFormPage {
    fn grant_choices(&self) -> Vec<Choice> {
        [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "device_code",
        ]
        .into_iter()
        .map(|word| Choice::new(word, word).ticked(self.grants.iter().any(|chosen| chosen == word)))
        .collect()
    }
}

/// A bounded few of many things to tick, and the search for others. What is ticked stays in sight.
#[derive(Clone, Debug, Default)]
pub struct SearchedChoices {
    /// What is ticked, and what was found.
    pub choices: Vec<Choice>,
    /// How many were found and are shown, if there are more.
    pub cut: Option<usize>,
    /// What was searched for.
    pub query: String,
}

impl SearchedChoices {
    fn is_many(&self) -> bool {
        self.cut.is_some() || !self.query.is_empty()
    }

    fn typed(&self) -> Input {
        Input::of(self.query.as_str())
    }

    fn hint(&self, t: &'static Text) -> String {
        let shown = self.cut.map(|shown| shown.to_string());
        shown.map_or_else(String::new, |shown| {
            t.servers.choices_more.replace("{n}", &shown)
        })
    }
}

here!(ScopeFormPage => Servers, ClaimFormPage => Servers, AccessRuleFormPage => Servers);
