//! What people have in an application: its attributes, and what they are made of.

use crate::view::part::Input;

/// An attribute.
#[derive(Clone, Debug)]
pub struct AppAttributeRow {
    /// Its name; stands in forms.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What it is made of, where it is mapped.
    pub mapped: Option<MappedRow>,
}

/// What an attribute is made of.
#[derive(Clone, Debug)]
pub struct MappedRow {
    /// The expression.
    pub expression: String,
    /// Whether that is done only when the app is assigned.
    pub is_once: bool,
}

/// What is to be mapped.
#[derive(Clone, Debug, Default)]
pub struct MappingForm {
    /// The name of the attribute.
    pub attribute: Input,
    /// The expression.
    pub expression: Input,
    /// Whether that is done only when the app is assigned.
    pub once: Input,
}
