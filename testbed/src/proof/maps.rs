//! Route maps on an edge's disk that are stale, empty, cut off, or lie: an edge that starts from one while there is no
//! control plane serves from a signed map or refuses everybody, and is right again once there is one.

use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;

use crate::connection::{Connection, Peer};
use crate::proof::row::Row;
use crate::proof::scenario::{Effort, add_sweep};
use crate::proof::world::World;
use crate::wait;

const CONTROL: &str = "control";
const EDGE: &str = "edge-1";
/// How long an edge may take to be back.
const BACK_MAX: Duration = Duration::from_secs(60);

/// What an edge makes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It is signed: everybody who stands in it is served.
    Served,
    /// It proves nothing: nobody is.
    Refused,
}

/// Tries every file once.
///
/// # Errors
/// When an edge does not come back.
pub async fn run(world: &World, _: &Effort) -> anyhow::Result<Row> {
    let mut row = Row::default();
    let file = world.fleet.folder().join(EDGE).join("routes.map");
    let stale = wait::until("the route map on disk", BACK_MAX, || {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let last = world.sites.last().context("no organisations")?;
        Ok(holds(&bytes, last.slug.as_bytes()).then_some(bytes))
    })?;
    // A change that the stale map does not have: another organisation, which nobody asks for.
    let newer = format!("newer-{}", std::process::id());
    world.fleet.make_org(&newer, "cell-a")?;
    for (what, bytes, expected) in maps_of(world, &stale)? {
        world.fleet.signal(CONTROL, Signal::STOP)?;
        let before = world.fleet.signal(EDGE, Signal::KILL)?;
        std::fs::write(&file, bytes)?;
        wait::until_async("an edge", BACK_MAX, async || {
            let process = world.fleet.process_of(EDGE)?;
            let is_new = process.is_some_and(|now| now != before);
            Ok((is_new && answers(world).await).then_some(()))
        })
        .await
        .with_context(|| what.to_owned())?;
        let sweep = world.sweep().await?;
        let count = world.sites.len() as u64;
        let refused: u64 = sweep.refused.values().sum();
        match expected {
            Expected::Served => add_sweep(&mut row, sweep, |_| false),
            Expected::Refused if refused == count => {}
            Expected::Refused => row.wrong_routes += count - refused,
        }
        world.fleet.signal(CONTROL, Signal::CONT)?;
        let back = world.recover().await?;
        let back = u64::try_from(back.as_millis()).unwrap_or(u64::MAX);
        row.recovered_millis = row.recovered_millis.max(back);
        row.notes.push(format!(
            "{what}: right again {back} ms after the control plane was"
        ));
    }
    Ok(row)
}

fn maps_of(world: &World, stale: &[u8]) -> anyhow::Result<Vec<(&'static str, Vec<u8>, Expected)>> {
    let (first, last) = (world.sites.first(), world.sites.last());
    let (first, last) = first.zip(last).context("no organisations")?;
    // As long as the other: a file that is whole, with two organisations in each other's place.
    let swapped = swap(stale, first.cell.as_bytes(), last.cell.as_bytes());
    let mut unsigned = stale.to_vec();
    let at = find(stale, b"\"signature\":\"").context("no signature in the file")? + 13;
    let digit = unsigned.get_mut(at).context("no signature in the file")?;
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let half = stale.get(..stale.len() / 2).unwrap_or_default();
    Ok(vec![
        ("stale", stale.to_vec(), Expected::Served),
        ("empty", Vec::new(), Expected::Refused),
        ("cut off", half.to_vec(), Expected::Refused),
        ("cells in each other's place", swapped, Expected::Refused),
        ("another signature", unsigned, Expected::Refused),
        ("no map at all", b"nonsense".to_vec(), Expected::Refused),
    ])
}

/// Whether an edge answers, whatever it says.
async fn answers(world: &World) -> bool {
    let Ok(peer) = Peer::parse(&world.fleet.origin) else {
        return false;
    };
    Connection::new(peer).get("/health/live", "").await.is_ok()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    find(bytes, wanted).is_some()
}

/// Every occurrence of one text becomes the other; both are as long.
fn swap(bytes: &[u8], one: &[u8], other: &[u8]) -> Vec<u8> {
    let mut swapped = bytes.to_vec();
    let mut at = 0;
    while let Some(part) = swapped.get_mut(at..at + one.len()) {
        if part == one {
            part.copy_from_slice(other);
        } else if part == other {
            part.copy_from_slice(one);
        } else {
            at += 1;
            continue;
        }
        at += one.len();
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::{holds, swap};

    #[test]
    fn two_names_take_each_others_place() {
        assert_eq!(swap(b"a1 b2 a1", b"a1", b"b2"), b"b2 a1 b2");
        assert!(holds(b"a1 b2", b"b2") && !holds(b"a1", b"b2"));
    }
}
