//! What may stand in a line that people read.

/// Whether a character must not stand in a name: it is a control character, ends a line, or turns the direction of what
/// follows, so that a name would disguise the text around it (Unicode Technical Report 36 section 2.9).
#[must_use]
pub fn disguises(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::disguises;

    #[test]
    fn names_of_all_scripts_pass_and_what_disguises_does_not() {
        let names = [
            "Ada Lovelace",
            "Zoë",
            "محمد",
            "שרה",
            "张伟",
            "O’Brien",
            "👩\u{200d}🚀",
        ];
        assert!(!names.concat().chars().any(disguises));
        for bad in [
            '\0', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{200f}',
        ] {
            assert!(disguises(bad), "{:?}", bad.escape_unicode());
        }
    }
}
