//! Admission as a table, and the pool with real threads: what it hashes, refuses, skips and survives.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use proptest::prelude::{any, proptest};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use vocab::entropy::{Entropy, SeededEntropy};
use vocab::secret::Secret;

use super::admission::{Backlog, decide_admission, expected_wait, learn_standing, learn_unit};
use super::queue::{Job, Queue, Work};
use super::{COMPARED_HASHES_MAX, Denial, Fault, HashError, HashPool, HashPoolLimits};
use crate::password::argon2id::SALT_BYTES;
use crate::password::foreign::OWN_WEIGHT;

const LIMITS: HashPoolLimits = HashPoolLimits {
    workers: 1,
    queue_jobs_max: 4,
    wait_max: Duration::from_secs(3_600),
    burst_max: Duration::from_secs(3_600),
};

fn pool(limits: HashPoolLimits) -> HashPool {
    HashPool::start(limits, Arc::new(SeededEntropy::new(1))).unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[test]
fn admission_follows_the_expected_wait_and_the_length_of_the_queue() {
    let limits = HashPoolLimits {
        workers: 2,
        queue_jobs_max: 10,
        wait_max: Duration::from_millis(300),
        burst_max: Duration::from_millis(500),
    };
    let busy = |retry_after_secs| Err(Denial::Busy { retry_after_secs });
    let table = [
        // Queued jobs, weight of all that wait or run, milliseconds of one own hash, milliseconds of waiting, verdict.
        (0, 0, 35, 0, Ok(())),
        (8, 17_000, 35, 500, Ok(())),
        (8, 18_000, 35, 0, busy(1)),
        (10, 0, 35, 0, busy(1)),
        (1, 120_000, 35, 0, busy(3)),
        (1, u64::MAX, 35, 0, busy(30)),
        (8, 17_000, 70, 0, busy(1)),
        // A queue that has stood for longer than a burst holds the two jobs for each worker that keep it busy.
        (2, 4 * u64::from(OWN_WEIGHT), 35, 501, Ok(())),
        (3, 5 * u64::from(OWN_WEIGHT), 35, 501, busy(1)),
        (8, 17_000, 35, 501, busy(1)),
        (0, 0, 2_000, 501, Ok(())),
    ];
    for (queued_jobs, weight, millis, standing, verdict) in table {
        let backlog = Backlog {
            queued_jobs,
            weight,
            unit: Duration::from_millis(millis),
            standing: Duration::from_millis(standing),
        };
        assert_eq!(decide_admission(&limits, &backlog), verdict, "{backlog:?}");
    }
}

/// One worker that takes a hash of [`UNIT_MICROS`] after the other, in a time of its own: how long each job waited that came
/// at these moments, in microseconds, or nothing for one that was refused.
fn play(limits: &HashPoolLimits, arrivals: &[u64]) -> Vec<Option<u64>> {
    let (mut waits, mut queue) = (vec![None; arrivals.len()], VecDeque::new());
    let (mut standing, mut noted_at) = (Duration::ZERO, 0);
    let mut busy_until = None;
    for (number, arrival) in arrivals.iter().copied().enumerate() {
        let mut note = |queued: usize, at: u64| {
            let elapsed = Duration::from_micros(at - noted_at);
            standing = learn_standing(limits, standing, queued, elapsed);
            noted_at = at;
            standing
        };
        while let Some(free_at) = busy_until.filter(|free_at| *free_at <= arrival) {
            note(queue.len(), free_at);
            busy_until = queue.pop_front().map(|next: usize| {
                waits[next] = Some(free_at - arrivals[next]);
                free_at + UNIT_MICROS
            });
        }
        let jobs = queue.len() + usize::from(busy_until.is_some());
        let backlog = Backlog {
            queued_jobs: queue.len(),
            weight: jobs as u64 * u64::from(OWN_WEIGHT),
            unit: Duration::from_micros(UNIT_MICROS),
            standing: note(queue.len(), arrival),
        };
        if decide_admission(limits, &backlog).is_err() {
            continue;
        }
        if busy_until.is_some() {
            queue.push_back(number);
        } else {
            busy_until = Some(arrival + UNIT_MICROS);
            waits[number] = Some(0);
        }
    }
    waits
}

const UNIT_MICROS: u64 = 15_000;

fn one_worker() -> HashPoolLimits {
    HashPoolLimits {
        workers: 1,
        ..HashPoolLimits::default()
    }
}

#[test]
fn a_flood_that_pauses_is_a_flood_still() {
    const SECOND: u64 = 1_000_000;
    for (pause, every) in [
        (0, SECOND),
        (60_000, SECOND),
        (90_000, SECOND),
        (60_000, 400_000),
    ] {
        // Five times as many as can be served. Who would come in a pause comes at its end, with all the others.
        let arrivals: Vec<u64> = (0..10 * SECOND)
            .step_by(usize::try_from(UNIT_MICROS).unwrap() / 5)
            .map(|at| at.max(at / every * every + pause))
            .collect();
        let waits = play(&one_worker(), &arrivals);
        let longest = arrivals
            .iter()
            .zip(&waits)
            // The flood begins as a burst, which is let in.
            .filter(|(at, _)| **at > SECOND)
            .filter_map(|(_, wait)| *wait)
            .max();
        assert!(
            longest.is_some_and(|longest| longest <= 2 * UNIT_MICROS),
            "{pause} of {every}: {longest:?}"
        );
    }
}

#[test]
fn who_comes_by_chance_below_the_capacity_is_let_in() {
    let entropy = SeededEntropy::new(7);
    let mut at = 0.0;
    let arrivals: Vec<u64> = (0..20_000)
        .map(|_| {
            let mut drawn = [0; 4];
            entropy.fill(&mut drawn);
            let share = (f64::from(u32::from_be_bytes(drawn)) + 1.0) / f64::from(u32::MAX);
            // Seven tenths of what can be served.
            at -= share.ln() * UNIT_MICROS as f64 / 0.7;
            at as u64
        })
        .collect();
    let waits = play(&one_worker(), &arrivals);
    let refused = waits.iter().filter(|wait| wait.is_none()).count();
    assert!(refused < arrivals.len() / 100, "{refused} refused");
}

#[test]
fn the_estimate_follows_what_was_measured() {
    let mut unit = Duration::from_millis(35);
    for _ in 0..200 {
        unit = learn_unit(unit, OWN_WEIGHT, Duration::from_millis(70));
    }
    assert!(
        unit.abs_diff(Duration::from_millis(70)) < Duration::from_millis(1),
        "{unit:?}"
    );
    // A job of twice the weight in twice the time says the same; a light one says nothing.
    assert!(
        learn_unit(unit, 2 * OWN_WEIGHT, Duration::from_millis(140)).abs_diff(unit)
            < Duration::from_millis(1)
    );
    assert_eq!(learn_unit(unit, 1, Duration::from_secs(9)), unit);
}

proptest! {
    #[test]
    fn more_work_never_opens_the_door(
        queued_jobs in 0_usize..20,
        weight in any::<u64>(),
        more in any::<u64>(),
        millis in 1_u64..2_000,
        workers in 0_usize..64,
        standing in 0_u64..1_000,
    ) {
        let limits = HashPoolLimits { workers, ..HashPoolLimits::default() };
        let standing = Duration::from_millis(standing);
        let unit = Duration::from_millis(millis);
        let lighter = Backlog { queued_jobs, weight, unit, standing };
        let heavier = Backlog { weight: weight.saturating_add(more), ..lighter };
        assert!(expected_wait(&limits, &heavier) >= expected_wait(&limits, &lighter));
        assert!(decide_admission(&limits, &lighter).is_ok() || decide_admission(&limits, &heavier).is_err());
    }

    #[test]
    fn the_estimate_stays_within_its_bounds(millis in 2_u64..2_000, weight in any::<u32>(), micros in any::<u64>()) {
        let unit = learn_unit(Duration::from_millis(millis), weight, Duration::from_micros(micros));
        assert!((Duration::from_millis(2)..=Duration::from_secs(2)).contains(&unit), "{unit:?}");
    }
}

#[test]
fn a_burst_is_queued_and_a_flood_is_not() {
    let admitted = |burst_max| {
        let queue = Queue::new(HashPoolLimits {
            queue_jobs_max: 8,
            burst_max,
            ..LIMITS
        });
        let submit = |_: &usize| {
            let (reply, answer) = oneshot::channel();
            // A caller that has gone would make room.
            std::mem::forget(answer);
            let work = Work::Hash {
                password: secret("x"),
                salt: [0; SALT_BYTES],
                reply,
            };
            let weight = OWN_WEIGHT;
            queue.submit(Job { weight, work }).is_ok()
        };
        (0..20).filter(submit).count()
    };
    assert_eq!(admitted(Duration::from_secs(3_600)), 8);
    assert_eq!(admitted(Duration::ZERO), 3);
}

#[tokio::test]
async fn what_was_hashed_is_verified() {
    let pool = pool(LIMITS);
    let stored = pool.hash(secret("a passphrase")).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_ne!(
        pool.hash(secret("a passphrase")).await.unwrap(),
        stored,
        "each hash has its own salt"
    );

    let right = pool
        .verify(secret("a passphrase"), stored.clone())
        .await
        .unwrap();
    assert_eq!((right.matches, right.needs_rehash), (true, false));
    let wrong = pool.verify(secret("another"), stored).await.unwrap();
    assert_eq!((wrong.matches, wrong.needs_rehash), (false, false));
    pool.dummy_verify(secret("anything")).await.unwrap();
    assert_eq!(pool.load().done_jobs, 5);
}

#[tokio::test]
async fn a_foreign_hash_is_to_be_replaced_after_a_success_alone() {
    let pool = pool(LIMITS);
    let stored = "{SSHA}46BnfOtjjVkV2IM1YrlQPStNxk5zYWx0c2FsdA==";
    let right = pool
        .verify(secret("correct horse battery staple"), stored.to_owned())
        .await
        .unwrap();
    assert_eq!((right.matches, right.needs_rehash), (true, true));
    let wrong = pool
        .verify(secret("another"), stored.to_owned())
        .await
        .unwrap();
    assert_eq!((wrong.matches, wrong.needs_rehash), (false, false));
}

#[tokio::test]
async fn the_history_is_compared_whole() {
    let pool = pool(LIMITS);
    let former = "{SSHA}46BnfOtjjVkV2IM1YrlQPStNxk5zYWx0c2FsdA==".to_owned();
    let other = "{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned();
    let candidate = || secret("correct horse battery staple");
    assert!(
        pool.matches_any(candidate(), vec![other.clone(), former.clone()])
            .await
            .unwrap()
    );
    assert!(!pool.matches_any(candidate(), vec![other]).await.unwrap());
    assert!(!pool.matches_any(candidate(), Vec::new()).await.unwrap());
    let many = vec![former; COMPARED_HASHES_MAX + 1];
    assert!(matches!(
        pool.matches_any(candidate(), many).await,
        Err(HashError::Fault(Fault::TooManyCompared))
    ));
}

#[tokio::test]
async fn overlong_passwords_and_unreadable_hashes_never_reach_a_thread() {
    let pool = pool(LIMITS);
    let long = "x".repeat(257);
    assert!(matches!(
        pool.hash(secret(&long)).await,
        Err(HashError::Denial(Denial::TooLong))
    ));
    assert!(matches!(
        pool.dummy_verify(secret(&long)).await,
        Err(HashError::Denial(Denial::TooLong))
    ));
    let unreadable = pool.verify(secret("x"), "nonsense".to_owned()).await;
    assert!(matches!(
        unreadable,
        Err(HashError::Fault(Fault::StoredUnreadable(_)))
    ));
    assert_eq!(pool.load().done_jobs, 0);
}

#[tokio::test]
async fn a_flood_is_refused_at_once_and_the_admitted_are_served() {
    let pool = pool(LIMITS);
    let mut flood = JoinSet::new();
    for _ in 0..40 {
        let pool = pool.clone();
        flood.spawn(async move { pool.hash(secret("one of many")).await });
    }
    let (mut served, mut refused) = (0, 0);
    while let Some(outcome) = flood.join_next().await {
        match outcome.unwrap() {
            Ok(_) => served += 1,
            Err(HashError::Denial(Denial::Busy { retry_after_secs })) => {
                assert!(retry_after_secs >= 1);
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        served >= LIMITS.queue_jobs_max && refused > 0,
        "{served} served, {refused} refused"
    );
    let load = pool.load();
    assert_eq!((load.queued_jobs, load.expected_wait), (0, Duration::ZERO));
    assert_eq!(
        (load.done_jobs, load.refused_jobs),
        (served as u64, refused)
    );
}

#[tokio::test]
async fn jobs_of_callers_that_have_gone_are_skipped() {
    let pool = pool(LIMITS);
    {
        let mut gone = Vec::new();
        for _ in 0..LIMITS.queue_jobs_max {
            let pool = pool.clone();
            gone.push(Box::pin(async move { pool.hash(secret("gone")).await }));
        }
        for future in &mut gone {
            assert!(
                future
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_pending()
            );
        }
    }
    pool.hash(secret("still here")).await.unwrap();
    let load = pool.load();
    // The first may have begun before its caller went; the others were not worked on.
    assert_eq!(
        load.done_jobs + load.skipped_jobs,
        LIMITS.queue_jobs_max as u64 + 1
    );
    assert!(
        load.skipped_jobs >= LIMITS.queue_jobs_max as u64 - 1,
        "{load:?}"
    );
    assert_eq!(load.expected_wait, Duration::ZERO);
}

#[tokio::test]
async fn a_stopped_pool_tells_those_who_wait() {
    let pool = pool(LIMITS);
    let queue = Arc::clone(&pool.owner.queue);
    let mut waiting = pin!(pool.hash(secret("first")));
    let mut dropped = pin!(pool.hash(secret("second")));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert!(dropped.as_mut().poll(&mut context).is_pending());
    queue.stop();
    assert!(matches!(
        dropped.await,
        Err(HashError::Fault(Fault::WorkerGone))
    ));
    // The first was either under way, and is finished, or dropped as well.
    match waiting.await {
        Ok(_) | Err(HashError::Fault(Fault::WorkerGone)) => {}
        Err(error) => panic!("{error}"),
    }
    assert!(matches!(
        pool.hash(secret("late")).await,
        Err(HashError::Fault(Fault::WorkerGone))
    ));
}
