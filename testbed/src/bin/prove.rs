//! The proof of a fleet as a program of its own: `prove ORDER` (JSON) carries out every scenario on a fleet that it starts,
//! says on standard error how far it is, and prints the rows as JSON.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;
use testbed::fleet::{FleetPlan, Hung, SmallDisk};
use testbed::proof::large::{self, Size};
use testbed::proof::row::{Row, Times};
use testbed::proof::scenario::{Effort, Scenario};
use testbed::proof::world::World;

/// The disk of the first cell.
const DISK_MEBIBYTES: u32 = 512;

/// What is to be proved, and how hard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    cells: u8,
    orgs_each: usize,
    per_second: f64,
    span_seconds: f64,
    rounds: u32,
    seed: u64,
    times: Times,
    /// Crashes of moving organisations' processes; all of them, if nothing is said.
    crashes: Option<usize>,
    large: Size,
    /// The scenarios whose names hold one of these; all, if there are none.
    only: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let order = std::env::args().nth(1).context("usage: prove ORDER")?;
    let order: Order = serde_json::from_str(&order).context("the order cannot be read")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let rows = runtime.block_on(prove(order))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&rows)?)?;
    Ok(())
}

async fn prove(order: Order) -> anyhow::Result<Vec<Row>> {
    let effort = Effort {
        seed: order.seed,
        per_second: order.per_second,
        span: Duration::from_secs_f64(order.span_seconds),
        rounds: order.rounds,
        crashes: order.crashes,
        times: order.times,
    };
    let is_wanted = |name: &str| {
        let mut wanted = order.only.iter();
        order.only.is_empty() || wanted.any(|word| name.contains(word))
    };
    let mut scenarios = Scenario::all();
    scenarios.retain(|scenario| is_wanted(scenario.name()));
    let mut rows = Vec::new();
    if !scenarios.is_empty() {
        let world = prepare(&order).await?;
        for scenario in scenarios {
            let begun = Instant::now();
            rows.push(tell(begun, scenario.run(&world, &effort).await?));
        }
    }
    // It has a fleet of its own; the other one is gone by now.
    if is_wanted(large::NAME) {
        let begun = Instant::now();
        rows.push(tell(begun, large::run(order.large, &effort).await?));
    }
    Ok(rows)
}

async fn prepare(order: &Order) -> anyhow::Result<World> {
    let begun = Instant::now();
    let plan = FleetPlan {
        cells: order.cells,
        small_disk: SmallDisk::of_cell("cell-a", DISK_MEBIBYTES),
        // A scenario hangs as long as it says, however soon it would be over by itself.
        hung: Hung::Left,
    };
    let world = World::prepare(plan, order.orgs_each).await?;
    say(&format!(
        "{} cells x {} orgs, ready in {:.0} s",
        order.cells,
        order.orgs_each,
        begun.elapsed().as_secs_f64()
    ));
    Ok(world)
}

fn tell(begun: Instant, row: Row) -> Row {
    let took = begun.elapsed().as_secs_f64();
    let verdict = if row.missed.is_empty() {
        "met"
    } else {
        "MISSED"
    };
    say(&format!("{}: {verdict}, {took:.0} s", row.name));
    for bound in &row.missed {
        say(&format!("  {bound}"));
    }
    row
}

fn say(text: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "   {text}");
}
