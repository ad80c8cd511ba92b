//! How connections hear that the process leaves, and how it waits for them.

use std::time::Duration;
use tokio::sync::watch;

/// Whether the process leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It does not.
    Stays,
    /// Another one has taken over: connections go when it suits them, so that no request meets a closed one.
    Patiently,
    /// Connections end as soon as nothing is under way on them.
    Now,
}

/// Where the leave is announced.
#[derive(Debug)]
pub struct Host(watch::Sender<Leaving>);

/// Somebody who hears of the leave, and for whom it waits.
#[derive(Debug, Clone)]
pub struct Guest(watch::Receiver<Leaving>);

impl Default for Host {
    fn default() -> Self {
        Self(watch::Sender::new(Leaving::Stays))
    }
}

impl Host {
    /// One more guest.
    #[must_use]
    pub fn guest(&self) -> Guest {
        Guest(self.0.subscribe())
    }

    /// Announces the leave, and waits until all guests have gone, or for so long. Says whether they have.
    pub async fn leave(&self, how: Leaving, time: Duration) -> bool {
        self.0.send_replace(how);
        tokio::time::timeout(time, self.0.closed()).await.is_ok()
    }
}

impl Guest {
    /// Whether the process leaves, as of now.
    #[must_use]
    pub fn leaving(&self) -> Leaving {
        *self.0.borrow()
    }

    /// Resolves when that changes; never, if it cannot any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, Leaving};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_its_guests_and_no_longer_than_it_says() {
        let host = Host::default();
        let mut guest = host.guest();
        assert_eq!(guest.leaving(), Leaving::Stays);
        assert!(!host.leave(Leaving::Patiently, Duration::from_secs(9)).await);
        guest.changed().await;
        assert_eq!(guest.leaving(), Leaving::Patiently);
        let (gone, ()) = tokio::join!(host.leave(Leaving::Now, Duration::from_secs(9)), async {
            guest.changed().await;
            drop(guest);
        });
        assert!(gone);
    }
}
