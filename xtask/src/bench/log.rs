//! What the log costs: how many events a second become durable, and pages of a log of ten million rows.

use serde::{Deserialize, Serialize};

use crate::bench::machine::{LOAD_CORE, SERVER_CORE};
use crate::bench::verdict::{Verdict, at_least, at_most};
use crate::bench::{Options, Programs};
use crate::command::Call;
use crate::report;

/// Events of one transaction: one, as of a token; and a few, as of a sign-in.
const EVENTS_TOGETHER: [usize; 2] = [1, 5];
const EVENTS_MIN: f64 = 20_000.0;
const PAGE_MILLIS_MAX: f64 = 50.0;

/// The findings.
#[derive(Debug, Clone, Serialize)]
pub struct Log {
    /// Events a second, for so many in each transaction.
    pub appended: Vec<(usize, Appended)>,
    /// A long log.
    pub long: LongLog,
}

/// Events that became durable one after the other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Appended {
    /// How many, a second.
    pub per_second: f64,
    /// How many rows the log had then.
    pub rows: u64,
    /// How many of these had no words yet.
    pub bare_rows: u64,
}

/// A long log; the test bed says more of how it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LongLog {
    /// How many rows it has.
    pub rows: usize,
    /// In how many seconds all of it was made.
    pub filled_seconds: f64,
    /// In how many seconds all of it was proved.
    pub verified_seconds: f64,
    /// Bytes of the store, for each row.
    pub row_bytes: f64,
    /// Each question, and what 99 of 100 pages took at most, in milliseconds.
    pub pages: Vec<(String, f64)>,
}

/// Measures; the log of ten million rows takes some minutes to make.
pub fn measure(programs: &Programs, options: &Options) -> anyhow::Result<Log> {
    let mut appended = Vec::new();
    for events in EVENTS_TOGETHER {
        let found = append(programs, options, events)?;
        report::line(&format!(
            "{events} in a transaction: {:.0} events a second",
            found.per_second
        ));
        appended.push((events, found));
    }
    report::line(&format!("making a log of {} rows", options.log_rows));
    let text = Call::new("taskset")
        .args(["-c", LOAD_CORE])
        .args([&programs.load])
        .args(["log", &options.log_rows.to_string()])
        .args([&programs.log_load])
        .env("TESTUDO_BINARY", &programs.product)
        .capture()?;
    let long: LongLog = serde_json::from_str(&text)?;
    report::line(&format!(
        "made in {:.0} s, proved in {:.0} s",
        long.filled_seconds, long.verified_seconds
    ));
    Ok(Log { appended, long })
}

fn append(programs: &Programs, options: &Options, events: usize) -> anyhow::Result<Appended> {
    let folder = programs.scratch.join(format!("append-{events}"));
    std::fs::create_dir_all(&folder)?;
    let text = Call::new("taskset")
        .args(["-c", SERVER_CORE])
        .args([&programs.log_load])
        .args(["append"])
        .args([&folder])
        .args([options.seconds.to_string(), events.to_string()])
        .capture()?;
    std::fs::remove_dir_all(&folder)?;
    Ok(serde_json::from_str(&text)?)
}

/// Holds the findings against the targets.
pub fn decide_verdicts(log: &Log) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (events, appended) in &log.appended {
        verdicts.push(at_least(
            format!("log events a second, durable, {events} in a transaction"),
            appended.per_second,
            EVENTS_MIN,
        ));
    }
    let rows = log.long.rows;
    for (question, millis) in &log.long.pages {
        verdicts.push(at_most(
            format!("p99 of a page of 100 of {rows} log rows by {question}, ms"),
            *millis,
            PAGE_MILLIS_MAX,
        ));
    }
    verdicts
}

/// The findings as a person reads them.
pub fn render(log: &Log) -> String {
    let mut text = String::from("\nthe log\n");
    for (events, appended) in &log.appended {
        text.push_str(&format!(
            "  {events} in a transaction          {:>7.0} events a second, durable; {} of {} rows without words\n",
            appended.per_second, appended.bare_rows, appended.rows
        ));
    }
    let long = &log.long;
    text.push_str(&format!(
        "  {} rows, {:.0} bytes each: made in {:.0} s, proved in {:.0} s; a page of 100, p99:\n",
        long.rows, long.row_bytes, long.filled_seconds, long.verified_seconds
    ));
    for (question, millis) in &long.pages {
        text.push_str(&format!("  {question:<28} {millis:>7.1} ms\n"));
    }
    text
}
