//! Attributes that an organisation adds to groups, or to what people have in an app: one table with its forms for both.

use super::schema::{AttributeRow, attribute_kinds};
use crate::view::part::{self, Choice, Icon, Input};
use crate::view::shell::{Right, Shell, here};
use askama::Template;

/// A new attribute, as it is typed in.
#[derive(Clone, Debug)]
pub struct NewAttributeForm {
    /// Its key.
    pub name: Input,
    /// Its title.
    pub title: Input,
    /// What it holds.
    pub kind: Input,
}

impl Default for NewAttributeForm {
    fn default() -> Self {
        Self {
            name: Input::default(),
            title: Input::default(),
            kind: Input::of("text"),
        }
    }
}

/// The attributes of a schema. Posts `name`, `title`, `kind` (`text`, `integer`, `boolean`) to `…/add`; `name` to `…/remove`; and each
/// time `revision`.
#[derive(Clone, Debug, Default)]
pub struct CustomAttributes {
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// In the order in which they were added.
    pub rows: Vec<AttributeRow>,
    /// A new one.
    pub form: NewAttributeForm,
}

impl CustomAttributes {
    /// The table as it is drawn: `path` begins after the path prefix, and forms go below it.
    #[must_use]
    pub fn draw<'a>(
        &'a self,
        shell: &'a Shell,
        words: &'a SchemaWords,
        path: &'a str,
    ) -> CustomAttributesBox<'a> {
        CustomAttributesBox {
            attributes: self,
            shell,
            words,
            path,
        }
    }
}

/// What stands over a table of attributes, and who changes it.
#[derive(Clone, Copy, Debug)]
pub struct SchemaWords {
    /// Its heading.
    pub title: &'static str,
    /// What the attributes are for.
    pub about: &'static str,
    /// What is asked before one is removed.
    pub question: &'static str,
    /// What whoever changes them may do.
    pub right: Right,
}

/// A table of attributes as it is drawn. See [`CustomAttributes::draw`].
#[derive(Clone, Debug, Template)]
#[template(path = "admin/custom_attributes.html")]
pub struct CustomAttributesBox<'a> {
    attributes: &'a CustomAttributes,
    shell: &'a Shell,
    words: &'a SchemaWords,
    path: &'a str,
}

impl askama::filters::HtmlSafe for CustomAttributesBox<'_> {}

impl CustomAttributesBox<'_> {
    fn may_change(&self) -> bool {
        self.shell.may(self.words.right)
    }

    fn action(&self, verb: &str) -> String {
        format!("{}/{verb}", self.path)
    }

    fn kinds(&self) -> Vec<Choice> {
        attribute_kinds(self.shell.t)
    }
}

/// Attributes of groups (`/admin/groups/attributes`).
#[derive(Debug, Template)]
#[template(path = "admin/group_attributes.html")]
pub struct GroupAttributesPage {
    /// The frame.
    pub shell: Shell,
    /// The attributes.
    pub attributes: CustomAttributes,
}

impl GroupAttributesPage {
    fn words(&self) -> SchemaWords {
        let t = &self.shell.t.schemas;
        SchemaWords {
            title: t.groups,
            about: t.groups_about,
            question: t.remove_groups_question,
            // Whoever sets up the organisation says what groups have; whoever runs groups fills it in.
            right: Right::ChangeOrg,
        }
    }
}

here!(GroupAttributesPage => Groups);
