//! Scopes (RFC 6749 section 3.3): a bounded set of words of a narrow alphabet. Their order carries no meaning.

use std::fmt;

use crate::oauth::error::{ErrorCode, WireError};

/// The longest scope parameter.
pub const SCOPE_BYTES_MAX: usize = 4096;
/// How many scopes a request may name.
pub const SCOPES_MAX: usize = 64;
/// The longest single scope.
pub const SCOPE_TOKEN_BYTES_MAX: usize = 256;

/// The parameter `scope` is not in the grammar, or over its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the parameter scope is malformed or too long: words of printable ASCII without quotes, separated by one space"
)]
pub struct ScopeError;

impl WireError for ScopeError {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidScope
    }
}

/// A set of scopes, in the order of their first appearance. Sets are equal when they hold the same scopes.
#[derive(Debug, Clone, Default)]
pub struct ScopeSet {
    tokens: Vec<String>,
}

impl ScopeSet {
    /// Parses the parameter. An empty text is the empty set.
    ///
    /// # Errors
    /// [`ScopeError`] when the text is not in the grammar or over a bound.
    pub fn parse(text: &str) -> Result<ScopeSet, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeError);
        }
        match text.is_empty() {
            true => Ok(ScopeSet::default()),
            // Exactly one space between tokens (RFC 6749 section 3.3): an empty piece is no token and fails.
            false => ScopeSet::from_tokens(text.split(' ')),
        }
    }

    /// Builds a set of single scopes; repeats are dropped.
    ///
    /// # Errors
    /// [`ScopeError`] when one is not in the grammar or there are too many.
    pub fn from_tokens<'t>(
        tokens: impl IntoIterator<Item = &'t str>,
    ) -> Result<ScopeSet, ScopeError> {
        let mut set = ScopeSet::default();
        for token in tokens {
            if !is_scope_token(token) {
                return Err(ScopeError);
            }
            if set.contains(token) {
                continue;
            }
            if set.tokens.len() == SCOPES_MAX {
                return Err(ScopeError);
            }
            set.tokens.push(token.to_owned());
        }
        Ok(set)
    }

    /// Whether a scope is in the set. Scopes compare by case (RFC 6749 section 3.3).
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.tokens.iter().any(|known| known == token)
    }

    /// Whether every scope of this set is in `other`: what a refresh may ask for (RFC 6749 section 6).
    #[must_use]
    pub fn is_subset_of(&self, other: &ScopeSet) -> bool {
        self.tokens.iter().all(|token| other.contains(token))
    }

    /// The scopes that both sets hold, in this set's order.
    #[must_use]
    pub fn intersection(&self, other: &ScopeSet) -> ScopeSet {
        self.filtered(|token| other.contains(token))
    }

    /// The scopes that `keep` says yes to.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> ScopeSet {
        ScopeSet {
            tokens: self
                .tokens
                .iter()
                .filter(|token| keep(token))
                .cloned()
                .collect(),
        }
    }

    /// The scopes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tokens.iter().map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The parameter: tokens with single spaces.
    #[must_use]
    pub fn render(&self) -> String {
        self.tokens.join(" ")
    }
}

impl PartialEq for ScopeSet {
    fn eq(&self, other: &ScopeSet) -> bool {
        self.len() == other.len() && self.is_subset_of(other)
    }
}

impl Eq for ScopeSet {}

impl fmt::Display for ScopeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render())
    }
}

/// Whether a text is one scope: `1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 section 3.3).
#[must_use]
pub fn is_scope_token(text: &str) -> bool {
    (1..=SCOPE_TOKEN_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::{SCOPE_BYTES_MAX, SCOPES_MAX, ScopeError, ScopeSet};
    use proptest::prelude::{any, prop, prop_assert, proptest};

    fn set(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    #[test]
    fn is_a_set_that_keeps_its_order() {
        assert_eq!(set("openid profile openid").render(), "openid profile");
        assert_eq!(set("a b"), set("b a"));
        assert_ne!(set("a"), set("A"));
        assert!(set("").is_empty() && set("").is_subset_of(&set("a")));
        assert!(set("b a").is_subset_of(&set("a b c")) && !set("a d").is_subset_of(&set("a b c")));
        assert_eq!(set("a b c").intersection(&set("c a x")).render(), "a c");
        assert_eq!(set("urn:x:y https://a.example/s okta.users.read").len(), 3);
    }

    #[test]
    fn refuses_what_the_grammar_does_not_have() {
        let many: Vec<String> = (0..=SCOPES_MAX).map(|index| format!("s{index}")).collect();
        let long = "a".repeat(SCOPE_BYTES_MAX + 1);
        let table = [
            " ", " a", "a ", "a  b", "a\"b", "a\\b", "a\tb", "a\nb", "\u{e9}", "a\u{7f}",
        ];
        for text in
            table
                .into_iter()
                .chain([many.join(" ").as_str(), long.as_str(), &"a".repeat(257)])
        {
            assert_eq!(ScopeSet::parse(text), Err(ScopeError), "{text:?}");
        }
        assert!(ScopeSet::parse(&many[1..].join(" ")).is_ok());
    }

    proptest! {
        #[test]
        fn holds_its_properties(bytes in prop::collection::vec(any::<u8>(), 0..100), text in "[a-c !\"]{0,40}") {
            prop_assert!(crate::properties::check_scope(&bytes).is_ok());
            prop_assert!(crate::properties::check_scope(text.as_bytes()).is_ok());
        }
    }
}
