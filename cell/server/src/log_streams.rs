//! The job behind log streams: looks which of them are behind the log, and gives each a turn of its own.
//!
//! A stream that is slow holds its own turn alone, and those that fail may never hold all there are. How many rows go
//! together follows what the receiver takes in time.

use crate::errands::Sender;
use crate::jobs::stopped_within;
use crate::membership::seats::Entry;
use identity::cell::Cell;
use identity::event_hook::envoy::{Envoy, Trouble};
use identity::fault::Fault;
use identity::log_stream::StreamKind;
use identity::log_stream::dispatch::{Known, Next};
use identity::log_stream::parcel::Outcomes;
use identity::log_stream::store::Due;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use vocab::id::LogStreamId;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Streams of one look.
const PAGE_STREAMS_MAX: i64 = 500;
/// Streams that have a turn at once.
const AT_ONCE_MAX: usize = 256;
/// Of these, such as failed the last time.
const FAILING_AT_ONCE_MAX: usize = 64;
/// Batches of one turn: then another stream has its own.
const BATCHES_OF_A_TURN: usize = 20;
/// Most rows of one request.
const WEBHOOK_ROWS_MAX: usize = 100;
/// Most rows of one shipment of syslog.
const SYSLOG_ROWS_MAX: usize = 500;
/// By which part of the most a batch grows again.
const GROWTH_DIVISOR: usize = 10;
/// A batch that took longer does not grow: the next might take too long.
const QUICK_MAX: Duration = Duration::from_millis(1_000);
/// How long it may remain unnoted how far a stream has come for which nothing was.
const UNNOTED_MAX: Duration = Duration::from_secs(10);
/// Streams of which something is remembered.
const REMEMBERED_MAX: usize = 100_000;

/// What is remembered of a stream between two turns; without it, it is looked at once more, and sent as much as at first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    reached: i64,
    noted_at: Instant,
    rows_max: usize,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            reached: 0,
            noted_at: Instant::now(),
            rows_max: SYSLOG_ROWS_MAX,
        }
    }

    fn known(&self) -> Known {
        Known {
            reached: self.reached,
            is_old: self.noted_at.elapsed() >= UNNOTED_MAX,
        }
    }
}

/// What came of one step of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There was nothing to do.
    Nothing,
    /// Rows were passed that are not for it.
    Passed,
    /// A batch was taken.
    Taken,
    /// A batch was not taken.
    Failed,
}

/// How many rows the next batch may have: half as many after one that took too long, a few more after one that was quick.
fn decide_rows(rows_max: usize, most: usize, outcome: Outcomes, took: Duration) -> usize {
    let rows_max = rows_max.min(most);
    match outcome.trouble {
        Some(Trouble::TimedOut) => (rows_max / 2).max(1),
        None if outcome.is_taken && took < QUICK_MAX => {
            most.min(rows_max + (most / GROWTH_DIVISOR).max(1))
        }
        _ => rows_max,
    }
}

const fn rows_max_of(kind: StreamKind) -> usize {
    match kind {
        StreamKind::Webhook => WEBHOOK_ROWS_MAX,
        StreamKind::Syslog => SYSLOG_ROWS_MAX,
    }
}

/// Sends what comes next for a stream.
pub(crate) async fn step(
    cell: &Cell,
    envoy: &dyn Envoy,
    due: &Due,
    memory: &mut Memory,
) -> Result<Step, Fault> {
    let key = (&due.org_id, &due.id);
    let known = memory.known();
    let next = cell.next_log_batch(key, known, memory.rows_max).await?;
    let batch = match next {
        Next::Nothing => return Ok(Step::Nothing),
        Next::Passed(reached) => {
            memory.reached = reached;
            if known.is_old {
                memory.noted_at = Instant::now();
            }
            return Ok(Step::Passed);
        }
        Next::Batch(batch) => batch,
    };
    let most = rows_max_of(batch.stream.config.kind());
    let began = Instant::now();
    let outcome = batch.parcel(cell.now()).send(envoy).await;
    memory.rows_max = decide_rows(memory.rows_max, most, outcome, began.elapsed());
    let is_noted = cell.note_log_batch(*batch, outcome).await?;
    memory.noted_at = Instant::now();
    Ok(match (is_noted, outcome.is_taken) {
        (false, _) => Step::Nothing,
        (true, true) => Step::Taken,
        (true, false) => Step::Failed,
    })
}

/// A turn that is over.
struct Turn {
    id: LogStreamId,
    memory: Memory,
}

/// Whose turn it is, and what is remembered of the others.
#[derive(Default)]
struct Desk {
    turns: JoinSet<Turn>,
    busy: HashMap<LogStreamId, task::Id>,
    failing: HashSet<LogStreamId>,
    remembered: HashMap<LogStreamId, Memory>,
    after: (String, String),
}

impl Desk {
    fn collect(&mut self) {
        while let Some(turn) = self.turns.try_join_next() {
            match turn {
                Ok(Turn { id, memory }) => {
                    self.busy.remove(&id);
                    self.failing.remove(&id);
                    if self.remembered.len() >= REMEMBERED_MAX {
                        self.remembered.clear();
                    }
                    self.remembered.insert(id, memory);
                }
                Err(error) => {
                    tracing::error!(%error, "the turn of a log stream broke off");
                    self.busy.retain(|_, task| *task != error.id());
                    self.failing.retain(|id| self.busy.contains_key(id));
                }
            }
        }
    }

