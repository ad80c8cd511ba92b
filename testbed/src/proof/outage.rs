//! Which process was away when: an operation that meets the very process that serves it dying, or hung, is cut off, and that is
//! nobody's fault. It is counted apart, and for nobody else and at no other time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Whom the loss of a process strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Struck {
    /// The edge: everybody whose connection ends at it, if it breaks. An answer is an answer.
    Connections,
    /// A cell: its organisations, and one that is moving to or from it.
    Cell {
        /// The cell.
        name: String,
        /// The one that moves; empty if it may not notice.
        moving: String,
    },
}

/// From the kill until the process served again.
#[derive(Debug)]
struct Outage {
    struck: Struck,
    began: Instant,
    ended: Option<Instant>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Outages(Mutex<Vec<Outage>>);

/// How an operation broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Its connection could not be made, or ended before the answer was there.
    Connection,
    /// It was answered, but not as wanted.
    Answer,
}

/// An operation that broke off.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'s> {
    /// The organisation.
    pub slug: &'s str,
    /// Its cell, as far as is known.
    pub cell: &'s str,
    /// When its first request left.
    pub began: Instant,
    /// When it was over.
    pub ended: Instant,
    /// How.
    pub broken: Broken,
}

impl Outages {
    /// A process is about to be killed; its number here.
    pub fn begin(&self, struck: Struck) -> usize {
        let mut all = self.all();
        all.push(Outage {
            struck,
            began: Instant::now(),
            ended: None,
        });
        all.len() - 1
    }

    /// It serves again.
    pub fn end(&self, number: usize) {
        if let Some(outage) = self.all().get_mut(number) {
            outage.ended = Some(Instant::now());
        }
    }

    /// Whether the operation met the loss of the process that served it.
    #[must_use]
    pub fn explain(&self, failed: &Failed<'_>) -> bool {
        self.all().iter().any(|outage| outage.explains(failed))
    }

    fn all(&self) -> MutexGuard<'_, Vec<Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    fn explains(&self, failed: &Failed<'_>) -> bool {
        let met = failed.ended >= self.began && self.ended.is_none_or(|ended| failed.began < ended);
        met && match &self.struck {
            Struck::Connections => failed.broken == Broken::Connection,
            Struck::Cell { name, moving } => failed.cell == name || failed.slug == moving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, Failed, Outages, Struck};
    use std::time::Duration;
    use tokio::time::Instant;

    fn failed(slug: &'static str, broken: Broken) -> Failed<'static> {
        let now = Instant::now();
        Failed {
            slug,
            cell: "cell-b",
            began: now,
            ended: now,
            broken,
        }
    }

    #[test]
    fn only_who_was_served_by_the_dead_is_cut_off() {
        let outages = Outages::default();
        assert!(!outages.explain(&failed("org", Broken::Connection)));
        let cell = |name: &str| Struck::Cell {
            name: name.to_owned(),
            moving: String::from("mover"),
        };
        let of_another = outages.begin(cell("cell-a"));
        assert!(!outages.explain(&failed("org", Broken::Answer)));
        assert!(outages.explain(&failed("mover", Broken::Answer)));
        outages.begin(cell("cell-b"));
        assert!(outages.explain(&failed("org", Broken::Answer)));
        outages.end(of_another);
        assert!(outages.explain(&failed("mover", Broken::Connection)));
    }

    #[test]
    fn an_answer_is_not_the_edges_death_and_afterwards_nothing_is() {
        let outages = Outages::default();
        let before = failed("org", Broken::Connection);
        let edge = outages.begin(Struck::Connections);
        assert!(!outages.explain(&failed("org", Broken::Answer)));
        assert!(outages.explain(&failed("org", Broken::Connection)));
        outages.end(edge);
        let later = Failed {
            began: Instant::now() + Duration::from_millis(1),
            ended: Instant::now() + Duration::from_millis(2),
            ..before
        };
        assert!(!outages.explain(&later));
    }
}
