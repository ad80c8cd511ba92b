//! The scenarios of the proof. A new one is one more entry of [`Scenario::all`] and what it does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::fleet::Fleet;
use crate::proof::cores::keep_apart;
use crate::proof::injury::Injury;
use crate::proof::plan::{Draws, Flood, Load};
use crate::proof::row::{Row, Times};
use crate::proof::tally::Tally;
use crate::proof::world::{Seen, Sweep, World};
use crate::proof::{crash, maps, moves, restarts};
use crate::wait;

/// How many times its share the flooding organisation sends.
const FLOOD_TIMES: u32 = 50;
/// The part of a phase before something is hurt.
const CALM_PART: u32 = 10;

/// How hard and how long.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Where the draws begin.
    pub seed: u64,
    /// Arrivals each second.
    pub per_second: f64,
    /// How long a phase is.
    pub span: Duration,
    /// How often a quiet and a hurt phase follow each other.
    pub rounds: u32,
    /// Crashes of moving organisations' processes that are tried; all, if nothing is said.
    pub crashes: Option<usize>,
    /// Whether times are judged.
    pub times: Times,
}

/// One scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// A cell is hurt.
    Hurt(Injury),
    /// The control plane hangs.
    ControlOff,
    /// Organisations move.
    Moves,
    /// They move, and at every step somebody is killed.
    Crashes,
    /// Every member is killed, in orders that a seed draws.
    Restarts,
    /// Route maps that are stale, empty, cut off, or lie.
    Maps,
}

impl Scenario {
    /// All of them, in the order in which they are tried.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Hurt(Injury::Kill),
            Self::Hurt(Injury::Stop),
            Self::Hurt(Injury::Fill),
            Self::Hurt(Injury::Flood),
            Self::Hurt(Injury::Corrupt),
            Self::ControlOff,
            Self::Moves,
            Self::Crashes,
            Self::Restarts,
            Self::Maps,
        ]
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hurt(injury) => injury.name(),
            Self::ControlOff => "the control plane hangs",
            Self::Moves => "orgs move",
            Self::Crashes => "a crash at every step of a move",
            Self::Restarts => "members killed in any order",
            Self::Maps => "stale, empty, cut and lying maps",
        }
    }

    /// Tries it; afterwards the fleet is whole again, and the books and logs have been looked at.
    ///
    /// # Errors
    /// When the fleet does not come back, or the scenario cannot be carried out.
    pub async fn run(self, world: &World, effort: &Effort) -> anyhow::Result<Row> {
        let tried = match self {
            Self::Hurt(Injury::Fill) if !world.fleet.has_small_disk() => Ok(Row {
                not_tried: Some(String::from(
                    "no disk of a cell's own: this system lets nobody mount one (unshare --mount)",
                )),
                ..Row::default()
            }),
            Self::Hurt(injury) => hurt(world, effort, injury).await,
            Self::ControlOff => control_off(world, effort).await,
            Self::Moves => moves::run(world, effort).await,
            Self::Crashes => crash::run(world, effort).await,
            Self::Restarts => restarts::run(world, effort).await,
            Self::Maps => maps::run(world, effort).await,
        };
        let row = tried.with_context(|| self.name())?;
        let row = close_books(world, row).await.with_context(|| self.name())?;
        let name = self.name().to_owned();
        Ok(Row { name, ..row }.judge())
    }
}

/// Looks into every book and walks every log; what was found before stays in the row.
pub(super) async fn close_books(world: &World, row: Row) -> anyhow::Result<Row> {
    let mut audit = world.audit().await?;
    audit.merge(row.audit);
    let (logs, logs_broken) = world.verify_logs()?;
    Ok(Row {
        audit,
        logs: logs as u64,
        logs_broken: logs_broken as u64,
        ..row
    })
}

/// Quiet and hurt phases of the same arrivals, in turn, so that what the machine does of itself befalls both.
async fn hurt(world: &World, effort: &Effort, injury: Injury) -> anyhow::Result<Row> {
    let cell = world.cells.first().context("a fleet without cells")?;
    let flooding = world.sites.iter().position(|site| site.cell == *cell);
    let flood = flooding.filter(|_| injury == Injury::Flood);
    let flood = flood.map(|site| Flood {
        site,
        times: FLOOD_TIMES,
    });
    let apart = (effort.times == Times::Judged)
        .then(|| keep_apart(world.fleet.supervisor(), &world.fleet.folder().join(cell)))
        .flatten();
    let mut phases = Phases::default();
    for round in 0..effort.rounds {
        let load = load_of(effort, round);
        phases.quiet(world.drive(load).await?);
        let fleet = Arc::clone(&world.fleet);
        let seen = tokio::join!(
            world.drive(Load { flood, ..load }),
            inflict(fleet, cell.clone(), injury, effort.span)
        );
        seen.1?;
        phases.hurt(seen.0?);
        phases.recovered(world.recover().await?);
    }
    if injury.loses_writes() {
        world.begin_anew(cell).await?;
    }
    let mut row = phases.row(&[cell.as_str()], effort.times);
    if apart.is_none() && effort.times == Times::Judged {
        row.notes
            .push(String::from("one core for all: times are of little worth"));
    }
    Ok(row)
}

