//! What the log is told of a cell that cannot be asked: all who wait for it try again and again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use wire::names::CellName;

/// A cell is complained of at most this often.
const EVERY: Duration = Duration::from_secs(1);

/// When each cell was complained of last; there are as many as the route map ever named.
#[derive(Debug, Default)]
pub struct Complaints(Mutex<HashMap<CellName, Instant>>);

impl Complaints {
    /// Whether it is time to say it again.
    pub fn is_due(&self, cell: &CellName, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = last.get(cell);
        let is_due = told.is_none_or(|told| now.saturating_duration_since(*told) >= EVERY);
        if is_due {
            last.insert(cell.clone(), now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::{Complaints, EVERY};
    use std::time::Instant;
    use wire::names::CellName;

    #[test]
    fn each_cell_is_complained_of_now_and_then() {
        let (complaints, now) = (Complaints::default(), Instant::now());
        let cell = |name: &str| CellName::parse(name).unwrap();
        for (name, at, is_due) in [
            ("cell-a", now, true),
            ("cell-a", now, false),
            ("cell-b", now, true),
            ("cell-a", now + EVERY / 2, false),
            ("cell-a", now + EVERY, true),
            ("cell-a", now + EVERY, false),
        ] {
            assert_eq!(complaints.is_due(&cell(name), at), is_due, "{name}");
        }
    }
}
