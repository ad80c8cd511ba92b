//! A cell's place in a fleet: which orgs it serves, at which epoch, and who may talk to it.
//!
//! A cell never trusts a route: it serves an org only if the edge that asks and its own store agree on the epoch.

pub mod admission;
pub mod gate;
pub mod http;
pub mod store;

use admission::{Admission, decide_admission};
use database::{Database, DatabaseFault, Migration};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use wire::identity::FleetRole;
use wire::names::CellName;
use wire::placement::Placement;

/// The table of placements.
pub const MIGRATION: Migration = Migration {
    version: 7,
    name: "placements",
    sql: include_str!("schema.sql"),
};

/// Most placements that are kept in memory; further ones are read again.
const KNOWN_MAX: usize = 100_000;

/// The role of whoever opened the connection, as an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerRole(pub Option<FleetRole>);

/// What a cell knows of its fleet. Clones share it.
#[derive(Clone)]
pub struct Membership(Arc<Inner>);

struct Inner {
    name: CellName,
    database: Database,
    known: RwLock<HashMap<OrgId, Epoch>>,
}

impl fmt::Debug for Membership {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Membership({})", self.0.name)
    }
}

impl Membership {
    /// The membership of the cell of this name.
    #[must_use]
    pub fn new(name: CellName, database: Database) -> Self {
        Self(Arc::new(Inner {
            name,
            database,
            known: RwLock::default(),
        }))
    }

    /// The cell's name in its fleet.
    #[must_use]
    pub fn name(&self) -> &CellName {
        &self.0.name
    }

    /// Whether a request that an edge sent on is answered here.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn admit(&self, asked: &Placement) -> Result<Admission, DatabaseFault> {
        Ok(decide_admission(
            self.epoch_of(&asked.org).await?,
            asked.epoch,
        ))
    }

    /// The epoch at which an org is served here; none if it is not.
    async fn epoch_of(&self, org: &OrgId) -> Result<Option<Epoch>, DatabaseFault> {
        let known = self.read_known(|known| known.get(org).copied());
        if known.is_some() {
            return Ok(known);
        }
        let mut tx = self.0.database.read().await?;
        let epoch = store::load_epoch(&mut tx, org).await?;
        drop(tx);
        if let Some(epoch) = epoch {
            self.remember(org, epoch);
        }
        Ok(epoch)
    }

    /// A load that began before a change never puts the older epoch back.
    fn remember(&self, org: &OrgId, epoch: Epoch) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        let place = known.entry(org.clone()).or_insert(epoch);
        *place = epoch.max(*place);
    }

    fn read_known<T>(&self, look: impl FnOnce(&HashMap<OrgId, Epoch>) -> T) -> T {
        look(&self.0.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the fleet's own endpoints of a cell work on.
#[derive(Clone)]
pub struct FleetSide {
    /// The cell.
    pub cell: identity::cell::Cell,
    /// Its place.
    pub membership: Membership,
}
