//! Has cells remove what moves left there. A move is over for its org before that is done: a cell that is away, or never comes
//! back, keeps nobody waiting but who wants the same org there again.

use crate::org_move::carry::traced;
use crate::org_move::plan::{Step, plan_step};
use crate::org_move::record::MoveRecord;
use crate::org_move::store;
use crate::org_move::view::{Failure, View};
use crate::refusal::Refusal;
use crate::register::Register;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use wire::names::CellName;

/// How often it is looked for cells that have something to remove.
const ROUND: Duration = Duration::from_secs(1);
/// Moves that are read at once.
const PAGE_MOVES: i64 = 100;
/// Moves in a row whose rows a cell did not remove for now, after which it counts as away.
const AWAY_AFTER: u32 = 3;
/// The pause after a round in which nothing was removed; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The longest pause: whoever moves an org back to a cell that is there again waits for no longer.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The longest pause between two batches of rows: others get as much of the cell.
const PAUSE_BETWEEN_MAX: Duration = Duration::from_millis(500);

/// Has every cell remove what it must, each one move after the other, for ever.
pub async fn run(register: Register) {
    let mut tasks = JoinSet::new();
    loop {
        while let Some(done) = tasks.try_join_next() {
            if let Err(error) = done {
                tracing::error!(%error, "removing what moves left behind failed");
            }
        }
        match untidy_cells(&register).await {
            Ok(cells) => {
                for cell in cells {
                    if register.moves.begin_tidying(&cell) {
                        tasks.spawn(tidy(register.clone(), cell));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "it could not be looked for what moves left behind");
            }
        }
        let _ = tokio::time::timeout(ROUND, register.moves.left_behind()).await;
    }
}

async fn untidy_cells(register: &Register) -> Result<Vec<CellName>, Refusal> {
    store::load_untidy_cells(&mut register.database.read().await?).await
}

/// A cell has its turn as long as this lives.
struct Turn<'r>(&'r Register, &'r CellName);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.moves.end_tidying(self.1);
    }
}

async fn tidy(register: Register, cell: CellName) {
    let _turn = Turn(&register, &cell);
    let (mut pause, mut after) = (PAUSE_FIRST, String::new());
    loop {
        let begun_at = after.clone();
        match register.tidy_round(&cell, &mut after).await {
            Ok(Round {
                waits_for: None, ..
            }) if begun_at.is_empty() => return,
            Ok(Round { waits_for, removed }) => {
                if removed > 0 {
                    pause = PAUSE_FIRST;
                }
                if let Some(reason) = waits_for {
                    tracing::info!(cell = %cell, reason, "a cell did not remove yet what moves left there");
                    register.moves.note_tidying(&cell, reason);
                }
            }
            Err(error) => {
                tracing::warn!(%error, cell = %cell, "what moves left behind could not be read")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            // Operators wait for what it has to remove, and would be told that it does not answer when it does.
            () = register.watch.comes_back(&cell) => {
                pause = PAUSE_FIRST;
                after.clear();
            }
        }
    }
}

/// What came of going over what was left in a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    /// What is waited for, if something is left yet.
    pub(crate) waits_for: Option<String>,
    /// Moves of which nothing is left any more.
    pub(crate) removed: u64,
}

impl Register {
    /// Goes over what was left in a cell, from behind that move on. Where the cell seems to be away the next round goes on from
    /// there: orgs whose rows it cannot remove are not to keep those of others.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub(crate) async fn tidy_round(
        &self,
        cell: &CellName,
        after: &mut String,
    ) -> Result<Round, Refusal> {
        let (mut round, mut passing) = (Round::default(), 0);
        loop {
            let mut tx = self.database.read().await?;
            let page = store::load_left_behind(&mut tx, cell, after, PAGE_MOVES).await?;
            drop(tx);
            if page.is_empty() {
                after.clear();
                return Ok(round);
            }
            for record in &page {
                *after = record.id.to_string();
                let Some(failure) = self.clean(record).await? else {
                    (round.removed, passing) = (round.removed + 1, 0);
                    continue;
                };
                round.waits_for = Some(failure.reason().to_owned());
                let away = matches!(failure, Failure::Passing(_));
                passing = if away { passing + 1 } else { 0 };
                if passing >= AWAY_AFTER {
                    return Ok(round);
                }
            }
        }
    }

    /// Has the taker of a move that is over remove what it has; why it did not, if it did not.
    async fn clean(&self, record: &MoveRecord) -> Result<Option<Failure>, Refusal> {
        let (mut view, mut took) = (View::default(), Duration::ZERO);
        loop {
            match plan_step(record, &view, self.counted.now()) {
                Step::Ask(question) => {
                    let begun = Instant::now();
                    let asked = self.ask(record, &question);
                    let answer = traced(record, question.as_str(), asked).await;
                    took = begun.elapsed();
                    match answer {
                        Ok(answer) => view.note(record.phase, &question, answer),
                        Err(failure) => {
                            view.note_failure(record.phase, &question, failure.clone());
                            if view.tired {
                                return Ok(Some(failure));
                            }
                        }
                    }
                }
                Step::Enter(entry) => {
                    traced(record, "enter", self.enter_move(record, entry)).await?;
                    return Ok(None);
                }
                Step::PauseAsLong | Step::Pause(_) => {
                    tokio::time::sleep(took.min(PAUSE_BETWEEN_MAX)).await;
                    view.tired = false;
                }
                Step::Switch | Step::Rest => return Ok(None),
            }
        }
    }
}
