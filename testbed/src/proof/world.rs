//! A fleet with its organisations, ready for load; and one phase of load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::agent::TooMany;
use crate::connection::Connection;
use crate::fleet::{Fleet, FleetPlan};
use crate::proof::audit::{Audit, audit, begin_anew};
use crate::proof::flow;
use crate::proof::outage::{Broken, Failed, Outages};
use crate::proof::plan::{Flow, Load, plan_arrivals};
use crate::proof::site::Site;
use crate::proof::tally::{Outcome, Tally};
use crate::wait;

/// The most operations that may be under way; more means that nothing is answered any more.
const IN_FLIGHT_MAX: usize = 8_192;
/// Organisations that are prepared at the same time.
const PREPARED_AT_ONCE: usize = 4;
/// Organisations that are asked at the same time in a sweep.
const SWEPT_AT_ONCE: usize = 8;
/// How long a hurt member may take to serve again.
const RECOVERY_MAX: Duration = Duration::from_secs(60);

/// A fleet under proof.
pub struct World {
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// Its organisations, cell after cell.
    pub sites: Arc<Vec<Arc<Site>>>,
    /// The names of its cells.
    pub cells: Vec<String>,
    /// When which process was killed, where a scenario tells.
    pub outages: Arc<Outages>,
}

/// What each cell's organisations have seen.
pub type Seen = BTreeMap<String, Tally>;

/// What every organisation was answered, once around.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Answered by itself.
    pub right: u64,
    /// Answered by another: this must never be.
    pub wrong: u64,
    /// Refused or not answered, by cell.
    pub refused: BTreeMap<String, u64>,
}

impl World {
    /// Starts a fleet and makes so many organisations in each cell.
    ///
    /// # Errors
    /// What was refused.
    pub async fn prepare(plan: FleetPlan, orgs_each: usize) -> anyhow::Result<Self> {
        let cells: Vec<String> = ('a'..='z')
            .take(usize::from(plan.cells))
            .map(|letter| format!("cell-{letter}"))
            .collect();
        let fleet = Arc::new(Fleet::start_as(&plan)?);
        // One of each cell in turn: none has all of the work at once.
        let wanted = (0..orgs_each).flat_map(|number| {
            let places = cells.iter().enumerate();
            places.map(move |(at, cell)| (at * orgs_each + number, cell.clone(), number))
        });
        let (mut work, mut sites) = (JoinSet::new(), Vec::new());
        for (place, cell, number) in wanted {
            if work.len() >= PREPARED_AT_ONCE {
                sites.extend(work.join_next().await.transpose()?);
            }
            let fleet = Arc::clone(&fleet);
            let slug = format!("{}{number}", cell.replace("cell-", "org-"));
            work.spawn(async move {
                let site = Site::prepare(&fleet, &slug, &cell).await;
                (
                    place,
                    site.with_context(|| format!("{slug} could not be prepared")),
                )
            });
        }
        sites.extend(work.join_all().await);
        sites.sort_by_key(|(place, _)| *place);
        let sites: anyhow::Result<Vec<_>> = sites
            .into_iter()
            .map(|(_, site)| site.map(Arc::new))
            .collect();
        Ok(Self {
            fleet,
            sites: Arc::new(sites?),
            cells,
            outages: Arc::default(),
        })
    }

    /// One phase of load: arrivals come by the clock whatever became of those before them, and each operation's time
    /// counts from when it should have begun.
    ///
    /// # Errors
    /// When nothing is answered any more.
    pub fn drive(&self, load: Load) -> impl Future<Output = anyhow::Result<Seen>> + use<> {
        let (sites, outages) = (Arc::clone(&self.sites), Arc::clone(&self.outages));
        async move { drive(&sites, &outages, load).await }
    }

