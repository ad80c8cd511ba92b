//! Turns: of many things that may be due each is gone on with by itself for a while, so that one that is slow holds its own turn alone, and
//! those of whom nothing good is known may never hold all there are. Each kind has turns in its own order, one behind the other, so that
//! those who come first in it and are due again at once take nobody's turn.

use crate::jobs::stopped_within;
use identity::fault::Fault;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use vocab::id::OrgId;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Things of one look.
const PAGE_MAX: i64 = 500;
/// Things of which something is remembered.
const REMEMBERED_MAX: usize = 100_000;

/// Behind which one a look begins: an org, and an id within it.
type Place = (String, String);

/// Something of an org.
pub(crate) type Key<T> = (OrgId, <T as Turns>::Id);

/// How many have a turn at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of all.
    pub(crate) at_once_max: usize,
    /// Of these, such as may hold their turn for long.
    pub(crate) doubtful_at_once_max: usize,
    /// Of these, such as are one org's.
    pub(crate) of_one_org_max: usize,
}

/// What is known of one that may be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Standing {
    /// Nothing bad.
    Good,
    /// It may hold its turn for long.
    Doubtful,
}

/// How many have a turn just now.
#[derive(Debug, Clone, Copy)]
struct Busy {
    all: usize,
    doubtful: usize,
}

impl Limits {
    /// Whether one more may have a turn.
    const fn has_room(self, busy: Busy, standing: Standing) -> bool {
        let is_doubtful = matches!(standing, Standing::Doubtful);
        busy.all < self.at_once_max && (!is_doubtful || busy.doubtful < self.doubtful_at_once_max)
    }
}

/// What has turns.
pub(crate) trait Turns: Send + Sync + 'static {
    /// One that may be due.
    type Due: Clone + Send + 'static;
    /// By what it is told apart within its org.
    type Id: Clone + Eq + Hash + Display + Send + 'static;
    /// What is remembered of one between two turns. What is forgotten is looked at once more.
    type Memory: Copy + Default + Send + 'static;
    /// What they are called in what an operator reads.
    const WHAT: &'static str;
    /// How many have a turn at once.
    const LIMITS: Limits;

    /// So many that may be due, behind that one in the order of orgs and ids.
    fn load(
        &self,
        after: (&str, &str),
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Self::Due>, Fault>> + Send;

    /// Which one it is.
    fn key(due: &Self::Due) -> Key<Self>;

    /// Whether there is anything to do in a turn.
    fn is_due(due: &Self::Due, memory: &Self::Memory) -> bool;

    /// Whether it may hold its turn for long.
    fn is_doubtful(due: &Self::Due, memory: &Self::Memory) -> bool;

    /// Goes on with one for a while.
    fn take_turn(
        &self,
        due: Self::Due,
        memory: Self::Memory,
    ) -> impl Future<Output = Self::Memory> + Send;
}

/// Whose turn it is, and what is remembered of the others.
struct Desk<T: Turns> {
    turns: JoinSet<(Key<T>, T::Memory)>,
    busy: HashMap<Key<T>, task::Id>,
    doubtful: HashSet<Key<T>>,
    remembered: HashMap<Key<T>, T::Memory>,
    /// Behind which one the next look at each kind begins.
    after: HashMap<Standing, Place>,
}

impl<T: Turns> Desk<T> {
    fn new() -> Self {
        Self {
            turns: JoinSet::new(),
            busy: HashMap::new(),
            doubtful: HashSet::new(),
            remembered: HashMap::new(),
            after: HashMap::new(),
        }
    }

    fn collect(&mut self) {
        while let Some(turn) = self.turns.try_join_next() {
            match turn {
                Ok((key, memory)) => {
                    self.busy.remove(&key);
                    self.doubtful.remove(&key);
                    if self.remembered.len() >= REMEMBERED_MAX {
                        self.remembered.clear();
                    }
                    self.remembered.insert(key, memory);
                }
                Err(error) => {
                    tracing::error!(%error, of = T::WHAT, "a turn broke off");
                    self.busy.retain(|_, task| *task != error.id());
                    self.doubtful.retain(|key| self.busy.contains_key(key));
                }
            }
        }
    }

