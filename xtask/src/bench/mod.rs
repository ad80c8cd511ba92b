//! `cargo xtask bench`: the product, npm `oidc-provider` and the floor, side by side on this machine in one run. Each
//! server is kept to one core and the load to the other; what counts is the processor time that the kernel has counted.
//!
//! Prints a table and writes `target/bench.json`. Judges the targets, but never hides a number that misses one.

mod contender;
mod crowd;
mod flood;
mod flows;
mod footprint;
mod load;
mod log;
pub mod machine;
mod size;
mod table;
mod target;
pub mod verdict;

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use crate::bench::contender::{Contender, Contenders};
use crate::bench::crowd::Crowd;
use crate::bench::flood::Flood;
use crate::bench::flows::Row;
use crate::bench::footprint::Footprint;
use crate::bench::log::Log;
use crate::bench::machine::Machine;
use crate::bench::size::Size;
use crate::bench::verdict::Verdict;
use crate::command::Call;
use crate::report;
use crate::workspace::Workspace;

/// How many hashes are averaged.
const HASH_COUNT: &str = "40";
/// What makes logs.
const LOG_LOAD: &[&str] = &["--package", "server", "--example", "log_load"];

/// How long and on what.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seconds of each measured window.
    pub seconds: f64,
    /// Sign-ins before sessions are weighed.
    pub filling: usize,
    /// Sign-ins by which sessions are weighed.
    pub sessions: usize,
    /// Starts of which the middle one counts.
    pub starts: usize,
    /// People of the largest org.
    pub people: usize,
    /// Orgs of the largest cell.
    pub orgs: usize,
    /// Rows of the longest log.
    pub log_rows: usize,
    /// What is measured: all of it, if nothing was named.
    pub parts: Vec<Part>,
    /// Cargo's profile folder: `release` or `debug`.
    pub profile: &'static str,
}

impl Options {
    const FULL: Self = Self {
        seconds: 5.0,
        filling: 8_000,
        sessions: 2_000,
        starts: 9,
        people: 1_000_000,
        orgs: 10_000,
        log_rows: 10_000_000,
        parts: Vec::new(),
        profile: "release",
    };
    const SHORT: Self = Self {
        seconds: 1.5,
        filling: 1_500,
        sessions: 500,
        starts: 3,
        people: 20_000,
        orgs: 1_000,
        log_rows: 200_000,
        parts: Vec::new(),
        profile: "release",
    };

    fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The flows, beside the peer, the floor and the bare hash.
    Flows,
    /// Time to be ready, memory, sessions.
    Rest,
    /// Sign-ins far over the capacity.
    Flood,
    /// A large org, and many of them.
    Size,
    /// The log.
    Log,
}

/// What a part is called on the command line.
const PARTS: [(&str, Part); 5] = [
    ("flows", Part::Flows),
    ("rest", Part::Rest),
    ("flood", Part::Flood),
    ("size", Part::Size),
    ("log", Part::Log),
];

/// Everything that a run has found, of the parts that it measured.
#[derive(Debug, Serialize)]
struct Findings {
    machine: Machine,
    seconds_each: f64,
    flows: Option<Flows>,
    footprint: Option<Footprint>,
    flood: Option<Flood>,
    size: Option<Size>,
    log: Option<Log>,
    targets: Vec<Verdict>,
}

/// The flows, and what is left of a sign-in if there is nothing but its hash.
#[derive(Debug, Serialize)]
struct Flows {
    hash_micros: f64,
    rows: Vec<Row>,
}

/// Where the programs lie.
#[derive(Debug, Clone)]
struct Programs {
    product: PathBuf,
    floor: PathBuf,
    load: PathBuf,
    log_load: PathBuf,
    node_folder: PathBuf,
    scratch: PathBuf,
    crowd: Crowd,
}

