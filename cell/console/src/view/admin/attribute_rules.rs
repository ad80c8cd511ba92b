//! What is said of an attribute of people, of groups or of people in an app.

use crate::view::part::{self, Choice, Input};
use crate::view::shell::{Place, Right, Shell};
use askama::Template;

/// What an attribute holds: some rules mean something for some of them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuledKind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
}

/// What its form holds.
#[derive(Clone, Debug, Default)]
pub struct AttributeRulesForm {
    /// Its title.
    pub title: Input,
    /// A line of help.
    pub description: Input,
    /// The fewest characters, or the smallest number.
    pub min: Input,
    /// The most characters, or the largest number.
    pub max: Input,
    /// The values that there are, one a line.
    pub choices: Input,
    /// Whether each person must have it.
    pub required: Input,
    /// Whether no two people have the same.
    pub unique: Input,
    /// What people may do with their own: `hide`, `read` or `write`.
    pub own: Input,
}

/// Where an attribute belongs, and who changes it.
#[derive(Clone, Debug)]
pub struct AttributeFrame {
    /// To which part of the administration.
    pub place: Place,
    /// What whoever changes it may do.
    pub right: Right,
    /// What the list of attributes is called.
    pub list: String,
    /// Where that is, after the path prefix.
    pub list_href: String,
    /// Where the form goes, after the path prefix.
    pub path: String,
    /// The type of people that it is of, or empty.
    pub type_word: String,
    /// Whether people have it, and so pages of their own show it.
    pub of_people: bool,
}

/// An attribute (`…/attributes/rules/{name}`). Posts `revision`, `type`, `title`, `description`, `min`, `max`, `choices`, `required`,
/// `unique`, `own` there.
#[derive(Debug, Template)]
#[template(path = "admin/attribute_rules.html")]
pub struct AttributeRulesPage {
    /// The frame.
    pub shell: Shell,
    /// Where it belongs.
    pub frame: AttributeFrame,
    /// Its key.
    pub name: String,
    /// What it holds.
    pub kind: RuledKind,
    /// The same in the reader's language.
    pub kind_name: String,
    /// What was read, to tell a change by another.
    pub revision: i64,
    /// What the form holds.
    pub form: AttributeRulesForm,
}

impl AttributeRulesPage {
    fn here(&self) -> Place {
        self.frame.place
    }

    fn may_change(&self) -> bool {
        self.shell.may(self.frame.right)
    }

    /// What its bounds are called.
    fn bounds(&self) -> (&'static str, &'static str) {
        let t = &self.shell.t.schemas;
        match self.kind {
            RuledKind::Text => (t.length_min, t.length_max),
            RuledKind::Number | RuledKind::Flag => (t.number_min, t.number_max),
        }
    }

    fn owns(&self) -> Vec<Choice> {
        let t = &self.shell.t.schemas;
        vec![
            Choice::new("hide", t.own_hide),
            Choice::new("read", t.own_read),
            Choice::new("write", t.own_write),
        ]
    }
}