    /// Waits until every organisation is answered by itself; how long that took.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn recover(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        wait::until_async("every organisation", RECOVERY_MAX, async || {
            let sweep = self.sweep().await?;
            Ok(sweep.refused.is_empty().then_some(()))
        })
        .await?;
        Ok(begun.elapsed())
    }

    /// Asks every organisation who it is.
    ///
    /// # Errors
    /// Never so far; what is refused is counted.
    pub async fn sweep(&self) -> anyhow::Result<Sweep> {
        let (mut work, mut sweep) = (JoinSet::new(), Sweep::default());
        for site in self.sites.iter() {
            if work.len() >= SWEPT_AT_ONCE
                && let Some(known) = work.join_next().await
            {
                sweep.count(known?);
            }
            let site = Arc::clone(site);
            work.spawn(async move { (site.cell.clone(), who_answers(&site).await) });
        }
        for known in work.join_all().await {
            sweep.count(known);
        }
        Ok(sweep)
    }

    /// Holds every book against the fleet, and walks the log of every cell.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn audit(&self) -> anyhow::Result<Audit> {
        let (mut work, mut found) = (JoinSet::new(), Audit::default());
        for site in self.sites.iter() {
            if work.len() >= SWEPT_AT_ONCE
                && let Some(one) = work.join_next().await
            {
                found.merge(one??);
            }
            let site = Arc::clone(site);
            work.spawn(async move {
                let one = audit(&site).await;
                one.with_context(|| format!("the book of {}", site.slug))
            });
        }
        while let Some(one) = work.join_next().await {
            found.merge(one??);
        }
        Ok(found)
    }

    /// Begins new books for the organisations of a cell whose store was set back.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn begin_anew(&self, cell: &str) -> anyhow::Result<()> {
        for site in self.sites.iter().filter(|site| site.cell == cell) {
            begin_anew(site).await?;
        }
        Ok(())
    }

    /// How many logs there are, and how many of them are not whole.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub fn verify_logs(&self) -> anyhow::Result<(usize, usize)> {
        let (mut logs, mut broken) = (0, 0);
        for cell in &self.cells {
            let said = self.fleet.verify_log(cell)?;
            // The last line sums them up.
            let of = |words: &str| said.lines().filter(|line| line.contains(words)).count();
            logs += of("): whole, ") + of("): BROKEN ");
            broken += of("): BROKEN ");
        }
        let register = self.fleet.ask(&["fleet", "verify"])?;
        logs += 1;
        broken += usize::from(register["whole"] != serde_json::json!(true));
        Ok((logs, broken))
    }

    /// The writes that were acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.sites
            .iter()
            .map(|site| site.book().acknowledged())
            .sum()
    }
}

impl Sweep {
    /// Adds another look.
    pub fn merge(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        for (cell, count) in other.refused {
            *self.refused.entry(cell).or_default() += count;
        }
    }

    fn count(&mut self, (cell, known): (String, Option<bool>)) {
        match known {
            Some(true) => self.right += 1,
            Some(false) => self.wrong += 1,
            None => *self.refused.entry(cell).or_default() += 1,
        }
    }
}

/// One phase of load on some organisations.
///
/// # Errors
/// When nothing is answered any more.
pub async fn drive(
    sites: &[Arc<Site>],
    outages: &Arc<Outages>,
    load: Load,
) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    let mut tasks: JoinSet<(String, Tally)> = JoinSet::new();
    let mut seen = Seen::new();
    for arrival in plan_arrivals(&load, sites.len()) {
        let due = begun + arrival.after;
        wait::until_moment(due).await;
        while let Some(done) = tasks.try_join_next() {
            add(&mut seen, done?);
        }
        anyhow::ensure!(
            tasks.len() < IN_FLIGHT_MAX,
            "{IN_FLIGHT_MAX} operations are waiting: the fleet neither answers nor refuses"
        );
        let Some(site) = sites.get(arrival.site).map(Arc::clone) else {
            continue;
        };
        let outages = Arc::clone(outages);
        tasks.spawn(async move {
            let (mut tally, mut requests) = (Tally::default(), 0);
            let began = Instant::now();
            let done = flow::run(&site, arrival.flow, &mut requests).await;
            let took = due.elapsed();
            let outcome = done.map_or_else(
                |error| {
                    let failed = Failed {
                        slug: &site.slug,
                        cell: &site.cell,
                        began,
                        ended: Instant::now(),
                        broken: decide_broken(&error),
                    };
                    decide_outcome(arrival.flow, &error, outages.explain(&failed))
                },
                |()| Outcome::Served,
            );
            tally.add(outcome, requests, took);
            (site.cell.clone(), tally)
        });
    }
    while let Some(done) = tasks.join_next().await {
        add(&mut seen, done?);
    }
    Ok(seen)
}

fn decide_outcome(flow: Flow, error: &anyhow::Error, is_explained: bool) -> Outcome {
    let refusal = error.downcast_ref::<TooMany>();
    if refusal.is_some_and(|refusal| refusal.of_requests) {
        return Outcome::AskedToWait;
    }
    if is_explained {
        return Outcome::CutOff;
    }
    Outcome::Failed(format!("{flow:?}: {error:#}"))
}

fn decide_broken(error: &anyhow::Error) -> Broken {
    let is_connection = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<std::io::Error>() || cause.is::<hyper::Error>()
    };
    if error.chain().any(is_connection) {
        Broken::Connection
    } else {
        Broken::Answer
    }
}

fn add(seen: &mut Seen, (cell, tally): (String, Tally)) {
    seen.entry(cell).or_default().merge(tally);
}

/// Whether the organisation was answered by itself; none if nobody answered for it.
pub async fn who_answers(site: &Site) -> Option<bool> {
    let path = "/.well-known/openid-configuration";
    let answer = Connection::new(site.peer.clone()).get(path, "").await;
    let reply = answer.ok().filter(|reply| reply.status.is_success())?;
    let issuer = reply.json().ok()?;
    let issuer = issuer.get("issuer")?.as_str()?.to_owned();
    Some(issuer == site.peer.origin())
}
