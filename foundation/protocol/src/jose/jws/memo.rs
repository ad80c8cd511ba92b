//! Remembers which tokens were verified by which keys, so that a token which is shown again and again costs its
//! signature once. What is remembered is a digest over the keys, the signed bytes and the signature: with other keys,
//! or one other byte, it is another token.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

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
    generations: Mutex<Generations>,
    half: usize,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<Mark>,
    old: HashSet<Mark>,
}

/// One token under one set of keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenMark(Mark);

impl TokenMark {
    /// The lengths keep the parts apart.
    pub(super) fn of(keys: &KeySetMark, signing_input: &[u8], signature: &[u8]) -> Self {
        let length = u64::try_from(signing_input.len()).unwrap_or(u64::MAX);
        Self(digest(&[
            &keys.0,
            &length.to_be_bytes(),
            signing_input,
            signature,
        ]))
    }
}

impl VerifiedMemo {
    /// A memory of at most so many tokens; each takes about 50 bytes.
    #[must_use]
    pub fn new(tokens_max: usize) -> Self {
        Self {
            generations: Mutex::default(),
            half: (tokens_max / 2).max(1),
        }
    }

    pub(super) fn holds(&self, token: &TokenMark) -> bool {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if generations.young.contains(&token.0) {
            return true;
        }
        let held = generations.old.contains(&token.0);
        if held {
            generations.note(token.0, self.half);
        }
        held
    }

    pub(super) fn note(&self, token: &TokenMark) {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(token.0, self.half);
    }
}

impl Generations {
    fn note(&mut self, mark: Mark, half: usize) {
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(mark);
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
    use super::{KeySetMark, TokenMark, VerifiedMemo};

    #[test]
    fn other_keys_or_bytes_make_another_mark() {
        let (keys, others) = (KeySetMark::of(b"a"), KeySetMark::of(b"b"));
        let memo = VerifiedMemo::new(8);
        memo.note(&TokenMark::of(&keys, b"head.body", b"signature"));
        let table = [
            (keys, &b"head.body"[..], &b"signature"[..], true),
            (others, b"head.body", b"signature", false),
            (keys, b"head.bodx", b"signature", false),
            (keys, b"head.body", b"signaturf", false),
            (keys, b"head.bod", b"ysignature", false),
            (keys, b"", b"", false),
        ];
        for (keys, input, signature, held) in table {
            assert_eq!(memo.holds(&TokenMark::of(&keys, input, signature)), held);
        }
    }

    #[test]
    fn it_stays_within_its_bound_and_keeps_what_is_used() {
        let keys = KeySetMark::of(b"a");
        let mark = |number: u32| TokenMark::of(&keys, &number.to_be_bytes(), b"");
        let memo = VerifiedMemo::new(8);
        memo.note(&mark(0));
        for number in 1..100 {
            memo.note(&mark(number));
            assert!(memo.holds(&mark(0)), "in use: {number}");
        }
        let held = (0..100).filter(|number| memo.holds(&mark(*number))).count();
        assert!(held <= 8, "{held}");
    }
}
