//! The targets, and whether this run has met them.

use crate::bench::flows::{Flow, Row};
use crate::bench::footprint::Footprint;
use crate::bench::log;
use crate::bench::size::Size;
use crate::bench::verdict::{Verdict, at_least, at_most};
use crate::bench::{Findings, Flows};

/// The concurrency at which flows are judged: the one at which the floor itself gets the most out of one core.
const JUDGED_CONNECTIONS: usize = 64;
/// Sign-ins are judged one by one: of sixteen at once some are refused, and what that costs is not the cost of a sign-in.
const JUDGED_SIGN_INS: usize = 1;
const FLOOR_TIMES_MAX: f64 = 1.4;
const PEER_TIMES_MIN: f64 = 8.0;
const HASH_TIMES_MAX: f64 = 1.05;
const READY_MILLIS_MAX: f64 = 300.0;
const IDLE_MIB_MAX: f64 = 40.0;
const SESSION_BYTES_MAX: f64 = 1_024.0;
/// A page of a list must not feel how long the list is.
const PAGE_MILLIS_MAX: f64 = 20.0;
const GETS_MIN: f64 = 10_000.0;
const CREATIONS_MIN: f64 = 2_000.0;
const API_PAGE_MILLIS_MAX: f64 = 5.0;
const SEARCH_MILLIS_MAX: f64 = 20.0;
const MEMBER_MILLIS_MAX: f64 = 5.0;
const BULK_MILLIS_MAX: f64 = 1_000.0;
const RULE_SECS_MAX: f64 = 30.0;
/// A sign-in is mostly its hash; beside a rule it may wait for some pages of it, and not for the rule.
const RULE_GROWTH_MAX: f64 = 1.5;
/// A queue that is kept short keeps the tail within this; an unbounded one would grow it by the seconds of the flood.
const FLOOD_GROWTH_MAX: f64 = 1.5;

/// Holds the findings against the targets.
pub fn decide_verdicts(findings: &Findings) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    if let Some(flows) = &findings.flows {
        verdicts.extend(decide_flows(flows));
    }
    if let Some(flood) = &findings.flood {
        verdicts.push(at_most(
            "flood of five times the capacity: growth of the admitted p99",
            flood.p99_growth(),
            FLOOD_GROWTH_MAX,
        ));
    }
    if let Some(rest) = &findings.footprint {
        verdicts.extend(decide_rest(rest));
    }
    if let Some(size) = &findings.size {
        verdicts.push(at_most(
            format!("slowest page with {} people, milliseconds", size.people),
            size.slowest_millis(),
            PAGE_MILLIS_MAX,
        ));
        verdicts.extend(decide_api(size));
    }
    if let Some(log) = &findings.log {
        verdicts.extend(log::decide_verdicts(log));
    }
    verdicts
}

fn decide_flows(flows: &Flows) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for row in &flows.rows {
        let judged = match row.flow {
            Flow::SignIn => JUDGED_SIGN_INS,
            _ => JUDGED_CONNECTIONS,
        };
        if row.connections != judged {
            continue;
        }
        let name = row.flow.name();
        match row.flow {
            Flow::ClientCredentials => {
                let times = row.times_floor().unwrap_or(f64::INFINITY);
                verdicts.push(at_most(
                    format!("{name}: times the floor's processor time"),
                    times,
                    FLOOR_TIMES_MAX,
                ));
                verdicts.push(times_peer(row));
            }
            Flow::Refresh | Flow::Introspection => verdicts.push(times_peer(row)),
            Flow::SignIn => verdicts.push(at_most(
                format!("{name}: times the bare hash's processor time"),
                row.product.processor_micros_each / flows.hash_micros.max(f64::EPSILON),
                HASH_TIMES_MAX,
            )),
            Flow::Code => {}
        }
    }
    verdicts
}

fn decide_rest(rest: &Footprint) -> Vec<Verdict> {
    vec![
        at_most("ready, milliseconds", rest.ready_millis, READY_MILLIS_MAX),
        at_most(
            "memory at rest, MiB",
            rest.idle_kib as f64 / 1024.0,
            IDLE_MIB_MAX,
        ),
        at_most(
            "memory of a living session, bytes",
            rest.session_memory_bytes,
            SESSION_BYTES_MAX,
        ),
    ]
}

fn decide_api(size: &Size) -> Vec<Verdict> {
    let api = &size.api;
    let with = |what: &str| format!("with {} people: {what}", size.people);
    vec![
        at_least(
            with("people got by id, a second"),
            api.get_per_second,
            GETS_MIN,
        ),
        at_least(
            with("people made, a second"),
            api.create_per_second,
            CREATIONS_MIN,
        ),
        at_most(
            with("p99 of a page of 200, ms"),
            api.page_p99_millis,
            API_PAGE_MILLIS_MAX,
        ),
        at_most(
            with("p99 of the slowest search, ms"),
            api.slowest_search_millis(),
            SEARCH_MILLIS_MAX,
        ),
        at_most(
            with("p99 of a new member of a large group, ms"),
            api.member_p99_millis,
            MEMBER_MILLIS_MAX,
        ),
        at_most(
            with("1000 people by one call of SCIM, ms"),
            api.bulk_millis,
            BULK_MILLIS_MAX,
        ),
        at_most(
            with(&format!("a rule for {} of them, s", api.ruled.0)),
            api.ruled.1,
            RULE_SECS_MAX,
        ),
        at_most(
            with("growth of the p99 of sign-ins while it is applied"),
            api.felt.1.sign_in_p99_millis / api.felt.0.sign_in_p99_millis.max(f64::EPSILON),
            RULE_GROWTH_MAX,
        ),
    ]
}

fn times_peer(row: &Row) -> Verdict {
    at_least(
        format!("{}: times the peer's throughput", row.flow.name()),
        row.times_peer(),
        PEER_TIMES_MIN,
    )
}
