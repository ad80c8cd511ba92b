//! What it takes to be there: time to be ready, memory at rest, memory and store for each living session.

use std::path::Path;

use serde::Serialize;
use serde_json::json;

use crate::bench::contender::Contender;
use crate::bench::load;
use crate::bench::{Options, Programs};
use crate::report;

/// Sign-ins before anything is counted.
const WARM_UP_SIGN_INS: usize = 200;
/// Connections for it.
const CONNECTIONS: usize = 8;

/// The numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Footprint {
    /// From the start of the process to the ready line, on an empty folder.
    pub first_ready_millis: f64,
    /// The same on a folder in use: the middle of several.
    pub ready_millis: f64,
    /// Memory at rest, the console included, in KiB.
    pub idle_kib: u64,
    /// The peer's, in KiB.
    pub peer_idle_kib: u64,
    /// The peer's time to be ready.
    pub peer_ready_millis: f64,
    /// Memory in use when pools and caches have their size, in KiB.
    pub filled_kib: u64,
    /// Sessions that were weighed.
    pub sessions: usize,
    /// Memory that each has added, in bytes.
    pub session_memory_bytes: f64,
    /// What each sign-in has added to the data folder, its rows in the log included, in bytes.
    pub sign_in_store_bytes: f64,
}

/// Measures them.
pub fn measure(programs: &Programs, options: &Options) -> anyhow::Result<Footprint> {
    let (first_ready_millis, ready_millis, idle_kib) = measure_rest(programs, options)?;
    report::line(&format!(
        "ready in {ready_millis:.0} ms, {first_ready_millis:.0} ms the first time; {:.1} MiB at rest",
        idle_kib as f64 / 1024.0
    ));
    let peer = Contender::peer(programs)?;
    let (peer_idle_kib, peer_ready_millis) = (peer.resident_kib()?, millis(&peer));
    drop(peer);
    let weighed = measure_sessions(programs, options)?;
    report::line(&format!(
        "a session: {:.0} bytes of memory, beside {:.1} MiB with all caches full; a sign-in: {:.0} bytes of store",
        weighed.session_memory_bytes,
        weighed.filled_kib as f64 / 1024.0,
        weighed.sign_in_store_bytes
    ));
    Ok(Footprint {
        first_ready_millis,
        ready_millis,
        idle_kib,
        peer_idle_kib,
        peer_ready_millis,
        filled_kib: weighed.filled_kib,
        sessions: options.sessions,
        session_memory_bytes: weighed.session_memory_bytes,
        sign_in_store_bytes: weighed.sign_in_store_bytes,
    })
}

fn millis(server: &Contender) -> f64 {
    server.ready_after.as_secs_f64() * 1e3
}

fn measure_rest(programs: &Programs, options: &Options) -> anyhow::Result<(f64, f64, u64)> {
    let first = Contender::bare_product(programs, "rest")?;
    let first_ready = millis(&first);
    let idle_kib = first.resident_kib()?;
    first.stop()?;
    let mut times = Vec::new();
    for _ in 0..options.starts {
        let server = Contender::bare_product(programs, "rest")?;
        times.push(millis(&server));
        server.stop()?;
    }
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap_or(first_ready);
    Ok((first_ready, middle, idle_kib))
}

/// What sign-ins have added.
struct Weighed {
    filled_kib: u64,
    session_memory_bytes: f64,
    sign_in_store_bytes: f64,
}

/// Memory in one life of the server, from when pools and caches have their size (each connection to the store keeps up to
/// 2 MB of its pages): what they take once would be said of sessions, which live in the store. The store between two orderly
/// stops, when the write-ahead log has been taken in.
fn measure_sessions(programs: &Programs, options: &Options) -> anyhow::Result<Weighed> {
    let data = programs.scratch.join("sessions/data");
    let sign_in = |server: &Contender, count| {
        let pace = load::steps(CONNECTIONS, count);
        load::run(programs, server, &json!("sign_in"), &pace)
    };
    let server = Contender::product(programs, "sessions")?;
    sign_in(&server, WARM_UP_SIGN_INS)?;
    server.stop()?;
    let before = bytes_under(&data)?;
    let server = Contender::product(programs, "sessions")?;
    let filling = sign_in(&server, options.filling)?;
    let report = sign_in(&server, options.sessions)?;
    server.stop()?;
    let after = bytes_under(&data)?;
    let memory = report
        .resident_kib_after
        .saturating_sub(report.resident_kib_before);
    let signed_in = filling.served + report.served;
    Ok(Weighed {
        filled_kib: report.resident_kib_before,
        session_memory_bytes: memory as f64 * 1024.0 / report.served.max(1) as f64,
        sign_in_store_bytes: after.saturating_sub(before) as f64 / signed_in.max(1) as f64,
    })
}

fn bytes_under(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        bytes += if kind.is_dir() {
            bytes_under(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
