//! The cell's side of an org move: one cell gives an org away while it serves it, another takes what changes until it
//! serves it instead.
//!
//! Whoever carries a move out asks both cells, again and again, and cannot read what passes between them. A cell decides by
//! its own store alone: what it answered is durable, and what it is asked a second time, or too late, changes nothing. The
//! moving rows are whatever the schema has; no table is named here but the one of org keys.

mod contents;
mod ending;
mod giving;
pub mod http;
pub mod refusal;
pub mod store;
mod taking;

#[cfg(test)]
mod tests;

use crate::membership::{self, FleetSide};
use crate::moving::contents::{Spot, WalkKind, parse_json, render_json};
use crate::moving::refusal::MoveRefusal;
use crate::moving::store::{Beginning, Mode, rows};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use console::admin::log_tail::Tails;
use database::tenancy::Shapes;
use database::{DatabaseFault, Migration, ReadTx, TxFuture, WriteTx};
use keys::StoredOrgKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;
use vocab::epoch::Epoch;
use vocab::id::{MoveId, OrgId};
use vocab::secret::SecretHash;
use wire::identity::FleetIdentity;
use wire::names::CellName;
use wire::org_move::seal::Terms;
use wire::org_move::seal::offer::OfferKey;
use wire::org_move::seal::transfer::{Purpose, TransferKey};
use wire::org_move::side::{Deed, Known, Part, live};
use wire::org_move::{Place, Role, Side};
use zeroize::Zeroizing;

/// How orgs stand in the cell, and the moves that it takes part in.
pub const MIGRATION: Migration = Migration {
    version: 9,
    name: "org moves",
    sql: include_str!("schema.sql"),
};

/// Moves whose keys are held in memory; others are read again.
const KEYS_MAX: usize = 256;

/// Carries out this cell's part of moves. Clones share it.
#[derive(Clone)]
pub struct Mover(Arc<Inner>);

struct Inner {
    side: FleetSide,
    tails: Tails,
    identity: Arc<FleetIdentity>,
    shapes: OnceCell<Arc<Shapes>>,
    /// Of offers whose grant did not come yet. They go with a restart.
    offers: Mutex<HashMap<MoveId, Arc<OfferKey>>>,
    /// Keys of moves, in the clear.
    keys: Mutex<HashMap<MoveId, Arc<TransferKey>>>,
}

impl Mover {
    /// With what the cell knows of its fleet, the streams to end when an org leaves, and who the cell is.
    #[must_use]
    pub fn new(side: FleetSide, tails: Tails, identity: Arc<FleetIdentity>) -> Self {
        Self(Arc::new(Inner {
            side,
            tails,
            identity,
            shapes: OnceCell::new(),
            offers: Mutex::default(),
            keys: Mutex::default(),
        }))
    }

    /// How far the cell is with a move.
    ///
    /// # Errors
    /// [`MoveRefusal::NotFound`], or a fault.
    pub async fn status(&self, id: &MoveId) -> Result<Side, MoveRefusal> {
        let known = self.load(id).await?;
        self.side_of(id, &known).await
    }

    /// The move, if it is not over.
    async fn load(&self, id: &MoveId) -> Result<Known, MoveRefusal> {
        let mut tx = self.read().await?;
        Ok(live(store::load(&mut tx, id).await?)?)
    }

    async fn side_of(&self, id: &MoveId, known: &Known) -> Result<Side, MoveRefusal> {
        let place = match known.part {
            Part::Taking if !known.place.is_empty() => {
                let key = self.transfer_key(id, known).await?;
                let purpose = Purpose::Place;
                Some(Place(key.seal(
                    known.leg,
                    purpose,
                    known.place.as_bytes(),
                )?))
            }
            _ => None,
        };
        Ok(Side {
            role: match known.part {
                Part::Giving => Role::Giving,
                Part::Taking | Part::Leaving => Role::Taking,
            },
            leg: known.leg,
            place,
            copied: known.part == Part::Taking && known.copied,
            accepted: known.transfer_key.is_some(),
        })
    }

    /// The key of a move, in the clear.
    async fn transfer_key(
        &self,
        id: &MoveId,
        known: &Known,
    ) -> Result<Arc<TransferKey>, MoveRefusal> {
        let remembered = lock(&self.0.keys).get(id).map(Arc::clone);
        if let Some(key) = remembered {
            return Ok(key);
        }
        let wrapped = known.transfer_key.as_ref();
        let wrapped =
            wrapped.ok_or_else(|| MoveRefusal::refused("the grant was not opened yet"))?;
        let keyring = &self.0.side.cell.keyring;
        let bytes = keyring.unwrap_transfer_key(id, &known.org, wrapped).await?;
        let key = Arc::new(TransferKey::restore(id.clone(), bytes));
        let mut keys = lock(&self.0.keys);
        if keys.len() >= KEYS_MAX {
            keys.clear();
        }
        keys.insert(id.clone(), Arc::clone(&key));
        Ok(key)
    }

    fn drop_keys(&self, id: &MoveId) {
        lock(&self.0.keys).remove(id);
        lock(&self.0.offers).remove(id);
    }

