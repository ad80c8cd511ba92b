//! Work that lasts as long as its process, and the end of the process when such work breaks off.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::JoinSet;

/// How a process ends whose lasting work broke off: an error inside of the program (`EX_SOFTWARE` of sysexits.h).
pub const BROKEN_OFF: i32 = 70;

/// Spawns work without which the process is of no use.
///
/// Should it panic, the process ends with [`BROKEN_OFF`]: whoever watches over it starts another one, while one that only
/// looks alive helps nobody. Work that returns, or is aborted, has ended as it was meant to.
pub fn spawn_lasting<F>(tasks: &mut JoinSet<()>, work: &'static str, future: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    tasks.spawn(async move {
        if !ends_well(future).await {
            tracing::error!(
                work,
                "work that lasts broke off; the process ends, to be started again"
            );
            std::process::exit(BROKEN_OFF);
        }
    });
}

/// Whether it ends without a panic.
async fn ends_well<F: Future<Output = ()>>(future: F) -> bool {
    let mut future = std::pin::pin!(future);
    poll_fn(|context| poll_guarded(future.as_mut(), context)).await
}

fn poll_guarded<F: Future<Output = ()>>(
    future: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<bool> {
    // Nothing of it is looked at after a panic.
    match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
        Ok(polled) => polled.map(|()| true),
        Err(_) => Poll::Ready(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{ends_well, spawn_lasting};
    use tokio::task::{JoinSet, yield_now};

    #[tokio::test]
    async fn a_panic_is_told_from_an_end() {
        assert!(ends_well(yield_now()).await);
        for yields in [0, 1] {
            let breaks = async {
                for _ in 0..yields {
                    yield_now().await;
                }
                panic!("as a defect would");
            };
            assert!(!ends_well(breaks).await, "after {yields}");
        }
    }

    #[tokio::test]
    async fn what_is_aborted_ends_nothing() {
        let mut tasks = JoinSet::new();
        spawn_lasting(&mut tasks, "waits", std::future::pending());
        spawn_lasting(&mut tasks, "ends", yield_now());
        tasks.join_next().await.unwrap().unwrap();
        tasks.shutdown().await;
        assert!(tasks.is_empty());
    }
}
