//! A large organisation moves to another cell and back while its people and its neighbours are at work: how long the copy
//! takes, how long anybody waited, and what it was to the others. It has a fleet of its own, whose first cell's store is
//! filled while nobody runs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::Instant;

use crate::fleet::{Fleet, FleetPlan};
use crate::proof::flow;
use crate::proof::moves::{End, ask, end_of, newest_of};
use crate::proof::outage::Outages;
use crate::proof::plan::{Flow, Load};
use crate::proof::row::{Row, Times};
use crate::proof::scenario::{Effort, close_books, load_of};
use crate::proof::site::Site;
use crate::proof::tally::{Figures, Outcome, Tally};
use crate::proof::trace::{Follower, News};
use crate::proof::world::{World, drive};
use crate::store::{self, Likeness};
use crate::wait;

/// What the scenario is called.
pub const NAME: &str = "a large org moves and comes back";
/// How many times its quiet p99 an operation may take while rows are copied.
pub const P99_TIMES_MAX: f64 = 2.0;
/// The longest that one request may go without an answer.
pub const PAUSE_MAX: Duration = Duration::from_secs(1);
const SLUG: &str = "large";
const HOME: &str = "cell-a";
const AWAY: &str = "cell-b";
const CONTROL: &str = "control";
/// Its neighbours in each of the two cells.
const NEIGHBOURS_EACH: usize = 3;
/// The part of the arrivals that are its own.
const OWN_PART: f64 = 0.5;
/// How often it is asked for one thing, beside the load: whoever is parked is seen.
const PROBE_EVERY: Duration = Duration::from_millis(50);
/// How long the whole way to the switch, or back, or the removal afterwards, may take.
const LARGE_MAX: Duration = Duration::from_secs(3_600);
/// How long a move can be taken back: it is.
const KEEP_SECS: &str = "3600";

/// How large it is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Its people.
    pub people: usize,
    /// Rows of its log.
    pub log_rows: usize,
}

/// Makes it, moves it, and takes it back.
///
/// # Errors
/// When a move does not come to its end, or the fleet does not answer.
pub async fn run(size: Size, effort: &Effort) -> anyhow::Result<Row> {
    let stage = Stage::prepare(size).await.context(NAME)?;
    let row = stage.run(effort).await.context(NAME)?;
    let row = close_books(&stage.world, row).await.context(NAME)?;
    let name = NAME.to_owned();
    let mut row = Row { name, ..row }.judge();
    row.missed.extend(stage.compare().await.context(NAME)?);
    if effort.times == Times::Judged {
        row.missed.extend(decide_missed(&row.figures));
    }
    Ok(row)
}

/// What is measured, by its name.
type Named = BTreeMap<String, f64>;

fn decide_missed(figures: &Named) -> Vec<String> {
    let bounds = figures.iter().filter_map(|(name, found)| {
        let bound = if name.ends_with(TIMES) {
            P99_TIMES_MAX
        } else if name.ends_with(PAUSE) {
            PAUSE_MAX.as_secs_f64() * 1e3
        } else {
            return None;
        };
        (*found > bound).then(|| format!("{name}: {found:.2}, at most {bound}"))
    });
    bounds.collect()
}

/// What goes on while it is measured.
const LEGS: [&str; 3] = ["there", "back", "removal"];
const TIMES: &str = "p99 times";
const PAUSE: &str = "longest pause ms";

/// The fleet with the large organisation.
struct Stage {
    world: World,
    own: Vec<Arc<Site>>,
    neighbours: Vec<Arc<Site>>,
    org: String,
    seq: i64,
    before: Likeness,
}

/// What was seen while something went on.
struct Seen {
    own: Tally,
    neighbours: Tally,
    probe: Figures,
}

