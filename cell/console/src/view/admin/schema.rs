//! Settings that are lists: profile attributes, API tokens and trusted origins.

use super::settings::sections;
use crate::text::Text;
use crate::view::part::{self, Choice, Icon, Input, Moment, Tone};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A profile attribute.
#[derive(Clone, Debug)]
pub struct AttributeRow {
    /// Its key.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// What it holds, in the reader's language.
    pub kind: String,
    /// What else is said of it, in the reader's language.
    pub rules: Vec<String>,
    /// Whether each person must have it.
    pub is_required: bool,
    /// Whether people may change their own.
    pub is_self_editable: bool,
    /// Whether it is built in and cannot be changed.
    pub is_built_in: bool,
}

impl AttributeRow {
    pub(super) fn all_rules(&self, t: &Text) -> String {
        let own = [
            self.is_required.then_some(t.settings.required),
            self.is_self_editable.then_some(t.settings.self_editable),
        ];
        let own = own.into_iter().flatten();
        let rules: Vec<&str> = own.chain(self.rules.iter().map(String::as_str)).collect();
        rules.join(", ")
    }
}

/// What an attribute can hold.
pub(super) fn attribute_kinds(t: &'static Text) -> Vec<Choice> {
    let t = &t.settings;
    vec![
        Choice::new("text", t.kind_text),
        Choice::new("integer", t.kind_integer),
        Choice::new("boolean", t.kind_boolean),
    ]
}

/// Profile attributes (`/admin/settings/attributes`, with `?type=…` those of another type). Posts `type`, `name`, `title`, `kind` (`text`, `integer`, `boolean`),
/// `required`, `self_editable` to `…/add`; `name` to `…/remove`; and each time `revision`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_attributes.html")]
pub struct AttributeSettingsPage {
    /// The frame.
    pub shell: Shell,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// Of which type they are.
    pub type_word: Input,
    /// The types to choose from; empty where there is one.
    pub types: Vec<Choice>,
    /// The built-in ones first.
    pub rows: Vec<AttributeRow>,
    /// The key of a new one.
    pub name: Input,
    /// Its title.
    pub title: Input,
    /// What it holds.
    pub kind: Input,
    /// Whether each person must have it.
    pub required: Input,
    /// Whether people may change their own.
    pub self_editable: Input,
}

impl AttributeSettingsPage {
    /// Where the rules of an attribute are, after the path prefix.
    fn rules_href(&self, row: &AttributeRow) -> String {
        let type_word = &self.type_word.value;
        format!(
            "/admin/settings/attributes/rules/{}?type={type_word}",
            row.name
        )
    }

    fn kinds(&self) -> Vec<Choice> {
        attribute_kinds(self.shell.t)
    }
}

/// An API token; never its value.
#[derive(Clone, Debug)]
pub struct ApiTokenRow {
    /// Stands in forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// With whose rights it acts.
    pub owner: String,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// When it ends unless it is used.
    pub expires: Moment,
}

/// API tokens (`/admin/settings/tokens`). Posts `name` to `…/add`, `id` to `…/revoke`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_tokens.html")]
pub struct ApiTokensPage {
    /// The frame.
    pub shell: Shell,
    /// The newest first.
    pub rows: Vec<ApiTokenRow>,
    /// A token that was made just now, shown this once.
    pub fresh_token: Option<String>,
    /// The name of a new one.
    pub name: Input,
}

/// A site that is trusted.
#[derive(Clone, Debug)]
pub struct OriginRow {
    /// Stands in forms.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The origin.
    pub origin: String,
    /// Whether its scripts may read answers.
    pub is_cors: bool,
    /// Whether browsers may be sent there.
    pub is_redirect: bool,
    /// Whether it counts.
    pub is_active: bool,
}

impl OriginRow {
    fn name_input(&self) -> Input {
        Input::of(&self.name)
    }

    fn origin_input(&self) -> Input {
        Input::of(&self.origin)
    }

    fn cors_input(&self) -> Input {
        Input::ticked(self.is_cors)
    }

    fn redirect_input(&self) -> Input {
        Input::ticked(self.is_redirect)
    }

    fn scope(&self) -> String {
        format!("origin-{}", self.id)
    }
}

/// Trusted origins (`/admin/settings/origins`). Posts `name`, `origin`, `cors`, `redirect` to `…/add`, the same with `id`
/// to `…/edit`; `id` to `…/activate`, `…/deactivate` and `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_origins.html")]
pub struct OriginsPage {
    /// The frame.
    pub shell: Shell,
    /// By name.
    pub rows: Vec<OriginRow>,
    /// The name of a new one.
    pub name: Input,
    /// Its origin.
    pub origin: Input,
    /// Whether its scripts may read answers.
    pub cors: Input,
    /// Whether browsers may be sent there.
    pub redirect: Input,
}

here!(AttributeSettingsPage => Settings, ApiTokensPage => Settings, OriginsPage => Settings);
