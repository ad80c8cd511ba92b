//! Carries moves out: one step after the other, each from the record as it is then.
//!
//! Nothing is decided here. Whoever else carries the same move changes the record, and what is in hand is thrown away.

use crate::counted::Moment;
use crate::log;
use crate::org_move::operate::{CONTROL, SWITCH, append};
use crate::org_move::plan::{Party, Step, party, plan_step};
use crate::org_move::record::{Entry, MoveRecord};
use crate::org_move::store;
use crate::org_move::view::{Answer, Failure, Question, View};
use crate::placement::check_home;
use crate::refusal::Refusal;
use crate::register::Register;
use crate::store as register_store;
use http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use vocab::id::MoveId;
use wire::client::CallError;
use wire::names::CellName;
use wire::org_move::view::Phase;
use wire::org_move::word;

/// Moves that are copied at once.
const BUSY_MAX: usize = 4;
/// The longest pause between two parcels.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// The pause after the register's own store failed.
const STORE_PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked for moves that nobody carries.
const ROUND: Duration = Duration::from_millis(250);

/// The moves that this process carries. Clones share them.
#[derive(Clone, Default)]
pub struct Moves(Arc<Inner>);

#[derive(Default)]
struct Inner {
    news: Notify,
    carried: Mutex<HashMap<MoveId, Progress>>,
    left_behind: Notify,
    /// The cells that are removing what moves left there, and what keeps each waiting.
    tidying: Mutex<HashMap<CellName, Option<String>>>,
}

/// What is known of a move beside its record.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Rows that are behind, in this phase.
    pub rows_done: i64,
    /// What keeps it waiting.
    pub waits_for: Option<String>,
    phase: Option<Phase>,
}

impl Moves {
    /// There is something new to carry.
    pub fn wake(&self) {
        self.0.news.notify_one();
    }

    /// How far a move is in its phase.
    #[must_use]
    pub fn progress(&self, record: &MoveRecord) -> Progress {
        let known = self.carried().get(&record.id).cloned();
        known
            .filter(|known| known.phase == Some(record.phase))
            .unwrap_or_default()
    }

    /// Something was left behind lately, or will be.
    pub(crate) async fn left_behind(&self) {
        self.0.left_behind.notified().await;
    }

    /// What keeps a cell from removing what moves left there.
    pub(crate) fn tidying_waits_for(&self, cell: &CellName) -> Option<String> {
        self.tidying().get(cell).cloned().flatten()
    }

    pub(crate) fn begin_tidying(&self, cell: &CellName) -> bool {
        let mut tidying = self.tidying();
        let is_new = !tidying.contains_key(cell);
        if is_new {
            tidying.insert(cell.clone(), None);
        }
        is_new
    }

    pub(crate) fn note_tidying(&self, cell: &CellName, waits_for: String) {
        self.tidying().insert(cell.clone(), Some(waits_for));
    }

    pub(crate) fn end_tidying(&self, cell: &CellName) {
        self.tidying().remove(cell);
    }

    fn tidying(&self) -> MutexGuard<'_, HashMap<CellName, Option<String>>> {
        self.0
            .tidying
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: &MoveId) -> bool {
        let mut carried = self.carried();
        let is_new = !carried.contains_key(id);
        if is_new {
            carried.insert(id.clone(), Progress::default());
        }
        is_new
    }

    fn note(&self, record: &MoveRecord, rows_done: i64, waits_for: Option<String>) {
        if let Some(progress) = self.carried().get_mut(&record.id) {
            *progress = Progress {
                rows_done,
                waits_for,
                phase: Some(record.phase),
            };
        }
    }

    fn busy(&self) -> usize {
        // Whoever waits for a cell that does not answer takes nobody's turn.
        let is_busy =
            |one: &&Progress| one.phase != Some(Phase::Following) && one.waits_for.is_none();
        self.carried().values().filter(is_busy).count()
    }

    fn carried(&self) -> MutexGuard<'_, HashMap<MoveId, Progress>> {
        self.0
            .carried
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A move is carried as long as this lives.
struct Turn {
    moves: Moves,
    id: MoveId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.moves.carried().remove(&self.id);
        self.moves.wake();
    }
}

