//! The job behind provisioning: looks which connections of apps have something to do, and gives each a turn of its own.
//!
//! A peer that is slow holds its own turn alone, and those that fail may never hold all there are. In a turn the log is followed, whoever
//! is marked is looked at, a few at once, then the pushed groups, then an import; the connection is held all the while, and given back.

use crate::errands::Sender;
use crate::turns::{self, Key, Limits, Turns};
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use identity::fault::Fault;
use identity::provisioning::store::connections::Due;
use identity::provisioning::work::{Work, Worked};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vocab::id::AppId;
#[cfg(test)]
use vocab::id::OrgId;

/// Connections that have a turn at once.
const AT_ONCE_MAX: usize = 64;
/// Of these, such as failed the last time, or were slow.
const DOUBTFUL_AT_ONCE_MAX: usize = 32;
/// Of these, such as are one org's.
const OF_ONE_ORG_MAX: usize = 16;
/// How long one turn goes on, but for the step that is under way: then another connection has its own.
const TURN_MAX: Duration = Duration::from_secs(10);
/// A peer for which one step takes longer is a slow one.
const STEP_OF_QUICK_MAX: Duration = Duration::from_secs(2);
/// Steps of one turn at most.
const STEPS_OF_A_TURN: usize = 100;
/// Accounts of one app that are looked at at once.
const ACCOUNTS_AT_ONCE_MAX: usize = 4;

/// What came of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There was nothing to do.
    Nothing,
    /// Something was done, and there may be more.
    Done,
    /// The peer is left alone for a while, or somebody else holds the connection.
    Over,
}

/// Goes on in the log, and over everybody; neither needs the peer.
pub(crate) async fn mark(cell: &Cell, due: &Due, reached: &mut i64) -> Result<Step, Fault> {
    let key = (&due.org_id, &due.app_id);
    let mut step = Step::Nothing;
    // The head of the log is looked at anew each time: who leaves during a long turn does not wait for its end.
    let followed = cell.follow_provisioning(key, *reached).await?;
    *reached = followed.reached;
    if followed.has_more || followed.has_marked {
        step = Step::Done;
    }
    if cell.walk_provisioning(key).await? {
        step = Step::Done;
    }
    Ok(step)
}

/// Does what waits at a peer.
pub(crate) async fn work(
    cell: &Cell,
    envoy: &Arc<dyn Envoy>,
    held: &Arc<Work>,
) -> Result<Step, Fault> {
    let Some(waiting) = cell.due_accounts(held, ACCOUNTS_AT_ONCE_MAX).await? else {
        return Ok(Step::Over);
    };
    if !waiting.accounts.is_empty() {
        let mut tasks = JoinSet::new();
        for account in waiting.accounts {
            let (cell, envoy, held) = (cell.clone(), Arc::clone(envoy), Arc::clone(held));
            tasks
                .spawn(async move { cell.provision_account(&held, account, envoy.as_ref()).await });
        }
        let mut step = Step::Done;
        while let Some(worked) = tasks.join_next().await {
            match worked {
                Ok(worked) => step = decide_after(step, worked?),
                Err(error) => {
                    tracing::error!(%error, "the provisioning of somebody broke off");
                    step = Step::Over;
                }
            }
        }
        return Ok(step);
    }
    if waiting.settled > 0 {
        return Ok(Step::Done);
    }
    if let Some(push) = cell.due_pushes(held, 1).await?.pop() {
        let worked = cell.push_group(held, push, envoy.as_ref()).await?;
        return Ok(decide_after(Step::Done, worked));
    }
    if cell.has_import(held).await? {
        let worked = cell.import_page(held, envoy.as_ref()).await?;
        return Ok(decide_after(Step::Done, worked));
    }
    Ok(Step::Nothing)
}

const fn decide_after(before: Step, worked: Worked) -> Step {
    match worked {
        Worked::Done => before,
        Worked::Paused | Worked::Lost => Step::Over,
    }
}

/// Whether a turn goes on after so many steps, which took so long together.
const fn goes_on(steps: usize, took: Duration) -> bool {
    steps < STEPS_OF_A_TURN && took.as_millis() < TURN_MAX.as_millis()
}

/// Whether a peer for which a step took so long is a slow one.
const fn is_slow(step_took: Duration) -> bool {
    step_took.as_millis() > STEP_OF_QUICK_MAX.as_millis()
}

/// What is remembered of a connection between two turns.
#[derive(Debug, Clone, Copy, Default)]
struct Memory {
    /// The row of the log up to which there was nothing.
    reached: i64,
    is_slow: bool,
}

/// The connections of all orgs.
struct Connections {
    sender: Sender,
    envoy: Arc<dyn Envoy>,
    stop: watch::Receiver<bool>,
}

impl Turns for Connections {
    type Due = Due;
    type Id = AppId;
    type Memory = Memory;
    const WHAT: &'static str = "provisioned apps";
    const LIMITS: Limits = Limits {
        at_once_max: AT_ONCE_MAX,
        doubtful_at_once_max: DOUBTFUL_AT_ONCE_MAX,
        of_one_org_max: OF_ONE_ORG_MAX,
    };