/// `cargo xtask bench [PART…] [--short] [--debug]`.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let options = parse_options(arguments)?;
    let workspace = Workspace::load()?;
    let machine = machine::look();
    let programs = build(&workspace, &options)?;
    report::line(&machine.render());
    if let Some(warning) = machine.warning() {
        report::line(&warning);
    }
    let findings = measure(&programs, &options, machine)?;
    report::line(&table::render(&findings));
    let file = if options.parts.is_empty() {
        "bench.json"
    } else {
        // The findings of a whole run stay.
        "bench-part.json"
    };
    workspace.write_findings(file, &findings)
}

fn parse_options(arguments: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options::FULL;
    for argument in arguments {
        if let Some((_, part)) = PARTS.iter().find(|(name, _)| name == argument) {
            options.parts.push(*part);
            continue;
        }
        match *argument {
            "--short" => {
                options = Options {
                    profile: options.profile,
                    parts: options.parts,
                    ..Options::SHORT
                }
            }
            "--debug" => options.profile = "debug",
            other => anyhow::bail!(
                "`{other}` is no option of bench: flows, rest, flood, size, log (nothing but these parts), --short, --debug (unoptimised, to try the benchmark itself)"
            ),
        }
    }
    Ok(options)
}

fn build(workspace: &Workspace, options: &Options) -> anyhow::Result<Programs> {
    let folder = workspace.build_programs(options.profile)?;
    if options.has(Part::Log) {
        workspace.build(options.profile, LOG_LOAD)?;
    }
    let node_folder = workspace.root.join("testbed/clients/node");
    anyhow::ensure!(
        options.parts == [Part::Log] || node_folder.join("node_modules/oidc-provider").is_dir(),
        "the peer is not installed: run `cargo xtask provision`"
    );
    let scratch = workspace.scratch().join("bench");
    // What an earlier run left would be measured as ours.
    if scratch.is_dir() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    let load = folder.join("load");
    Ok(Programs {
        crowd: Crowd::gather(&load)?,
        product: folder.join("testudo"),
        floor: folder.join("floor"),
        load,
        log_load: folder.join("examples/log_load"),
        node_folder,
        scratch,
    })
}

fn measure(programs: &Programs, options: &Options, machine: Machine) -> anyhow::Result<Findings> {
    let mut findings = Findings {
        machine,
        seconds_each: options.seconds,
        flows: None,
        footprint: None,
        flood: None,
        size: None,
        log: None,
        targets: Vec::new(),
    };
    if options.has(Part::Rest) {
        report::line("\n-- start, memory, sessions");
        findings.footprint = Some(footprint::measure(programs, options)?);
    }
    if options.has(Part::Flows) {
        report::line("\n-- flows");
        findings.flows = Some(measure_flows(programs, options)?);
    }
    if options.has(Part::Flood) {
        report::line("\n-- flood");
        findings.flood = Some(flood::measure(programs, options)?);
    }
    if options.has(Part::Size) {
        report::line("\n-- size");
        findings.size = Some(size::measure(programs, options)?);
    }
    if options.has(Part::Log) {
        report::line("\n-- log");
        findings.log = Some(log::measure(programs, options)?);
    }
    findings.targets = target::decide_verdicts(&findings);
    Ok(findings)
}

fn measure_flows(programs: &Programs, options: &Options) -> anyhow::Result<Flows> {
    let hash_micros = measure_hash(programs)?;
    report::line(&format!(
        "a bare password hash: {:.1} ms",
        hash_micros / 1e3
    ));
    let contenders = Contenders {
        floor: Contender::floor(programs)?,
        product: Contender::product(programs, "flows")?,
        peer: Contender::peer(programs)?,
    };
    let rows = flows::measure(programs, options, &contenders)?;
    Ok(Flows { hash_micros, rows })
}

fn measure_hash(programs: &Programs) -> anyhow::Result<f64> {
    let text = Call::new("taskset")
        .args(["-c", machine::SERVER_CORE])
        .args([&programs.floor])
        .args(["hash", HASH_COUNT])
        .capture()
        .context("cannot measure a bare hash (taskset is in Debian's util-linux)")?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    value
        .get("hash_micros")
        .and_then(serde_json::Value::as_f64)
        .context("the floor did not say what a hash costs")
}
