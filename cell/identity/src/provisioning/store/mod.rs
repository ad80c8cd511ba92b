//! The tables of provisioning.

pub mod accounts;
pub mod connections;
pub mod groups;
pub mod imports;
pub mod requests;

use vocab::id::{AppId, OrgId};

/// An app of an org.
pub(crate) type Key<'k> = (&'k OrgId, &'k AppId);

/// A connection that somebody holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// Who holds it.
    pub holder: String,
}

impl Held {
    /// The app.
    #[must_use]
    pub const fn key(&self) -> (&OrgId, &AppId) {
        (&self.org_id, &self.app_id)
    }
}
