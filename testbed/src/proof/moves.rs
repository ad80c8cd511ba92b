//! Organisations move to another cell and back while everybody is at work; with and without crashes of the control plane
//! and of both cells at moments that a seed draws.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::fleet::Fleet;
use crate::proof::plan::Draws;
use crate::proof::row::{Row, Times};
use crate::proof::scenario::{Effort, Phases, load_of};
use crate::proof::world::World;
use crate::wait;

/// Organisations that move in each round.
const MOVED_EACH: usize = 2;
/// How long a move can be taken back; then it is over.
const KEEP_SECS: &str = "1";
/// How long a move may take, crashes included.
const MOVE_MAX: Duration = Duration::from_secs(120);
/// The latest moment of a crash, from the beginning of the move.
const CRASH_MILLIS_MAX: u64 = 1_500;

/// Whether somebody crashes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crashes {
    /// Nobody does.
    None,
    /// The control plane, the source and the target in turn.
    EachInTurn,
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The organisation is there; how long nobody served it.
    Done { pause_micros: i64 },
    /// All is as before.
    Undone,
}

/// Moves the first organisations of the first cell to the second one and back, under load.
///
/// # Errors
/// When a move does not come to its end.
pub async fn run(world: &World, effort: &Effort, crashes: Crashes) -> anyhow::Result<Row> {
    let (home, away) = match world.cells.as_slice() {
        [home, away, ..] => (home.clone(), away.clone()),
        _ => anyhow::bail!("a move needs two cells"),
    };
    let movers: Vec<String> = world
        .sites
        .iter()
        .filter(|site| site.cell == home)
        .map(|site| site.slug.clone())
        .take(MOVED_EACH)
        .collect();
    let (mut phases, mut pause) = (Phases::default(), 0);
    let mut draws = Draws(effort.seed);
    for round in 0..effort.rounds {
        let load = load_of(effort, round);
        phases.quiet(world.drive(load).await?);
        let tour = Tour {
            fleet: Arc::clone(&world.fleet),
            movers: movers.clone(),
            cells: [home.clone(), away.clone()],
            crashes,
            draws: draws.clone(),
        };
        let moving = tokio::spawn(tour.run());
        // The load lasts as long as the moves do.
        loop {
            phases.hurt(world.drive(load).await?);
            if moving.is_finished() {
                break;
            }
        }
        pause = pause.max(moving.await??);
        draws.number();
        phases.recovered(world.recover().await?);
    }
    // Whoever crashes is hurt himself, and so are those who are with him; nobody else may notice.
    let hurt = match crashes {
        Crashes::None => Vec::new(),
        Crashes::EachInTurn => vec![home.as_str(), away.as_str()],
    };
    let mut row = phases.row(&hurt, Times::Ignored);
    row.notes.push(format!(
        "{} moves, the longest pause {:.0} ms",
        2 * movers.len() * effort.rounds as usize,
        pause as f64 / 1e3
    ));
    Ok(row)
}

/// Everybody away and back, one after the other.
struct Tour {
    fleet: Arc<Fleet>,
    movers: Vec<String>,
    cells: [String; 2],
    crashes: Crashes,
    draws: Draws,
}

impl Tour {
    /// The longest pause, in microseconds.
    async fn run(mut self) -> anyhow::Result<i64> {
        let [home, away] = self.cells.clone();
        let (mut pause, mut turn) = (0, 0);
        for slug in std::mem::take(&mut self.movers) {
            for to in [&away, &home] {
                let asked = ["org", "move", &slug, "--to", to, "--keep-secs", KEEP_SECS];
                ask(&self.fleet, &asked).await?;
                if self.crashes == Crashes::EachInTurn {
                    self.crash(turn).await?;
                    turn += 1;
                }
                match end_of(&self.fleet, &slug, to).await? {
                    End::Done { pause_micros } => pause = pause.max(pause_micros),
                    // A crash may undo a move; asked for again, it must come to its end.
                    End::Undone => {
                        let may = self.crashes != Crashes::None;
                        anyhow::ensure!(may, "a move of {slug} was given up");
                        ask(&self.fleet, &asked).await?;
                        let again = end_of(&self.fleet, &slug, to).await?;
                        anyhow::ensure!(
                            again != End::Undone,
                            "a move of {slug} was given up twice"
                        );
                    }
                }
            }
        }
        Ok(pause)
    }

    async fn crash(&mut self, turn: usize) -> anyhow::Result<()> {
        let moment = Duration::from_millis(self.draws.number() % CRASH_MILLIS_MAX);
        wait::until_moment(Instant::now() + moment).await;
        let [home, away] = &self.cells;
        let victims = ["control", home.as_str(), away.as_str()];
        let victim = victims[turn % victims.len()].to_owned();
        let fleet = Arc::clone(&self.fleet);
        spawn_blocking(move || fleet.signal(&victim, Signal::KILL)).await??;
        Ok(())
    }
}

/// Waits until the newest move of an organisation is over.
async fn end_of(fleet: &Arc<Fleet>, slug: &str, to: &str) -> anyhow::Result<End> {
    let what = format!("the move of {slug} to {to}");
    wait::until_async(&what, MOVE_MAX, async || {
        // The control plane may be away at the moment.
        let Ok(moves) = ask(fleet, &["org", "moves"]).await else {
            return Ok(None);
        };
        let newest = moves["moves"].as_array().and_then(|moves| {
            let mut own = moves.iter().filter(|one| one["slug"] == slug);
            own.next()
        });
        let newest = newest.with_context(|| format!("no move of {slug}: {moves}"))?;
        Ok(match newest["phase"].as_str() {
            Some("done") if newest["target"] == to => Some(End::Done {
                pause_micros: newest["pause_micros"].as_i64().unwrap_or(0),
            }),
            Some("undone") => Some(End::Undone),
            _ => None,
        })
    })
    .await
}

/// Runs a command aside: the arrivals must not wait for it.
async fn ask(fleet: &Arc<Fleet>, words: &[&str]) -> anyhow::Result<Value> {
    let fleet = Arc::clone(fleet);
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        fleet.ask(&words)
    })
    .await?
}
