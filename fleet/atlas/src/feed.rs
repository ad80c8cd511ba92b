//! The signed route map in memory: built from the tables at the start, then carried on by the log.

use crate::log::Row;
use crate::refusal::Refusal;
use crate::register::{cell_route, org_route};
use crate::store;
use database::{Database, ReadTx};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use vocab::time::Clock;
use wire::control::OrgState;
use wire::routes::entry::{Change, Entry, HostRoute};
use wire::routes::follow::{Delta, Followed};
use wire::routes::map::RouteMap;
use wire::routes::signature::{Head, RouteSigner, SignedHead};

/// Rows that are read at once.
const PAGE_ROWS: i64 = 1_000;
/// Changes of the log that followers can be told one by one; whoever is further behind gets the whole map.
const KEPT_MAX: usize = 10_000;
/// Most changes of one answer, unless a single row has more.
const DELTA_CHANGES_MAX: usize = 1_000;
/// Rows from before the start that followers can be told one by one. Only the state after the last of them is signed, so
/// that they fit into one answer.
const RECALLED_ROWS: i64 = 1_000;

/// The feed. Clones share it.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    signer: RouteSigner,
    state: Mutex<State>,
    /// One at a time reads the log.
    reading: tokio::sync::Mutex<()>,
    news: watch::Sender<News>,
}

/// What those who wait for news are told.
#[derive(Clone, Copy)]
struct News {
    cursor: i64,
    closed: bool,
}

/// What a follower is told.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The changes since.
    Steps(Delta),
    /// The map, which shares everything with the one in use: whoever sends it renders it, while others go on.
    Whole(Followed),
}

struct State {
    map: RouteMap,
    head: SignedHead,
    kept: VecDeque<Step>,
}

/// What one row of the log did, and the signed state that came of it; none where the state was not known.
struct Step {
    before: i64,
    changes: Vec<Change>,
    head: Option<SignedHead>,
}

impl Feed {
    /// The feed of this register.
    ///
    /// # Errors
    /// [`Refusal`] if the tables cannot be read.
    pub async fn build(
        database: Database,
        clock: Arc<dyn Clock>,
        signer: RouteSigner,
    ) -> Result<Self, Refusal> {
        let mut tx = database.read().await?;
        let cursor = store::load_head(&mut tx).await?.cursor;
        let map = load_map(&mut tx).await?;
        let recalled = store::load_newest(&mut tx, RECALLED_ROWS).await?;
        drop(tx);
        let head = signer.sign(Head {
            cursor,
            root: map.root(),
            signed_at: clock.now(),
        });
        let mut kept = VecDeque::new();
        for row in recalled {
            kept.push_front(Step {
                before: row.cursor - 1,
                changes: parse_changes(&row)?,
                head: (row.cursor == cursor).then(|| head.clone()),
            });
        }
        Ok(Self(Arc::new(Inner {
            database,
            clock,
            signer,
            state: Mutex::new(State { map, head, kept }),
            reading: tokio::sync::Mutex::new(()),
            news: watch::Sender::new(News {
                cursor,
                closed: false,
            }),
        })))
    }

    /// What followers pin.
    #[must_use]
    pub fn key_hex(&self) -> String {
        self.0.signer.public_hex()
    }

