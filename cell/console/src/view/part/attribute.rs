//! A profile attribute of an organisation's schema as a control.

use super::{Choice, Field, Input};

/// Longest text that the control of one takes, as browsers count: the longest value, each of its characters as two.
pub const TEXT_UNITS_MAX: u32 = 2_000;

/// How an attribute is typed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// One line.
    Text,
    /// A mail address.
    Email,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// One of these.
    OneOf(Vec<Choice>),
}

/// Whether an attribute may be changed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeAccess {
    /// Shown only.
    Read,
    /// May be changed.
    Write,
    /// May be changed, not emptied.
    Required,
}

/// A profile attribute.
#[derive(Clone, Debug)]
pub struct AttributeField {
    /// The field name.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// A line of help, or empty.
    pub hint: String,
    /// How it is typed in.
    pub kind: AttributeKind,
    /// Whether it may be changed.
    pub access: AttributeAccess,
    /// What the browser may fill in, such as `given-name`, or `off`.
    pub autocomplete: String,
    /// Its value and what is wrong with it.
    pub input: Input,
}

impl AttributeField {
    /// The control.
    #[must_use]
    pub fn control(&self) -> Field<'_> {
        let field = match &self.kind {
            AttributeKind::Text => {
                Field::text(&self.name, &self.label, &self.input).length_max(TEXT_UNITS_MAX)
            }
            AttributeKind::Email => Field::email(&self.name, &self.label, &self.input),
            AttributeKind::Number => Field::number(&self.name, &self.label, &self.input),
            AttributeKind::Flag => Field::tick(&self.name, &self.label, &self.input),
            AttributeKind::OneOf(choices) => {
                Field::select(&self.name, &self.label, &self.input, choices)
            }
        };
        let field = field.hint(&self.hint).autocomplete(&self.autocomplete);
        match self.access {
            AttributeAccess::Read => field.read_only(),
            AttributeAccess::Write => field,
            AttributeAccess::Required => field.required(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AttributeAccess, AttributeField, AttributeKind};
    use crate::view::part::{Choice, Input};
    use askama::Template;

    #[test]
    fn what_is_only_shown_is_not_posted() {
        for kind in [
            AttributeKind::Text,
            AttributeKind::Email,
            AttributeKind::Number,
            AttributeKind::Flag,
            AttributeKind::OneOf(vec![Choice::new("1", "One")]),
        ] {
            for (access, is_posted) in [
                (AttributeAccess::Read, false),
                (AttributeAccess::Write, true),
                (AttributeAccess::Required, true),
            ] {
                let field = AttributeField {
                    name: String::from("level"),
                    label: String::from("Level"),
                    hint: String::new(),
                    kind: kind.clone(),
                    access,
                    autocomplete: String::from("off"),
                    input: Input::of("1"),
                };
                let drawn = field.control().render().unwrap();
                let has_name = drawn.contains(" name=\"level\"");
                assert_eq!(has_name, is_posted, "{drawn}");
                let is_fixed = drawn.contains(" readonly") || drawn.contains(" disabled");
                assert_eq!(is_fixed, !is_posted, "{drawn}");
                assert!(drawn.contains("for=\"f-level\""), "{drawn}");
            }
        }
    }
}