    fn memory_of(&self, due: &T::Due) -> T::Memory {
        let memory = self.remembered.get(&T::key(due));
        memory.copied().unwrap_or_default()
    }

    fn standing_of(&self, due: &T::Due) -> Standing {
        match T::is_doubtful(due, &self.memory_of(due)) {
            true => Standing::Doubtful,
            false => Standing::Good,
        }
    }

    fn has_room(&self, standing: Standing) -> bool {
        let busy = Busy {
            all: self.turns.len(),
            doubtful: self.doubtful.len(),
        };
        T::LIMITS.has_room(busy, standing)
    }

    fn begin(&mut self, turns: &Arc<T>, due: T::Due, standing: Standing) {
        let (key, memory) = (T::key(&due), self.memory_of(&due));
        if self.busy.contains_key(&key) || !T::is_due(&due, &memory) {
            return;
        }
        let of_org = self.busy.keys().filter(|(org, _)| *org == key.0).count();
        if of_org >= T::LIMITS.of_one_org_max {
            return;
        }
        if standing == Standing::Doubtful {
            self.doubtful.insert(key.clone());
        }
        let (turns, whose) = (Arc::clone(turns), key.clone());
        let turn = self
            .turns
            .spawn(async move { (whose, turns.take_turn(due, memory).await) });
        self.busy.insert(key, turn.id());
    }

    /// Looks at those who may hold their turn for long, and then at all others: these always have what those may not hold.
    /// Both begin at one place as long as a page holds all there are: it is read once then.
    async fn look(&mut self, turns: &Arc<T>) -> Result<(), Fault> {
        let mut read: Option<(Place, Vec<T::Due>)> = None;
        for standing in [Standing::Doubtful, Standing::Good] {
            if !self.has_room(standing) {
                continue;
            }
            let begin = self.after.get(&standing).cloned().unwrap_or_default();
            let page = match read.take() {
                Some((place, page)) if place == begin => page,
                _ => turns.load((&begin.0, &begin.1), PAGE_MAX).await?,
            };
            self.look_at(turns, standing, (&begin, &page));
            read = Some((begin, page));
        }
        Ok(())
    }

    /// One page of what may be due, of those of one kind. The next look at them goes on where this one ended, because the page or the room
    /// did, and from the beginning behind the last page: whoever had a turn comes again when all behind them had theirs.
    fn look_at(&mut self, turns: &Arc<T>, standing: Standing, (begin, page): (&Place, &[T::Due])) {
        let place = |due: &T::Due| {
            let (org, id) = T::key(due);
            (org.to_string(), id.to_string())
        };
        let mut before = begin.clone();
        let is_last = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_MAX;
        let last = page.last().filter(|_| !is_last);
        let mut after = last.map(place).unwrap_or_default();
        for due in page {
            let here = place(due);
            if self.standing_of(due) == standing {
                if !self.has_room(standing) {
                    after = before;
                    break;
                }
                self.begin(turns, due.clone(), standing);
            }
            before = here;
        }
        self.after.insert(standing, after);
    }
}