    /// The last change that is in the map.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        self.read(|state| state.head.head.cursor)
    }

    /// Reads what came to the log since, whoever wrote it.
    ///
    /// # Errors
    /// [`Refusal`] if the log cannot be read; the map stays as it was.
    pub async fn catch_up(&self) -> Result<(), Refusal> {
        let _one = self.0.reading.lock().await;
        loop {
            let after = self.cursor();
            let rows =
                store::load_changes(&mut self.0.database.read().await?, after, PAGE_ROWS).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                self.take(&row)?;
            }
        }
    }

    fn take(&self, row: &Row) -> Result<(), Refusal> {
        let changes = parse_changes(row)?;
        let (before, map) = self.read(|state| (state.head.head.cursor, state.map.clone()));
        let map = if changes.is_empty() {
            map
        } else {
            map.apply(changes.clone())
                .map_err(|error| Refusal::Stored(error.to_string()))?
        };
        let head = self.0.signer.sign(Head {
            cursor: row.cursor,
            root: map.root(),
            signed_at: self.0.clock.now(),
        });
        let mut state = self.state();
        state.map = map;
        state.head = head.clone();
        state.kept.push_back(Step {
            before,
            changes,
            head: Some(head),
        });
        if state.kept.len() > KEPT_MAX {
            state.kept.pop_front();
        }
        drop(state);
        self.0.news.send_modify(|news| news.cursor = row.cursor);
        Ok(())
    }

    /// What a follower at that cursor does not have; whole if it has nothing, is ahead, or is too far behind.
    #[must_use]
    pub fn news(&self, after: i64) -> Answer {
        let state = self.state();
        if after > 0
            && let Some((changes, head)) = plan_steps(&state, after)
        {
            return Answer::Steps(Delta {
                whole: false,
                after,
                changes,
                head,
            });
        }
        Answer::Whole(Followed {
            map: state.map.clone(),
            head: Some(state.head.clone()),
        })
    }

    /// Waits until there is something else than that cursor, the time is over, or the feed is closed.
    pub async fn wait(&self, after: i64, time: Duration) {
        let mut news = self.0.news.subscribe();
        let other = news.wait_for(|news| news.cursor != after || news.closed);
        // The end of the time and the end of the feed are both an answer.
        let _ = tokio::time::timeout(time, other).await;
    }

    /// Answers all who wait, now and from now on: the process ends.
    pub fn close(&self) {
        self.0.news.send_modify(|news| news.closed = true);
    }

    /// Resolves when the feed is closed.
    pub async fn closed(&self) {
        let mut news = self.0.news.subscribe();
        let _ = news.wait_for(|news| news.closed).await;
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state())
    }

    // Every change of the state is a few moves that cannot fail half-way.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The changes after a cursor, up to a signed state; none if they are not kept.
fn plan_steps(state: &State, after: i64) -> Option<(Vec<Change>, SignedHead)> {
    if after == state.head.head.cursor {
        return Some((Vec::new(), state.head.clone()));
    }
    // The log has no gap, so that a step's place follows from its cursor.
    let behind = after.checked_sub(state.kept.front()?.before)?;
    let steps = state.kept.iter().skip(usize::try_from(behind).ok()?);
    let (mut changes, mut reached) = (Vec::new(), None);
    for step in steps {
        let full = changes.len() + step.changes.len() > DELTA_CHANGES_MAX;
        if full && reached.is_some() {
            break;
        }
        changes.extend(step.changes.iter().cloned());
        if let Some(head) = &step.head {
            reached = Some((changes.len(), head.clone()));
        }
    }
    let (count, head) = reached?;
    changes.truncate(count);
    Some((changes, head))
}

fn parse_changes(row: &Row) -> Result<Vec<Change>, Refusal> {
    serde_json::from_str(&row.routes).map_err(|error| Refusal::Stored(error.to_string()))
}

async fn load_map(tx: &mut ReadTx) -> Result<RouteMap, Refusal> {
    let stored = |error: wire::routes::RouteError| Refusal::Stored(error.to_string());
    let cells = store::load_cells(tx).await?;
    let cells = cells
        .iter()
        .map(|cell| cell_route(&cell.name, &cell.address, cell.epoch));
    let mut changes: Vec<Change> = cells.collect();
    let mut after = String::new();
    loop {
        let page = store::load_orgs(tx, None, &after, PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        after = last.slug.to_string();
        let served = page.iter().filter(|org| org.state == OrgState::Serving);
        changes.extend(served.map(org_route));
    }
    let mut after = String::new();
    loop {
        let page = store::load_host_page(tx, &after, PAGE_ROWS).await?;
        let Some((last, _)) = page.last() else { break };
        after = last.to_string();
        let hosts = page.into_iter();
        changes
            .extend(hosts.map(|(host, slug)| Change::Put(Entry::Host(HostRoute { host, slug }))));
    }
    RouteMap::default().apply(changes).map_err(stored)
}
