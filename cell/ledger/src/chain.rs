//! The hash chain, pure: what is hashed, and how ids and moments follow from a row's place in the chain.

use aws_lc_rs::digest::{Context, SHA256, digest};
use std::sync::atomic::{AtomicU64, Ordering};
use vocab::entropy::Entropy;
use vocab::hex;
use vocab::id::{EventId, OrgId};
use vocab::time::Timestamp;

/// The version of what is hashed; part of every hash.
const HASH_DOMAIN: &[u8] = b"testudo log row 1";
const ID_DOMAIN: &[u8] = b"testudo log id 1";

/// The hash before the first row.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How far behind the newest row's moment an event may lie and still be moved up to it, so that moments rise with
/// the numbers although transactions overtake each other. What lies further back is a clock that was set, and stays.
const REORDER_MICROS_MAX: i64 = 10_000_000;

/// The newest row of a chain. Kept elsewhere, it proves later that the log was not rewritten up to there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The row's number; the first has 1.
    pub seq: i64,
    /// The row's hash, in hexadecimal.
    pub hash: String,
}

/// The hash of a row: over its org, its number, the hash before it and its body, each with its length before it, so
/// that no two different rows have the same input.
pub(crate) fn hash_row(org: &OrgId, seq: i64, previous: &str, body: &str) -> String {
    let mut context = Context::new(&SHA256);
    let place = seq.to_be_bytes();
    for part in [
        HASH_DOMAIN,
        org.as_str().as_bytes(),
        &place[..],
        previous.as_bytes(),
        body.as_bytes(),
    ] {
        context.update(&length_of(part));
        context.update(part);
    }
    hex::render(context.finish().as_ref())
}

/// The id of a row follows from its place, so that ids need no randomness and cannot collide within a chain.
pub(crate) fn event_id(org: &OrgId, seq: i64, previous: &str) -> EventId {
    let place = seq.to_be_bytes();
    EventId::generate(&HashStream::new(&[
        ID_DOMAIN,
        org.as_str().as_bytes(),
        &place[..],
        previous.as_bytes(),
    ]))
}

/// The moment that the row of an event of `at` gets after a row of `newest`: whole milliseconds, as the body says it.
pub(crate) fn decide_published(at: Timestamp, newest: Timestamp) -> Timestamp {
    let at = at.micros().saturating_sub(at.micros().rem_euclid(1_000));
    let behind = newest.micros().saturating_sub(at);
    let micros = if (1..=REORDER_MICROS_MAX).contains(&behind) {
        newest.micros()
    } else {
        at
    };
    Timestamp::from_micros(micros)
}

/// A stream of bytes that depends on its parts alone. Not random: for ids that must only be unlike each other.
pub(crate) struct HashStream {
    seed: Vec<u8>,
    counter: AtomicU64,
}

impl HashStream {
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        let mut seed = Vec::new();
        for part in parts {
            seed.extend_from_slice(&length_of(part));
            seed.extend_from_slice(part);
        }
        Self {
            seed,
            counter: AtomicU64::new(0),
        }
    }
}

impl Entropy for HashStream {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let mut input = self.seed.clone();
            input.extend_from_slice(&self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(digest(&SHA256, &input).as_ref()) {
                *to = *from;
            }
        }
    }
}

fn length_of(part: &[u8]) -> [u8; 8] {
    // A slice is never longer than u64 counts.
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::{GENESIS, decide_published, event_id, hash_row};
    use vocab::entropy::SeededEntropy;
    use vocab::id::OrgId;
    use vocab::time::Timestamp;

    #[test]
    fn every_part_of_a_row_changes_its_hash() {
        let entropy = SeededEntropy::new(1);
        let (org, other) = (OrgId::generate(&entropy), OrgId::generate(&entropy));
        let hash = hash_row(&org, 1, GENESIS, "{}");
        assert_eq!(hash.len(), 64);
        let changed = [
            hash_row(&other, 1, GENESIS, "{}"),
            hash_row(&org, 2, GENESIS, "{}"),
            hash_row(&org, 1, &hash, "{}"),
            hash_row(&org, 1, GENESIS, "{ }"),
            hash_row(&org, 1, &GENESIS[1..], "0{}"),
        ];
        assert!(changed.iter().all(|other| *other != hash));
    }

    /// Stored chains depend on it: whoever changes what is hashed must change the version in it too.
    #[test]
    fn the_hash_is_that_of_the_documented_bytes() {
        let org = OrgId::parse("00oAAAAAAAAAAAAAAAAA").unwrap();
        let mut input = Vec::new();
        let parts: [&[u8]; 5] = [
            b"testudo log row 1",
            b"00oAAAAAAAAAAAAAAAAA",
            &[0, 0, 0, 0, 0, 0, 0, 1],
            GENESIS.as_bytes(),
            b"{}",
        ];
        for part in parts {
            input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            input.extend_from_slice(part);
        }
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &input);
        assert_eq!(
            hash_row(&org, 1, GENESIS, "{}"),
            super::hex::render(digest.as_ref())
        );
    }

    #[test]
    fn ids_follow_from_the_place() {
        let org = OrgId::generate(&SeededEntropy::new(2));
        assert_eq!(event_id(&org, 7, "a"), event_id(&org, 7, "a"));
        assert_ne!(event_id(&org, 7, "a"), event_id(&org, 8, "a"));
        assert_ne!(event_id(&org, 7, "a"), event_id(&org, 7, "b"));
    }

    #[test]
    fn moments_rise_with_the_numbers_unless_a_clock_was_set() {
        let at = Timestamp::from_micros;
        let table = [
            (5_000_999, 0, 5_000_000),
            (5_000_999, 5_000_000, 5_000_000),
            (5_000_000, 6_000_000, 6_000_000),
            (5_000_000, 15_000_000, 15_000_000),
            (5_000_000, 15_001_000, 5_000_000),
        ];
        for (event, newest, published) in table {
            assert_eq!(
                decide_published(at(event), at(newest)),
                at(published),
                "{event} after {newest}"
            );
        }
    }
}
