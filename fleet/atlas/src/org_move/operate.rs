//! What operators do to moves: begin one, give it up, take it back, look at it.

use crate::counted::Moment;
use crate::log::{self, Entry as LogEntry, Place};
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::store;
use crate::placement::{PlacementDenial, decide_placement};
use crate::refusal::Refusal;
use crate::register::{Register, org_route};
use crate::store as register_store;
use crate::watch::Watch;
use database::{ReadTx, WriteTx};
use std::time::{Duration, Instant};
use vocab::id::MoveId;
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::cell::CellHealth;
use wire::client::CallError;
use wire::control::{OrgState, OrgView};
use wire::names::CellName;
use wire::org_move::view::{MoveView, Phase, StartMove};

/// How long a move can be taken back, unless its operator says otherwise.
pub const KEEP_SECS: i64 = 600;
/// How long at most.
pub const KEEP_SECS_MAX: i64 = 30 * 24 * 60 * 60;
/// How long a cell that shall have an org is waited for before the move is refused: one that ended is started again by then.
const TARGET_WAIT: Duration = Duration::from_secs(5);
/// The pause before it is asked again.
const TARGET_PAUSE: Duration = Duration::from_millis(200);
/// Moves that are listed.
const MOVES_SHOWN: i64 = 100;

impl Register {
    /// Begins to move an org for whoever waits for that: not out of a cell that does not answer, nor into one.
    ///
    /// # Errors
    /// [`Refusal::GiverSilent`], [`Refusal::TakerSilent`], [`Refusal::Placement`] where it may not go, [`Refusal::Moving`] or
    /// [`Refusal::Settling`] if it is on its way already.
    pub async fn start_move(
        &self,
        slug: &Slug,
        wanted: StartMove,
        actor: &str,
    ) -> Result<MoveView, Refusal> {
        let home = self.org(slug).await?.cell;
        let is_there = wanted.to.as_ref() == Some(&home);
        // Who is on the way is told so, whatever has become of the cells meanwhile.
        if !is_there && self.is_moving(slug).await? {
            return Err(self.explain_moving(slug, slug.to_string()).await);
        }
        // It may have been started again since it was asked last.
        if self.watch.is_silent(&home) && self.is_unreachable(&home).await? {
            return Err(Refusal::GiverSilent {
                cell: home.to_string(),
            });
        }
        if let Some(target) = &wanted.to {
            self.await_target(slug, target).await?;
        }
        match self.begin_move(slug, wanted, actor).await {
            Err(Refusal::Moving { name }) => Err(self.explain_moving(slug, name).await),
            begun => begun,
        }
    }

    async fn is_moving(&self, slug: &Slug) -> Result<bool, Refusal> {
        let newest = store::load_newest_of(&mut self.database.read().await?, slug).await?;
        Ok(newest.is_some_and(|known| !known.phase.is_over()))
    }

    /// Waits a moment for a cell that was named and does not answer: it may be being started again. One that the org may not go
    /// to is not waited for.
    async fn await_target(&self, slug: &Slug, target: &CellName) -> Result<(), Refusal> {
        let mut tx = self.database.read().await?;
        let org = load_served(&mut tx, slug).await?;
        choose_target(&mut tx, &org, Some(target), &self.watch).await?;
        drop(tx);
        let begun = Instant::now();
        loop {
            // Asked anew each time: it may be declared at another address meanwhile.
            let answer = self.doors.status(&self.cell(target).await?).await;
            let Some(reason) = decide_taker(&answer) else {
                return Ok(());
            };
            if begun.elapsed() >= TARGET_WAIT {
                return Err(Refusal::TakerSilent {
                    cell: target.to_string(),
                    reason,
                });
            }
            tokio::time::sleep(TARGET_PAUSE).await;
        }
    }

    async fn is_unreachable(&self, cell: &CellName) -> Result<bool, Refusal> {
        let answer = self.doors.status(&self.cell(cell).await?).await;
        Ok(matches!(answer, Err(CallError::Unreachable { .. })))
    }

    /// Which of the two it is: that the org is on its way, or that its last move can be taken back.
    async fn explain_moving(&self, slug: &Slug, name: String) -> Refusal {
        match self.move_of(slug).await {
            Ok(known) if known.phase == Phase::Following && !known.returning => {
                let until = known.until.map(|until| until.to_rfc3339_millis());
                let until = until.map(|until| format!(" until {until}"));
                Refusal::Settling {
                    name,
                    cell: known.serving.to_string(),
                    until: until.unwrap_or_default(),
                }
            }
            _ => Refusal::Moving { name },
        }
    }

