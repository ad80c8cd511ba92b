//! A cell with one org, at a time that stands still, for tests of what leaves it.

use crate::start::MIGRATIONS;
use crate::tests::two_orgs::build_cell;
use database::{Database, Location};
use identity::access::{Caller, Permission, Permit, authorize};
use identity::cell::Cell;
use ledger::ClientFacts;
use std::path::Path;
use std::sync::Arc;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::{Clock, ManualClock, Timestamp};

/// When it begins.
pub(crate) const START_SECS: i64 = 1_795_465_901;

/// The cell.
pub(crate) struct OneOrg {
    pub(crate) cell: Cell,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) org: OrgId,
}

impl OneOrg {
    /// Opens one on an empty store; each seed has other random numbers.
    pub(crate) async fn open(location: &Location, folder: &Path, seed: u64) -> Self {
        let database = Database::open(location, &MIGRATIONS).await.unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(START_SECS)));
        let told: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let cell = build_cell(database, folder, entropy, told);
        let org = cell.create_org(&Slug::parse("main").unwrap(), "Main").await;
        let org = org.unwrap();
        Self { cell, clock, org }
    }
}

/// What the operator may do in an org.
pub(crate) fn permit(org: &OrgId, permission: Permission) -> Permit {
    let client = ClientFacts::default();
    authorize(&Caller::Operator, org, permission, &client).unwrap()
}