    async fn load(&self, after: (&str, &str), limit: i64) -> Result<Vec<Due>, Fault> {
        self.sender.cell.due_provisioning(after, limit).await
    }

    fn key(due: &Due) -> Key<Self> {
        (due.org_id.clone(), due.app_id.clone())
    }

    fn is_due(due: &Due, memory: &Memory) -> bool {
        due.has_work || due.newest > memory.reached.max(due.followed)
    }

    fn is_doubtful(due: &Due, memory: &Memory) -> bool {
        due.failures > 0 || memory.is_slow
    }

    async fn take_turn(&self, due: Due, mut memory: Memory) -> Memory {
        let mut held: Option<Arc<Work>> = None;
        let (began, mut steps) = (Instant::now(), 0);
        memory.is_slow = false;
        while !*self.stop.borrow() && goes_on(steps, began.elapsed()) {
            steps += 1;
            let step_began = Instant::now();
            let step = self
                .seated_step(&due, (&mut memory.reached, &mut held))
                .await;
            memory.is_slow |= is_slow(step_began.elapsed());
            match step {
                Ok(Step::Done) => {}
                Ok(Step::Nothing | Step::Over) => break,
                Err(fault) => {
                    tracing::warn!(error = %fault, app = %due.app_id, "a provisioned app could not go on; it will be tried again");
                    break;
                }
            }
        }
        if let Some(held) = held
            && let Err(fault) = self.sender.cell.release_provisioning(&held).await
        {
            tracing::warn!(error = %fault, app = %due.app_id, "a provisioned app stays held until the hold runs out");
        }
        memory
    }
}

impl Connections {
    /// One step. Of an org that is served elsewhere, or about to be, nothing is done.
    async fn seated_step(
        &self,
        due: &Due,
        (reached, held): (&mut i64, &mut Option<Arc<Work>>),
    ) -> Result<Step, Fault> {
        let Some(seat) = self.sender.seat(&due.org_id).await? else {
            return Ok(Step::Over);
        };
        let step = one_step(&self.sender.cell, &self.envoy, due, (reached, held)).await;
        drop(seat);
        step
    }
}

/// Works until told to stop, and then ends what is under way.
pub(crate) async fn run(sender: Sender, envoy: Arc<dyn Envoy>, stop: watch::Receiver<bool>) {
    let connections = Connections {
        sender,
        envoy,
        stop: stop.clone(),
    };
    turns::run(connections, stop).await;
}

/// One step of a connection. It is held only where something waits, from then on to the end of the turn.
pub(crate) async fn one_step(
    cell: &Cell,
    envoy: &Arc<dyn Envoy>,
    due: &Due,
    (reached, held): (&mut i64, &mut Option<Arc<Work>>),
) -> Result<Step, Fault> {
    let key = (&due.org_id, &due.app_id);
    let marked = mark(cell, due, reached).await?;
    let held = match held {
        Some(held) => {
            if !cell.keep_provisioning(held).await? {
                return Ok(Step::Over);
            }
            held
        }
        None => {
            if !cell.has_provisioning_work(key).await? {
                return Ok(marked);
            }
            match cell.hold_provisioning(key).await? {
                Some(work) => held.insert(Arc::new(work)),
                None => return Ok(Step::Over),
            }
        }
    };
    match work(cell, envoy, held).await? {
        Step::Nothing => Ok(marked),
        other => Ok(other),
    }
}

/// Works for a connection until there is nothing to do now: what the job does in its turns.
#[cfg(test)]
pub(crate) async fn settle(
    cell: &Cell,
    envoy: &Arc<dyn Envoy>,
    (org, app): (&OrgId, &AppId),
    steps_max: usize,
) -> Result<usize, Fault> {
    let mut reached = 0;
    for steps in 0..steps_max {
        let due = cell.due_provisioning(("", ""), 500).await?;
        let due = due
            .into_iter()
            .find(|due| due.org_id == *org && due.app_id == *app);
        let Some(due) = due else { return Ok(steps) };
        let mut held = None;
        let step = one_step(cell, envoy, &due, (&mut reached, &mut held)).await?;
        if let Some(held) = held {
            cell.release_provisioning(&held).await?;
        }
        if step == Step::Nothing || step == Step::Over {
            return Ok(steps);
        }
    }
    Ok(steps_max)
}

#[cfg(test)]
mod tests {
    use super::{goes_on, is_slow};
    use std::time::Duration;

    #[test]
    fn a_turn_ends_after_its_time_or_its_steps() {
        for (steps, took_ms, expected) in [
            (0, 0, true),
            (99, 9_999, true),
            (100, 0, false),
            (1, 10_000, false),
            (1, 60_000, false),
        ] {
            let took = Duration::from_millis(took_ms);
            assert_eq!(goes_on(steps, took), expected, "{steps} {took_ms}");
        }
    }

    #[test]
    fn who_takes_long_for_a_step_is_slow() {
        for (took_ms, expected) in [(0, false), (2_000, false), (2_001, true), (40_000, true)] {
            assert_eq!(
                is_slow(Duration::from_millis(took_ms)),
                expected,
                "{took_ms}"
            );
        }
    }
}
