//! Which orgs are being made by this process at the moment.
//!
//! A cell gives each call that makes an org a new one-time link and forgets the one before: two calls at once would leave
//! one caller with a link that opens nothing.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vocab::id::OrgId;

/// The orgs that are being made. Clones share them.
#[derive(Clone, Default)]
pub struct Underway(Arc<Mutex<HashSet<OrgId>>>);

/// One org is being made as long as this lives.
pub struct Turn {
    underway: Underway,
    org: OrgId,
}

impl Underway {
    /// Begins with an org; none if another one is at it.
    #[must_use]
    pub fn begin(&self, org: &OrgId) -> Option<Turn> {
        self.orgs().insert(org.clone()).then(|| Turn {
            underway: self.clone(),
            org: org.clone(),
        })
    }

    fn orgs(&self) -> MutexGuard<'_, HashSet<OrgId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.underway.orgs().remove(&self.org);
    }
}

#[cfg(test)]
mod tests {
    use super::Underway;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    #[test]
    fn an_org_is_made_by_one_at_a_time() {
        let underway = Underway::default();
        let entropy = SeededEntropy::new(1);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let turn = underway.begin(&org);
        assert!(turn.is_some());
        assert!(underway.clone().begin(&org).is_none());
        assert!(underway.begin(&other).is_some());
        drop(turn);
        assert!(underway.begin(&org).is_some());
    }
}
