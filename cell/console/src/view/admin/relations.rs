//! Relations between people: those that there are, and who somebody is linked to.

use super::pick::Picker;
use super::settings::sections;
use crate::view::part::{self, Icon, Input, Pager};
use crate::view::row::LinkRow;
use crate::view::shell::{Shell, here};
use askama::Template;

/// An end of a relation.
#[derive(Clone, Debug)]
pub struct EndView {
    /// For programs.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it means, or empty.
    pub about: String,
}

/// A relation.
#[derive(Clone, Debug)]
pub struct RelationRow {
    /// The end of which somebody has one; its name stands in addresses and forms.
    pub first: EndView,
    /// The other.
    pub second: EndView,
}

/// An end of a new relation, as it is typed in.
#[derive(Clone, Debug, Default)]
pub struct EndForm {
    /// For programs.
    pub name: Input,
    /// For people.
    pub title: Input,
    /// What it means.
    pub about: Input,
}

/// The relations (`/admin/settings/relations`). Posts `first_name`, `first_title`, `first_about`, `second_name`, `second_title`,
/// `second_about` to `…/add`, and `name` to `…/remove`.
#[derive(Debug, Template)]
#[template(path = "admin/settings_relations.html")]
pub struct RelationsPage {
    /// The frame.
    pub shell: Shell,
    /// By title, a bounded few.
    pub rows: Vec<RelationRow>,
    /// The end of a new one of which somebody has one.
    pub first: EndForm,
    /// The other.
    pub second: EndForm,
}

/// A relation, and whom somebody has at its first end.
#[derive(Clone, Debug)]
pub struct RelationOfPerson {
    /// The relation.
    pub relation: RelationRow,
    /// Who is there.
    pub first: Option<LinkRow>,
}

/// Who somebody is linked to by one relation.
#[derive(Clone, Debug)]
pub struct LinkedView {
    /// The relation, and whom they have at its first end.
    pub at_first: RelationOfPerson,
    /// People to choose from for that end.
    pub picker: Picker,
    /// Those whom they have at the other.
    pub at_second: Vec<LinkRow>,
    /// Its neighbours.
    pub pager: Pager,
}

here!(RelationsPage => Settings);
