//! How many calls of one org may be under way at once. A hook that hangs fills the lines of its own org, whose further callers
//! give up after a moment; those of others are not touched. Nobody who waits here holds anything of the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vocab::id::OrgId;

/// Most calls of one org at once.
pub(crate) const LINES_MAX: usize = 32;
/// How long somebody waits for a line.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The lines of orgs that have any in use.
pub(crate) struct Lines {
    busy: Arc<Mutex<HashMap<OrgId, Arc<Semaphore>>>>,
    lines_max: usize,
    wait_max: Duration,
}

impl Default for Lines {
    fn default() -> Self {
        Self::of(LINES_MAX)
    }
}

/// A line that is in use until this is dropped.
pub(crate) struct Line {
    org: OrgId,
    busy: Arc<Mutex<HashMap<OrgId, Arc<Semaphore>>>>,
    lines: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.permit.take();
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and this one's: whoever else came meanwhile took a third while holding the lock.
        if Arc::strong_count(&self.lines) <= 2 {
            busy.remove(&self.org);
        }
    }
}

impl Lines {
    /// So many lines for each org.
    pub(crate) fn of(lines_max: usize) -> Self {
        Self {
            busy: Arc::default(),
            lines_max,
            wait_max: WAIT_MAX,
        }
    }

    /// A line of the org; none if all stayed in use.
    pub(crate) async fn enter(&self, org: &OrgId) -> Option<Line> {
        let lines = {
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = busy
                .entry(org.clone())
                .or_insert_with(|| Arc::new(Semaphore::new(self.lines_max)));
            Arc::clone(lines)
        };
        let mut line = Line {
            org: org.clone(),
            busy: Arc::clone(&self.busy),
            lines: Arc::clone(&lines),
            permit: None,
        };
        let permit = tokio::time::timeout(self.wait_max, lines.acquire_owned()).await;
        line.permit = Some(permit.ok()?.ok()?);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Lines};
    use std::time::Duration;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    #[tokio::test]
    async fn an_org_that_fills_its_lines_holds_up_itself_alone() {
        let entropy = SeededEntropy::new(4);
        let (full, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let lines = Lines {
            wait_max: Duration::ZERO,
            ..Lines::default()
        };
        let mut held = Vec::new();
        for _ in 0..LINES_MAX {
            held.push(lines.enter(&full).await.unwrap());
        }
        assert!(lines.enter(&full).await.is_none());
        let free = lines.enter(&other).await;
        assert!(free.is_some());
        held.pop();
        assert!(lines.enter(&full).await.is_some());
        drop((held, free));
        assert!(lines.busy.lock().unwrap().is_empty(), "nothing is kept");
    }
}
