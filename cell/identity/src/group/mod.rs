//! Groups of people.

pub mod change;
pub mod operations;
pub mod owners;
pub mod roles;
pub mod search;
pub mod store;

use crate::attribute_schema::Attributes;
use vocab::id::{GroupId, OrgId};
use vocab::time::Timestamp;

/// Longest name.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id.
    pub id: GroupId,
    /// Its name, unique in the org.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What the org's schema of groups adds.
    pub attributes: Attributes,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of name, description or attributes.
    pub updated_at: Timestamp,
    /// When somebody was last added or taken out; each time later than the time before, whatever the clock says.
    pub members_changed_at: Timestamp,
    /// What a provisioning client calls the group.
    pub external_id: Option<String>,
}