/// Hurts early in the phase, and heals when its last arrival has come.
async fn inflict(
    fleet: Arc<Fleet>,
    cell: String,
    injury: Injury,
    span: Duration,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    wait::until_moment(begun + span / CALM_PART).await;
    let (one, of) = (Arc::clone(&fleet), cell.clone());
    // Files are copied and written: the arrivals must not wait for that.
    let saved = spawn_blocking(move || injury.begin(&one, &of)).await??;
    wait::until_moment(begun + span).await;
    spawn_blocking(move || injury.end(&fleet, &cell, &saved)).await?
}

/// Nobody needs the control plane to be served.
async fn control_off(world: &World, effort: &Effort) -> anyhow::Result<Row> {
    let mut phases = Phases::default();
    for round in 0..effort.rounds {
        let load = load_of(effort, round);
        phases.quiet(world.drive(load).await?);
        world.fleet.signal("control", Signal::STOP)?;
        let seen = world.drive(load).await;
        world.fleet.signal("control", Signal::CONT)?;
        phases.hurt(seen?);
        phases.recovered(world.recover().await?);
    }
    Ok(phases.row(&[], effort.times))
}

/// The load of a round: quiet and hurt phases of a round have the same arrivals.
pub(super) fn load_of(effort: &Effort, round: u32) -> Load {
    Load {
        seed: Draws(effort.seed.wrapping_add(u64::from(round))).number(),
        per_second: effort.per_second,
        span: effort.span,
        flood: None,
    }
}

/// What was seen in quiet and in hurt phases.
#[derive(Default)]
pub(super) struct Phases {
    quiet: Vec<Seen>,
    hurt: Vec<Seen>,
    recovered: Duration,
}

impl Phases {
    pub(super) fn quiet(&mut self, seen: Seen) {
        self.quiet.push(seen);
    }

    pub(super) fn hurt(&mut self, seen: Seen) {
        self.hurt.push(seen);
    }

    pub(super) fn recovered(&mut self, took: Duration) {
        self.recovered = self.recovered.max(took);
    }

    /// Others are the organisations of all cells but the hurt ones; in quiet phases the same ones are looked at.
    pub(super) fn row(&self, hurt_cells: &[&str], times: Times) -> Row {
        let others = |seen: &Seen| {
            let mut sum = Tally::default();
            for (cell, tally) in seen {
                if !hurt_cells.contains(&cell.as_str()) {
                    sum.merge(tally.clone());
                }
            }
            sum
        };
        let all = |phases: &[Seen]| {
            let mut sum = Tally::default();
            phases.iter().for_each(|seen| sum.merge(others(seen)));
            sum.figures()
        };
        let hurt = (!hurt_cells.is_empty()).then(|| {
            let mut sum = Tally::default();
            let of_cells = self.hurt.iter().flatten();
            of_cells
                .filter(|(cell, _)| hurt_cells.contains(&cell.as_str()))
                .for_each(|(_, tally)| sum.merge(tally.clone()));
            sum.figures()
        });
        let quiet_p99s = self
            .quiet
            .iter()
            .map(|seen| others(seen).figures().p99_micros);
        let (least, most) = (quiet_p99s.clone().min(), quiet_p99s.max());
        Row {
            quiet: Some(all(&self.quiet)),
            others: Some(all(&self.hurt)),
            hurt,
            unrest_times: least
                .zip(most)
                .filter(|_| self.quiet.len() > 1)
                .map(|(least, most)| most as f64 / (least as f64).max(1.0)),
            recovered_millis: u64::try_from(self.recovered.as_millis()).unwrap_or(u64::MAX),
            times,
            ..Row::default()
        }
    }
}

/// Adds a look around to a row: who was answered wrongly, and who was refused that must not be.
pub(super) fn add_sweep(row: &mut Row, sweep: Sweep, may_be_refused: impl Fn(&str) -> bool) {
    row.wrong_routes += sweep.wrong;
    let refused = sweep.refused.into_iter();
    let counted = refused.filter(|(cell, _)| !may_be_refused(cell));
    row.refused += counted.map(|(_, count)| count).sum::<u64>();
}
