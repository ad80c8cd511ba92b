//! Waiting for states: the one place of the test bed that may pause, and it pauses only between two looks.

use std::future::Future;
use std::time::{Duration, Instant};

/// Between two looks at a state.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The same where a moment must not be missed.
const LOOK_CLOSELY_EVERY: Duration = Duration::from_micros(200);
/// The same where each look costs a process.
const LOOK_SELDOM_EVERY: Duration = Duration::from_millis(100);

/// Looks until `look` finds something.
///
/// # Errors
/// When `limit` has passed without it, or `look` fails.
pub fn until<T>(
    what: &str,
    limit: Duration,
    look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    look_every(LOOK_EVERY, what, limit, look)
}

/// The same for a moment that is soon over.
///
/// # Errors
/// When `limit` has passed without it, or `look` fails.
pub fn until_closely<T>(
    what: &str,
    limit: Duration,
    look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    look_every(LOOK_CLOSELY_EVERY, what, limit, look)
}

fn look_every<T>(
    every: Duration,
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        anyhow::ensure!(
            started.elapsed() < limit,
            "{what} did not come within {} s",
            limit.as_secs()
        );
        std::thread::sleep(every);
    }
}

/// The same for a look that takes its time.
///
/// # Errors
/// When `limit` has passed without it, or `look` fails.
pub async fn until_async<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    limit: Duration,
    look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    look_every_async(LOOK_EVERY, what, limit, look).await
}

/// The same for a look that costs the machine a process each time.
///
/// # Errors
/// When `limit` has passed without it, or `look` fails.
pub async fn until_seldom<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    limit: Duration,
    look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    look_every_async(LOOK_SELDOM_EVERY, what, limit, look).await
}

async fn look_every_async<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    every: Duration,
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        anyhow::ensure!(
            started.elapsed() < limit,
            "{what} did not come within {} s",
            limit.as_secs()
        );
        tokio::time::sleep(every).await;
    }
}

/// The same on a thread of its own, to some fifty microseconds.
pub fn block_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}

/// Keeps an arrival of a load generator to its place in the schedule.
pub async fn until_moment(moment: tokio::time::Instant) {
    tokio::time::sleep_until(moment).await;
}
