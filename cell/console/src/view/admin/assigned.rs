//! What somebody has in an application, as it is set for them.

use crate::text::Text;
use crate::view::part::{AttributeField, Moment};
use crate::view::row::LinkRow;

/// An attribute that somebody has in an app.
#[derive(Clone, Debug)]
pub struct AssignedAttribute {
    /// Its control.
    pub field: AttributeField,
    /// The field beside it that says what it was when the form was made.
    pub was_name: String,
    /// What it was.
    pub was: String,
}

/// How an app is assigned to somebody, and what they have in it (`/admin/apps/{id}/assignments/people/{user}`). Posts `through`, and of
/// each attribute `value-…` and `was-…`, there.
#[derive(Clone, Debug)]
pub struct AssignedView {
    /// Who.
    pub person: LinkRow,
    /// The group through which they have it, if it is not their own.
    pub through: Option<LinkRow>,
    /// Since when.
    pub since: Moment,
    /// In the order of the schema.
    pub attributes: Vec<AssignedAttribute>,
}

impl AssignedView {
    pub(super) fn told(&self, t: &'static Text) -> Option<String> {
        let group = self.through.as_ref()?;
        Some(t.schemas.through.replace("{group}", &group.name))
    }

    pub(super) fn through_id(&self) -> &str {
        self.through.as_ref().map_or("", |group| &group.id)
    }
}
