//! `cargo xtask fleet prove`: a fleet under load of which one part after the other is hurt; one table with a verdict for
//! each scenario. The load and the scenarios are the test bed's; here they are ordered, and the rows are shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bench::machine::{self, Machine};
use crate::report;
use crate::workspace::Workspace;

/// How hard, how long, and on what.
#[derive(Debug, Clone, PartialEq)]
struct Options {
    orgs_each: usize,
    per_second: f64,
    span_seconds: f64,
    rounds: u32,
    /// Crashes at steps of moves; all of them, if nothing is said.
    crashes: Option<usize>,
    /// People and rows of the log of the large organisation.
    large: (usize, usize),
    times: &'static str,
    profile: &'static str,
    only: Vec<String>,
}

impl Options {
    /// The load is far below what two cores can do: what is measured is whether neighbours are noticed, not a full queue.
    const FULL: Self = Self {
        orgs_each: 100,
        per_second: 40.0,
        span_seconds: 20.0,
        rounds: 3,
        crashes: None,
        large: (100_000, 1_000_000),
        times: "judged",
        profile: "release",
        only: Vec::new(),
    };
    const SHORT: Self = Self {
        orgs_each: 10,
        per_second: 20.0,
        span_seconds: 5.0,
        rounds: 1,
        crashes: Some(12),
        large: (5_000, 50_000),
        times: "ignored",
        profile: "release",
        only: Vec::new(),
    };
}

/// Everything that a run has found.
#[derive(Debug, Serialize)]
struct Findings {
    machine: Machine,
    orgs_each: usize,
    per_second: f64,
    span_seconds: f64,
    rounds: u32,
    rows: Vec<Row>,
}

/// One scenario, as the test bed reports it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Row {
    name: String,
    quiet: Option<Figures>,
    others: Option<Figures>,
    hurt: Option<Figures>,
    unrest_times: Option<f64>,
    recovered_millis: u64,
    wrong_routes: u64,
    refused: u64,
    audit: Audit,
    logs: u64,
    logs_broken: u64,
    times: String,
    not_tried: Option<String>,
    figures: BTreeMap<String, f64>,
    notes: Vec<String>,
    missed: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Figures {
    requests: u64,
    operations: u64,
    asked_to_wait: u64,
    cut_off: u64,
    failed: u64,
    failures: Vec<String>,
    p50_micros: u64,
    p99_micros: u64,
    longest_micros: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Audit {
    checked: u64,
    lost: u64,
    doubled: u64,
    wrong: u64,
    shown: Vec<String>,
}

/// Proves, prints the table, and fails if a bound was missed.
pub fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let options = parse_options(arguments)?;
    let workspace = Workspace::load()?;
    let machine = machine::look();
    let programs = workspace.build_programs(options.profile)?;
    report::line(&machine.render());
    let rows = prove(&programs, &options)?;
    report::line(&render(&rows));
    let missed = rows.iter().filter(|row| !row.missed.is_empty()).count();
    let findings = Findings {
        machine,
        orgs_each: options.orgs_each,
        per_second: options.per_second,
        span_seconds: options.span_seconds,
        rounds: options.rounds,
        rows,
    };
    workspace.write_findings("fleet-prove.json", &findings)?;
    anyhow::ensure!(missed == 0, "{missed} scenarios missed a bound");
    Ok(())
}

fn parse_options(arguments: &[&str]) -> anyhow::Result<Options> {
    let mut options = Options::FULL;
    let mut rest = arguments;
    loop {
        rest = match rest {
            [] => return Ok(options),
            ["--short", rest @ ..] => {
                options = Options {
                    profile: options.profile,
                    only: options.only,
                    ..Options::SHORT
                };
                rest
            }
            ["--debug", rest @ ..] => {
                options.profile = "debug";
                rest
            }
            ["--only", words, rest @ ..] => {
                options.only.push((*words).to_owned());
                rest
            }
            [other, ..] => anyhow::bail!(
                "`{other}` is no option of fleet prove: --short, --only WORDS (of a scenario's name), --debug (unoptimised)"
            ),
        }
    }
}

fn prove(programs: &Path, options: &Options) -> anyhow::Result<Vec<Row>> {
    let order: Value = json!({
        "cells": 3,
        "orgs_each": options.orgs_each,
        "per_second": options.per_second,
        "span_seconds": options.span_seconds,
        "rounds": options.rounds,
        "seed": 20,
        "times": options.times,
        "crashes": options.crashes,
        "large": { "people": options.large.0, "log_rows": options.large.1 },
        "only": options.only,
    });
    let output = Command::new(programs.join("prove"))
        .arg(order.to_string())
        .env("TESTUDO_BINARY", programs.join("testudo"))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the proof")?;
    anyhow::ensure!(output.status.success(), "the proof broke off");
    serde_json::from_slice(&output.stdout).context("the rows of the proof cannot be read")
}