    /// Begins to move an org, whether its cell answers or not.
    ///
    /// # Errors
    /// [`Refusal::Placement`] where it may not go, [`Refusal::Moving`] if it is on its way already.
    pub(crate) async fn begin_move(
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
                    if !store::has_room(tx).await? {
                        return Err(Refusal::TooManyMoves {
                            max: store::UNDER_WAY_MAX,
                        });
                    }
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
                    "the organisation is served by the other cell already; take the move back instead (--back)"
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
                _ if record.abandoned => Err(GIVEN_UP),
                Phase::Done => Err("it is over; move the organisation anew"),
                _ if record.returning => Ok(record.clone()),
                Phase::Activating | Phase::Following => Ok(MoveRecord {
                    returning: true,
                    revision: record.revision + 1,
                    updated_at: now.clock,
                    ..record.clone()
                }),
                Phase::Purging => Err("the time for it is over; move the organisation anew"),
                Phase::Undone | Phase::Undoing => Err("it was given up before the switch"),
                _ => Err("the organisation is not switched yet; give the move up instead"),
            }
        })
        .await
    }

    /// Ends the time in which a move can be taken back: the org is free to move on.
    ///
    /// # Errors
    /// [`Refusal::MoveState`] if it is not in that time.
    pub async fn settle_move(&self, slug: &Slug, actor: &str) -> Result<MoveView, Refusal> {
        self.change_move(slug, actor, "org.move.settle", |record, now| {
            match record.phase {
                Phase::Purging => Ok(record.clone()),
                _ if record.phase.is_over() => Err("it is over"),
                _ if record.returning => Err("it is being taken back"),
                Phase::Following => Ok(record.enter(Entry::Next(Phase::Purging), now)),
                _ => Err("the other cell does not serve the organisation yet"),
            }
        })
        .await
    }

    /// Gives up for lost the cell that an org was switched to, before that cell is known to serve: the other cell, which has all
    /// that was written before the switch, serves again. What the lost one took afterwards, if it took anything, is lost.
    ///
    /// # Errors
    /// [`Refusal::MoveState`] if the cell answers, or at any other point of a move.
    pub async fn abandon_target(&self, slug: &Slug, actor: &str) -> Result<MoveView, Refusal> {
        let known = store::load_newest_of(&mut self.database.read().await?, slug).await?;
        let known = known.ok_or_else(|| not_moving(slug))?;
        let verdict = decide_abandon(&known);
        if let Err(reason) = verdict
            && reason != TOOK_OVER
        {
            return Err(denied(slug, reason));
        }
        // Two cells that both serve are worse than an org that waits: whoever answers is not lost.
        if !self.is_unreachable(&known.giver).await? {
            return Err(denied(slug, RUNS));
        }
        verdict.map_err(|reason| denied(slug, reason))?;
        let asked = (known.id, known.giver, known.leg);
        self.change_move(slug, actor, ABANDON, move |record, now| {
            if (&record.id, &record.giver, &record.leg) != (&asked.0, &asked.1, &asked.2) {
                return Err("it went on while the cell was asked; look at it again");
            }
            decide_abandon(record).map(|()| record.abandon(now.clock))
        })
        .await
    }

    async fn change_move(
        &self,
        slug: &Slug,
        actor: &str,
        kind: &'static str,
        decide: impl Fn(&MoveRecord, Moment) -> Result<MoveRecord, &'static str> + Send + 'static,
    ) -> Result<MoveView, Refusal> {
        let (clock, actor, slug) = (self.clock.now(), actor.to_owned(), slug.clone());
        let changed = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let record = store::load_newest_of(tx, &slug).await?;
                    let record = record.ok_or_else(|| not_moving(&slug))?;
                    let counted = register_store::load_counted(tx).await?;
                    let now = Moment { clock, counted };
                    let next = decide(&record, now).map_err(|reason| denied(&slug, reason))?;
                    if next == record {
                        return Ok(record);
                    }
                    let mut changed = store::update(tx, &next).await?;
                    if next.giver != record.giver {
                        changed &= store::switch_placement(tx, &record, &next).await?;
                    }
                    if !changed {
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
        // What can be taken back until a counted time can be so until then by the clock.
        let shift = self.clock.now().micros() - self.counted.now().micros();
        let by_clock = |until: Timestamp| Timestamp::from_micros(until.micros() + shift);
        view.until = view.until.map(by_clock);
        if view.left_behind.is_some() {
            let waits_for = self.moves.tidying_waits_for(&record.taker);
            let reasons = [
                view.reason.take(),
                Some(render_left_behind(record)),
                waits_for,
            ];
            let reasons: Vec<String> = reasons.into_iter().flatten().collect();
            view.reason = Some(reasons.join(": "));
        }
        self.watch.explain(&mut view, progress.waits_for);
        view
    }
}