/// Carries every move that is not over, a few at once, for ever.
pub async fn run(register: Register) {
    let mut tasks = JoinSet::new();
    loop {
        while let Some(done) = tasks.try_join_next() {
            if let Err(error) = done {
                tracing::error!(%error, "carrying a move failed");
            }
        }
        match under_way(&register).await {
            Ok(records) => {
                if !records.is_empty()
                    && let Err(error) = register.counted.count(&register.database).await
                {
                    tracing::warn!(%error, "time could not be counted; what must last lasts longer");
                }
                for record in records {
                    let free = register.moves.busy() < BUSY_MAX;
                    // A fence is never left waiting for its turn.
                    let waits = matches!(record.phase, Phase::Preparing | Phase::Copying);
                    if (free || !waits) && register.moves.begin(&record.id) {
                        tasks.spawn(carry(register.clone(), record.id));
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "moves could not be looked for"),
        }
        // Either way the moves are looked at anew.
        let _ = tokio::time::timeout(ROUND, register.moves.0.news.notified()).await;
    }
}

async fn under_way(register: &Register) -> Result<Vec<MoveRecord>, Refusal> {
    store::load_under_way(&mut register.database.read().await?).await
}

/// What whoever carries a move has in hand.
#[derive(Default)]
struct Hand {
    view: View,
    revision: i64,
    waits_for: Option<String>,
    /// How long the last question took.
    took: Duration,
    /// The fence that was seen first, and when.
    fence: Option<(i64, Instant)>,
}

impl Hand {
    /// What is in hand belongs to one state of the record. That the giver is stopped goes on through several.
    fn take_up(&mut self, record: &MoveRecord) {
        if record.revision != self.revision {
            tracing::info!(org = %record.slug, phase = record.phase.as_str(), giver = %record.giver, taker = %record.taker,
                reason = record.reason.as_deref().unwrap_or_default(), "an org moves");
            self.view = View::default();
            (self.revision, self.waits_for) = (record.revision, None);
        }
        if matches!(record.phase, Phase::Fencing | Phase::Fenced) {
            let same = self.fence.filter(|(attempt, _)| *attempt == record.attempt);
            let (_, since) = *self
                .fence
                .insert(same.unwrap_or((record.attempt, Instant::now())));
            self.view.stopped = since.elapsed();
        }
        if record.phase == Phase::Preparing && record.waits_for_taker {
            let taker = &record.taker;
            let text = format!("{taker} has to remove first what an earlier move left there");
            self.waits_for = Some(text);
        }
    }

    async fn ask(&mut self, register: &Register, record: &MoveRecord, question: &Question) {
        let begun = Instant::now();
        let asked = register.ask(record, question);
        let answer = tokio::select! {
            answer = traced(record, question.as_str(), asked) => answer,
            // Whoever changed the record meanwhile does not wait for a cell that hangs.
            () = overtaken(register, record) => return,
        };
        self.took = begun.elapsed();
        self.waits_for = None;
        match answer {
            Ok(answer) => self.view.note(record.phase, question, answer),
            Err(failure) => {
                tracing::info!(org = %record.slug, question = question.as_str(), reason = failure.reason(), "a step of a move is tried again");
                self.waits_for = Some(failure.reason().to_owned());
                self.view.note_failure(record.phase, question, failure);
            }
        }
    }
}

async fn carry(register: Register, id: MoveId) {
    let _turn = Turn {
        moves: register.moves.clone(),
        id: id.clone(),
    };
    let mut hand = Hand::default();
    loop {
        let record = match load(&register, &id).await {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "a move could not be read");
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        hand.take_up(&record);
        // What is left then is removed beside whatever comes next for the org.
        if record.phase.is_over() {
            return;
        }
        let (done, waits_for) = (hand.view.rows_done, hand.waits_for.clone());
        register.moves.note(&record, done, waits_for);
        let changed = match plan_step(&record, &hand.view, register.counted.now()) {
            Step::Rest => return,
            Step::Pause(pause) => {
                tokio::time::sleep(pause).await;
                hand.view.tired = false;
                continue;
            }
            Step::PauseAsLong => {
                tokio::time::sleep(hand.took.min(PAUSE_MAX)).await;
                hand.view.tired = false;
                continue;
            }
            Step::Enter(entry) => {
                traced(&record, "enter", register.enter_move(&record, entry)).await
            }
            Step::Switch => traced(&record, "switch", register.switch_move(&record)).await,
            Step::Ask(question) => {
                hand.ask(&register, &record, &question).await;
                continue;
            }
        };
        if let Err(error) = changed {
            tracing::warn!(%error, org = %record.slug, "a move could not go on");
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

/// Tells the log when a step begins and when it is through: for whoever looks for the one that takes long, or hangs.
pub(crate) async fn traced<T, E>(
    record: &MoveRecord,
    step: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let (org, phase) = (&record.slug, record.phase.as_str());
    tracing::debug!(org = %org, phase, step, "a step of a move begins");
    let done = work.await;
    if done.is_ok() {
        tracing::debug!(org = %org, phase, step, "a step of a move is through");
    }
    done
}

/// Resolves when the record is another one than was read.
async fn overtaken(register: &Register, record: &MoveRecord) {
    loop {
        tokio::time::sleep(ROUND).await;
        match load(register, &record.id).await {
            Ok(Some(now)) if now.revision == record.revision => {}
            Ok(_) => return,
            Err(error) => tracing::debug!(%error, "a move could not be read"),
        }
    }
}

async fn load(register: &Register, id: &MoveId) -> Result<Option<MoveRecord>, Refusal> {
    store::load(&mut register.database.read().await?, id).await
}

impl Register {
    pub(crate) async fn ask(
        &self,
        record: &MoveRecord,
        question: &Question,
    ) -> Result<Answer, Failure> {
        let name = match party(question) {
            Party::Giver => &record.giver,
            Party::Taker => &record.taker,
        };
        let cell = self
            .cell(name)
            .await
            .map_err(|error| Failure::Passing(error.to_string()))?;
        let answer = self.doors.ask_about_move(&cell, record, question).await;
        answer.map_err(|error| {
            tracing::debug!(cell = %name, question = question.as_str(), %error, "a cell did not do what a move asked");
            decide_failure(name.as_str(), &error)
        })
    }

    /// Changes the record, unless somebody else has changed it since it was read.
    pub(crate) async fn enter_move(
        &self,
        record: &MoveRecord,
        entry: Entry,
    ) -> Result<(), Refusal> {
        let (record, clock) = (record.clone(), self.clock.now());
        let is_over = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let is_clean = entry == Entry::Cleaned;
                    let counted = register_store::load_counted(tx).await?;
                    let next = record.enter(entry, Moment { clock, counted });
                    let logged = match next.phase {
                        _ if is_clean => Some("org.move.clean"),
                        Phase::Done => Some("org.move.done"),
                        Phase::Undoing => Some("org.move.undo"),
                        Phase::Undone => Some("org.move.undone"),
                        _ => None,
                    };
                    let Some(kind) = logged else {
                        store::update(tx, &next).await?;
                        return Ok(false);
                    };
                    let place = log::take_place(tx).await?;
                    if !store::update(tx, &next).await? {
                        return Ok(false);
                    }
                    if is_clean {
                        store::uncount_org(tx, &next.taker).await?;
                    }
                    let detail = match is_clean {
                        true => format!("nothing is left in {}", next.taker),
                        false => next.reason.clone().unwrap_or_default(),
                    };
                    // The log tells when it was written, whatever the move's own time is.
                    let told = MoveRecord {
                        updated_at: clock,
                        ..by_itself(&next)
                    };
                    append(tx, place, &told, kind, detail).await?;
                    Ok::<_, Refusal>(next.phase.is_over())
                })
            })
            .await?;
        if is_over {
            self.moves.0.left_behind.notify_one();
        }
        self.feed.catch_up().await
    }

    /// The one moment of a move: placement, record and log change together, or nothing does.
    pub(crate) async fn switch_move(&self, record: &MoveRecord) -> Result<(), Refusal> {
        let (before, next) = (record.clone(), record.switch(self.clock.now()));
        let denied = self
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let place = log::take_place(tx).await?;
                    let org = register_store::load_org(tx, &before.slug).await?;
                    let cells = register_store::load_loads(tx).await?;
                    let home = cells.iter().find(|cell| cell.name == next.giver);
                    let (Some(org), Some(home)) = (org, home) else {
                        return Err(Refusal::Stored(String::from("an org or a cell is missing")));
                    };
                    if let Err(denial) = check_home(&org.pin, home) {
                        return Ok(Some(denial.to_string()));
                    }
                    if !store::update(tx, &next).await? {
                        return Ok(None);
                    }
                    if !store::switch_placement(tx, &before, &next).await? {
                        return Err(Refusal::Stored(String::from(
                            "an org is not placed where its move left it",
                        )));
                    }
                    let detail = format!("from {} to {}", before.giver, next.giver);
                    append(tx, place, &by_itself(&next), SWITCH, detail).await?;
                    Ok(None)
                })
            })
            .await?;
        self.feed.catch_up().await?;
        match denied {
            Some(reason) => self.enter_move(record, Entry::Loosen(reason)).await,
            None => Ok(()),
        }
    }
}

