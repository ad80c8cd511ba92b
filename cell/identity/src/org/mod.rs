//! Organisations: the tenants. Their names, host names and settings.

pub mod context;
pub mod hosts;
pub mod logo;
pub mod mail;
pub mod operations;
pub mod profile_schema;
pub mod settings;
pub mod store;

use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;

/// Longest display name.
pub const NAME_CHARS_MAX: usize = 100;

/// An organisation.
#[derive(Debug, Clone)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its short name.
    pub slug: Slug,
    /// Its name for people.
    pub name: String,
    /// Its place in the order of creation; the lowest answers at the bare origin.
    pub ordinal: i64,
    /// What its administrators set.
    pub settings: settings::OrgSettings,
    /// Counts changes; a change names the revision it read.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change of its name or settings.
    pub updated_at: Timestamp,
}
