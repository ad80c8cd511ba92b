//! How far a long declaration is, for whoever waits for it.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// How many of the declared things are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Those that are done.
    pub done: u64,
    /// All of them.
    pub total: u64,
}

/// Where the tally is kept. Whoever watches sees the latest, never a queue.
#[derive(Debug, Clone)]
pub struct Progress(watch::Sender<Tally>);

impl Default for Progress {
    fn default() -> Self {
        Self(watch::Sender::new(Tally::default()))
    }
}

impl Progress {
    /// Sees every change from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Tally> {
        self.0.subscribe()
    }

    /// The tally now.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.0.borrow()
    }

    /// Sets the tally, as another process told it.
    pub fn set(&self, tally: Tally) {
        self.0.send_replace(tally);
    }

    /// Begins anew with so many things.
    pub(super) fn begin(&self, total: usize) {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        self.set(Tally { done: 0, total });
    }

    /// One more is done.
    pub(super) fn step(&self) {
        self.0
            .send_modify(|tally| tally.done = tally.done.saturating_add(1));
    }
}
