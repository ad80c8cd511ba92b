//! A cell's place in a fleet: which orgs it serves, at which epoch, and who may talk to it.
//!
//! A cell never trusts a route: it serves an org only if the edge that asks and its own store agree on the epoch.

pub mod admission;
pub(crate) mod arriving;
pub mod gate;
mod hosts;
pub mod http;
mod invite;
pub mod seats;
pub mod store;

use crate::pulse::Pulse;
use database::{Database, DatabaseFault, Migration};
use seats::{Entry, Kind, Seat, Seats};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};
use vocab::id::OrgId;
use wire::identity::{FleetIdentity, FleetRole};
use wire::names::CellName;
use wire::org_move::side::Place;
use wire::placement::Placement;

/// The table of placements.
pub const MIGRATION: Migration = Migration {
    version: 7,
    name: "placements",
    sql: include_str!("schema.sql"),
};

/// The role of whoever opened the connection, as an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerRole(pub Option<FleetRole>);

/// What a cell knows of its fleet. Clones share it.
#[derive(Clone)]
pub struct Membership(Arc<Inner>);

struct Inner {
    name: CellName,
    identity: Arc<FleetIdentity>,
    database: Database,
    seats: Seats,
    lending: Mutex<()>,
}

impl fmt::Debug for Membership {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Membership({})", self.0.name)
    }
}

impl Membership {
    /// The membership of the cell of this name, with what proves it.
    #[must_use]
    pub fn new(name: CellName, identity: Arc<FleetIdentity>, database: Database) -> Self {
        Self(Arc::new(Inner {
            name,
            identity,
            database,
            seats: Seats::default(),
            lending: Mutex::default(),
        }))
    }

    /// The cell's name in its fleet.
    #[must_use]
    pub fn name(&self) -> &CellName {
        &self.0.name
    }

    /// What proves to others of the fleet who this cell is.
    #[must_use]
    pub fn identity(&self) -> &Arc<FleetIdentity> {
        &self.0.identity
    }

    /// Lets a request in that an edge sent on, or does not.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn admit(&self, asked: &Placement) -> Result<Entry, DatabaseFault> {
        let seat = self.seat(&asked.org).await?;
        Ok(seat.enter(Some(asked.epoch), Kind::Request))
    }

    /// Lets something begin that leaves the cell for an org, or does not.
    ///
    /// # Errors
    /// The store's fault.
    pub async fn deliver(&self, org: &OrgId) -> Result<Entry, DatabaseFault> {
        Ok(self.seat(org).await?.enter(None, Kind::Delivery))
    }

    /// While it is held, no message is lent out: what was lent before has its seat, or is put back.
    pub(crate) async fn hold_lending(&self) -> MutexGuard<'_, ()> {
        self.0.lending.lock().await
    }

    /// The seat of an org, with its place if there is one. The seat is taken first and the place is read then: whoever
    /// changes the place meanwhile changes it in this very seat, and what was read counts for less.
    pub(crate) async fn seat(&self, org: &OrgId) -> Result<Arc<Seat>, DatabaseFault> {
        let seat = self.0.seats.seat(org);
        if seat.place().is_none() {
            let mut tx = self.0.database.read().await?;
            let read = store::load_place(&mut tx, org).await?;
            drop(tx);
            if let Some(read) = read {
                seat.learn(read);
            }
        }
        Ok(seat)
    }

    /// A new org is served, or an epoch has risen: a load that began before never puts the older one back.
    fn learn(&self, org: &OrgId, known: Place) {
        let seat = self.0.seats.seat(org);
        seat.learn(known);
        seat.raise(known.epoch);
    }
}

/// What the fleet's own endpoints of a cell work on.
#[derive(Clone)]
pub struct FleetSide {
    /// The cell.
    pub cell: identity::cell::Cell,
    /// Its place.
    pub membership: Membership,
    /// Whether its store takes writes.
    pub pulse: Pulse,
}
