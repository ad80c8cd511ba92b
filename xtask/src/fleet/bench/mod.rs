//! `cargo xtask fleet bench`: our edge beside HAProxy and nginx, one after the other before the same cell in one run, and
//! what a route map of a million orgs costs. Each door has one core alone, the cell and the load have the other; what counts
//! is the processor time that the kernel has counted, so that others' work on the machine disturbs less.
//!
//! Prints a table and writes `target/fleet-bench.json`. Judges the targets, but never hides a number that misses one.

mod busy;
mod door;
mod routes;
mod strain;
mod table;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::bench::machine::{self, Machine};
use crate::bench::verdict::Verdict;
use crate::fleet::bench::busy::{Worked, decide_half};
use crate::fleet::bench::door::{Door, Stage, Wire};
use crate::fleet::bench::routes::Routes;
use crate::fleet::bench::strain::{Group, Report};
use crate::report;
use crate::workspace::Workspace;

/// How long and on what.
#[derive(Debug, Clone, PartialEq)]
struct Options {
    seconds: f64,
    idle_connections: usize,
    routes: u64,
    profile: &'static str,
}

impl Options {
    const FULL: Self = Self {
        seconds: 8.0,
        idle_connections: 2_000,
        routes: 1_000_000,
        profile: "release",
    };
    const SHORT: Self = Self {
        seconds: 2.0,
        idle_connections: 500,
        routes: 1_000_000,
        profile: "release",
    };
}

/// How often what is compared with others is measured.
const ROUNDS: usize = 3;
/// Requests a second at which the cost of one that comes alone is looked at.
const TRIAL_PER_SECOND: f64 = 2_000.0;

/// Everything that a run has found.
#[derive(Debug, Serialize)]
struct Findings {
    machine: Machine,
    wires: Vec<OfWire>,
    routes: Routes,
    verdicts: Vec<Verdict>,
}

/// The doors, spoken to in one way.
#[derive(Debug, Serialize)]
struct OfWire {
    wire: Wire,
    /// Requests each second at which the tails are compared.
    half_per_second: f64,
    /// The cell itself, asked without a door.
    direct: Report,
    rows: Vec<Row>,
}

/// One door.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    kept: Report,
    fresh: Report,
    /// New connections with keys agreed in X25519MLKEM768, where the door knows it.
    fresh_hybrid: Option<Report>,
    half: Report,
    idle: Report,
}

/// Measures, prints the table, writes the findings.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let options = parse_options(arguments)?;
    let workspace = Workspace::load()?;
    let machine = machine::look();
    let folder = workspace.build_programs(options.profile)?;
    let example = build_example(&workspace, &options)?;
    report::line(&machine.render());
    if let Some(warning) = machine.warning() {
        report::line(&warning);
    }
    let scratch = workspace.scratch().join("fleet-bench");
    if scratch.is_dir() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    report::line("\n-- route map");
    let mut routes = routes::measure(&example, &scratch, options.routes)?;
    let mut wires = Vec::new();
    for wire in Wire::all(&folder.join("testudo"))? {
        report::line(&format!("\n-- {}", wire.name()));
        let stage = Stage::set(&folder, &scratch.join(wire.folder()), wire)?;
        if wire == Wire::Plain {
            routes.visible_millis = stage.time_until_visible()?;
        }
        wires.push(measure(&stage, &options)?);
    }
    let mut findings = Findings {
        machine,
        wires,
        routes,
        verdicts: Vec::new(),
    };
    findings.verdicts = table::decide_verdicts(&findings);
    report::line(&table::render(&findings));
    workspace.write_findings("fleet-bench.json", &findings)
}

fn parse_options(arguments: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options::FULL;
    for argument in arguments {
        match *argument {
            "--short" => {
                options = Options {
                    profile: options.profile,
                    ..Options::SHORT
                }
            }
            "--debug" => options.profile = "debug",
            other => anyhow::bail!(
                "`{other}` is no option of fleet bench: --short, --debug (unoptimised, to try the benchmark itself)"
            ),
        }
    }
    Ok(options)
}

fn build_example(workspace: &Workspace, options: &Options) -> anyhow::Result<PathBuf> {
    let words = ["--package", "wire", "--example", "many_routes"];
    let folder = workspace.build(options.profile, &words)?;
    Ok(folder.join("examples/many_routes"))
}

fn measure(stage: &Stage, options: &Options) -> anyhow::Result<OfWire> {
    let doors = stage.doors()?;
    report::line("   kept connections");
    let closed = strain::closed(options.seconds);
    let kept = in_turn(stage, &doors, &closed, |run| run.processor_micros_each)?;
    let mut rows = Vec::new();
    for (door, kept) in doors.iter().zip(kept) {
        report::line(&format!("   {}", door.name));
        let fresh = strain::fresh(options.seconds);
        let hybrid = stage.wire == Wire::Tls && door.knows_hybrid;
        rows.push(Row {
            name: door.name,
            kept,
            fresh: stage.strain(door, Group::X25519, &fresh)?,
            fresh_hybrid: hybrid
                .then(|| stage.strain(door, Group::Hybrid, &fresh))
                .transpose()?,
            half: Report::default(),
            idle: stage.strain(door, Group::X25519, &strain::idle(options.idle_connections))?,
        });
    }
    report::line("   half load");
    let half_per_second = half_of(stage, doors.iter(), options)?;
    let pace = strain::open(half_per_second, options.seconds);
    let mut doors = doors;
    doors.push(Door::none(stage));
    let mut half = in_turn(stage, &doors, &pace, |run| run.p99_micros)?;
    let direct = half.pop().unwrap_or_default();
    for (row, half) in rows.iter_mut().zip(half) {
        row.half = half;
    }
    Ok(OfWire {
        wire: stage.wire,
        half_per_second,
        direct,
        rows,
    })
}

/// Strains these doors one after the other, several times: whatever else the machine does at a moment is not one door's alone.
/// Of each door the middle run counts, by what is looked at.
fn in_turn(
    stage: &Stage,
    doors: &[Door],
    order: &Value,
    looked_at: fn(&Report) -> f64,
) -> anyhow::Result<Vec<Report>> {
    let mut runs: Vec<Vec<Report>> = doors.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (door, runs) in doors.iter().zip(&mut runs) {
            runs.push(stage.strain(door, Group::X25519, order)?);
        }
    }
    let middle = |runs| strain::middle_of(runs, looked_at);
    Ok(runs.into_iter().map(middle).collect())
}

/// The same load for all: what leaves the busiest core half its time, be it a door's or that of the cell and the load. A
/// request that comes alone costs more than one of many that wait in line, so that this is tried out and not taken from
/// what a door carries at most.
fn half_of<'d>(
    stage: &Stage,
    doors: impl Iterator<Item = &'d Door>,
    options: &Options,
) -> anyhow::Result<f64> {
    let mut most = 0.0_f64;
    for door in doors {
        let before = Worked::look()?;
        let pace = strain::open(TRIAL_PER_SECOND, options.seconds);
        let report = stage.strain(door, Group::X25519, &pace)?;
        let each = Worked::look()?.each_since(before, report.served);
        most = most.max(each);
    }
    Ok(decide_half(most))
}

#[cfg(test)]
mod tests {
    use super::{Options, parse_options};

    #[test]
    fn options_are_read_in_any_order() {
        let short = parse_options(&["--debug", "--short"]).unwrap();
        assert_eq!((short.seconds, short.profile), (2.0, "debug"));
        assert_eq!(parse_options(&[]).unwrap(), Options::FULL);
        assert!(parse_options(&["--fast"]).is_err());
    }
}
