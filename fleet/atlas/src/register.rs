//! What can be done to the register. Each change is one transaction: place taken, decided, written, logged.

use crate::cell_state::{Inhabitants, decide_state_change};
use crate::counted::Counted;
use crate::declaration::{
    Declared, Sighting, check_declaration, decide_declaration, find_neighbour,
};
use crate::doors::Doors;
use crate::feed::Feed;
use crate::log::{self, Entry};
use crate::org_move::carry::Moves;
use crate::org_move::store as move_store;
use crate::refusal::Refusal;
use crate::store;
use crate::underway::Underway;
use crate::watch::Watch;
use database::{Database, ReadTx};
use std::sync::Arc;
use vocab::entropy::Entropy;
use vocab::epoch::Epoch;
use vocab::slug::Slug;
use vocab::time::Clock;
use wire::control::{CellState, CellView, DeclareCell, OrgPage, OrgView, SetCellState};
use wire::names::CellName;
use wire::routes::entry::{CellRoute, Change, Entry as RouteEntry, OrgRoute};

/// Longest name of an org, a region, a cloud or a regime.
const NAME_CHARS_MAX: usize = 100;
/// Most orgs of a page.
pub const PAGE_ORGS_MAX: i64 = 1_000;

/// The register. Clones share it.
#[derive(Clone)]
pub struct Register {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counted: Counted,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) doors: Doors,
    pub(crate) feed: Feed,
    pub(crate) underway: Underway,
    pub(crate) moves: Moves,
    pub(crate) watch: Watch,
}

impl Register {
    /// Every cell, by name.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn cells(&self) -> Result<Vec<CellView>, Refusal> {
        store::load_cells(&mut self.database.read().await?).await
    }

    /// One cell.
    ///
    /// # Errors
    /// [`Refusal::NoCell`].
    pub async fn cell(&self, name: &CellName) -> Result<CellView, Refusal> {
        let mut tx = self.database.read().await?;
        match store::load_cell(&mut tx, name).await? {
            Some(cell) => Ok(cell),
            None => Err(no_cell(&mut tx, name).await?),
        }
    }

    /// A cell joins; declared again as it is, nothing happens, and at another address it has moved house.
    ///
    /// # Errors
    /// [`Refusal::CellDiffers`] if it is there as something else, [`Refusal::AddressTaken`] if another one is at its address.
    pub async fn declare_cell(&self, cell: DeclareCell, actor: &str) -> Result<CellView, Refusal> {
        check_declaration(&cell)?;
        let sighting = self.look_for(&cell).await?;
        let (now, actor, name) = (self.clock.now(), actor.to_owned(), cell.name.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let known = store::load_cells(tx).await?;
                    let (kind, epoch, detail) = match decide_declaration(&cell, &known, sighting)? {
                        Declared::AsBefore => return Ok(()),
                        Declared::New => {
                            store::insert_cell(tx, &cell, now).await?;
                            let detail = format!("in {} on {}", cell.region, cell.cloud);
                            ("cell.declare", Epoch::FIRST, detail)
                        }
                        Declared::Moved(known) => {
                            let (state, address) = (known.state, &cell.address);
                            let updated = store::update_cell(tx, &known, state, address, now);
                            check_updated(updated.await?, &known, known.epoch)?;
                            ("cell.address", known.epoch.next(), cell.address.clone())
                        }
                    };
                    let entry = Entry {
                        at: now,
                        kind: String::from(kind),
                        subject: cell.name.to_string(),
                        epoch,
                        actor,
                        detail,
                    };
                    let route = cell_route(&cell.name, &cell.address, epoch);
                    log::append(tx, place, &entry, &[route]).await
                })
            })
            .await?;
        self.feed.catch_up().await?;
        self.cell(&name).await
    }

    /// Looks whether the cell itself is at an address that is another one's in the register. Outside of a transaction: a cell
    /// that hangs holds up no change.
    async fn look_for(&self, cell: &DeclareCell) -> Result<Sighting, Refusal> {
        let known = self.cells().await?;
        let is_there = find_neighbour(cell, &known).is_some()
            && self.doors.finds(&cell.name, &cell.address).await;
        Ok(match is_there {
            true => Sighting::There,
            false => Sighting::Unknown,
        })
    }

    /// A cell changes its state, if it still has the epoch that the caller saw. In the state already, nothing happens.
    ///
    /// # Errors
    /// [`Refusal::Changed`] or [`Refusal::State`].
    pub async fn set_cell_state(
        &self,
        name: &CellName,
        wanted: SetCellState,
        actor: &str,
    ) -> Result<CellView, Refusal> {
        let (now, actor, name) = (self.clock.now(), actor.to_owned(), name.clone());
        let cell = name.clone();
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let known = store::load_cell(tx, &name).await?;
                    let Some(known) = known else {
                        return Err(no_cell(tx, &name).await?);
                    };
                    check_updated(known.epoch == wanted.epoch, &known, wanted.epoch)?;
                    if known.state == wanted.state {
                        return Ok(());
                    }
                    // Counting the orgs of a cell takes a while; the register's place is held.
                    let has = match wanted.state {
                        CellState::Closed => move_store::load_inhabitants(tx, &known).await?,
                        _ => Inhabitants::default(),
                    };
                    decide_state_change(known.state, wanted.state, has)?;
                    let updated = store::update_cell(tx, &known, wanted.state, &known.address, now);
                    check_updated(updated.await?, &known, wanted.epoch)?;
                    let entry = Entry {
                        at: now,
                        kind: format!("cell.{}", wanted.state.as_str()),
                        subject: name.to_string(),
                        epoch: known.epoch.next(),
                        actor,
                        detail: format!("was {}", known.state.as_str()),
                    };
                    let route = cell_route(&name, &known.address, known.epoch.next());
                    log::append(tx, place, &entry, &[route]).await
                })
            })
            .await?;
        self.feed.catch_up().await?;
        self.cell(&cell).await
    }

    /// One org.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn org(&self, slug: &Slug) -> Result<OrgView, Refusal> {
        let found = store::load_org(&mut self.database.read().await?, slug).await?;
        found.ok_or_else(|| Refusal::NotFound {
            what: "organisation",
            name: slug.to_string(),
        })
    }

    /// Orgs after a short name, in order.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn orgs(
        &self,
        cell: Option<&CellName>,
        after: &str,
        limit: i64,
    ) -> Result<OrgPage, Refusal> {
        let limit = limit.clamp(1, PAGE_ORGS_MAX);
        let mut tx = self.database.read().await?;
        let mut orgs = store::load_orgs(&mut tx, cell, after, limit + 1).await?;
        let more = i64::try_from(orgs.len()).is_ok_and(|found| found > limit);
        if more {
            orgs.pop();
        }
        let next = orgs.last().filter(|_| more).map(|org| org.slug.clone());
        Ok(OrgPage { orgs, next })
    }
}

