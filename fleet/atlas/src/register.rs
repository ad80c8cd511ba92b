//! What can be done to the register. Each change is one transaction: place taken, decided, written, logged.

use crate::cell_state::decide_state_change;
use crate::doors::Doors;
use crate::feed::Feed;
use crate::log::{self, Entry};
use crate::placement::decide_placement;
use crate::refusal::Refusal;
use crate::store;
use database::Database;
use std::sync::Arc;
use vocab::entropy::Entropy;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Clock;
use wire::cell::{AdoptOrg, AdoptedOrg};
use wire::control::{
    CellState, CellView, CreateOrg, DeclareCell, OrgPage, OrgState, OrgView, SetCellState,
};
use wire::names::CellName;
use wire::routes::entry::{ADDRESS_CHARS_MAX, CellRoute, Change, Entry as RouteEntry, OrgRoute};

/// Longest name of an org, a region, a cloud or a regime.
const NAME_CHARS_MAX: usize = 100;
/// Most compliance regimes of a cell.
const REGIMES_MAX: usize = 50;
/// Most orgs of a page.
pub const PAGE_ORGS_MAX: i64 = 1_000;
/// Most creations that are carried on with at once.
const RESUMED_MAX: i64 = 100;

/// The register. Clones share it.
#[derive(Clone)]
pub struct Register {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) doors: Doors,
    pub(crate) feed: Feed,
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
    /// [`Refusal::NotFound`].
    pub async fn cell(&self, name: &CellName) -> Result<CellView, Refusal> {
        let found = store::load_cell(&mut self.database.read().await?, name).await?;
        found.ok_or_else(|| Refusal::NotFound {
            what: "cell",
            name: name.to_string(),
        })
    }

    /// A cell joins; declared again as it is, nothing happens, and at another address it has moved house.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if it is there as something else.
    pub async fn declare_cell(&self, cell: DeclareCell, actor: &str) -> Result<CellView, Refusal> {
        check_cell(&cell)?;
        let (now, actor, name) = (self.clock.now(), actor.to_owned(), cell.name.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let Some(known) = store::load_cell(tx, &cell.name).await? else {
                        store::insert_cell(tx, &cell, now).await?;
                        let entry = Entry {
                            at: now,
                            kind: String::from("cell.declare"),
                            subject: cell.name.to_string(),
                            epoch: Epoch::FIRST,
                            actor,
                            detail: format!("in {} on {}", cell.region, cell.cloud),
                        };
                        let route = cell_route(&cell.name, &cell.address, Epoch::FIRST);
                        return log::append(tx, place, &entry, &[route]).await;
                    };
                    let same = (&known.region, &known.cloud, &known.regimes, known.size)
                        == (&cell.region, &cell.cloud, &cell.regimes, cell.size);
                    if !same {
                        return Err(Refusal::Taken {
                            name: cell.name.to_string(),
                        });
                    }
                    if known.address == cell.address {
                        return Ok(());
                    }
                    store::update_cell(tx, &known, known.state, &cell.address, now).await?;
                    let entry = Entry {
                        at: now,
                        kind: String::from("cell.address"),
                        subject: cell.name.to_string(),
                        epoch: known.epoch.next(),
                        actor,
                        detail: cell.address.clone(),
                    };
                    let route = cell_route(&cell.name, &cell.address, known.epoch.next());
                    log::append(tx, place, &entry, &[route]).await
                })
            })
            .await?;
        self.feed.catch_up().await?;
        self.cell(&name).await
    }

    /// A cell changes its state, if it still has the epoch that the caller saw.
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
                    let known = known.ok_or_else(|| Refusal::NotFound {
                        what: "cell",
                        name: name.to_string(),
                    })?;
                    if known.epoch != wanted.epoch {
                        return Err(Refusal::Changed {
                            name: name.to_string(),
                            known: known.epoch.number(),
                            asked: wanted.epoch.number(),
                        });
                    }
                    decide_state_change(known.state, wanted.state, known.orgs)?;
                    store::update_cell(tx, &known, wanted.state, &known.address, now).await?;
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

    /// Makes an org: its name and place are taken first, then its cell makes it, then edges learn of it. Asked again
    /// while it is being made, it is carried on with.
    ///
    /// # Errors
    /// [`Refusal::NotYet`] if its cell cannot take it at the moment.
    pub async fn create_org(
        &self,
        wanted: CreateOrg,
        actor: &str,
    ) -> Result<(OrgView, AdoptedOrg), Refusal> {
        check_text("name", &wanted.name)?;
        let org = self.claim(wanted, actor).await?;
        self.settle(&org, actor).await
    }

    /// Takes the org's name and place.
    async fn claim(&self, wanted: CreateOrg, actor: &str) -> Result<OrgView, Refusal> {
        let (now, actor) = (self.clock.now(), actor.to_owned());
        let id = OrgId::generate(self.entropy.as_ref());
        let claimed = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    if let Some(known) = store::load_org(tx, &wanted.slug).await? {
                        let resumes = known.state == OrgState::Creating
                            && (&known.name, &known.pin) == (&wanted.name, &wanted.pin)
                            && wanted.cell.is_none_or(|cell| cell == known.cell);
                        return if resumes {
                            Ok(known)
                        } else {
                            Err(Refusal::Taken {
                                name: wanted.slug.to_string(),
                            })
                        };
                    }
                    let cells = store::load_loads(tx).await?;
                    let cell = decide_placement(&wanted.pin, wanted.cell.as_ref(), &cells)?;
                    let org = OrgView {
                        id,
                        slug: wanted.slug,
                        name: wanted.name,
                        pin: wanted.pin,
                        hosts: Vec::new(),
                        cell,
                        epoch: Epoch::FIRST,
                        state: OrgState::Creating,
                        created_at: now,
                    };
                    store::insert_org(tx, &org).await?;
                    store::count_org(tx, &org.cell).await?;
                    let entry = Entry {
                        at: now,
                        kind: String::from("org.create"),
                        subject: org.slug.to_string(),
                        epoch: org.epoch,
                        actor,
                        detail: format!("in {}", org.cell),
                    };
                    log::append(tx, place, &entry, &[]).await?;
                    Ok(org)
                })
            })
            .await?;
        self.feed.catch_up().await?;
        Ok(claimed)
    }

    /// Has the cell make the org, and lets edges know.
    async fn settle(&self, org: &OrgView, actor: &str) -> Result<(OrgView, AdoptedOrg), Refusal> {
        let cell = self.cell(&org.cell).await?;
        let adopt = AdoptOrg {
            slug: org.slug.clone(),
            name: org.name.clone(),
            epoch: org.epoch,
        };
        let adopted = self.doors.adopt(&cell, &org.id, &adopt).await;
        let adopted = adopted.map_err(|source| Refusal::NotYet {
            name: org.slug.to_string(),
            cell: org.cell.to_string(),
            source,
        })?;
        let (now, actor, settled) = (self.clock.now(), actor.to_owned(), org.clone());
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    if !store::update_to_serving(tx, &settled).await? {
                        // Another one carried it on meanwhile.
                        return Ok(());
                    }
                    let entry = Entry {
                        at: now,
                        kind: String::from("org.serve"),
                        subject: settled.slug.to_string(),
                        epoch: settled.epoch,
                        actor,
                        detail: format!("by {}", settled.cell),
                    };
                    let route = org_route(&settled);
                    log::append(tx, place, &entry, &[route]).await
                })
            })
            .await?;
        self.feed.catch_up().await?;
        Ok((self.org(&org.slug).await?, adopted))
    }

    /// Carries on with creations that were interrupted; says how many are still not through.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn resume_creations(&self) -> Result<usize, Refusal> {
        let waiting = store::load_creating(&mut self.database.read().await?, RESUMED_MAX).await?;
        let mut left = 0;
        for org in waiting {
            if let Err(refusal) = self.settle(&org, "control").await {
                tracing::debug!(org = %org.slug, error = %refusal, "an org waits for its cell");
                left += 1;
            }
        }
        Ok(left)
    }
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

fn check_cell(cell: &DeclareCell) -> Result<(), Refusal> {
    check_text("region", &cell.region)?;
    check_text("cloud", &cell.cloud)?;
    if cell.regimes.len() > REGIMES_MAX {
        return Err(Refusal::Invalid {
            field: "regimes",
            problem: format!("name at most {REGIMES_MAX}"),
        });
    }
    for regime in &cell.regimes {
        check_text("regimes", regime)?;
    }
    let is_address = cell.address.len() <= ADDRESS_CHARS_MAX
        && cell.address.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
        && cell.address.parse::<http::uri::Authority>().is_ok();
    if !is_address {
        return Err(Refusal::Invalid {
            field: "address",
            problem: format!("{:?} is not host:port", cell.address),
        });
    }
    if !matches!(cell.state, CellState::Building | CellState::Open) {
        return Err(Refusal::Invalid {
            field: "state",
            problem: String::from("a new cell is building or open"),
        });
    }
    Ok(())
}

fn check_text(field: &'static str, text: &str) -> Result<(), Refusal> {
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