/// For the log: nobody asked for this step, but for the whole.
fn by_itself(record: &MoveRecord) -> MoveRecord {
    MoveRecord {
        requested_by: CONTROL.to_owned(),
        ..record.clone()
    }
}

/// What a cell's refusal means to a move.
fn decide_failure(cell: &str, error: &CallError) -> Failure {
    let reason = match error {
        // People see it. What the network said is in the log.
        CallError::Unreachable { .. } => format!("{cell} does not answer"),
        error => format!("{cell}: {error}"),
    };
    let CallError::Refused { status, problem } = error else {
        return Failure::Passing(reason);
    };
    match (problem.error.as_str(), *status) {
        (word::NOT_FOUND, _) => Failure::Unknown(reason),
        (word::CHANGED | word::OFFER_LOST, _) => Failure::Late(reason),
        (word::TOO_OLD | word::TAKEN | word::REFUSED, _) | ("invalid", StatusCode::BAD_REQUEST) => {
            Failure::Never(reason)
        }
        _ => Failure::Passing(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::decide_failure;
    use crate::org_move::view::Failure;
    use http::StatusCode;
    use wire::client::CallError;
    use wire::control::Problem;

    #[test]
    fn what_refusals_mean() {
        let kind = |status, error: &str| {
            let error = CallError::Refused {
                status,
                problem: Problem {
                    error: error.to_owned(),
                    message: String::new(),
                },
            };
            match decide_failure("cell-a", &error) {
                Failure::Passing(_) => "passing",
                Failure::Late(_) => "late",
                Failure::Unknown(_) => "unknown",
                Failure::Never(_) => "never",
            }
        };
        let table = [
            (StatusCode::NOT_FOUND, "not_found", "unknown"),
            (StatusCode::CONFLICT, "changed", "late"),
            (StatusCode::CONFLICT, "offer_lost", "late"),
            (StatusCode::CONFLICT, "taken", "never"),
            (StatusCode::UNPROCESSABLE_ENTITY, "too_old", "never"),
            (StatusCode::UNPROCESSABLE_ENTITY, "refused", "never"),
            (StatusCode::BAD_REQUEST, "invalid", "never"),
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "passing"),
            (StatusCode::FORBIDDEN, "unknown", "passing"),
        ];
        for (status, error, meaning) in table {
            assert_eq!(kind(status, error), meaning, "{status} {error}");
        }
        let unreachable = CallError::Unreachable {
            address: String::new(),
            reason: String::new(),
        };
        let said = String::from("cell-a does not answer");
        assert_eq!(
            decide_failure("cell-a", &unreachable),
            Failure::Passing(said)
        );
    }
}
