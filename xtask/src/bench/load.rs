//! Gives orders to the load generator, a program of its own on a core of its own.

use std::process::Stdio;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bench::Programs;
use crate::bench::contender::Contender;
use crate::bench::machine::{LOAD_CORE, pinned};

/// Seconds before anything is counted.
const WARM_UP_SECONDS: f64 = 1.0;

/// What the load generator reports; it says more than is read here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Steps answered as wanted.
    pub served: u64,
    /// Steps refused for the sake of others.
    pub refused: u64,
    /// Served each second.
    pub per_second: f64,
    /// The server's processor time for each served step.
    pub processor_micros_each: f64,
    /// Half of the served took no longer.
    pub p50_micros: u64,
    /// 99 of 100 served took no longer.
    pub p99_micros: u64,
    /// 99 of 100 refused took no longer.
    pub refused_p99_micros: u64,
    /// Memory of the server before.
    pub resident_kib_before: u64,
    /// And after.
    pub resident_kib_after: u64,
}

/// So many connections, each with one step at a time.
pub fn closed(workers: usize, seconds: f64) -> Value {
    json!({ "closed": { "workers": workers, "seconds": seconds } })
}

/// So many connections that share so many steps.
pub fn steps(workers: usize, steps: usize) -> Value {
    json!({ "steps": { "workers": workers, "steps": steps } })
}

/// Arrivals by the clock.
pub fn open(per_second: f64, seconds: f64) -> Value {
    json!({ "open": { "per_second": per_second, "seconds": seconds } })
}

/// Runs one order.
pub fn run(
    programs: &Programs,
    contender: &Contender,
    flow: &Value,
    pace: &Value,
) -> anyhow::Result<Report> {
    let order = json!({
        "flow": flow,
        "pace": pace,
        "warm_up_seconds": WARM_UP_SECONDS,
        "pid": contender.pid(),
        "target": contender.target(programs),
    });
    let output = pinned(&programs.load, LOAD_CORE)
        .arg(order.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .context("cannot start the load generator")?;
    anyhow::ensure!(
        output.status.success(),
        "{flow} against {:?} at {pace}: {}",
        contender.kind,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("the load generator's report cannot be read")
}