    /// Whether a stream may have a turn now.
    fn has_room(&self, due: &Due) -> bool {
        due.failures == 0 || self.failing.len() < FAILING_AT_ONCE_MAX
    }

    fn begin(
        &mut self,
        sender: &Sender,
        envoy: &Arc<dyn Envoy>,
        due: Due,
        stop: &watch::Receiver<bool>,
    ) {
        let memory = self.remembered.get(&due.id).copied();
        let memory = memory.unwrap_or_else(Memory::new);
        if self.busy.contains_key(&due.id) || !self.has_room(&due) {
            return;
        }
        if due.newest <= memory.reached && !memory.known().is_old {
            return;
        }
        let id = due.id.clone();
        if due.failures > 0 {
            self.failing.insert(id.clone());
        }
        let (sender, envoy, stop) = (sender.clone(), Arc::clone(envoy), stop.clone());
        let turn = self
            .turns
            .spawn(async move { take_turn(&sender, envoy.as_ref(), due, memory, &stop).await });
        self.busy.insert(id, turn.id());
    }
}

/// Sends until told to stop, and then ends what is under way.
pub(crate) async fn run(sender: Sender, envoy: Arc<dyn Envoy>, mut stop: watch::Receiver<bool>) {
    let mut desk = Desk::default();
    let stopped = stop.clone();
    while !stopped_within(&mut stop, PAUSE).await {
        desk.collect();
        if let Err(fault) = look(&sender, &envoy, &mut desk, &stopped).await {
            tracing::warn!(error = %fault, "the logs could not be followed for streams; it will be tried again");
        }
    }
    while desk.turns.join_next().await.is_some() {}
}

/// One page of streams that are behind. The next look goes on where this one ended, because the page or the room did, and from
/// the beginning behind the last page.
async fn look(
    sender: &Sender,
    envoy: &Arc<dyn Envoy>,
    desk: &mut Desk,
    stop: &watch::Receiver<bool>,
) -> Result<(), Fault> {
    let place_before = desk.after.clone();
    let place = (place_before.0.as_str(), place_before.1.as_str());
    let page = sender.cell.due_log_streams(place, PAGE_STREAMS_MAX).await?;
    let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_STREAMS_MAX;
    desk.after = match page.last().filter(|_| !is_last) {
        Some(last) => (last.org_id.to_string(), last.id.to_string()),
        None => Default::default(),
    };
    let mut before = place_before;
    for due in page {
        if desk.turns.len() >= AT_ONCE_MAX {
            desk.after = before;
            break;
        }
        before = (due.org_id.to_string(), due.id.to_string());
        desk.begin(sender, envoy, due, stop);
    }
    Ok(())
}

/// A few batches of one stream. Of an org that is served elsewhere, or about to stop, nothing is sent.
async fn take_turn(
    sender: &Sender,
    envoy: &dyn Envoy,
    due: Due,
    mut memory: Memory,
    stop: &watch::Receiver<bool>,
) -> Turn {
    for _ in 0..BATCHES_OF_A_TURN {
        if *stop.borrow() {
            break;
        }
        match seated_step(sender, envoy, &due, &mut memory).await {
            Ok(Step::Passed | Step::Taken) => {}
            Ok(Step::Nothing | Step::Failed) => break,
            Err(fault) => {
                tracing::warn!(error = %fault, stream = %due.id, "a log stream could not go on; it will be tried again");
                break;
            }
        }
    }
    Turn { id: due.id, memory }
}

async fn seated_step(
    sender: &Sender,
    envoy: &dyn Envoy,
    due: &Due,
    memory: &mut Memory,
) -> Result<Step, Fault> {
    let seat = match &sender.membership {
        None => None,
        Some(membership) => match membership.deliver(&due.org_id).await? {
            Entry::Entered(seat) => Some(seat),
            Entry::Refused(_) => return Ok(Step::Nothing),
        },
    };
    let step = step(&sender.cell, envoy, due, memory).await;
    drop(seat);
    step
}

#[cfg(test)]
mod tests {
    use super::{WEBHOOK_ROWS_MAX, decide_rows};
    use identity::event_hook::envoy::Trouble;
    use identity::log_stream::parcel::Outcomes;
    use std::time::Duration;

    #[test]
    fn a_batch_shrinks_for_who_is_slow_and_grows_again() {
        let taken = Outcomes::of_shipment(Ok(()));
        let late = Outcomes::of_shipment(Err(Trouble::TimedOut));
        let gone = Outcomes::of_shipment(Err(Trouble::Unreachable));
        for (rows, outcome, took_ms, expected) in [
            (100, taken, 10, 100),
            (500, taken, 10, 100),
            (50, taken, 10, 60),
            (50, taken, 2_000, 50),
            (100, late, 3_000, 50),
            (1, late, 3_000, 1),
            (1, taken, 10, 11),
            (70, gone, 3_000, 70),
        ] {
            let took = Duration::from_millis(took_ms);
            let decided = decide_rows(rows, WEBHOOK_ROWS_MAX, outcome, took);
            assert_eq!(decided, expected, "{rows} {outcome:?} {took_ms}");
        }
    }
}
