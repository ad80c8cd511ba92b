//! Password sign-ins by five times as many people as can be served: those who are admitted must not feel that there are
//! more of them than on a day when everybody can just be served.

use serde::Serialize;
use serde_json::json;

use crate::bench::contender::Contender;
use crate::bench::load::{self, Report};
use crate::bench::{Options, Programs};
use crate::report;

/// Connections by which the capacity is found.
const CAPACITY_CONNECTIONS: usize = 8;
/// The share of the capacity that counts as a calm day.
const CALM_SHARE: f64 = 0.5;
/// How many times the capacity arrives in the flood.
const FLOOD_TIMES: f64 = 5.0;
/// A flood lasts so many times a window: its percentiles need many arrivals.
const WINDOWS: f64 = 2.0;

/// A calm day and a flood.
#[derive(Debug, Clone, Serialize)]
pub struct Flood {
    /// Sign-ins a second that can be served.
    pub capacity_per_second: f64,
    /// At half the capacity.
    pub calm: Report,
    /// At the capacity.
    pub full: Report,
    /// At five times the capacity.
    pub flood: Report,
    /// Memory after the flood, in KiB.
    pub resident_kib_after: u64,
}

impl Flood {
    /// How much longer an admitted sign-in takes in the flood than at the capacity, at the 99th percentile.
    pub fn p99_growth(&self) -> f64 {
        self.flood.p99_micros as f64 / self.full.p99_micros.max(1) as f64
    }
}

/// Floods a fresh server.
pub fn measure(programs: &Programs, options: &Options) -> anyhow::Result<Flood> {
    let server = Contender::product(programs, "flood")?;
    let sign_in = json!("sign_in");
    let seconds = options.seconds * WINDOWS;
    let ask = |pace| load::run(programs, &server, &sign_in, &pace);
    let capacity = ask(load::closed(CAPACITY_CONNECTIONS, options.seconds))?;
    report::line(&format!(
        "capacity: {:.1} sign-ins a second",
        capacity.per_second
    ));
    let calm = ask(load::open(capacity.per_second * CALM_SHARE, seconds))?;
    let full = ask(load::open(capacity.per_second, seconds))?;
    let flood = ask(load::open(capacity.per_second * FLOOD_TIMES, seconds))?;
    let found = Flood {
        capacity_per_second: capacity.per_second,
        calm,
        full,
        resident_kib_after: server.resident_kib()?,
        flood,
    };
    server.stop()?;
    Ok(found)
}
