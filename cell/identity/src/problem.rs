//! What is wrong with a value, in words that other languages can stand in for.
//!
//! The English pattern is the key: whoever shows a problem in another language looks the pattern up and fills the other
//! one with the same words. It holds no secret: problems are shown and logged.

use std::borrow::Cow;
use std::fmt;

/// What is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pattern: Cow<'static, str>,
    words: Vec<(&'static str, String)>,
}

impl Problem {
    /// A pattern with its words: each `{name}` stands for the word of that name.
    pub fn of<const N: usize>(pattern: &'static str, words: [(&'static str, String); N]) -> Self {
        Self {
            pattern: Cow::Borrowed(pattern),
            words: Vec::from(words),
        }
    }

    /// What an error of a lower layer says: its own words are a part of the pattern.
    pub(crate) fn of_error<const N: usize>(
        before: &'static str,
        error: &impl fmt::Display,
        words: [(&'static str, String); N],
    ) -> Self {
        Self {
            pattern: Cow::Owned(format!("{before}: {error}")),
            words: Vec::from(words),
        }
    }

    /// The English pattern, by which other languages know it.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The words in a pattern of another language. Each stands in as it is: what looks like a placeholder in it is none.
    #[must_use]
    pub fn fill(&self, pattern: &str) -> String {
        let mut filled = String::with_capacity(pattern.len());
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let word = after.split_once('}').and_then(|(name, behind)| {
                let mut words = self.words.iter();
                let (_, word) = words.find(|(known, _)| *known == name)?;
                Some((word, behind))
            });
            match word {
                Some((word, behind)) => {
                    filled.push_str(word);
                    rest = behind;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// A name as the word `name`, in quotes.
pub(crate) fn quoted(name: &str) -> (&'static str, String) {
    ("name", format!("{name:?}"))
}

/// A name as the word `name`, as it is.
pub(crate) fn named(name: &str) -> (&'static str, String) {
    ("name", name.to_owned())
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.fill(&self.pattern))
    }
}

impl From<&'static str> for Problem {
    fn from(text: &'static str) -> Self {
        Self::of(text, [])
    }
}

impl From<String> for Problem {
    fn from(text: String) -> Self {
        Self {
            pattern: Cow::Owned(text),
            words: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn words_stand_where_their_names_are_in_any_language() {
        let problem = Problem::of(
            "{of}: this server has no scope {name}",
            [("of", "rule".into()), ("name", "{of}".into())],
        );
        assert_eq!(problem.to_string(), "rule: this server has no scope {of}");
        assert_eq!(problem.fill("kein {name} bei {of}"), "kein {of} bei rule");
        for (pattern, shown) in [("{unknown} {", "{unknown} {"), ("{", "{"), ("", "")] {
            assert_eq!(problem.fill(pattern), shown);
        }
        assert_eq!(Problem::from("plain").to_string(), "plain");
        assert_eq!(Problem::from(String::from("{x}")).to_string(), "{x}");
    }
}