fn render(rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nothers: the organisations of the cells that are not hurt; times in ms\n\n{:<34} {:>9} {:>7} {:>8} {:>8} {:>6} {:>7}  {:>13}  {:>7} {:>14} {:>9}  verdict",
        "scenario",
        "requests",
        "failed",
        "p99",
        "quiet",
        "times",
        "unrest",
        "hurt: failed",
        "back",
        "books",
        "logs"
    );
    for row in rows {
        render_row(&mut text, row);
    }
    for row in rows {
        let about = row.missed.iter().chain(row.not_tried.iter());
        for line in about.chain(&row.audit.shown).chain(&row.notes) {
            let _ = writeln!(text, "{}: {line}", row.name);
        }
        let failures = row.others.iter().flat_map(|others| &others.failures);
        for failure in failures {
            let _ = writeln!(text, "{}: others: {failure}", row.name);
        }
    }
    text
}

fn render_row(text: &mut String, row: &Row) {
    let millis = |figures: &Option<Figures>| {
        let micros = figures.as_ref().map(|figures| figures.p99_micros);
        micros.map_or_else(String::new, |micros| format!("{:.1}", micros as f64 / 1e3))
    };
    let times = row.quiet.as_ref().zip(row.others.as_ref());
    let times = times.map(|(quiet, others)| {
        let times = others.p99_micros as f64 / (quiet.p99_micros as f64).max(1.0);
        format!("{times:.2}")
    });
    let counted = |figures: &Option<Figures>, of: fn(&Figures) -> u64| {
        let count = figures.as_ref().map(of);
        count.map_or_else(String::new, |count| count.to_string())
    };
    let hurt = row
        .hurt
        .as_ref()
        .map(|hurt| format!("{} of {}", hurt.failed, hurt.operations));
    let audit = &row.audit;
    let books = format!(
        "{} of {}",
        audit.lost + audit.doubled + audit.wrong,
        audit.checked
    );
    let verdict = match (&row.not_tried, row.missed.is_empty()) {
        (Some(_), _) => "not tried",
        (None, true) => "met",
        (None, false) => "MISSED",
    };
    let _ = writeln!(
        text,
        "{:<34} {:>9} {:>7} {:>8} {:>8} {:>6} {:>7}  {:>13}  {:>7} {:>14} {:>9}  {verdict}",
        row.name,
        counted(&row.others, |figures| figures.requests),
        counted(&row.others, |figures| figures.failed),
        millis(&row.others),
        millis(&row.quiet),
        times.unwrap_or_default(),
        row.unrest_times
            .map_or_else(String::new, |times| format!("{times:.2}")),
        hurt.unwrap_or_default(),
        row.recovered_millis,
        books,
        format!("{} of {}", row.logs_broken, row.logs),
    );
}

#[cfg(test)]
mod tests {
    use super::{Figures, Options, Row, parse_options, render};

    #[test]
    fn options_are_read_in_any_order() {
        let short = parse_options(&["--debug", "--short", "--only", "killed"]).unwrap();
        let wanted = Options {
            profile: "debug",
            only: vec![String::from("killed")],
            ..Options::SHORT
        };
        assert_eq!(short, wanted);
        assert_eq!(parse_options(&[]).unwrap(), Options::FULL);
        assert!(parse_options(&["--only"]).is_err());
        assert!(parse_options(&["--fast"]).is_err());
    }

    #[test]
    fn a_row_shows_what_others_saw_and_the_verdict() {
        let figures = |p99_micros| {
            Some(Figures {
                p99_micros,
                ..Figures::default()
            })
        };
        let mut row = Row {
            name: String::from("a cell is killed"),
            quiet: figures(10_000),
            others: figures(10_500),
            ..Row::default()
        };
        let text = render(&[row.clone()]);
        assert!(text.contains("10.5     10.0   1.05"), "{text}");
        assert!(text.contains("  met\n"), "{text}");
        row.missed
            .push(String::from("failed of others: 1, at most 0"));
        let text = render(&[row]);
        assert!(text.contains("  MISSED\n"), "{text}");
        assert!(
            text.contains("a cell is killed: failed of others: 1"),
            "{text}"
        );
    }
}
