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
    words: Vec<(&'static str, Word)>,
}

/// What stands in a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// Somebody gave it, and it is the same in all languages.
    Given(String),
    /// We call something so, in English: other languages have a name of their own for it. It is shown in quotes.
    Ours(&'static str),
}

impl Problem {
    /// A pattern with its words: each `{name}` stands for the word of that name.
    pub fn of<const N: usize>(pattern: &'static str, words: [(&'static str, String); N]) -> Self {
        Self {
            pattern: Cow::Borrowed(pattern),
            words: given(words),
        }
    }

    /// A pattern in which `{name}` is something of ours, by its English name.
    pub fn of_ours(pattern: &'static str, name: &'static str) -> Self {
        Self {
            pattern: Cow::Borrowed(pattern),
            words: vec![("name", Word::Ours(name))],
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
            words: given(words),
        }
    }

    /// The problem in another language, which has its own text for each of ours. What looks like a placeholder in a word is none.
    #[must_use]
    pub fn translate<'t>(&'t self, own: impl Fn(&'t str) -> &'t str) -> String {
        self.fill(own(&self.pattern), &own)
    }

    fn fill<'t>(&'t self, pattern: &str, own: &impl Fn(&'t str) -> &'t str) -> String {
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
                Some((Word::Given(word), behind)) => {
                    filled.push_str(word);
                    rest = behind;
                }
                Some((Word::Ours(name), behind)) => {
                    filled.push('"');
                    filled.push_str(own(name));
                    filled.push('"');
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

fn given<const N: usize>(words: [(&'static str, String); N]) -> Vec<(&'static str, Word)> {
    let words = words.into_iter();
    words
        .map(|(name, word)| (name, Word::Given(word)))
        .collect()
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
        formatter.write_str(&self.translate(|english| english))
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
        let german = problem.translate(|_| "kein {name} bei {of}");
        assert_eq!(german, "kein {of} bei rule");
        for (pattern, shown) in [("{unknown} {", "{unknown} {"), ("{", "{"), ("", "")] {
            assert_eq!(problem.translate(|_| pattern), shown);
        }
        assert_eq!(Problem::from("plain").to_string(), "plain");
        assert_eq!(Problem::from(String::from("{x}")).to_string(), "{x}");
    }

    #[test]
    fn what_we_call_by_a_name_has_one_in_each_language() {
        let problem = Problem::of_ours("{name} depends on it", "API tokens");
        assert_eq!(problem.to_string(), "\"API tokens\" depends on it");
        let german = problem.translate(|english| match english {
            "API tokens" => "API-Token",
            _ => "{name} setzt es voraus",
        });
        assert_eq!(german, "\"API-Token\" setzt es voraus");
    }
}
