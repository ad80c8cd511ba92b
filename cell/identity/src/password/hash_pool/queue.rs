//! The queue between requests and hashing threads, and the loop of one thread.
//!
//! The lock is held for moments only, never while hashing. A job whose caller has gone is skipped unpaid.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use vocab::secret::Secret;

use super::admission::{self, Backlog, UNIT_AT_START};
use super::{Denial, HashPoolLimits, HashPoolLoad};
use crate::password::argon2id::{SALT_BYTES, WorkMemory, hash_password};
use crate::password::foreign::ForeignHash;

pub(super) struct Job {
    pub weight: u32,
    pub work: Work,
}

pub(super) enum Work {
    Hash {
        password: Secret<String>,
        salt: [u8; SALT_BYTES],
        reply: oneshot::Sender<Result<String, argon2::Error>>,
    },
    Compare {
        candidate: Secret<String>,
        stored: Vec<ForeignHash>,
        reply: oneshot::Sender<bool>,
    },
}

impl Work {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { reply, .. } => reply.is_closed(),
            Self::Compare { reply, .. } => reply.is_closed(),
        }
    }

    fn perform(self, memory: &mut WorkMemory) -> Answer {
        match self {
            Self::Hash {
                password,
                salt,
                reply,
            } => Answer::Hash(
                reply,
                hash_password(password.expose().as_bytes(), &salt, memory),
            ),
            Self::Compare {
                candidate,
                stored,
                reply,
            } => {
                let candidate = candidate.expose().as_bytes();
                let matches = stored
                    .iter()
                    .fold(false, |found, hash| hash.verify(candidate, memory) | found);
                Answer::Compare(reply, matches)
            }
        }
    }
}

/// A finished job's result on its way to the caller.
enum Answer {
    Hash(
        oneshot::Sender<Result<String, argon2::Error>>,
        Result<String, argon2::Error>,
    ),
    Compare(oneshot::Sender<bool>, bool),
}

impl Answer {
    /// A caller that has gone meanwhile is no failure.
    fn send(self) {
        match self {
            Self::Hash(reply, text) => drop(reply.send(text)),
            Self::Compare(reply, matches) => drop(reply.send(matches)),
        }
    }
}

pub(super) struct Queue {
    limits: HashPoolLimits,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Weight of the jobs that wait or run.
    weight: u64,
    unit: Duration,
    /// For how long some job has waited of late, at the moment that follows.
    standing: Duration,
    standing_at: Instant,
    stopping: bool,
    done_jobs: u64,
    refused_jobs: u64,
    skipped_jobs: u64,
}

impl State {
    fn backlog(&self) -> Backlog {
        Backlog {
            queued_jobs: self.jobs.len(),
            weight: self.weight,
            unit: self.unit,
            standing: self.standing,
        }
    }

    /// Notes that nothing has come or gone until now; called before something does.
    fn note_standing(&mut self, limits: &HashPoolLimits) {
        let now = Instant::now();
        let elapsed = now.saturating_duration_since(self.standing_at);
        self.standing = admission::learn_standing(limits, self.standing, self.jobs.len(), elapsed);
        self.standing_at = now;
    }

    fn skip_abandoned(&mut self) {
        let before = self.jobs.len();
        let mut released = 0;
        self.jobs.retain(|job| {
            let abandoned = job.work.is_abandoned();
            if abandoned {
                released += u64::from(job.weight);
            }
            !abandoned
        });
        self.weight = self.weight.saturating_sub(released);
        self.skipped_jobs += u64::try_from(before - self.jobs.len()).unwrap_or(u64::MAX);
    }
}

/// What a worker finds when it looks for work.
enum Next {
    Job(Job),
    Idle,
    Stop,
}

impl Queue {
    pub(super) fn new(limits: HashPoolLimits) -> Self {
        let state = State {
            jobs: VecDeque::new(),
            weight: 0,
            unit: UNIT_AT_START,
            standing: Duration::ZERO,
            standing_at: Instant::now(),
            stopping: false,
            done_jobs: 0,
            refused_jobs: 0,
            skipped_jobs: 0,
        };
        Self {
            limits,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Takes a job or refuses it at once.
    pub(super) fn submit(&self, job: Job) -> Result<(), Denial> {
        let mut state = self.lock();
        if state.stopping {
            // Dropping the job tells its caller.
            return Ok(());
        }
        state.note_standing(&self.limits);
        let mut verdict = admission::decide_admission(&self.limits, &state.backlog());
        if verdict.is_err() {
            // Callers that gave up must not keep others out.
            state.skip_abandoned();
            verdict = admission::decide_admission(&self.limits, &state.backlog());
        }
        if let Err(denial) = verdict {
            state.refused_jobs += 1;
            return Err(denial);
        }
        state.weight += u64::from(job.weight);
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    pub(super) fn load(&self) -> HashPoolLoad {
        let state = self.lock();
        HashPoolLoad {
            queued_jobs: state.jobs.len(),
            expected_wait: admission::expected_wait(&self.limits, &state.backlog()),
            done_jobs: state.done_jobs,
            refused_jobs: state.refused_jobs,
            skipped_jobs: state.skipped_jobs,
        }
    }

    /// Lets the workers end. What still waits is dropped, and its callers are told.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.jobs.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn next(&self, idle: Duration) -> Next {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return Next::Stop;
            }
            state.note_standing(&self.limits);
            while let Some(job) = state.jobs.pop_front() {
                if !job.work.is_abandoned() {
                    return Next::Job(job);
                }
                state.weight = state.weight.saturating_sub(u64::from(job.weight));
                state.skipped_jobs += 1;
            }
            let (woken, timeout) = self
                .changed
                .wait_timeout(state, idle)
                .unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && woken.jobs.is_empty() && !woken.stopping {
                return Next::Idle;
            }
            state = woken;
        }
    }

    fn finish(&self, weight: u32, elapsed: Option<Duration>) {
        let mut state = self.lock();
        state.weight = state.weight.saturating_sub(u64::from(weight));
        state.done_jobs += 1;
        if let Some(elapsed) = elapsed {
            state.unit = admission::learn_unit(state.unit, weight, elapsed);
        }
    }

    /// No code panics while it holds the lock, and the numbers stay usable if it did.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The life of one hashing thread: work while there is work, give the memory back after `idle` without any.
pub(super) fn run_worker(queue: &Queue, idle: Duration) {
    let mut memory = WorkMemory::default();
    loop {
        match queue.next(idle) {
            Next::Stop => return,
            Next::Idle => memory.release(),
            Next::Job(Job { weight, work }) => {
                let started = Instant::now();
                // A bug in a hash function ends this job (its caller sees the dropped reply), not the thread.
                let outcome = catch_unwind(AssertUnwindSafe(|| work.perform(&mut memory)));
                queue.finish(weight, outcome.is_ok().then(|| started.elapsed()));
                match outcome {
                    Ok(answer) => {
                        answer.send();
                        memory.trim();
                    }
                    Err(_) => memory = WorkMemory::default(),
                }
            }
        }
    }
}
