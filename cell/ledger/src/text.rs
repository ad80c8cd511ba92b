//! Cuts foreign text to a bound before it enters the log.

/// Longest name, login or reason.
pub(crate) const NAME_BYTES_MAX: usize = 256;
/// Longest User-Agent.
pub(crate) const AGENT_BYTES_MAX: usize = 512;
/// Longest value of a detail.
pub(crate) const DETAIL_BYTES_MAX: usize = 512;

const ELLIPSIS: char = '…';

/// The text without control characters, cut at a character boundary so that it has at most `bytes_max` bytes; an
/// ellipsis says that something is missing.
pub(crate) fn bounded(text: &str, bytes_max: usize) -> String {
    // Most are ids and plain names: looked at as bytes and copied at once, not character by character.
    if text.len() <= bytes_max && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len().min(bytes_max));
    for character in text.chars() {
        // A line feed in a name would let it forge lines wherever the log is exported as text.
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        if kept.len() + character.len_utf8() > bytes_max {
            while kept.len() + ELLIPSIS.len_utf8() > bytes_max && kept.pop().is_some() {}
            kept.push(ELLIPSIS);
            break;
        }
        kept.push(character);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::bounded;
    use proptest::prelude::{any, proptest};

    #[test]
    fn short_text_stays_and_long_text_says_that_it_was_cut() {
        assert_eq!(bounded("Ada", 8), "Ada");
        assert_eq!(bounded("12345678", 8), "12345678");
        assert_eq!(bounded("123456789", 8), "12345…");
        assert_eq!(bounded("ééééé", 8), "éé…");
        assert_eq!(bounded("a\nb\u{7}c", 8), "a b c");
    }

    proptest! {
        #[test]
        fn no_text_exceeds_its_bound(text in any::<String>(), bytes_max in 3_usize..64) {
            let kept = bounded(&text, bytes_max);
            assert!(kept.len() <= bytes_max);
            assert!(!kept.contains(char::is_control));
        }
    }
}
