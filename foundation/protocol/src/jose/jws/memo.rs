//! Remembers which tokens were verified by which keys, so that a token which is shown again and again costs its
//! signature once, and is decoded and parsed once while it is among the latest. What is remembered is found by a digest
//! over the keys and the token: with other keys, or one other byte, it is another token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

use crate::jose::jws::verify::Verified;

/// One in so many remembered tokens is remembered as it was read, which takes some 3 KB.
const READ_SHARE: usize = 16;
/// A longer token is read each time: whoever fills tokens with claims must not fill the memory.
const READ_BYTES_MAX: usize = 2 * 1_024;

/// SHA-256 over the keys and the token.
type Mark = [u8; 32];

/// What stands for a set of keys: a digest of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySetMark(Mark);

impl KeySetMark {
    /// The mark of a set of published keys, by the bytes of its document.
    #[must_use]
    pub fn of(document: &[u8]) -> Self {
        Self(digest(&[document]))
    }
}

/// A bounded memory of verified tokens. It forgets the older half when it is full; what is forgotten is verified again.
#[derive(Debug)]
pub struct VerifiedMemo {
    marks: Mutex<Generations<()>>,
    read: Mutex<Generations<Arc<Verified>>>,
}

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<Mark, V>,
    old: HashMap<Mark, V>,
    half: usize,
}

/// One token under one set of keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenMark(Mark);

impl TokenMark {
    /// The mark of the keys has one length always, which keeps the parts apart.
    pub(super) fn of(keys: &KeySetMark, token: &str) -> Self {
        Self(digest(&[&keys.0, token.as_bytes()]))
    }
}

impl VerifiedMemo {
    /// A memory of at most so many tokens; each takes about 50 bytes, and one in 16 some 3 KB.
    #[must_use]
    pub fn new(tokens_max: usize) -> Self {
        Self {
            marks: Mutex::new(Generations::new(tokens_max)),
            read: Mutex::new(Generations::new(tokens_max / READ_SHARE)),
        }
    }

    /// Whether the token was verified.
    pub(super) fn holds(&self, token: &TokenMark) -> bool {
        lock(&self.marks).get(token.0).is_some()
    }

    /// The token as it was read, if it is among the latest.
    pub(super) fn recall(&self, token: &TokenMark) -> Option<Arc<Verified>> {
        lock(&self.read).get(token.0)
    }

    /// The token, of so many bytes, was verified, and read so.
    pub(super) fn note(&self, token: &TokenMark, bytes: usize, verified: &Arc<Verified>) {
        lock(&self.marks).insert(token.0, ());
        if bytes <= READ_BYTES_MAX {
            lock(&self.read).insert(token.0, Arc::clone(verified));
        }
    }
}

fn lock<V>(generations: &Mutex<Generations<V>>) -> std::sync::MutexGuard<'_, Generations<V>> {
    // The maps are whole between any two statements under the lock.
    generations.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V: Clone> Generations<V> {
    fn new(entries_max: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (entries_max / 2).max(1),
        }
    }

    fn get(&mut self, mark: Mark) -> Option<V> {
        if let Some(value) = self.young.get(&mark) {
            return Some(value.clone());
        }
        let value = self.old.get(&mark).cloned()?;
        self.insert(mark, value.clone());
        Some(value)
    }

    fn insert(&mut self, mark: Mark, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(mark, value);
    }
}

fn digest(parts: &[&[u8]]) -> Mark {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut mark = Mark::default();
    mark.copy_from_slice(context.finish().as_ref());
    mark
}

#[cfg(test)]
mod tests {
    use super::{Generations, KeySetMark, TokenMark};

    #[test]
    fn other_keys_or_bytes_make_another_mark() {
        let (keys, others) = (KeySetMark::of(b"a"), KeySetMark::of(b"b"));
        let mark = TokenMark::of(&keys, "head.body.signature").0;
        let table = [
            (keys, "head.body.signature", true),
            (others, "head.body.signature", false),
            (keys, "head.bodx.signature", false),
            (keys, "head.body.signaturf", false),
            (keys, "", false),
        ];
        for (keys, token, is_same) in table {
            assert_eq!(TokenMark::of(&keys, token).0 == mark, is_same, "{token}");
        }
    }

    #[test]
    fn it_stays_within_its_bound_and_keeps_what_is_used() {
        let mark = |number: u8| [number; 32];
        let mut memo = Generations::new(8);
        memo.insert(mark(0), 0);
        for number in 1..100 {
            memo.insert(mark(number), number);
            assert_eq!(memo.get(mark(0)), Some(0), "in use: {number}");
        }
        let held = (0..100).filter(|number| memo.get(mark(*number)).is_some());
        assert!(held.count() <= 8);
    }
}
