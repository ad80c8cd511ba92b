//! Strain on a front door as a program of its own, so that it can be kept on another core than the door: `gate ORDER`
//! carries out an order (JSON) and prints its report.

use std::io::Write as _;

use anyhow::Context as _;
use testbed::gate::{Order, run};

fn main() -> anyhow::Result<()> {
    let order = std::env::args().nth(1).context("usage: gate ORDER")?;
    let order: Order = serde_json::from_str(&order).context("the order cannot be read")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(1)
        .build()?;
    let report = runtime.block_on(run(&order))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(())
}
