//! What a large route map costs: `many_routes write ORGS FILE` writes one as an edge keeps it and prints the key that it is
//! signed with; `many_routes measure FILE KEY` starts from it, and prints what that took, what it holds, what a look-up and
//! a change cost.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::Timestamp;
use wire::names::CellName;
use wire::routes::entry::{CellRoute, Change, Entry, OrgRoute};
use wire::routes::file::{decode, encode};
use wire::routes::follow::{Delta, Followed, accept};
use wire::routes::map::RouteMap;
use wire::routes::signature::{Head, RouteSigner, RouteVerifier};

/// Cells among which the orgs are spread.
const CELLS: u64 = 100;
/// Look-ups that are timed.
const LOOK_UPS: u64 = 1_000_000;
/// Changes that are timed, one by one.
const CHANGES: i64 = 200;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        ["write", orgs, file] => write(orgs.parse()?, Path::new(file))?,
        ["measure", file, signer] => measure(Path::new(file), signer)?,
        _ => {
            return Err("usage: many_routes write ORGS FILE | many_routes measure FILE KEY".into());
        }
    };
    writeln!(std::io::stdout(), "{printed}")?;
    Ok(())
}

fn slug_of(number: u64) -> Fallible<Slug> {
    Ok(Slug::parse(&format!("organisation-{number}"))?)
}

fn org(number: u64, epoch: i64) -> Fallible<Change> {
    Ok(Change::Put(Entry::Org(OrgRoute {
        slug: slug_of(number)?,
        org: OrgId::generate(&SeededEntropy::new(number)),
        cell: CellName::parse(&format!("cell-{}", number % CELLS))?,
        epoch: Epoch::try_from(epoch)?,
    })))
}

fn cell(number: u64) -> Fallible<Change> {
    Ok(Change::Put(Entry::Cell(CellRoute {
        name: CellName::parse(&format!("cell-{number}"))?,
        address: format!("192.0.2.{number}:7443"),
        epoch: Epoch::FIRST,
    })))
}

fn write(orgs: u64, file: &Path) -> Fallible<serde_json::Value> {
    let mut changes = (0..CELLS).map(cell).collect::<Fallible<Vec<_>>>()?;
    for number in 0..orgs {
        changes.push(org(number, 1)?);
    }
    let map = RouteMap::default().apply(changes)?;
    let signer = RouteSigner::generate()?;
    let head = signer.sign(Head {
        cursor: 1,
        root: map.root(),
        signed_at: Timestamp::from_seconds(1),
    });
    let followed = Followed {
        map,
        head: Some(head),
    };
    std::fs::write(file, encode(&followed).ok_or("there is nothing to write")?)?;
    let key: String = signer
        .to_pkcs8()?
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(serde_json::json!({ "route_key": signer.public_hex(), "signer": key, "orgs": orgs }))
}

fn measure(file: &Path, signer: &str) -> Fallible<serde_json::Value> {
    let key = (0..signer.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(signer.get(at..at + 2).unwrap_or_default(), 16))
        .collect::<Result<Vec<_>, _>>()?;
    let signer = RouteSigner::from_pkcs8(&key)?;
    let verifier = RouteVerifier::from_hex(&signer.public_hex())?;
    let begun = spent()?;
    let bytes = std::fs::read(file)?;
    let followed = decode(&bytes, &verifier)?;
    let start = spent()? - begun;
    let file_bytes = bytes.len();
    drop(bytes);
    let (resident, peak) = (memory("VmRSS:")?, memory("VmHWM:")?);
    let orgs = u64::try_from(followed.map.orgs_count())?;
    let look_up_nanos = time_look_ups(&followed.map, orgs)?;
    let (followed, change_micros) = time_changes(followed, &signer, &verifier, orgs)?;
    let begun = spent()?;
    let kept = encode(&followed).ok_or("there is nothing to keep")?.len();
    Ok(serde_json::json!({
        "orgs": orgs,
        "start_millis": start.as_secs_f64() * 1e3,
        "file_bytes": file_bytes,
        "resident_kib": resident,
        "peak_kib": peak,
        "look_up_nanos": look_up_nanos,
        "change_micros": change_micros,
        "keep_millis": (spent()? - begun).as_secs_f64() * 1e3,
        "kept_bytes": kept,
    }))
}

/// In an order that no cache foresees, as requests come.
fn time_look_ups(map: &RouteMap, orgs: u64) -> Fallible<f64> {
    let names = (0..LOOK_UPS)
        .map(|number| slug_of(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % orgs.max(1)))
        .collect::<Fallible<Vec<_>>>()?;
    let begun = spent()?;
    let found = names
        .iter()
        .filter(|name| map.org_by_slug(name.as_str()).is_some())
        .count();
    let nanos = (spent()? - begun).as_nanos() as f64 / LOOK_UPS as f64;
    if found != names.len() {
        return Err("an org was not found".into());
    }
    Ok(nanos)
}

/// Each change as the control plane makes it and as an edge takes it.
fn time_changes(
    mut followed: Followed,
    signer: &RouteSigner,
    verifier: &RouteVerifier,
    orgs: u64,
) -> Fallible<(Followed, f64)> {
    let mut ahead = followed.map.clone();
    let begun = spent()?;
    for number in 0..CHANGES {
        let change = org(orgs + number.unsigned_abs(), 1)?;
        ahead = ahead.apply(vec![change.clone()])?;
        let after = followed.cursor();
        let head = signer.sign(Head {
            cursor: after + 1,
            root: ahead.root(),
            signed_at: Timestamp::from_seconds(1),
        });
        let delta = Delta {
            whole: false,
            after,
            changes: vec![change],
            head,
        };
        followed = accept(&followed, delta, verifier)?;
    }
    let micros = (spent()? - begun).as_secs_f64() * 1e6;
    Ok((followed, micros / CHANGES as f64))
}

/// The time that this thread had a core: what others do on the machine is not measured as ours.
fn spent() -> Fallible<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = text.split(' ').next().ok_or("the kernel does not say")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}

/// What the kernel says of this process, in KiB.
fn memory(field: &str) -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let text = line.ok_or("the kernel does not say")?;
    Ok(text.trim().trim_end_matches("kB").trim().parse()?)
}
