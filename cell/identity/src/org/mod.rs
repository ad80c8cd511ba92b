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
use vocab::secret::SecretHash;
use vocab::slug::Slug;
use vocab::time::Timestamp;

/// Characters of the id of a setting after the letters that it begins with.
const SETTING_TAIL_CHARS: usize = 17;
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

/// The id of a setting of an org that programs know as a thing: it follows from the org's.
pub(crate) fn id_of_setting(prefix: &str, org: &OrgId, key: &str) -> String {
    let mut tail = SecretHash::of(&format!("{key} of {org}")).to_hex();
    tail.truncate(SETTING_TAIL_CHARS);
    format!("{prefix}{tail}")
}
