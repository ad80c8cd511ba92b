//! The job behind provisioning: looks which connections of apps have something to do, and gives each a turn of its own.
//!
//! A peer that is slow holds its own turn alone, and those that fail may never hold all there are. In a turn the log is followed, whoever
//! is marked is looked at, a few at once, then the pushed groups, then an import; the connection is held all the while, and given back.

use crate::errands::Sender;
use crate::jobs::stopped_within;
use crate::membership::seats::Entry;
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use identity::fault::Fault;
use identity::provisioning::store::connections::Due;
use identity::provisioning::work::{Work, Worked};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use vocab::id::{AppId, OrgId};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Connections of one look.
const PAGE_MAX: i64 = 500;
/// Connections that have a turn at once.
const AT_ONCE_MAX: usize = 64;
/// Of these, such as failed the last time, or were slow.
const FAILING_AT_ONCE_MAX: usize = 32;
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
/// Connections of which something is remembered.
const REMEMBERED_MAX: usize = 100_000;

/// An app of an org.
type Key = (OrgId, AppId);

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

/// A turn that is over.
struct Turn {
    key: Key,
    reached: i64,
    is_slow: bool,
}

/// Whose turn it is, and what is remembered of the others: the row of the log up to which there was nothing.
#[derive(Default)]
struct Desk {
    turns: JoinSet<Turn>,
    busy: HashMap<Key, task::Id>,
    failing: HashSet<Key>,
    slow: HashSet<Key>,
    remembered: HashMap<Key, i64>,
    after: (String, String),
}

impl Desk {
    fn collect(&mut self) {
        while let Some(turn) = self.turns.try_join_next() {
            match turn {
                Ok(Turn {
                    key,
                    reached,
                    is_slow,
                }) => {
                    self.busy.remove(&key);
                    self.failing.remove(&key);
                    self.slow.remove(&key);
                    if is_slow && self.slow.len() < REMEMBERED_MAX {
                        self.slow.insert(key.clone());
                    }
                    if self.remembered.len() >= REMEMBERED_MAX {
                        self.remembered.clear();
                    }
                    self.remembered.insert(key, reached);
                }
                Err(error) => {
                    tracing::error!(%error, "the turn of a provisioned app broke off");
                    self.busy.retain(|_, task| *task != error.id());
                    self.failing.retain(|key| self.busy.contains_key(key));
                }
            }
        }
    }

    /// Whether it may hold its turn for long.
    fn is_doubtful(&self, due: &Due, key: &Key) -> bool {
        due.failures > 0 || self.slow.contains(key)
    }

    fn has_room(&self, due: &Due, key: &Key) -> bool {
        let of_org = self.busy.keys().filter(|(org, _)| *org == due.org_id);
        of_org.count() < OF_ONE_ORG_MAX
            && (!self.is_doubtful(due, key) || self.failing.len() < FAILING_AT_ONCE_MAX)
    }

    fn begin(
        &mut self,
        sender: &Sender,
        envoy: &Arc<dyn Envoy>,
        due: Due,
        stop: &watch::Receiver<bool>,
    ) {
        let key = (due.org_id.clone(), due.app_id.clone());
        let reached = self.remembered.get(&key).copied().unwrap_or_default();
        if self.busy.contains_key(&key) || !self.has_room(&due, &key) {
            return;
        }
        if !due.has_work && due.newest <= reached.max(due.followed) {
            return;
        }
        if self.is_doubtful(&due, &key) {
            self.failing.insert(key.clone());
        }
        let (sender, envoy, stop) = (sender.clone(), Arc::clone(envoy), stop.clone());
        let turn = self
            .turns
            .spawn(async move { take_turn(&sender, &envoy, due, reached, &stop).await });
        self.busy.insert(key, turn.id());
    }
}

/// Works until told to stop, and then ends what is under way.
pub(crate) async fn run(sender: Sender, envoy: Arc<dyn Envoy>, mut stop: watch::Receiver<bool>) {
    let mut desk = Desk::default();
    let stopped = stop.clone();
    while !stopped_within(&mut stop, PAUSE).await {
        desk.collect();
        if let Err(fault) = look(&sender, &envoy, &mut desk, &stopped).await {
            tracing::warn!(error = %fault, "provisioned apps could not be looked at; it will be tried again");
        }
    }
    while desk.turns.join_next().await.is_some() {}
}

/// One page of connections. The next look goes on where this one ended, because the page or the room did, and from the beginning
/// behind the last page.
async fn look(
    sender: &Sender,
    envoy: &Arc<dyn Envoy>,
    desk: &mut Desk,
    stop: &watch::Receiver<bool>,
) -> Result<(), Fault> {
    let place_before = desk.after.clone();
    let place = (place_before.0.as_str(), place_before.1.as_str());
    let page = sender.cell.due_provisioning(place, PAGE_MAX).await?;
    let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_MAX;
    desk.after = match page.last().filter(|_| !is_last) {
        Some(last) => (last.org_id.to_string(), last.app_id.to_string()),
        None => Default::default(),
    };
    let mut before = place_before;
    for due in page {
        if desk.turns.len() >= AT_ONCE_MAX {
            desk.after = before;
            break;
        }
        before = (due.org_id.to_string(), due.app_id.to_string());
        desk.begin(sender, envoy, due, stop);
    }
    Ok(())
}

/// A few steps of one connection.
async fn take_turn(
    sender: &Sender,
    envoy: &Arc<dyn Envoy>,
    due: Due,
    mut reached: i64,
    stop: &watch::Receiver<bool>,
) -> Turn {
    let mut held: Option<Arc<Work>> = None;
    let (began, mut is_slow) = (Instant::now(), false);
    for _ in 0..STEPS_OF_A_TURN {
        if *stop.borrow() || began.elapsed() >= TURN_MAX {
            break;
        }
        let step_began = Instant::now();
        let step = seated_step(sender, envoy, &due, (&mut reached, &mut held)).await;
        is_slow |= step_began.elapsed() > STEP_OF_QUICK_MAX;
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
        && let Err(fault) = sender.cell.release_provisioning(&held).await
    {
        tracing::warn!(error = %fault, app = %due.app_id, "a provisioned app stays held until the hold runs out");
    }
    Turn {
        key: (due.org_id, due.app_id),
        reached,
        is_slow,
    }
}

/// One step. Of an org that is served elsewhere, or about to be, nothing is done.
async fn seated_step(
    sender: &Sender,
    envoy: &Arc<dyn Envoy>,
    due: &Due,
    (reached, held): (&mut i64, &mut Option<Arc<Work>>),
) -> Result<Step, Fault> {
    let seat = match &sender.membership {
        None => None,
        Some(membership) => match membership.deliver(&due.org_id).await? {
            Entry::Entered(seat) => Some(seat),
            Entry::Refused(_) => return Ok(Step::Over),
        },
    };
    let step = one_step(&sender.cell, envoy, due, (reached, held)).await;
    drop(seat);
    step
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
        let due = cell.due_provisioning(("", ""), PAGE_MAX).await?;
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