impl Stage {
    async fn prepare(size: Size) -> anyhow::Result<Self> {
        let plan = FleetPlan {
            cells: 2,
            ..FleetPlan::default()
        };
        let fleet = Fleet::start_as(&plan)?;
        let mut sites = vec![Arc::new(Site::prepare(&fleet, SLUG, HOME).await?)];
        for number in 0..NEIGHBOURS_EACH {
            for cell in [HOME, AWAY] {
                let slug = format!("{}-{number}", cell.replace("cell-", "near-"));
                sites.push(Arc::new(Site::prepare(&fleet, &slug, cell).await?));
            }
        }
        let fleet = spawn_blocking(move || {
            fleet.pause(|fleet| {
                store::enlarge(&fleet.data_of(HOME), SLUG, size.people, size.log_rows)
            })
        })
        .await??;
        let world = World {
            fleet: Arc::new(fleet),
            sites: Arc::new(sites.clone()),
            cells: vec![HOME.to_owned(), AWAY.to_owned()],
            outages: Arc::new(Outages::default()),
        };
        world.recover().await?;
        let data = world.fleet.data_of(HOME);
        let org = store::id_of(&data, SLUG)?;
        let seq = store::newest_of(&data, &org)?;
        Ok(Self {
            before: look_at(&data, &org, seq).await?,
            neighbours: sites.split_off(1),
            own: sites,
            world,
            org,
            seq,
        })
    }

    async fn run(&self, effort: &Effort) -> anyhow::Result<Row> {
        let fleet = &self.world.fleet;
        // The first look at each page warms caches and files, which would be measured as a gain else.
        self.at_work(effort, async || Ok(true)).await?;
        let mut left = effort.rounds;
        let quiet = self
            .at_work(effort, async || {
                left = left.saturating_sub(1);
                Ok(left == 0)
            })
            .await?;
        let follower = Follower::from_now(&fleet.log_of(CONTROL))?;
        let order = ["org", "move", SLUG, "--to", AWAY, "--keep-secs", KEEP_SECS];
        ask(fleet, &order).await?;
        let watch = Watch::begin(follower);
        let there = self
            .at_work(effort, async || self.is_at("following", AWAY).await)
            .await?;
        let moved = newest_of(fleet, SLUG).await?.context("no move")?;
        let (phases, pause) = (watch.end().await?, pause_of(&moved));
        let at_target = look_at(&fleet.data_of(AWAY), &self.org, self.seq).await?;
        ask(fleet, &["org", "move", SLUG, "--back"]).await?;
        let back = self
            .at_work(effort, async || self.is_at("purging", HOME).await)
            .await?;
        let purging = Instant::now();
        let after = self.at_work(effort, async || self.is_over().await).await?;
        let End::Done { pause_micros, .. } = end_of(fleet, SLUG, LARGE_MAX).await? else {
            anyhow::bail!("the move was undone");
        };
        let mut row = rows_of(&quiet, &there, &back, &after);
        if at_target != self.before {
            let text = format!("the copy is {at_target:?}, and was {:?}", self.before);
            row.notes.push(text);
            row.audit.wrong += 1;
        }
        let figures = &mut row.figures;
        let rows = moved["rows_total"].as_f64().unwrap_or_default();
        let copy = phases.get("copying").copied().unwrap_or_default();
        let compare = phases.get("verifying").copied().unwrap_or_default();
        figures.insert(String::from("rows"), rows);
        figures.insert(String::from("copy s"), copy.as_secs_f64());
        figures.insert(String::from("compare s"), compare.as_secs_f64());
        figures.insert(String::from("removal s"), purging.elapsed().as_secs_f64());
        figures.insert(String::from("nobody served, there ms"), pause);
        figures.insert(
            String::from("nobody served, back ms"),
            pause_micros as f64 / 1e3,
        );
        row.notes.push(format!(
            "{rows:.0} rows copied in {:.0} s ({:.0} rows/s) and compared in {:.0} s; nobody served for {pause:.0} ms, \
             and on the way back for {:.0} ms",
            copy.as_secs_f64(),
            rows / copy.as_secs_f64().max(0.001),
            compare.as_secs_f64(),
            pause_micros as f64 / 1e3,
        ));
        Ok(row)
    }

