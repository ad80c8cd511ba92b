//! The findings as a person reads them.

use std::fmt::Write as _;

use crate::bench::flood::Flood;
use crate::bench::footprint::Footprint;
use crate::bench::load::Report;
use crate::bench::log;
use crate::bench::size::{ApiSize, Size};
use crate::bench::verdict;
use crate::bench::{Findings, Flows};

/// The whole report.
pub fn render(findings: &Findings) -> String {
    let mut text = format!("\n{}\n", findings.machine.render());
    if let Some(flows) = &findings.flows {
        render_flows(&mut text, flows);
    }
    if let Some(rest) = &findings.footprint {
        render_rest(&mut text, rest);
    }
    if let Some(flood) = &findings.flood {
        render_flood(&mut text, flood);
    }
    if let Some(size) = &findings.size {
        render_size(&mut text, size);
    }
    if let Some(log) = &findings.log {
        text.push_str(&log::render(log));
    }
    text.push('\n');
    text.push_str(&verdict::render(&findings.targets));
    text
}

fn render_rest(text: &mut String, rest: &Footprint) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nready               {:.0} ms ({:.0} ms on an empty folder; the peer {:.0} ms)\n\
         memory at rest      {:.1} MiB (the peer {:.1} MiB)\n\
         a living session    {:.0} bytes of memory; a sign-in adds {:.0} bytes to the store, log included",
        rest.ready_millis,
        rest.first_ready_millis,
        rest.peer_ready_millis,
        rest.idle_kib as f64 / 1024.0,
        rest.peer_idle_kib as f64 / 1024.0,
        rest.session_memory_bytes,
        rest.sign_in_store_bytes,
    );
}

fn render_flood(text: &mut String, flood: &Flood) {
    let _ = writeln!(
        text,
        "\nsign-in capacity    {:.1} a second\n\
         half of that        p50 {:.0} ms, p99 {:.0} ms\n\
         all of that         p50 {:.0} ms, p99 {:.0} ms\n\
         flood, 5x           p50 {:.0} ms, p99 {:.0} ms of {} admitted; {} refused within {:.0} ms",
        flood.capacity_per_second,
        flood.calm.p50_micros as f64 / 1e3,
        flood.calm.p99_micros as f64 / 1e3,
        flood.full.p50_micros as f64 / 1e3,
        flood.full.p99_micros as f64 / 1e3,
        flood.flood.p50_micros as f64 / 1e3,
        flood.flood.p99_micros as f64 / 1e3,
        flood.flood.served,
        flood.flood.refused,
        flood.flood.refused_p99_micros as f64 / 1e3,
    );
}

fn render_size(text: &mut String, size: &Size) {
    let _ = writeln!(
        text,
        "\nwith {} people in an org and {} orgs: ready in {:.0} ms, {:.1} MiB",
        size.people,
        size.orgs,
        size.ready_millis,
        size.resident_kib as f64 / 1024.0
    );
    for (page, millis) in &size.pages {
        let _ = writeln!(text, "  {page:<28} {millis:>7.1} ms");
    }
    let _ = writeln!(
        text,
        "  {:<28} {:>7.1} ms",
        "people, hundredth page", size.deep_page_millis
    );
    render_api(text, &size.api);
}

fn render_api(text: &mut String, api: &ApiSize) {
    let (before, beside) = &api.felt;
    let _ = writeln!(
        text,
        "  people got by id             {:>7.0} a second\n\
         \x20 people made, durable         {:>7.0} a second\n\
         \x20 page of 200, p99             {:>7.1} ms\n\
         \x20 into the large group, p99    {:>7.1} ms\n\
         \x20 1000 people by SCIM at once  {:>7.1} ms\n\
         \x20 a rule for {} people     {:>7.1} s\n\
         \x20 sign-ins before, beside, p99 {:>7.1} {:>7.1} ms\n\
         \x20 tokens before, beside, p99   {:>7.1} {:>7.1} ms",
        api.get_per_second,
        api.create_per_second,
        api.page_p99_millis,
        api.member_p99_millis,
        api.bulk_millis,
        api.ruled.0,
        api.ruled.1,
        before.sign_in_p99_millis,
        beside.sign_in_p99_millis,
        before.token_p99_millis,
        beside.token_p99_millis,
    );
    for (search, millis) in &api.searches {
        let name = format!("search by {search}, p99");
        let _ = writeln!(text, "  {name:<28} {millis:>7.1} ms");
    }
}

fn render_flows(text: &mut String, flows: &Flows) {
    let _ = writeln!(
        text,
        "processor time in µs for each step; steps a second; p50 and p99 in ms; a bare password hash: {:.1} ms\n\n{:<18} {:>4}  {:^36}  {:^36}  {:^20}  {:>7} {:>7}",
        flows.hash_micros / 1e3,
        "flow",
        "conn",
        "testudo",
        "oidc-provider",
        "floor",
        "x peer",
        "x floor"
    );
    for row in &flows.rows {
        let floor = row.floor.as_ref().map_or_else(String::new, |floor| {
            format!(
                "{:>8.0} {:>8.0}/s",
                floor.processor_micros_each, floor.per_second
            )
        });
        let times_floor = row
            .times_floor()
            .map_or_else(String::new, |times| format!("{times:.2}"));
        let _ = writeln!(
            text,
            "{:<18} {:>4}  {:>36}  {:>36}  {:>20}  {:>7.1} {:>7}",
            row.flow.name(),
            row.connections,
            render_report(&row.product),
            render_report(&row.peer),
            floor,
            row.times_peer(),
            times_floor
        );
    }
}

fn render_report(report: &Report) -> String {
    format!(
        "{:>7.0} {:>7.0}/s {:>7.2} {:>8.2}",
        report.processor_micros_each,
        report.per_second,
        report.p50_micros as f64 / 1e3,
        report.p99_micros as f64 / 1e3
    )
}
