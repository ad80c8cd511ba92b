//! Every member is killed, one after the other, in orders that a seed draws, with and without a control plane. Meanwhile
//! every organisation is asked again and again who it is.

use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::time::Instant;

use crate::proof::plan::Draws;
use crate::proof::row::Row;
use crate::proof::scenario::{Effort, add_sweep};
use crate::proof::world::World;

const CONTROL: &str = "control";
const EDGE: &str = "edge-1";
/// How long a member may take to be back and to serve.
const BACK_MAX: Duration = Duration::from_secs(60);

/// Kills everybody in turn, as often as there are rounds.
///
/// # Errors
/// When somebody does not come back.
pub async fn run(world: &World, effort: &Effort) -> anyhow::Result<Row> {
    let mut row = Row::default();
    let mut draws = Draws(effort.seed);
    let members: Vec<String> = [CONTROL, EDGE]
        .map(String::from)
        .into_iter()
        .chain(world.cells.iter().cloned())
        .collect();
    for round in 0..effort.rounds {
        let order = draws.shuffled(&members);
        row.notes.push(order.join(", "));
        // In every other round the control plane is there in name alone, until it is itself restarted.
        if round % 2 == 1 {
            world.fleet.signal(CONTROL, Signal::STOP)?;
        }
        for member in order {
            let took = restart(world, &member, &mut row).await?;
            row.recovered_millis = row.recovered_millis.max(took);
        }
    }
    Ok(row)
}

/// Kills one member and looks around until all are answered again; in milliseconds, how long that took.
async fn restart(world: &World, member: &str, row: &mut Row) -> anyhow::Result<u64> {
    let before = world.fleet.signal(member, Signal::KILL)?;
    let begun = Instant::now();
    loop {
        let back = is_back(world, member, before)?;
        let sweep = world.sweep().await?;
        let is_whole = sweep.refused.is_empty();
        // One edge is the only way in; a cell is the only one for its own.
        add_sweep(row, sweep, |cell| member == EDGE || member == cell);
        if back && is_whole {
            break;
        }
        anyhow::ensure!(
            begun.elapsed() < BACK_MAX,
            "{member} is not back within {} s",
            BACK_MAX.as_secs()
        );
    }
    Ok(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX))
}

fn is_back(world: &World, member: &str, before: Pid) -> anyhow::Result<bool> {
    Ok(world
        .fleet
        .process_of(member)?
        .is_some_and(|now| now != before))
}
