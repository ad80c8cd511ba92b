//! Filling texts with values: placeholders, counts, initials.

use std::fmt::Display;

/// Template filter: fills the placeholder `{key}` of a text, as in `t.signin.to_app|part::put("app", name)`.
#[askama::filter_fn]
pub fn put<T: Display, V: Display>(
    text: T,
    _: &dyn askama::Values,
    key: &str,
    value: V,
) -> askama::Result<String> {
    Ok(text
        .to_string()
        .replace(&format!("{{{key}}}"), &value.to_string()))
}

/// A count with its noun: `one` or `many`, whose `{n}` becomes the number in groups of three.
#[must_use]
pub fn count(number: &u64, one: &str, many: &str) -> String {
    let text = if *number == 1 { one } else { many };
    text.replace("{n}", &grouped(*number))
}

/// A number in groups of three, parted by a narrow space, which reads the same in every language.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// One or two letters that stand for a name: the first of its first and of its last word. Of a mail address only the
/// part before the `@` counts.
#[must_use]
pub fn initials(name: &str) -> String {
    let own = name.split('@').next().unwrap_or(name);
    let mut words = own
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    let letters: String = first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect();
    if letters.is_empty() {
        "·".to_owned()
    } else {
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::{count, grouped, initials};

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (12_345_678, "12\u{202f}345\u{202f}678"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(count(&1, "{n} person", "{n} people"), "1 person");
        assert_eq!(count(&0, "{n} person", "{n} people"), "0 people");
    }

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        let cases = [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("ada@example.com", "A"),
            ("ada.lovelace@example.com", "AL"),
            ("Ada King Lovelace", "AL"),
            ("", "·"),
            ("ünal-öz", "ÜÖ"),
            ("  ", "·"),
        ];
        for (name, letters) in cases {
            assert_eq!(initials(name), letters);
        }
    }
}
