//! Randomness as an argument: the system's generator in production, a seeded one in tests.

use aws_lc_rs::digest;
use std::sync::atomic::{AtomicU64, Ordering};

/// A source of random bytes. All ids, tokens and keys of the product are drawn from one.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator, through the crypto provider.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if aws_lc_rs::rand::fill(buffer).is_err() {
            // Without randomness nothing that follows is safe. Ending the process is the only answer.
            std::process::abort();
        }
    }
}

/// A reproducible stream for tests: SHA-256 over seed and counter. Never for production.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: AtomicU64,
}

impl SeededEntropy {
    /// A stream that depends on the seed alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: AtomicU64::new(0),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(digest::SHA256_OUTPUT_LEN) {
            let counter = self.counter.fetch_add(1, Ordering::Relaxed);
            let mut input = [0_u8; 16];
            let (left, right) = input.split_at_mut(8);
            left.copy_from_slice(&self.seed.to_be_bytes());
            right.copy_from_slice(&counter.to_be_bytes());
            let block = digest::digest(&digest::SHA256, &input);
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entropy, SeededEntropy, SystemEntropy};

    #[test]
    fn a_seed_gives_one_stream_and_another_seed_another() {
        let (mut first, mut same, mut other) = ([0_u8; 40], [0_u8; 40], [0_u8; 40]);
        SeededEntropy::new(7).fill(&mut first);
        SeededEntropy::new(7).fill(&mut same);
        SeededEntropy::new(8).fill(&mut other);
        assert_eq!(first, same);
        assert_ne!(first, other);
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let (mut first, mut second) = ([0_u8; 32], [0_u8; 32]);
        SystemEntropy.fill(&mut first);
        SystemEntropy.fill(&mut second);
        assert_ne!(first, second);
    }
}
