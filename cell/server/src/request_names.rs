//! Names of requests: what a person quotes from an error page, and what the rows of the log that a request left have in common.
//! They are no secrets, and drawn without the generator of those, which costs more than all else that is known of a request.

use aws_lc_rs::digest::{SHA256, digest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vocab::entropy::Entropy;
use vocab::hex;

/// Bytes of the seed, and of a name.
const BYTES: usize = 16;

/// Gives names that nobody can foretell and that do not come twice; clones share them.
#[derive(Debug, Clone)]
pub struct RequestNames(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seed: [u8; BYTES],
    next: AtomicU64,
}

impl RequestNames {
    /// Names that follow from a seed which is drawn now.
    #[must_use]
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut seed = [0; BYTES];
        entropy.fill(&mut seed);
        let next = AtomicU64::new(0);
        Self(Arc::new(Inner { seed, next }))
    }

    /// The next name: 32 hexadecimal digits.
    #[must_use]
    pub fn next(&self) -> String {
        let mut input = [0; BYTES + 8];
        let (seed, place) = input.split_at_mut(BYTES);
        seed.copy_from_slice(&self.0.seed);
        place.copy_from_slice(&self.0.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let name = digest(&SHA256, &input);
        hex::render(name.as_ref().get(..BYTES).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::RequestNames;
    use std::collections::BTreeSet;
    use vocab::entropy::SeededEntropy;

    #[test]
    fn names_are_digits_and_come_once() {
        let (names, others) = (
            RequestNames::new(&SeededEntropy::new(1)),
            RequestNames::new(&SeededEntropy::new(2)),
        );
        let all: BTreeSet<String> = (0..1_000)
            .flat_map(|_| [names.next(), names.clone().next(), others.next()])
            .collect();
        assert_eq!(all.len(), 3_000);
        let is_digits =
            |name: &String| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(all.iter().all(is_digits));
    }
}
