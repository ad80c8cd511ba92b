//! Whether a cell is worth asking: one that hangs costs a request a moment and not a minute.
//!
//! Two witnesses must agree before a cell is not asked any more: requests in a row that got no answer, whosever they were,
//! and the cell itself, which does not say that it lives. One slow org, or one slow endpoint, has the cell against it. While
//! the cell is not asked, it is the edge that looks whether it is back; no request is sent to find out.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use wire::names::CellName;

/// Requests in a row without an answer's head.
const LATE_MAX: u32 = 3;
/// Questions in a row whether it lives, without an answer.
const SILENT_MAX: u32 = 2;
/// The same where fewer requests are late, and no other was answered meanwhile: one that is alone must not wait for company.
const SILENT_ALONE_MAX: u32 = 4;

/// How long who may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// A request without a head of its answer is late after this.
    pub head: Duration,
    /// A cell that says nothing for this long does not say that it lives.
    pub probe: Duration,
    /// The pause before it is asked again.
    pub pause: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            probe: Duration::from_secs(2),
            pause: Duration::from_millis(500),
        }
    }
}

/// What is known against a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct State {
    late: u32,
    silent: u32,
}

/// What was seen of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// A request got the head of an answer.
    Head,
    /// A request is late.
    Late,
    /// The cell says that it lives.
    Life,
    /// It does not.
    Silence,
}

impl State {
    /// Nothing is sent to the cell.
    const fn is_open(self) -> bool {
        let silent_max = if self.late >= LATE_MAX {
            SILENT_MAX
        } else {
            SILENT_ALONE_MAX
        };
        self.late > 0 && self.silent >= silent_max
    }
}

fn decide_next(state: State, seen: Seen) -> State {
    match seen {
        Seen::Head | Seen::Life => State::default(),
        Seen::Late => State {
            late: state.late.saturating_add(1),
            ..state
        },
        // Somebody was answered since: the cell was only slow to say it.
        Seen::Silence if state.late == 0 => State::default(),
        Seen::Silence => State {
            silent: state.silent.saturating_add(1),
            ..state
        },
    }
}

/// What a cell says when it is asked whether it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// Something.
    Lives,
    /// Nothing that could be heard.
    Silent,
    /// There is no such cell any more.
    Gone,
}

/// The breakers of all cells; there are as many as the route map ever named. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Breakers {
    times: Times,
    cells: Arc<RwLock<HashMap<CellName, Arc<Breaker>>>>,
}

/// What stands between the edge and one cell.
#[derive(Debug)]
pub struct Breaker {
    cell: CellName,
    times: Times,
    /// Whether there is anything but the beginning in what follows; most of the time there is not.
    troubled: AtomicBool,
    watched: Mutex<Watched>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct Watched {
    state: State,
    probing: bool,
}

impl Breakers {
    /// Breakers with these times.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            times,
            ..Self::default()
        }
    }

    /// The breaker of a cell.
    #[must_use]
    pub fn of(&self, cell: &CellName) -> Arc<Breaker> {
        let known = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = known.get(cell) {
            return Arc::clone(breaker);
        }
        drop(known);
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        let breaker = cells.entry(cell.clone()).or_insert_with(|| {
            Arc::new(Breaker {
                cell: cell.clone(),
                times: self.times,
                troubled: AtomicBool::new(false),
                watched: Mutex::default(),
                opened: Notify::new(),
            })
        });
        Arc::clone(breaker)
    }
}

