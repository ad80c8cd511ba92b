//! How many calls a token, or an app with its tokens, may make, by whichever protocol: counted in windows that begin with
//! its first call, in this process alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use vocab::time::Timestamp;

/// How long a token's calls are counted together.
pub const WINDOW_SECS: i64 = 60;
/// Most calls of one token within that time.
pub const CALLS_PER_WINDOW: u32 = 600_000;
/// Most tokens whose calls are counted at one time.
pub const COUNTED_TOKENS_MAX: usize = 10_000;

/// The calls of one token since its window began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    began_at: Timestamp,
    calls: u32,
}

/// What is left to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls of a window.
    pub limit: u32,
    /// Calls that are left of it.
    pub remaining: u32,
    /// When a new window begins.
    pub resets_at: Timestamp,
    /// Whether this call was one too many.
    pub is_over: bool,
}

fn decide(window: Option<Window>, limit: u32, now: Timestamp) -> (Window, Allowance) {
    let live = window.filter(|window| now < window.began_at.plus_secs(WINDOW_SECS));
    let began_at = live.map_or(now, |window| window.began_at);
    let before = live.map_or(0, |window| window.calls);
    let is_over = before >= limit;
    // What is refused is not counted: a client that waits until the reset finds the whole window.
    let calls = if is_over { before } else { before + 1 };
    let allowance = Allowance {
        limit,
        remaining: limit.saturating_sub(calls),
        resets_at: began_at.plus_secs(WINDOW_SECS),
        is_over,
    };
    (Window { began_at, calls }, allowance)
}

/// The windows of the tokens in use, bounded; clones share them.
#[derive(Debug, Clone)]
pub struct Allowances {
    limit: u32,
    windows: Arc<Mutex<HashMap<String, Window>>>,
}

impl Default for Allowances {
    fn default() -> Self {
        Self::new(CALLS_PER_WINDOW)
    }
}

impl Allowances {
    /// So many calls in each window.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            windows: Arc::default(),
        }
    }

    /// Counts a call of whoever is named so.
    #[must_use]
    pub fn take(&self, caller: &str, now: Timestamp) -> Allowance {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (window, allowance) = decide(windows.get(caller).copied(), self.limit, now);
        if windows.len() >= COUNTED_TOKENS_MAX && !windows.contains_key(caller) {
            windows.retain(|_, window| now < window.began_at.plus_secs(WINDOW_SECS));
            if windows.len() >= COUNTED_TOKENS_MAX {
                // Nobody is kept out because others are many: this one is not counted.
                return allowance;
            }
        }
        windows.insert(caller.to_owned(), window);
        allowance
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowances, COUNTED_TOKENS_MAX, WINDOW_SECS};
    use vocab::entropy::SeededEntropy;
    use vocab::id::ApiTokenId;
    use vocab::time::Timestamp;

    #[test]
    fn a_window_begins_with_the_first_call_and_ends_after_its_time() {
        let start = Timestamp::from_seconds(1_795_465_901);
        let entropy = SeededEntropy::new(5);
        let (one, other) = (
            ApiTokenId::generate(&entropy),
            ApiTokenId::generate(&entropy),
        );
        let allowances = Allowances::new(2);
        for (token, after_secs, remaining, is_over) in [
            (&one, 0, 1, false),
            (&one, 10, 0, false),
            (&one, 20, 0, true),
            (&other, 20, 1, false),
            (&one, WINDOW_SECS - 1, 0, true),
            (&one, WINDOW_SECS, 1, false),
        ] {
            let allowance = allowances.take(token.as_str(), start.plus_secs(after_secs));
            assert_eq!(
                (allowance.remaining, allowance.is_over),
                (remaining, is_over),
                "{after_secs}"
            );
            assert_eq!(allowance.limit, 2);
        }
        let again = allowances.take(one.as_str(), start.plus_secs(WINDOW_SECS + 5));
        assert_eq!(again.resets_at, start.plus_secs(2 * WINDOW_SECS));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_nobody_out() {
        let start = Timestamp::from_seconds(1_795_465_901);
        let entropy = SeededEntropy::new(6);
        let allowances = Allowances::new(1);
        for _ in 0..COUNTED_TOKENS_MAX + 10 {
            let token = ApiTokenId::generate(&entropy);
            assert!(!allowances.take(token.as_str(), start).is_over);
        }
        let held = allowances.windows.lock().unwrap().len();
        assert_eq!(held, COUNTED_TOKENS_MAX);
        let later = start.plus_secs(WINDOW_SECS);
        let token = ApiTokenId::generate(&entropy);
        assert!(!allowances.take(token.as_str(), later).is_over);
        assert!(allowances.take(token.as_str(), later).is_over);
    }
}
