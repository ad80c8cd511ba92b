//! Organisations move to another cell and back while everybody is at work, and nobody crashes. What is asked of moves here
//! is asked the same way where somebody does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::fleet::Fleet;
use crate::proof::row::{Row, Times};
use crate::proof::scenario::{Effort, Phases, load_of};
use crate::proof::world::World;
use crate::wait;

/// Organisations that move in each round.
const MOVED_EACH: usize = 2;
/// How long a move can be taken back; then it is over.
const KEEP_SECS: &str = "1";

/// How a move ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The organisation is in this cell; how long nobody served it.
    Done {
        /// The cell.
        serving: String,
        /// The pause.
        pause_micros: i64,
    },
    /// All is as before.
    Undone,
}

/// Moves the first organisations of the first cell to the second one and back, under load.
///
/// # Errors
/// When a move does not come to its end.
pub async fn run(world: &World, effort: &Effort) -> anyhow::Result<Row> {
    let [home, away] = two_cells(world)?;
    let movers: Vec<String> = world
        .sites
        .iter()
        .filter(|site| site.cell == home)
        .map(|site| site.slug.clone())
        .take(MOVED_EACH)
        .collect();
    let (mut phases, mut pause) = (Phases::default(), 0);
    for round in 0..effort.rounds {
        let load = load_of(effort, round);
        phases.quiet(world.drive(load).await?);
        let cells = [away.clone(), home.clone()];
        let moving = tokio::spawn(tour(Arc::clone(&world.fleet), movers.clone(), cells));
        // The load lasts as long as the moves do.
        loop {
            phases.hurt(world.drive(load).await?);
            if moving.is_finished() {
                break;
            }
        }
        pause = pause.max(moving.await??);
        phases.recovered(world.recover().await?);
    }
    let mut row = phases.row(&[], Times::Ignored);
    row.notes.push(format!(
        "{} moves, the longest pause {:.0} ms",
        2 * movers.len() * effort.rounds as usize,
        pause as f64 / 1e3
    ));
    Ok(row)
}

/// The cells between which organisations move.
pub(super) fn two_cells(world: &World) -> anyhow::Result<[String; 2]> {
    match world.cells.as_slice() {
        [home, away, ..] => Ok([home.clone(), away.clone()]),
        _ => anyhow::bail!("a move needs two cells"),
    }
}

/// Everybody away and back, one after the other; the longest pause, in microseconds.
async fn tour(fleet: Arc<Fleet>, movers: Vec<String>, cells: [String; 2]) -> anyhow::Result<i64> {
    let mut pause = 0;
    for slug in movers {
        for to in &cells {
            ask(
                &fleet,
                &["org", "move", &slug, "--to", to, "--keep-secs", KEEP_SECS],
            )
            .await?;
            match end_of(&fleet, &slug, MOVE_MAX).await? {
                End::Done { pause_micros, .. } => pause = pause.max(pause_micros),
                End::Undone => anyhow::bail!("a move of {slug} was given up"),
            }
        }
    }
    Ok(pause)
}

/// How long a move of a small organisation may take, whatever happens meanwhile.
pub(super) const MOVE_MAX: Duration = Duration::from_secs(120);

/// The newest move of an organisation, as the control plane shows it; none while it does not answer.
///
/// # Errors
/// When there is none.
pub(super) async fn newest_of(fleet: &Arc<Fleet>, slug: &str) -> anyhow::Result<Option<Value>> {
    let Ok(moves) = ask(fleet, &["org", "moves"]).await else {
        return Ok(None);
    };
    let newest = moves["moves"].as_array().and_then(|moves| {
        let mut own = moves.iter().filter(|one| one["slug"] == slug);
        own.next().cloned()
    });
    newest
        .with_context(|| format!("no move of {slug}: {moves}"))
        .map(Some)
}

/// Waits until the newest move of an organisation is over.
///
/// # Errors
/// When it takes too long.
pub(super) async fn end_of(fleet: &Arc<Fleet>, slug: &str, limit: Duration) -> anyhow::Result<End> {
    let what = format!("the end of the move of {slug}");
    wait::until_seldom(&what, limit, async || {
        let Some(newest) = newest_of(fleet, slug).await? else {
            return Ok(None);
        };
        Ok(match newest["phase"].as_str() {
            Some("done") => Some(End::Done {
                serving: newest["serving"].as_str().unwrap_or_default().to_owned(),
                pause_micros: newest["pause_micros"].as_i64().unwrap_or(0),
            }),
            Some("undone") => Some(End::Undone),
            _ => None,
        })
    })
    .await
}

/// Runs a command aside: the arrivals must not wait for it.
///
/// # Errors
/// When it fails.
pub(super) async fn ask(fleet: &Arc<Fleet>, words: &[&str]) -> anyhow::Result<Value> {
    let fleet = Arc::clone(fleet);
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    spawn_blocking(move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        fleet.ask(&words)
    })
    .await?
}
