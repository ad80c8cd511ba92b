//! Whether one more job is taken: pure arithmetic over the queue as it stands.

use std::time::Duration;

use super::{Denial, HashPoolLimits};
use crate::password::foreign::OWN_WEIGHT;

/// The estimate before anything was measured: what the product's own hash takes on one core of an ordinary machine.
pub(super) const UNIT_AT_START: Duration = Duration::from_millis(35);

/// The estimate stays within these bounds, so that one absurd measurement neither opens nor closes the door.
const UNIT_MIN: Duration = Duration::from_millis(2);
const UNIT_MAX: Duration = Duration::from_secs(2);

/// How many times as fast a standing queue is forgotten while nothing waits as it is noticed while something does. A pause
/// of the machine lets a queue run empty in the midst of a flood: were that its end, the burst that follows would be let in
/// each time anew, and with one short pause a second everybody would wait as long as a burst may. Below the capacity jobs
/// come and go, and this much calm is always there.
const CALM_WEIGHT: u32 = 4;

/// How far beyond a burst a standing queue is counted: what has lasted for hours is forgotten as soon as a second of it.
const STANDING_BEYOND_MAX: Duration = Duration::from_millis(500);

/// The longest time that a refused caller is told to wait.
const RETRY_AFTER_MAX_SECS: u32 = 30;

/// The queue as the decision sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backlog {
    /// Jobs that wait.
    pub queued_jobs: usize,
    /// Weight of the jobs that wait or run.
    pub weight: u64,
    /// How long a job of [`OWN_WEIGHT`] takes at present.
    pub unit: Duration,
    /// For how long some job has waited of late, as [`learn_standing`] has it.
    pub standing: Duration,
}

/// How long a job that came now would wait before a worker took it.
pub(super) fn expected_wait(limits: &HashPoolLimits, backlog: &Backlog) -> Duration {
    let workers = u64::try_from(limits.workers.max(1)).unwrap_or(u64::MAX);
    let unit_micros = u64::try_from(backlog.unit.as_micros()).unwrap_or(u64::MAX);
    let micros = backlog.weight.saturating_mul(unit_micros) / u64::from(OWN_WEIGHT) / workers;
    Duration::from_micros(micros)
}

/// How long a job may have to wait. A burst may fill the queue; a queue that does not empty is no burst, serves nobody
/// sooner, and is cut to the two jobs that keep the workers busy (after CoDel, RFC 8289 section 3).
fn wait_max(limits: &HashPoolLimits, backlog: &Backlog) -> Duration {
    if backlog.standing <= limits.burst_max {
        limits.wait_max
    } else {
        limits.wait_max.min(backlog.unit.saturating_mul(2))
    }
}

/// Takes or refuses one more job. The job's own weight does not count: when nothing waits, everything is taken.
pub(super) fn decide_admission(limits: &HashPoolLimits, backlog: &Backlog) -> Result<(), Denial> {
    let wait = expected_wait(limits, backlog);
    let is_free = backlog.queued_jobs == 0 && backlog.weight == 0;
    if is_free || backlog.queued_jobs < limits.queue_jobs_max && wait <= wait_max(limits, backlog) {
        return Ok(());
    }
    let secs = u32::try_from(wait.as_secs())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    Err(Denial::Busy {
        retry_after_secs: secs.min(RETRY_AFTER_MAX_SECS),
    })
}

/// For how long some job has waited of late, after so many have waited for `elapsed` more.
pub(super) fn learn_standing(
    limits: &HashPoolLimits,
    standing: Duration,
    queued_jobs: usize,
    elapsed: Duration,
) -> Duration {
    if queued_jobs == 0 {
        return standing.saturating_sub(elapsed.saturating_mul(CALM_WEIGHT));
    }
    let most = limits.burst_max.saturating_add(STANDING_BEYOND_MAX);
    standing.saturating_add(elapsed).min(most)
}

/// The new estimate after a job of `weight` took `elapsed`: a moving average over about sixteen jobs. Light jobs tell
/// too little and are left out.
pub(super) fn learn_unit(unit: Duration, weight: u32, elapsed: Duration) -> Duration {
    if weight < OWN_WEIGHT / 2 {
        return unit;
    }
    let sample = (elapsed.saturating_mul(OWN_WEIGHT) / weight).clamp(UNIT_MIN, UNIT_MAX);
    (unit.saturating_mul(15) + sample) / 16
}
