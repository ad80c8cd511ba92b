//! How the people of an application are provisioned.

use crate::text::Text;
use crate::view::admin::Picker;
use crate::view::part::{Input, Moment};

/// What the controls of a connection hold. The token is never shown.
#[derive(Clone, Debug, Default)]
pub struct ProvisioningForm {
    /// The address.
    pub base_url: Input,
    /// A new token.
    pub token: Input,
    /// Whether accounts are made.
    pub create: Input,
    /// Whether changes are sent.
    pub update: Input,
    /// Whether accounts are switched off.
    pub deactivate: Input,
}

/// Somebody with whom something went wrong, or of whom something would be sent.
#[derive(Clone, Debug)]
pub struct ProvisionedRow {
    /// The id; stands in addresses and forms.
    pub id: String,
    /// The login.
    pub name: String,
    /// What went wrong, or would be done.
    pub about: String,
}

/// A request.
#[derive(Clone, Debug)]
pub struct SentRow {
    /// When.
    pub at: Moment,
    /// Method and path.
    pub what: String,
    /// What came of it.
    pub outcome: String,
    /// Whether it went wrong.
    pub is_bad: bool,
}

/// A pushed group.
#[derive(Clone, Debug)]
pub struct PushRow {
    /// Stands in forms.
    pub id: String,
    /// The group; stands in addresses.
    pub group_id: String,
    /// Its name.
    pub name: String,
    /// Whether it is pushed.
    pub is_active: bool,
    /// What went wrong, or nothing.
    pub trouble: String,
}

/// What is to be done with somebody who was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// They can be linked.
    Matched,
    /// They can be added.
    New,
    /// Neither.
    Conflict,
    /// They are linked.
    Linked,
}

/// Somebody who was found by an import.
#[derive(Clone, Debug)]
pub struct FoundRow {
    /// The id at the app; stands in forms.
    pub id: String,
    /// The name there.
    pub name: String,
    /// Who they are here.
    pub kind: FoundKind,
    /// Why that cannot be said.
    pub reason: String,
}

impl FoundRow {
    pub(super) fn about(&self, t: &'static Text) -> String {
        let word = match self.kind {
            FoundKind::Matched => t.provisioning.matched,
            FoundKind::New => t.provisioning.new,
            FoundKind::Conflict => t.provisioning.conflict,
            FoundKind::Linked => t.provisioning.linked,
        };
        match self.reason.is_empty() {
            true => word.to_owned(),
            false => format!("{word}: {}", self.reason),
        }
    }
}

/// How provisioning stands.
#[derive(Clone, Debug)]
pub struct ProvisioningStanding {
    /// Whether it is switched on.
    pub is_on: bool,
    /// People who wait.
    pub waiting: u64,
    /// People with whom something went wrong.
    pub troubled: u64,
    /// Why the app was not reached the last time.
    pub trouble: Option<String>,
    /// When it is tried again.
    pub next_try: Option<Moment>,
    /// Those with whom something went wrong, a bounded few.
    pub failed: Vec<ProvisionedRow>,
    /// What would be sent, if it was asked for.
    pub planned: Option<Vec<ProvisionedRow>>,
    /// The newest requests.
    pub requests: Vec<SentRow>,
    /// The pushed groups.
    pub pushes: Vec<PushRow>,
    /// Groups to push, searched by `?find-groups=…`.
    pub groups: Picker,
    /// How the last import stands.
    pub import: Option<String>,
    /// Who it found, a bounded few.
    pub found: Vec<FoundRow>,
}