fn render_left_behind(record: &MoveRecord) -> String {
    format!("{} has to remove yet what it kept", record.taker)
}

fn denied(slug: &Slug, reason: &'static str) -> Refusal {
    let name = slug.to_string();
    Refusal::MoveState { name, reason }
}

/// Why a cell takes no org at the moment; none if it does. Whoever cannot prove by its certificate that it is that cell does not
/// answer either.
fn decide_taker(answer: &Result<CellHealth, CallError>) -> Option<String> {
    match answer {
        Ok(health) if health.ready => None,
        Ok(_) => Some(String::from("it says that it is not ready")),
        Err(error) => Some(error.to_string()),
    }
}

/// Between the switch and the answer of the cell that is to serve, the other one has everything up to its fence. Before, it serves;
/// after, more was written than it has.
fn decide_abandon(record: &MoveRecord) -> Result<(), &'static str> {
    match record.phase {
        _ if record.abandoned => Err(GIVEN_UP),
        Phase::Activating => Ok(()),
        phase if phase.is_over() => Err("it is over"),
        _ if record.is_before_switch() => {
            Err("the organisation is served by the first cell; give the move up instead")
        }
        _ => Err(TOOK_OVER),
    }
}

fn not_moving(slug: &Slug) -> Refusal {
    Refusal::NotFound {
        what: "move of the organisation",
        name: slug.to_string(),
    }
}

async fn load_served(tx: &mut ReadTx, slug: &Slug) -> Result<OrgView, Refusal> {
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
    tx: &mut ReadTx,
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
    if wish.is_none() && cells.is_empty() {
        return Err(PlacementDenial::NoOther.into());
    }
    if wish.is_none() {
        // A cell that has something of it to remove would keep it waiting.
        let untidy = store::load_untidy_cells_of(tx, &org.id).await?;
        cells.retain(|cell| !untidy.contains(&cell.name));
    }
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
        left_behind: false,
        abandoned: false,
        waits_for_taker: false,
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
        SWITCH | ABANDON => {
            let org = register_store::load_org(tx, &record.slug).await?;
            org.iter().map(org_route).collect()
        }
        _ => Vec::new(),
    };
    log::append(tx, place, &entry, &routes).await
}

/// The kind of the log's row that switches a placement.
pub(crate) const SWITCH: &str = "org.move.switch";
/// The kind of the log's row that switches it back because the cell is lost.
pub(crate) const ABANDON: &str = "org.move.abandon";
/// Why a cell is not given up that is gone, but served.
const TOOK_OVER: &str = "the cell that it was switched to took it over, and has what was written since; have that cell started again";
/// Why a cell is not given up that is there.
const RUNS: &str = "the cell that it was switched to runs, and serves it or is about to; take the move back instead (--back)";
/// Whom the log names for what the control plane does by itself.
pub(crate) const CONTROL: &str = "control";
/// Why nothing else is done to a move whose cell was given up.
const GIVEN_UP: &str = "the cell that it was switched to was given up for lost already";

#[cfg(test)]
mod tests {
    use super::decide_taker;
    use wire::cell::CellHealth;
    use wire::client::CallError;

    #[test]
    fn only_a_cell_that_says_that_it_is_ready_is_begun_with() {
        let health = |ready| CellHealth {
            name: String::from("cell-b"),
            ready,
            orgs: 0,
            version: String::new(),
            store: String::new(),
        };
        let address = String::from("127.0.0.1:1");
        let strange = String::from("invalid peer certificate");
        let table = [
            (Ok(health(true)), None),
            (Ok(health(false)), Some("not ready")),
            (
                Err(CallError::Unreachable {
                    address: address.clone(),
                    reason: strange.clone(),
                }),
                Some("invalid peer certificate"),
            ),
            (
                Err(CallError::Garbled {
                    address,
                    reason: strange,
                }),
                Some("something else"),
            ),
        ];
        for (answer, part) in table {
            let said = decide_taker(&answer);
            let fits = match (&said, part) {
                (None, None) => true,
                (Some(said), Some(part)) => said.contains(part),
                _ => false,
            };
            assert!(fits, "{answer:?}: {said:?}");
        }
    }
}