    /// Loads both until it is so, and asks for one thing all the while.
    async fn at_work(
        &self,
        effort: &Effort,
        mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<Seen> {
        let probe = Probe::begin(Arc::clone(&self.own[0]));
        let begun = Instant::now();
        let (mut own, mut neighbours) = (Tally::default(), Tally::default());
        for round in 0.. {
            let load = load_of(effort, round);
            let part = |part: f64| Load {
                per_second: load.per_second * part,
                ..load
            };
            let outages = &self.world.outages;
            let seen = tokio::join!(
                drive(&self.own, outages, part(OWN_PART)),
                drive(&self.neighbours, outages, part(1.0 - OWN_PART))
            );
            seen.0?.into_values().for_each(|tally| own.merge(tally));
            let others = seen.1?.into_values();
            others.for_each(|tally| neighbours.merge(tally));
            if is_so().await? {
                break;
            }
            anyhow::ensure!(
                begun.elapsed() < LARGE_MAX,
                "it is not so within {} s",
                LARGE_MAX.as_secs()
            );
        }
        Ok(Seen {
            own,
            neighbours,
            probe: probe.end().await?,
        })
    }

    async fn is_at(&self, phase: &str, serving: &str) -> anyhow::Result<bool> {
        let newest = newest_of(&self.world.fleet, SLUG).await?;
        let newest = newest.unwrap_or_default();
        anyhow::ensure!(newest["phase"] != "undone", "the move was undone: {newest}");
        let is_over = newest["phase"] == "done";
        Ok((newest["phase"] == phase || is_over) && newest["serving"] == serving)
    }

    async fn is_over(&self) -> anyhow::Result<bool> {
        let newest = newest_of(&self.world.fleet, SLUG).await?;
        let is_clean =
            |newest: &Value| newest["phase"] == "done" && newest["left_behind"].is_null();
        Ok(newest.as_ref().is_some_and(is_clean))
    }

    /// What is not as it was, now that all is over.
    async fn compare(&self) -> anyhow::Result<Vec<String>> {
        let mut missed = Vec::new();
        let fleet = &self.world.fleet;
        let home = look_at(&fleet.data_of(HOME), &self.org, self.seq).await?;
        if home != self.before {
            missed.push(format!("back it is {home:?}, and was {:?}", self.before));
        }
        let away = look_at(&fleet.data_of(AWAY), &self.org, self.seq).await?;
        if away.people["rows"] != 0 || away.hash["rows"] != 0 {
            missed.push(format!("{AWAY} still has {away:?}"));
        }
        Ok(missed)
    }
}

async fn look_at(data: &Path, org: &str, seq: i64) -> anyhow::Result<Likeness> {
    let (data, org) = (data.to_owned(), org.to_owned());
    spawn_blocking(move || store::look_at(&data, &org, seq)).await?
}

fn pause_of(moved: &Value) -> f64 {
    moved["pause_micros"].as_f64().unwrap_or_default() / 1e3
}

/// What one leg was to those who were there.
fn note_of(leg: &str, figures: &Named) -> String {
    let figure = |name: &str| {
        let found = figures.get(&format!("{leg}, {name}"));
        found.copied().unwrap_or_default()
    };
    format!(
        "{leg}: the longest wait of one request {:.0} ms; p99 of its own {:.0} ms ({:.2} times the quiet one), \
         of neighbours {:.0} ms ({:.2} times)",
        figure(PAUSE),
        figure("own, p99 ms"),
        figure(&format!("own, {TIMES}")),
        figure("neighbours, p99 ms"),
        figure(&format!("neighbours, {TIMES}")),
    )
}

/// The row of all that was seen: others are everybody, while rows were copied.
fn rows_of(quiet: &Seen, there: &Seen, back: &Seen, after: &Seen) -> Row {
    let both = |seen: &Seen| {
        let mut sum = seen.own.clone();
        sum.merge(seen.neighbours.clone());
        sum
    };
    let mut moving = both(there);
    moving.merge(both(back));
    moving.merge(both(after));
    let mut figures = Named::new();
    let millis = |micros: u64| micros as f64 / 1e3;
    for (name, seen) in LEGS.into_iter().zip([there, back, after]) {
        for (whose, calm, now) in [
            ("own", &quiet.own, &seen.own),
            ("neighbours", &quiet.neighbours, &seen.neighbours),
        ] {
            let (calm, now) = (calm.figures(), now.figures());
            let times = now.p99_micros as f64 / (calm.p99_micros as f64).max(1.0);
            figures.insert(
                format!("{name}, {whose}, quiet p99 ms"),
                millis(calm.p99_micros),
            );
            figures.insert(format!("{name}, {whose}, p99 ms"), millis(now.p99_micros));
            figures.insert(format!("{name}, {whose}, {TIMES}"), times);
        }
        figures.insert(
            format!("{name}, {PAUSE}"),
            millis(seen.probe.longest_micros),
        );
        figures.insert(format!("{name}, probes failed"), seen.probe.failed as f64);
    }
    let mut notes: Vec<String> = LEGS.iter().map(|leg| note_of(leg, &figures)).collect();
    for seen in [quiet, there, back, after] {
        notes.extend(seen.probe.failures.iter().cloned());
    }
    Row {
        quiet: Some(both(quiet).figures()),
        others: Some(moving.figures()),
        refused: [there, back, after]
            .iter()
            .map(|seen| seen.probe.failed)
            .sum(),
        figures,
        notes,
        ..Row::default()
    }
}

/// Asks for one thing again and again, by the clock.
struct Probe {
    over: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Tally>>,
}

impl Probe {
    fn begin(site: Arc<Site>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let task = tokio::spawn(async move {
            let (mut due, mut asked, mut seen) = (Instant::now(), JoinSet::new(), Tally::default());
            while !is_over.load(Ordering::Relaxed) {
                due += PROBE_EVERY;
                wait::until_moment(due).await;
                let site = Arc::clone(&site);
                asked.spawn(async move {
                    let done = flow::run(&site, Flow::Service, &mut 0).await;
                    (done, due.elapsed())
                });
                while let Some(one) = asked.try_join_next() {
                    count(&mut seen, one?);
                }
            }
            while let Some(one) = asked.join_next().await {
                count(&mut seen, one?);
            }
            Ok(seen)
        });
        Self { over, task }
    }

