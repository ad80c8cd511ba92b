//! The whole route map as bytes, on disk and on the wire: all entries, and the signature that proves them.

use crate::routes::RouteError;
use crate::routes::entry::{Entry, take};
use crate::routes::follow::Followed;
use crate::routes::map::RouteMap;
use crate::routes::signature::RouteVerifier;

/// How a message says that its body is a whole map in this form.
pub const MEDIA_TYPE: &str = "application/vnd.testudo.routes";
const MAGIC: &[u8] = b"testudo routes 1\n";
/// The signed head as JSON is some 300 bytes.
const HEAD_BYTES_MAX: usize = 4_096;

/// As many routes as maps are made for: organisations and host names of their own.
pub const ROUTES_MAX: usize = 1_000_000;
/// Room for each. One has some 80 bytes; that of a long host name has 300, and no map is made of those alone.
const ROUTE_BYTES: usize = 256;
/// The largest map as bytes, on disk and on the wire: whoever reads one does not hold more of it in memory.
pub const WHOLE_BYTES_MAX: u64 = (ROUTES_MAX * ROUTE_BYTES + HEAD_BYTES_MAX) as u64;

/// The map as bytes; none before it has a proof.
#[must_use]
pub fn encode(followed: &Followed) -> Option<Vec<u8>> {
    let head = serde_json::to_vec(followed.head.as_ref()?).ok()?;
    let entries = followed.map.entries_count();
    let mut bytes = Vec::with_capacity(MAGIC.len() + 16 + head.len() + 80 * entries);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&u64::try_from(head.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&u64::try_from(entries).ok()?.to_be_bytes());
    for entry in followed.map.entries() {
        entry.render(&mut bytes);
    }
    Some(bytes)
}

/// The map that the bytes hold, if it is whole and signed.
///
/// # Errors
/// [`RouteError`] for bytes that are cut off, changed, or signed by another key.
pub fn decode(bytes: &[u8], verifier: &RouteVerifier) -> Result<Followed, RouteError> {
    const CUT: RouteError = RouteError::Malformed("the file is cut off or no route map");
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(CUT)?;
    let head_bytes = number(&mut rest).filter(|length| *length <= HEAD_BYTES_MAX);
    let head = take(&mut rest, head_bytes.ok_or(CUT)?).ok_or(CUT)?;
    let head = serde_json::from_slice(head).map_err(|_| CUT)?;
    if !verifier.verify(&head) {
        return Err(RouteError::Signature);
    }
    let count = number(&mut rest).ok_or(CUT)?;
    let mut found = 0_usize;
    let map = RouteMap::of_entries(std::iter::from_fn(|| {
        found += 1;
        (!rest.is_empty()).then(|| Entry::parse(&mut rest))
    }))?;
    // The last turn found nothing.
    if found != count.saturating_add(1) {
        return Err(CUT);
    }
    if map.root() != head.head.root {
        return Err(RouteError::Root);
    }
    Ok(Followed {
        map,
        head: Some(head),
    })
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    let number = take(bytes, 8)?.try_into().map(u64::from_be_bytes).ok()?;
    usize::try_from(number).ok()
}