/// Whoever mistakes the name of a cell is told those that there are.
async fn no_cell(tx: &mut ReadTx, name: &CellName) -> Result<Refusal, Refusal> {
    let cells = store::load_cells(tx).await?;
    Ok(Refusal::NoCell {
        name: name.to_string(),
        others: cells.into_iter().map(|cell| cell.name).collect(),
    })
}

pub(crate) fn cell_route(name: &CellName, address: &str, epoch: Epoch) -> Change {
    Change::Put(RouteEntry::Cell(CellRoute {
        name: name.clone(),
        address: address.to_owned(),
        epoch,
    }))
}

pub(crate) fn org_route(org: &OrgView) -> Change {
    Change::Put(RouteEntry::Org(OrgRoute {
        slug: org.slug.clone(),
        org: org.id.clone(),
        cell: org.cell.clone(),
        epoch: org.epoch,
    }))
}

/// Whether the cell still had the epoch that its change was decided by.
fn check_updated(updated: bool, known: &CellView, asked: Epoch) -> Result<(), Refusal> {
    if updated {
        return Ok(());
    }
    Err(Refusal::Changed {
        name: known.name.to_string(),
        known: known.epoch.number(),
        asked: asked.number(),
    })
}

pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), Refusal> {
    let fits = !text.trim().is_empty()
        && text.trim() == text
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control);
    if fits {
        return Ok(());
    }
    Err(Refusal::Invalid {
        field,
        problem: format!("use 1 to {NAME_CHARS_MAX} characters, without spaces around them"),
    })
}