/// Gives turns until told to stop, and then waits for those that are under way.
pub(crate) async fn run<T: Turns>(turns: T, mut stop: watch::Receiver<bool>) {
    let turns = Arc::new(turns);
    let mut desk = Desk::new();
    while !stopped_within(&mut stop, PAUSE).await {
        desk.collect();
        if let Err(fault) = desk.look(&turns).await {
            tracing::warn!(error = %fault, of = T::WHAT, "what is due could not be looked at; it will be tried again");
        }
    }
    while desk.turns.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use super::{Busy, Desk, Key, Limits, Standing, Turns};
    use identity::fault::Fault;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;

    #[test]
    fn who_may_be_slow_never_holds_all_there_are() {
        let limits = Limits {
            at_once_max: 64,
            doubtful_at_once_max: 32,
            of_one_org_max: 16,
        };
        for (all, doubtful, standing, expected) in [
            (0, 0, Standing::Good, true),
            (0, 0, Standing::Doubtful, true),
            (63, 31, Standing::Doubtful, true),
            (32, 32, Standing::Doubtful, false),
            (32, 32, Standing::Good, true),
            (64, 0, Standing::Good, false),
            (64, 0, Standing::Doubtful, false),
        ] {
            let has_room = limits.has_room(Busy { all, doubtful }, standing);
            assert_eq!(has_room, expected, "{all} {doubtful} {standing:?}");
        }
    }

    #[derive(Clone)]
    struct Trial {
        org: OrgId,
        number: u8,
    }

    /// Things whose turns end when they are let, of which those below ten failed.
    struct Trials {
        all: Vec<Trial>,
        end: Semaphore,
        reads: AtomicUsize,
    }

    impl Trials {
        fn of(all: Vec<Trial>) -> Arc<Self> {
            let end = Semaphore::new(0);
            let reads = AtomicUsize::new(0);
            Arc::new(Self { all, end, reads })
        }
    }

    impl Turns for Trials {
        type Due = Trial;
        type Id = u8;
        type Memory = ();
        const WHAT: &'static str = "trials";
        const LIMITS: Limits = Limits {
            at_once_max: 6,
            doubtful_at_once_max: 2,
            of_one_org_max: 3,
        };

        async fn load(&self, after: (&str, &str), _: i64) -> Result<Vec<Trial>, Fault> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let is_behind = |trial: &&Trial| {
                after.0.is_empty() || trial.number > after.1.parse().unwrap_or_default()
            };
            Ok(self.all.iter().filter(is_behind).cloned().collect())
        }

        fn key(due: &Trial) -> Key<Self> {
            (due.org.clone(), due.number)
        }

        fn is_due(due: &Trial, (): &()) -> bool {
            due.number != 13
        }

        fn is_doubtful(due: &Trial, (): &()) -> bool {
            due.number < 10
        }

        async fn take_turn(&self, _: Trial, (): ()) {
            self.end.acquire().await.unwrap().forget();
        }
    }

    fn busy(desk: &Desk<Trials>) -> Vec<u8> {
        let mut busy: Vec<u8> = desk.busy.keys().map(|(_, number)| *number).collect();
        busy.sort_unstable();
        busy
    }

    #[tokio::test]
    async fn a_look_gives_turns_as_far_as_there_is_room_and_goes_on_behind() {
        let entropy = SeededEntropy::new(3);
        let orgs = [OrgId::generate(&entropy), OrgId::generate(&entropy)];
        let trial = |org: usize, number| Trial {
            org: orgs[org].clone(),
            number,
        };
        let turns = Trials::of(vec![
            trial(0, 1),
            trial(0, 2),
            trial(1, 3),
            trial(0, 11),
            trial(0, 12),
            trial(1, 13),
            trial(1, 14),
            trial(1, 15),
            trial(1, 16),
            trial(1, 17),
        ]);
        let mut desk = Desk::new();
        desk.look(&turns).await.unwrap();
        assert_eq!(busy(&desk), [1, 2, 11, 14, 15, 16]);
        assert_eq!(desk.after[&Standing::Doubtful].1, "2");
        assert_eq!(desk.after[&Standing::Good].1, "16");
        assert_eq!(turns.reads.load(Ordering::Relaxed), 1);
        desk.turns.abort_all();
    }

    #[tokio::test]
    async fn those_who_failed_have_turns_one_behind_the_other_whoever_comes_first() {
        let entropy = SeededEntropy::new(4);
        let mut orgs: Vec<OrgId> = (0..4).map(|_| OrgId::generate(&entropy)).collect();
        orgs.sort_by_key(ToString::to_string);
        // Each org has two that failed and are always due again at once.
        let all = (1..=8_u8).map(|number| Trial {
            org: orgs[usize::from((number - 1) / 2)].clone(),
            number,
        });
        let turns = Trials::of(all.collect());
        let mut desk = Desk::new();
        for expected in [[1, 2], [3, 4], [5, 6], [7, 8], [1, 2], [3, 4]] {
            desk.look(&turns).await.unwrap();
            assert_eq!(busy(&desk), expected);
            turns.end.add_permits(expected.len());
            while !desk.busy.is_empty() {
                tokio::task::yield_now().await;
                desk.collect();
            }
        }
    }
}