    async fn end(self) -> anyhow::Result<Figures> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self.task.await??.figures())
    }
}

fn count(seen: &mut Tally, (done, took): (anyhow::Result<()>, Duration)) {
    let outcome = match done {
        Ok(()) => Outcome::Served,
        Err(error) => Outcome::Failed(format!("probe: {error:#}")),
    };
    seen.add(outcome, 1, took);
}

/// Notes how long a move is in each of its phases.
struct Watch {
    over: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<HashMap<String, Duration>>>,
}

impl Watch {
    fn begin(mut follower: Follower) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let task = spawn_blocking(move || {
            let (mut spans, mut at) = (HashMap::new(), (String::new(), Instant::now()));
            wait::until("the end of a move", LARGE_MAX, || {
                for told in follower.read(SLUG)? {
                    if told.news == News::Phase {
                        let now = Instant::now();
                        let span: &mut Duration = spans.entry(at.0.clone()).or_default();
                        *span += now - at.1;
                        at = (told.phase, now);
                    }
                }
                Ok(is_over.load(Ordering::Relaxed).then_some(()))
            })?;
            Ok(spans)
        });
        Self { over, task }
    }

    async fn end(mut self) -> anyhow::Result<HashMap<String, Duration>> {
        self.over.store(true, Ordering::Relaxed);
        (&mut self.task).await?
    }
}

/// Nobody waits for a log that nobody reads any more.
impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, decide_missed};

    #[test]
    fn times_and_pauses_have_bounds_and_nothing_else_has() {
        let figures = |times, pause| {
            Named::from([
                (String::from("there, own, p99 times"), times),
                (String::from("back, longest pause ms"), pause),
                (String::from("rows"), 1e6),
            ])
        };
        assert!(decide_missed(&figures(1.9, 999.0)).is_empty());
        let missed = decide_missed(&figures(2.1, 1_001.0));
        assert_eq!(missed.len(), 2, "{missed:?}");
    }
}
