//! What operators do to moves: begin one, give it up, take it back, look at it.

use crate::log::{self, Entry as LogEntry, Place};
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::store;
use crate::placement::decide_placement;
use crate::refusal::Refusal;
use crate::register::{Register, org_route};
use crate::store as register_store;
use crate::watch::Watch;
use database::WriteTx;
use vocab::id::MoveId;
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::control::{OrgState, OrgView};
use wire::names::CellName;
use wire::org_move::view::{MoveView, Phase, StartMove};

/// How long a move can be taken back, unless its operator says otherwise.
pub const KEEP_SECS: i64 = 600;
/// How long at most.
pub const KEEP_SECS_MAX: i64 = 30 * 24 * 60 * 60;
/// Moves that are listed.
const MOVES_SHOWN: i64 = 100;

impl Register {
    /// Begins to move an org.
    ///
    /// # Errors
    /// [`Refusal::Placement`] where it may not go, [`Refusal::Moving`] if it is on its way already.
    pub async fn start_move(
        &self,
        slug: &Slug,
        wanted: StartMove,
        actor: &str,
    ) -> Result<MoveView, Refusal> {
        let keep_secs = wanted.keep_secs.unwrap_or(KEEP_SECS);
        if !(0..=KEEP_SECS_MAX).contains(&keep_secs) {
            return Err(Refusal::Invalid {
                field: "keep_secs",
                problem: format!("use 0 to {KEEP_SECS_MAX}"),
            });
        }
        let id = MoveId::generate(self.entropy.as_ref());
        let (now, actor, slug) = (self.clock.now(), actor.to_owned(), slug.clone());
        let watch = self.watch.clone();
        let begun = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let org = load_served(tx, &slug).await?;
                    let target = choose_target(tx, &org, wanted.to.as_ref(), &watch).await?;
                    let record = begin(id, &org, target, keep_secs, actor, now);
                    if !store::insert(tx, &record).await? {
                        return Err(Refusal::Moving {
                            name: slug.to_string(),
                        });
                    }
                    // Its place is taken from now on, so that it is there at the switch.
                    register_store::count_org(tx, &record.target).await?;
                    let detail = format!("from {} to {}", record.source, record.target);
                    append(tx, place, &record, "org.move", detail).await?;
                    Ok(record)
                })
            })
            .await?;
        self.feed.catch_up().await?;
        self.moves.wake();
        Ok(begun.view(0))
    }

    /// Gives a move up before its switch.
    ///
    /// # Errors
    /// [`Refusal::MoveState`] after it.
    pub async fn undo_move(&self, slug: &Slug, actor: &str) -> Result<MoveView, Refusal> {
        self.change_move(slug, actor, "org.move.undo", |record, now| {
            let denied = match record.phase {
                Phase::Undoing => return Ok(record.clone()),
                _ if record.phase.is_over() => "it is over",
                _ if !record.is_before_switch() => {
                    "the organisation is served by the other cell already; take the move back instead"
                }
                _ => {
                    let reason = String::from("an operator gave it up");
                    return Ok(record.enter(Entry::Retreat(reason), now));
                }
            };
            Err(denied)
        })
        .await
    }

    /// Takes a move back after its switch, with all that was written since.
    ///
    /// # Errors
    /// [`Refusal::MoveState`] before the switch, and when the rows at the first cell are being removed.
    pub async fn take_move_back(&self, slug: &Slug, actor: &str) -> Result<MoveView, Refusal> {
        self.change_move(slug, actor, "org.move.back", |record, now| {
            match record.phase {
                Phase::Done => Err("it is over; move the organisation anew"),
                _ if record.returning => Ok(record.clone()),
                Phase::Activating | Phase::Following => Ok(MoveRecord {
                    returning: true,
                    revision: record.revision + 1,
                    updated_at: now,
                    ..record.clone()
                }),
                Phase::Purging => Err("the time for it is over; move the organisation anew"),
                Phase::Undone | Phase::Undoing => Err("it was given up before the switch"),
                _ => Err("the organisation is not switched yet; give the move up instead"),
            }
        })
        .await
    }

    async fn change_move(
        &self,
        slug: &Slug,
        actor: &str,
        kind: &'static str,
        decide: impl Fn(&MoveRecord, Timestamp) -> Result<MoveRecord, &'static str> + Send + 'static,
    ) -> Result<MoveView, Refusal> {
        let (now, actor, slug) = (self.clock.now(), actor.to_owned(), slug.clone());
        let changed = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let record = store::load_newest_of(tx, &slug).await?;
                    let record = record.ok_or_else(|| not_moving(&slug))?;
                    let next = decide(&record, now).map_err(|reason| Refusal::MoveState {
                        name: slug.to_string(),
                        reason,
                    })?;
                    if next == record {
                        return Ok(record);
                    }
                    if !store::update(tx, &next).await? {
                        return Err(Refusal::Changed {
                            name: slug.to_string(),
                            known: record.revision + 1,
                            asked: record.revision,
                        });
                    }
                    let by = MoveRecord {
                        requested_by: actor,
                        ..next.clone()
                    };
                    append(tx, place, &by, kind, String::new()).await?;
                    Ok(next)
                })
            })
            .await?;
        self.feed.catch_up().await?;
        self.moves.wake();
        Ok(self.show(&changed))
    }

    /// The newest move of an org.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it was never moved.
    pub async fn move_of(&self, slug: &Slug) -> Result<MoveView, Refusal> {
        let mut tx = self.database.read().await?;
        let found = store::load_newest_of(&mut tx, slug).await?;
        drop(tx);
        found
            .map(|record| self.show(&record))
            .ok_or_else(|| not_moving(slug))
    }

    /// The newest moves, the newest first.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn newest_moves(&self) -> Result<Vec<MoveView>, Refusal> {
        let mut tx = self.database.read().await?;
        let found = store::load_newest(&mut tx, MOVES_SHOWN).await?;
        drop(tx);
        Ok(found.iter().map(|record| self.show(record)).collect())
    }

    fn show(&self, record: &MoveRecord) -> MoveView {
        let progress = self.moves.progress(record);
        let mut view = record.view(progress.rows_done);
        if view.reason.is_none() {
            view.reason = progress.waits_for;
        }
        self.watch.explain(&mut view);
        view
    }
}

