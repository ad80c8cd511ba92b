//! The job behind log streams: looks which of them are behind the log, and gives each a turn of its own.
//!
//! A stream that is slow holds its own turn alone, and those that fail may never hold all there are. How many rows go
//! together follows what the receiver takes in time.

use crate::errands::Sender;
use crate::turns::{self, Key, Limits, Turns};
use identity::cell::Cell;
use identity::event_hook::envoy::{Envoy, Trouble};
use identity::fault::Fault;
use identity::log_stream::StreamKind;
use identity::log_stream::dispatch::{Known, Next};
use identity::log_stream::parcel::Outcomes;
use identity::log_stream::store::Due;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vocab::id::LogStreamId;

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

/// What is remembered of a stream between two turns; without it, it is looked at once more, and sent as much as at first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    reached: i64,
    noted_at: Instant,
    rows_max: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            reached: 0,
            noted_at: Instant::now(),
            rows_max: SYSLOG_ROWS_MAX,
        }
    }
}

impl Memory {
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

/// The streams of all orgs.
struct Streams {
    sender: Sender,
    envoy: Arc<dyn Envoy>,
    stop: watch::Receiver<bool>,
}

impl Turns for Streams {
    type Due = Due;
    type Id = LogStreamId;
    type Memory = Memory;
    const WHAT: &'static str = "log streams";
    const LIMITS: Limits = Limits {
        at_once_max: AT_ONCE_MAX,
        doubtful_at_once_max: FAILING_AT_ONCE_MAX,
        of_one_org_max: AT_ONCE_MAX,
    };

    async fn load(&self, after: (&str, &str), limit: i64) -> Result<Vec<Due>, Fault> {
        self.sender.cell.due_log_streams(after, limit).await
    }

    fn key(due: &Due) -> Key<Self> {
        (due.org_id.clone(), due.id.clone())
    }

    fn is_due(due: &Due, memory: &Memory) -> bool {
        due.newest > memory.reached || memory.known().is_old
    }

    fn is_doubtful(due: &Due, _: &Memory) -> bool {
        due.failures > 0
    }

    /// A few batches of one stream. Of an org that is served elsewhere, or about to stop, nothing is sent.
    async fn take_turn(&self, due: Due, mut memory: Memory) -> Memory {
        for _ in 0..BATCHES_OF_A_TURN {
            if *self.stop.borrow() {
                break;
            }
            match self.seated_step(&due, &mut memory).await {
                Ok(Step::Passed | Step::Taken) => {}
                Ok(Step::Nothing | Step::Failed) => break,
                Err(fault) => {
                    tracing::warn!(error = %fault, stream = %due.id, "a log stream could not go on; it will be tried again");
                    break;
                }
            }
        }
        memory
    }
}

impl Streams {
    async fn seated_step(&self, due: &Due, memory: &mut Memory) -> Result<Step, Fault> {
        let Some(seat) = self.sender.seat(&due.org_id).await? else {
            return Ok(Step::Nothing);
        };
        let step = step(&self.sender.cell, self.envoy.as_ref(), due, memory).await;
        drop(seat);
        step
    }
}

/// Sends until told to stop, and then ends what is under way.
pub(crate) async fn run(sender: Sender, envoy: Arc<dyn Envoy>, stop: watch::Receiver<bool>) {
    let streams = Streams {
        sender,
        envoy,
        stop: stop.clone(),
    };
    turns::run(streams, stop).await;
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
