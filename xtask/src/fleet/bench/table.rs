//! The findings as a person reads them, and whether they meet the targets.

use std::fmt::Write as _;

use crate::bench::verdict::{self, Verdict, at_most};
use crate::fleet::bench::door::{OURS, Wire};
use crate::fleet::bench::strain::Report;
use crate::fleet::bench::{Findings, OfWire, Row};

const KEPT_TIMES_MAX: f64 = 1.3;
const FRESH_TIMES_MAX: f64 = 1.0;
const ADDED_MICROS_MAX: f64 = 300.0;
const LOOK_UP_NANOS_MAX: f64 = 1_000.0;
const MEMORY_MIB_MAX: f64 = 300.0;
const VISIBLE_MILLIS_MAX: f64 = 100.0;
const START_MILLIS_MAX: f64 = 2_000.0;

/// Holds the findings against the targets.
pub fn decide_verdicts(findings: &Findings) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for of_wire in &findings.wires {
        judge_wire(&mut verdicts, of_wire);
    }
    let routes = &findings.routes;
    let orgs = routes.orgs;
    let mebibytes = routes.peak_kib as f64 / 1024.0;
    verdicts.push(at_most(
        format!("{orgs} routes: a look-up, ns"),
        routes.look_up_nanos,
        LOOK_UP_NANOS_MAX,
    ));
    verdicts.push(at_most(
        format!("{orgs} routes: memory at its highest, MiB"),
        mebibytes,
        MEMORY_MIB_MAX,
    ));
    verdicts.push(at_most(
        format!("{orgs} routes: start from disk, ms"),
        routes.start_millis,
        START_MILLIS_MAX,
    ));
    verdicts.push(at_most(
        format!("{orgs} routes: a change, made and taken, ms"),
        routes.change_micros / 1e3,
        VISIBLE_MILLIS_MAX,
    ));
    verdicts.push(at_most(
        "a new org, from its acknowledgement to its answer at the edge, ms",
        routes.visible_millis,
        VISIBLE_MILLIS_MAX,
    ));
    verdicts
}

fn judge_wire(verdicts: &mut Vec<Verdict>, of_wire: &OfWire) {
    let wire = of_wire.wire.name();
    let Some(ours) = of_wire.rows.iter().find(|row| row.name == OURS) else {
        return;
    };
    let best = |cost: fn(&Row) -> f64| {
        let others = of_wire.rows.iter().filter(|row| row.name != OURS);
        others.map(cost).fold(f64::INFINITY, f64::min)
    };
    let times = |cost: fn(&Row) -> f64| cost(ours) / best(cost).max(f64::EPSILON);
    verdicts.push(at_most(
        format!("{wire}: processor time of a request, times the better's"),
        times(|row| row.kept.processor_micros_each),
        KEPT_TIMES_MAX,
    ));
    if of_wire.wire == Wire::Tls {
        verdicts.push(at_most(
            format!("{wire}: processor time of a new connection, times the better's"),
            times(|row| row.fresh.processor_micros_each),
            FRESH_TIMES_MAX,
        ));
    }
    verdicts.push(at_most(
        format!("{wire}: p99 that it adds at half load, µs"),
        ours.half.p99_micros - of_wire.direct.p99_micros,
        ADDED_MICROS_MAX,
    ));
    let failed: u64 = [&ours.kept, &ours.fresh, &ours.half, &ours.idle]
        .into_iter()
        .map(|report| report.failed)
        .sum();
    verdicts.push(at_most(
        format!("{wire}: failed requests"),
        failed as f64,
        0.0,
    ));
}

/// The whole report.
pub fn render(findings: &Findings) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{}", findings.machine.render());
    for of_wire in &findings.wires {
        let _ = writeln!(
            text,
            "\n{}: processor time in µs; p99 in µs at {:.0} requests a second (the cell itself: {:.0})\n{:<10} {:>9} {:>10} {:>9} {:>10} {:>9} {:>9} {:>12}",
            of_wire.wire.name(),
            of_wire.half_per_second,
            of_wire.direct.p99_micros,
            "door",
            "request",
            "a second",
            "new",
            "a second",
            "hybrid",
            "p99",
            "idle, bytes",
        );
        for row in &of_wire.rows {
            let hybrid = row.fresh_hybrid.as_ref();
            let hybrid = hybrid.map_or_else(String::new, |report| {
                format!("{:.0}", report.processor_micros_each)
            });
            let _ = writeln!(
                text,
                "{:<10} {:>9.1} {:>10.0} {:>9.1} {:>10.0} {:>9} {:>9.0} {:>12.0}",
                row.name,
                row.kept.processor_micros_each,
                row.kept.per_second,
                row.fresh.processor_micros_each,
                row.fresh.per_second,
                hybrid,
                row.half.p99_micros,
                row.idle.bytes_each(),
            );
            for report in [&row.kept, &row.fresh, &row.half, &row.idle] {
                render_failure(&mut text, row.name, report);
            }
        }
    }
    let routes = &findings.routes;
    let _ = writeln!(
        text,
        "\n{} routes: start {:.0} ms from {:.1} MiB, memory {:.0} MiB (at its highest {:.0}), look-up {:.0} ns, change {:.0} µs, whole map to bytes {:.0} ms\n",
        routes.orgs,
        routes.start_millis,
        routes.file_bytes as f64 / 1048576.0,
        routes.resident_kib as f64 / 1024.0,
        routes.peak_kib as f64 / 1024.0,
        routes.look_up_nanos,
        routes.change_micros,
        routes.keep_millis,
    );
    text.push_str(&verdict::render(&findings.verdicts));
    text
}

fn render_failure(text: &mut String, name: &str, report: &Report) {
    if let Some(failure) = &report.failure {
        let _ = writeln!(text, "  {name}: {} failed: {failure}", report.failed);
    }
}
