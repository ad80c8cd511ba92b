//! The five flows at three concurrencies against the three servers, one after the other so that each pair of numbers
//! was taken within the same minute.

use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::contender::{Contender, Contenders};
use crate::bench::load::{self, Report};
use crate::bench::{Options, Programs};
use crate::report;

/// How many connections.
pub const CONCURRENCIES: [usize; 3] = [1, 16, 64];

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A service's token, ES256.
    ClientCredentials,
    /// A rotated pair of tokens, durable.
    Refresh,
    /// A question about an access token.
    Introspection,
    /// A code and the tokens for it.
    #[serde(rename = "code_flow")]
    Code,
    /// A sign-in with a password.
    SignIn,
}

/// All of them.
pub const FLOWS: [Flow; 5] = [
    Flow::ClientCredentials,
    Flow::Refresh,
    Flow::Introspection,
    Flow::Code,
    Flow::SignIn,
];

impl Flow {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client credentials",
            Self::Refresh => "refresh",
            Self::Introspection => "introspection",
            Self::Code => "code flow",
            Self::SignIn => "password sign-in",
        }
    }

    /// What the floor does for it: signs once, and shares one fsync where the flow writes. A sign-in is held against
    /// the bare hash instead.
    fn floor_paths(self) -> Option<Vec<&'static str>> {
        match self {
            // A token that was granted is a row of the log before it is answered.
            Self::ClientCredentials => Some(vec!["/sign-write"]),
            Self::Refresh => Some(vec!["/sign-write"]),
            Self::Introspection => Some(vec!["/plain"]),
            Self::Code => Some(vec!["/write", "/sign-write"]),
            Self::SignIn => None,
        }
    }
}

/// One flow at one concurrency.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was asked.
    pub flow: Flow,
    /// How many connections.
    pub connections: usize,
    /// The floor, where there is one.
    pub floor: Option<Report>,
    /// The product.
    pub product: Report,
    /// The peer.
    pub peer: Report,
}

impl Row {
    /// How many times the peer's throughput.
    pub fn times_peer(&self) -> f64 {
        self.product.per_second / self.peer.per_second.max(f64::EPSILON)
    }

    /// How many times the floor's processor time.
    pub fn times_floor(&self) -> Option<f64> {
        let floor = self.floor.as_ref()?;
        Some(self.product.processor_micros_each / floor.processor_micros_each.max(f64::EPSILON))
    }
}

/// Measures them all.
pub fn measure(
    programs: &Programs,
    options: &Options,
    contenders: &Contenders,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for flow in FLOWS {
        for connections in CONCURRENCIES {
            let row = measure_row(programs, options, contenders, flow, connections)?;
            report::line(&format!(
                "{:<18} {connections:>3} connections: {:>7.0} µs of processor, {:>8.0} /s, {:.1} times the peer",
                flow.name(),
                row.product.processor_micros_each,
                row.product.per_second,
                row.times_peer()
            ));
            rows.push(row);
        }
    }
    Ok(rows)
}

fn measure_row(
    programs: &Programs,
    options: &Options,
    contenders: &Contenders,
    flow: Flow,
    connections: usize,
) -> anyhow::Result<Row> {
    let pace = load::closed(connections, options.seconds);
    let ask = |contender: &Contender, what: &Value| load::run(programs, contender, what, &pace);
    let floor = flow
        .floor_paths()
        .map(|paths| ask(&contenders.floor, &json!({ "posts": paths })))
        .transpose()?;
    let what = serde_json::to_value(flow)?;
    Ok(Row {
        flow,
        connections,
        floor,
        product: ask(&contenders.product, &what)?,
        peer: ask(&contenders.peer, &what)?,
    })
}
