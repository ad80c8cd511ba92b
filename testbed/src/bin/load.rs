//! The load generator as a program of its own, so that it can be kept on another core than the server.
//!
//! `load ORDER` carries out an order (JSON) and prints its report; `load crowd COUNT` prints what a server is told to
//! know so many people, and what an order must then say of it; `load size PEOPLE ORGS` measures what it costs to be large, and
//! `load log ROWS FILLER` what a long log does, which the program FILLER makes.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use testbed::load::order::Order;
use testbed::{bootstrap, load, size};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        ["crowd", count] => {
            let people = count.parse().context("COUNT is a number")?;
            json!({
                "document": bootstrap::render_crowd_document(people),
                "target": bootstrap::crowd_target(people),
            })
        }
        ["size", people, orgs] => measure_size(people, orgs)?,
        ["log", rows, filler] => measure_log(rows, filler)?,
        [order] => carry_out(order)?,
        _ => anyhow::bail!(
            "usage: load ORDER | load crowd COUNT | load size PEOPLE ORGS | load log ROWS FILLER"
        ),
    };
    writeln!(std::io::stdout(), "{printed}")?;
    Ok(())
}

fn carry_out(text: &str) -> anyhow::Result<serde_json::Value> {
    let order: Order = serde_json::from_str(text).context("the order cannot be read")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .event_interval(1)
        .build()?;
    let report = runtime.block_on(async {
        // A core that sleeps must be woken by the server's core at each answer, and how dear that is depends on how
        // long the server took: no measure of the server. So this core never sleeps.
        tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        load::run(order).await
    })?;
    Ok(serde_json::to_value(report)?)
}

fn measure_log(rows: &str, filler: &str) -> anyhow::Result<serde_json::Value> {
    let rows = rows.parse().context("ROWS is a number")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let log = runtime.block_on(size::log::measure(rows, Path::new(filler)))?;
    Ok(serde_json::to_value(log)?)
}

fn measure_size(people: &str, orgs: &str) -> anyhow::Result<serde_json::Value> {
    let people = people.parse().context("PEOPLE is a number")?;
    let orgs = orgs.parse().context("ORGS is a number")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let size = runtime.block_on(size::measure(people, orgs))?;
    Ok(serde_json::to_value(size)?)
}
