//! Keywords, by which a log is searched, and the words of a value, which they are held against. Both are made here, by the same
//! rules: a keyword finds a value if it is one of its words.
//!
//! A word is what stands between spaces, without regard to case and without the marks at its ends; and so are its parts,
//! divided at the marks within, but for those that names and addresses hold (`.`, `-`, `_`, `'`, `:`). `Ada@example.com` has the
//! words `ada@example.com`, `ada` and `example.com`.

use std::fmt;

/// Most keywords of one search.
pub const KEYWORDS_MAX: usize = 10;
/// Longest keyword, in characters. A longer word of a value is found by its parts alone.
pub const KEYWORD_CHARS_MAX: usize = 40;
/// Longest text that is read at all.
pub const KEYWORDS_BYTES_MAX: usize = 4_096;

/// What is searched for: each of them, in the form that words have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keywords(Vec<String>);

/// Why a text has no keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeywordsError {
    /// The text is longer than any with so many keywords.
    #[error("it is too long")]
    Text,
    /// There are too many.
    #[error("use at most {KEYWORDS_MAX} keywords")]
    Count,
    /// One of them is too long.
    #[error("use keywords of at most {KEYWORD_CHARS_MAX} characters")]
    Length,
    /// One of them has neither a letter nor a digit, and so none finds it.
    #[error("use letters or digits in each keyword")]
    Marks,
}

impl Keywords {
    /// Reads what somebody searches for: keywords with spaces between them. No keyword stands there twice.
    ///
    /// # Errors
    /// [`KeywordsError`] for what could find nothing, or too much.
    pub fn parse(text: &str) -> Result<Self, KeywordsError> {
        if text.len() > KEYWORDS_BYTES_MAX {
            return Err(KeywordsError::Text);
        }
        let mut keywords: Vec<String> = Vec::new();
        for (place, part) in text.split_whitespace().enumerate() {
            if place >= KEYWORDS_MAX {
                return Err(KeywordsError::Count);
            }
            if part.chars().nth(KEYWORD_CHARS_MAX).is_some() {
                return Err(KeywordsError::Length);
            }
            let keyword = folded(without_marks(part));
            if keyword.is_empty() {
                return Err(KeywordsError::Marks);
            }
            if !keywords.contains(&keyword) {
                keywords.push(keyword);
            }
        }
        Ok(Self(keywords))
    }

    /// Whether nothing is searched for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Keywords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

/// Calls `visit` with every word of a value; `room` is used again from one value to the next. A word that stands there twice is
/// told twice.
pub fn each_word(value: &str, room: &mut String, mut visit: impl FnMut(&str)) {
    for part in value.split_whitespace() {
        let whole = without_marks(part);
        tell(whole, room, &mut visit);
        if !whole.contains(is_division) {
            continue;
        }
        for part in whole.split(is_division) {
            tell(without_marks(part), room, &mut visit);
        }
    }
}

fn tell(word: &str, room: &mut String, visit: &mut impl FnMut(&str)) {
    // Bytes first: they are counted already, and a text has no more characters than bytes.
    let is_short = word.len() <= KEYWORD_CHARS_MAX || word.chars().nth(KEYWORD_CHARS_MAX).is_none();
    if word.is_empty() || !is_short {
        return;
    }
    room.clear();
    fold_into(word, room);
    visit(room);
}

fn without_marks(text: &str) -> &str {
    text.trim_matches(|character: char| !character.is_alphanumeric())
}

fn is_division(character: char) -> bool {
    !(character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | '\'' | ':'))
}

fn folded(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    fold_into(word, &mut text);
    text
}

/// Each character by itself becomes one other, so that a word is as long as before.
fn fold_into(word: &str, text: &mut String) {
    if word.is_ascii() {
        text.push_str(word);
        text.make_ascii_lowercase();
        return;
    }
    text.extend(
        word.chars()
            .map(|character| character.to_lowercase().next().unwrap_or(character)),
    );
}

#[cfg(test)]
mod tests {
    use super::{KEYWORD_CHARS_MAX, KEYWORDS_BYTES_MAX, Keywords, KeywordsError, each_word};
    use crate::properties::check_keywords;
    use proptest::prelude::{any, proptest};

    fn words(value: &str) -> Vec<String> {
        let (mut words, mut room) = (Vec::new(), String::new());
        each_word(value, &mut room, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn a_value_has_words_and_their_parts() {
        for (value, expected) in [
            ("", vec![]),
            ("- …", vec![]),
            ("Ada  Lovelace", vec!["ada", "lovelace"]),
            ("user.session.start", vec!["user.session.start"]),
            (
                "Ada@Example.com",
                vec!["ada@example.com", "ada", "example.com"],
            ),
            ("(X11; Linux x86_64)", vec!["x11", "linux", "x86_64"]),
            ("Firefox/143.0", vec!["firefox/143.0", "firefox", "143.0"]),
            ("2001:db8::7", vec!["2001:db8::7"]),
            ("O'Neill, Zoë", vec!["o'neill", "zoë"]),
            ("ÄRGER", vec!["ärger"]),
        ] {
            assert_eq!(words(value), expected, "{value}");
        }
        let long = "a".repeat(KEYWORD_CHARS_MAX + 1);
        assert!(words(&long).is_empty());
        assert_eq!(words(&format!("{long}/b")), ["b"]);
        assert_eq!(words(&"é".repeat(KEYWORD_CHARS_MAX)).len(), 1);
    }

    #[test]
    fn keywords_are_read_within_their_bounds() {
        let read = |text: &str| Keywords::parse(text).map(|keywords| keywords.to_string());
        for (text, expected) in [
            ("", Ok("")),
            ("  Ada  (Lovelace) ADA ", Ok("ada lovelace")),
            ("1 2 3 4 5 6 7 8 9 10", Ok("1 2 3 4 5 6 7 8 9 10")),
            ("1 2 3 4 5 6 7 8 9 10 11", Err(KeywordsError::Count)),
            ("ada - lovelace", Err(KeywordsError::Marks)),
        ] {
            assert_eq!(read(text), expected.map(str::to_owned), "{text}");
        }
        let longest = "é".repeat(KEYWORD_CHARS_MAX);
        assert_eq!(read(&longest), Ok(longest.clone()));
        assert_eq!(read(&format!("{longest}é")), Err(KeywordsError::Length));
        assert_eq!(
            read(&" ".repeat(KEYWORDS_BYTES_MAX + 1)),
            Err(KeywordsError::Text)
        );
        assert!(Keywords::parse(" ").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_read_by_the_rules(text in any::<String>()) {
            check_keywords(text.as_bytes()).unwrap();
        }
    }
}