    fn open_spot(
        key: &TransferKey,
        leg: Epoch,
        walk: WalkKind,
        place: Option<&Place>,
    ) -> Result<Option<Spot>, MoveRefusal> {
        let Some(place) = place else {
            return Ok(None);
        };
        let spot: Spot = parse_json(&key.open(leg, Purpose::Place, &place.0)?)?;
        if spot.walk != walk {
            return Err(MoveRefusal::Invalid(String::from(
                "the place is one of another walk",
            )));
        }
        Ok(Some(spot))
    }

    fn seal_spot(
        key: &TransferKey,
        leg: Epoch,
        spot: Option<&Spot>,
    ) -> Result<Option<Place>, MoveRefusal> {
        spot.map(|spot| {
            let text = render_json(spot)?;
            Ok(Place(key.seal(leg, Purpose::Place, text.as_bytes())?))
        })
        .transpose()
    }

    /// The tables of this cell. They are what they are for as long as the process runs.
    async fn shapes(&self) -> Result<Arc<Shapes>, MoveRefusal> {
        let load = async {
            let mut tx = self.read().await?;
            let shapes = database::tenancy::load_shapes(&mut tx, &rows::TENANCY).await?;
            Ok::<_, MoveRefusal>(Arc::new(shapes))
        };
        self.0.shapes.get_or_try_init(|| load).await.map(Arc::clone)
    }

    /// The org's key in the clear, as it is stored at the moment.
    async fn export(&self, stored: StoredOrgKey) -> Result<Zeroizing<Vec<u8>>, MoveRefusal> {
        Ok(self.0.side.cell.keyring.export_org_key(stored).await?)
    }

    /// What the org's key amounts to, to be compared.
    async fn sum_key(&self, org: &OrgId) -> Result<String, MoveRefusal> {
        let mut tx = self.read().await?;
        let stored = StoredOrgKey::load(&mut tx, org).await?;
        drop(tx);
        let exported = self.export(stored).await?;
        let text = Zeroizing::new(STANDARD.encode(&*exported));
        Ok(SecretHash::of(&text).to_hex())
    }

    /// Begins or ends to note what changes of the org's rows: one table for each transaction, because on PostgreSQL it waits
    /// for those who write to the table.
    async fn capture(&self, org: &OrgId, wanted: Capture) -> Result<(), MoveRefusal> {
        let shapes = self.shapes().await?;
        for index in 0..shapes.arrival().len() {
            let (shapes, org) = (Arc::clone(&shapes), org.clone());
            self.write(move |tx| {
                Box::pin(async move {
                    match (shapes.arrival().nth(index), wanted) {
                        (Some(shape), Capture::On) => {
                            shape.install_capture(tx, org.as_str()).await?
                        }
                        (Some(shape), Capture::Off) => {
                            shape.remove_capture(tx, org.as_str()).await?
                        }
                        (None, _) => {}
                    }
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }

    /// Begins to take part in a move, unless it was begun before; then notes what changes.
    async fn begin(
        &self,
        move_: Beginning,
        mode: Mode,
        place: Option<wire::org_move::side::Place>,
    ) -> Result<(), MoveRefusal> {
        let (org, now) = (move_.org.clone(), self.0.side.cell.now());
        self.write(move |tx| {
            Box::pin(async move {
                if !store::insert(tx, &move_, now).await? {
                    return Err(MoveRefusal::refused("another move of the org is under way"));
                }
                store::set_mode(tx, &move_.org, mode).await?;
                store::changes::delete_all(tx, &move_.org).await?;
                if let Some(place) = place {
                    membership::store::put_place(tx, &move_.org, place, now).await?;
                }
                Ok(())
            })
        })
        .await?;
        self.capture(&org, Capture::On).await
    }

    /// Forgets everything that this process remembers of an org.
    fn forget_caches(&self, org: &OrgId) {
        let cell = &self.0.side.cell;
        cell.forget_org(org);
        cell.keyring.forget_org(org);
        cell.signing_keys.forget_org(org);
    }

    async fn read(&self) -> Result<ReadTx, DatabaseFault> {
        self.0.side.cell.database.read().await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl for<'t> FnOnce(&'t mut WriteTx) -> TxFuture<'t, T, MoveRefusal> + Send + 'static,
    ) -> Result<T, MoveRefusal> {
        self.0.side.cell.database.write(work).await
    }

    /// What both cells must mean by the move, as this one knows it.
    fn terms(&self, id: &MoveId, org: &OrgId, deal: Deal) -> Terms {
        let own = self.0.side.membership.name().clone();
        let (giver, taker, epoch) = match deal {
            Deal::Give { taker, leg } => (own, taker, leg.next()),
            Deal::Take { giver, epoch } => (giver, own, epoch),
        };
        Terms {
            id: id.clone(),
            org: org.clone(),
            giver,
            taker,
            epoch,
        }
    }
}

/// Whether changes of an org's rows are noted.
#[derive(Clone, Copy)]
enum Capture {
    On,
    Off,
}

/// This cell's side of the terms.
enum Deal {
    Give { taker: CellName, leg: Epoch },
    Take { giver: CellName, epoch: Epoch },
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // The maps are whole between any two statements under the lock.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is something to do.
const fn is_new(deed: Deed) -> bool {
    matches!(deed, Deed::Do)
}