fn not_moving(slug: &Slug) -> Refusal {
    Refusal::NotFound {
        what: "move of the organisation",
        name: slug.to_string(),
    }
}

async fn load_served(tx: &mut WriteTx, slug: &Slug) -> Result<OrgView, Refusal> {
    let org = register_store::load_org(tx, slug).await?;
    let org = org.ok_or_else(|| Refusal::NotFound {
        what: "organisation",
        name: slug.to_string(),
    })?;
    if org.state == OrgState::Creating {
        return Err(Refusal::UnderWay {
            name: slug.to_string(),
        });
    }
    Ok(org)
}

async fn choose_target(
    tx: &mut WriteTx,
    org: &OrgView,
    wish: Option<&CellName>,
    watch: &Watch,
) -> Result<CellName, Refusal> {
    if wish == Some(&org.cell) {
        return Err(Refusal::There {
            name: org.slug.to_string(),
            cell: org.cell.to_string(),
        });
    }
    let mut cells = register_store::load_loads(tx).await?;
    watch.mark(&mut cells);
    cells.retain(|cell| cell.name != org.cell);
    Ok(decide_placement(&org.pin, wish, &cells)?)
}

fn begin(
    id: MoveId,
    org: &OrgView,
    target: CellName,
    keep_secs: i64,
    actor: String,
    now: Timestamp,
) -> MoveRecord {
    MoveRecord {
        id,
        org: org.id.clone(),
        slug: org.slug.clone(),
        source: org.cell.clone(),
        target: target.clone(),
        giver: org.cell.clone(),
        taker: target,
        leg: org.epoch,
        phase: Phase::Preparing,
        revision: 1,
        attempt: 1,
        returning: false,
        reason: None,
        rows_total: 0,
        keep_secs,
        until: None,
        fenced_at: None,
        pause_micros: None,
        requested_by: actor,
        created_at: now,
        updated_at: now,
    }
}

/// Writes a row of the log about a move; with the org's route if the move switched it.
pub(crate) async fn append(
    tx: &mut WriteTx,
    place: Place,
    record: &MoveRecord,
    kind: &str,
    detail: String,
) -> Result<(), Refusal> {
    let entry = LogEntry {
        at: record.updated_at,
        kind: kind.to_owned(),
        subject: record.slug.to_string(),
        epoch: record.leg,
        actor: record.requested_by.clone(),
        detail,
    };
    let routes = match kind {
        SWITCH => {
            let org = register_store::load_org(tx, &record.slug).await?;
            org.iter().map(org_route).collect()
        }
        _ => Vec::new(),
    };
    log::append(tx, place, &entry, &routes).await
}

/// The kind of the log's row that switches a placement.
pub(crate) const SWITCH: &str = "org.move.switch";