impl Breaker {
    /// Whether nothing is to be sent to the cell.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.troubled.load(Ordering::Relaxed) && self.watched().state.is_open()
    }

    /// After this long without a head a request is late.
    #[must_use]
    pub const fn head_max(&self) -> Duration {
        self.times.head
    }

    /// A request got the head of an answer.
    pub fn note_head(&self) {
        if self.troubled.load(Ordering::Relaxed) {
            self.note(Seen::Head);
        }
    }

    /// A request is late: the cell is asked whether it lives, until it says so.
    pub fn note_late<A, P>(self: &Arc<Self>, ask: A)
    where
        A: Fn() -> P + Send + 'static,
        P: Future<Output = Probed> + Send + 'static,
    {
        if self.note(Seen::Late) {
            tokio::spawn(Arc::clone(self).probe(ask));
        }
    }

    /// Resolves when the cell is given up.
    pub async fn opens(&self) {
        let mut opened = std::pin::pin!(self.opened.notified());
        opened.as_mut().enable();
        if !self.is_open() {
            opened.await;
        }
    }

    async fn probe<A, P>(self: Arc<Self>, ask: A)
    where
        A: Fn() -> P,
        P: Future<Output = Probed>,
    {
        loop {
            let probed = timeout(self.times.probe, ask()).await;
            let goes_on = self.note(match probed {
                Ok(Probed::Lives | Probed::Gone) => Seen::Life,
                Ok(Probed::Silent) | Err(_) => Seen::Silence,
            });
            if !goes_on {
                return;
            }
            sleep(self.times.pause).await;
        }
    }

    /// Whether the cell is to be asked: by whoever was late first, and by whoever asks already.
    fn note(&self, seen: Seen) -> bool {
        let mut watched = self.watched();
        let before = watched.state;
        watched.state = decide_next(before, seen);
        let (state, probing) = (watched.state, watched.probing);
        let troubled = state != State::default();
        let asks = match seen {
            Seen::Head => false,
            Seen::Late => !probing,
            Seen::Life | Seen::Silence => troubled,
        };
        watched.probing = match seen {
            Seen::Head => probing,
            Seen::Late => true,
            Seen::Life | Seen::Silence => troubled,
        };
        self.troubled.store(troubled, Ordering::Relaxed);
        drop(watched);
        match (before.is_open(), state.is_open()) {
            (false, true) => {
                tracing::warn!(cell = %self.cell, "a cell hangs: its requests are refused until it says that it lives");
                self.opened.notify_waiters();
            }
            (true, false) => tracing::info!(cell = %self.cell, "a cell that hung lives"),
            _ => {}
        }
        asks
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Breakers, Probed, Seen, State, Times, decide_next};
    use std::sync::atomic::Ordering;
    use std::time::Duration;
    use tokio::sync::watch;
    use wire::names::CellName;

    #[test]
    fn only_if_requests_and_the_cell_agree_is_it_not_asked() {
        use Seen::{Head, Late, Life, Silence};
        let table: [(&[Seen], bool); 16] = [
            (&[], false),
            // However many of one slow org: the cell says that it lives.
            (&[Late; 50], false),
            (&[Late, Late, Late, Life, Late, Late, Life, Late], false),
            // A cell that is slow to say so while others are answered.
            (&[Silence, Silence, Silence], false),
            (
                &[Late, Silence, Silence, Head, Silence, Silence, Late, Late],
                false,
            ),
            (&[Late, Late, Late, Silence], false),
            (&[Late, Late, Silence, Silence], false),
            // One that is alone learns it a little later.
            (&[Late, Silence, Silence, Silence], false),
            (&[Late, Silence, Silence, Silence, Silence], true),
            (&[Late, Silence, Silence, Silence, Silence, Life], false),
            (&[Late, Silence, Silence, Silence, Head, Silence], false),
            (&[Silence, Silence, Silence, Silence], false),
            (&[Late, Late, Late, Silence, Silence], true),
            (&[Late, Silence, Silence, Late, Late, Late, Silence], true),
            (&[Late, Late, Late, Silence, Silence, Life], false),
            // Whoever waited since before is answered after all.
            (&[Late, Late, Late, Silence, Silence, Head], false),
        ];
        for (seen, open) in table {
            let state = seen
                .iter()
                .fold(State::default(), |state, seen| decide_next(state, *seen));
            assert_eq!(state.is_open(), open, "{seen:?}");
        }
        let most = State {
            late: u32::MAX,
            silent: u32::MAX,
        };
        assert_eq!(decide_next(decide_next(most, Late), Silence), most);
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_asks_until_the_cell_lives_and_others_are_refused() {
        let breakers = Breakers::new(Times::default());
        let cell = |name: &str| CellName::parse(name).unwrap();
        let breaker = breakers.of(&cell("cell-a"));
        let (says, said) = watch::channel(Probed::Silent);
        let (counts, mut asked) = watch::channel(0);
        let late = || {
            let (said, counts) = (said.clone(), counts.clone());
            breaker.note_late(move || {
                counts.send_modify(|count| *count += 1);
                let said = *said.borrow();
                async move { said }
            });
        };
        (0..3).for_each(|_| late());
        assert!(!breaker.is_open(), "the cell was not asked yet");
        breaker.opens().await;
        assert!(breaker.is_open() && !breakers.of(&cell("cell-b")).is_open());
        assert_eq!(*asked.borrow(), 2);
        breaker.opens().await;
        asked.wait_for(|count| *count == 50).await.unwrap();
        assert!(breaker.is_open());
        says.send(Probed::Lives).unwrap();
        asked.wait_for(|count| *count == 51).await.unwrap();
        assert!(!breaker.is_open());
        tokio::time::advance(Duration::from_secs(60)).await;
        tokio::task::yield_now().await;
        assert_eq!(*asked.borrow(), 51, "nobody asks for nothing");
        late();
        asked.wait_for(|count| *count == 52).await.unwrap();
        assert!(!breaker.troubled.load(Ordering::Relaxed));
    }
}
