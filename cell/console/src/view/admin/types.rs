//! Types of people, among the settings.

use super::settings::sections;
use crate::view::part::{self, Input};
use crate::view::shell::{Shell, here};
use askama::Template;

/// A type of people.
#[derive(Clone, Debug)]
pub struct TypeRow {
    /// Stands in forms and addresses: its id, or the word for the one that every organisation has.
    pub word: String,
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is for, or empty.
    pub description: String,
    /// Whether it is the one that every organisation has, which is never removed.
    pub is_default: bool,
    /// The revision that its form is made from.
    pub revision: i64,
}

impl TypeRow {
    fn display_name_input(&self) -> Input {
        Input::of(&self.display_name)
    }

    fn description_input(&self) -> Input {
        Input::of(&self.description)
    }

    fn scope(&self) -> String {
        format!("type-{}", self.name)
    }
}

/// The types (`/admin/settings/types`). Posts `name`, `display_name` and `description` of a new one to `…/add`, the same but `name`, `id` and
/// `revision` to `…/edit`, and `id` to `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_types.html")]
pub struct TypesPage {
    /// The frame.
    pub shell: Shell,
    /// The one that every organisation has first.
    pub rows: Vec<TypeRow>,
    /// The name of a new one.
    pub name: Input,
    /// Its name for people.
    pub display_name: Input,
    /// What it is for.
    pub description: Input,
}

here!(TypesPage => Settings);
