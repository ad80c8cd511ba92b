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
    /// Whether the log alone is measured.
    pub only_log: bool,
    /// Cargo's profile folder: `release` or `debug`.
    pub profile: &'static str,
}

impl Options {
    const FULL: Self = Self {
        seconds: 5.0,
        sessions: 2_000,
        starts: 9,
        people: 1_000_000,
        orgs: 10_000,
        log_rows: 10_000_000,
        only_log: false,
        profile: "release",
    };
    const SHORT: Self = Self {
        seconds: 1.5,
        sessions: 500,
        starts: 3,
        people: 20_000,
        orgs: 1_000,
        log_rows: 200_000,
        only_log: false,
        profile: "release",
    };
}

/// Everything that a run has found.
#[derive(Debug, Serialize)]
struct Findings {
    machine: Machine,
    seconds_each: f64,
    hash_micros: f64,
    flows: Vec<Row>,
    footprint: Footprint,
    flood: Flood,
    size: Size,
    log: Log,
    targets: Vec<Verdict>,
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

/// What a run has found that measures the log alone.
#[derive(Debug, Serialize)]
struct LogFindings {
    machine: Machine,
    log: Log,
    targets: Vec<Verdict>,
}

/// `cargo xtask bench [log] [--short] [--debug]`.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let options = parse_options(arguments)?;
    let workspace = Workspace::load()?;
    let machine = machine::look();
    let programs = build(&workspace, &options)?;
    report::line(&machine.render());
    if let Some(warning) = machine.warning() {
        report::line(&warning);
    }
    if options.only_log {
        let log = log::measure(&programs, &options)?;
        let targets = log::decide_verdicts(&log);
        report::line(&log::render(&log));
        report::line(&verdict::render(&targets));
        let findings = LogFindings {
            machine,
            log,
            targets,
        };
        return workspace.write_findings("bench-log.json", &findings);
    }
    let findings = measure(&programs, &options, machine)?;
    report::line(&table::render(&findings));
    workspace.write_findings("bench.json", &findings)
}

fn parse_options(arguments: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options::FULL;
    for argument in arguments {
        match *argument {
            "--short" => {
                options = Options {
                    profile: options.profile,
                    only_log: options.only_log,
                    ..Options::SHORT
                }
            }
            "--debug" => options.profile = "debug",
            "log" => options.only_log = true,
            other => anyhow::bail!(
                "`{other}` is no option of bench: log (nothing but the log), --short, --debug (unoptimised, to try the benchmark itself)"
            ),
        }
    }
    Ok(options)
}

fn build(workspace: &Workspace, options: &Options) -> anyhow::Result<Programs> {
    let folder = workspace.build_programs(options.profile)?;
    workspace.build(options.profile, LOG_LOAD)?;
    let node_folder = workspace.root.join("testbed/clients/node");
    anyhow::ensure!(
        options.only_log || node_folder.join("node_modules/oidc-provider").is_dir(),
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
    let hash_micros = measure_hash(programs)?;
    report::line(&format!(
        "a bare password hash: {:.1} ms",
        hash_micros / 1e3
    ));
    report::line("\n-- start, memory, sessions");
    let footprint = footprint::measure(programs, options)?;
    report::line("\n-- flows");
    let contenders = Contenders {
        floor: Contender::floor(programs)?,
        product: Contender::product(programs, "flows")?,
        peer: Contender::peer(programs)?,
    };
    let flows = flows::measure(programs, options, &contenders)?;
    drop(contenders);
    report::line("\n-- flood");
    let flood = flood::measure(programs, options)?;
    report::line("\n-- size");
    let size = size::measure(programs, options)?;
    report::line("\n-- log");
    let log = log::measure(programs, options)?;
    let mut findings = Findings {
        machine,
        seconds_each: options.seconds,
        hash_micros,
        flows,
        footprint,
        flood,
        size,
        log,
        targets: Vec::new(),
    };
    findings.targets = target::decide_verdicts(&findings);
    Ok(findings)
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
