//! How a login and a mail address may be spelled: a pure rule for what is newly given to somebody.
//!
//! People and programs compare logins by what they see. What shows nothing, or is only another form of other characters, would
//! make two logins of what looks like one. Letters of different scripts that look alike are let: which of them an organisation's
//! people use, and next to which others, nobody can tell here.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// Whether every character of a text shows as itself: none that is not shown, has no meaning that all agree on, or separates, and
/// none that compatibility normalization writes otherwise (Unicode Standard Annex 15, form NFKC), such as a fullwidth letter, but for
/// a few letters of living scripts. Accents are composed (form NFC).
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let shows_itself = |c: char| !is_hidden(c) && (is_own_form(c) || is_letter_of_its_own(c));
    text.chars().all(shows_itself)
        && is_nfc(text)
        && !SAME_AS_LETTERS.iter().any(|same| text.contains(same))
}

/// Whether compatibility normalization leaves a character as canonical normalization does.
fn is_own_form(c: char) -> bool {
    let one = || std::iter::once(c);
    one().nfkc().eq(one().nfc())
}

/// Letters of living scripts that the form would take apart, though names are written by them: of Thai, Lao and Armenian.
const fn is_letter_of_its_own(c: char) -> bool {
    matches!(c, '\u{e33}' | '\u{eb3}' | '\u{edc}' | '\u{edd}' | '\u{587}')
}

/// What looks like the first two of these letters, and is not written so.
const SAME_AS_LETTERS: [&str; 2] = ["\u{e4d}\u{e32}", "\u{ecd}\u{eb2}"];

fn is_hidden(c: char) -> bool {
    use GeneralCategory as Is;
    let is_other = matches!(
        get_general_category(c),
        Is::Control
            | Is::Format
            | Is::PrivateUse
            | Is::Surrogate
            | Is::Unassigned
            | Is::LineSeparator
            | Is::ParagraphSeparator
            | Is::SpaceSeparator
    );
    is_other || is_ignorable(c)
}

/// What the categories above leave of the characters that are shown as nothing: those with the property
/// Default_Ignorable_Code_Point that count as letters or marks, and the empty Braille pattern.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
    ) || matches!(
        c,
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::is_plain;
    use proptest::prelude::{any, proptest};

    #[test]
    fn names_of_all_scripts_are_plain() {
        for name in [
            "",
            "ada@example.com",
            "o'brien+test@example.com",
            "zoë@münchen.example",
            "محمد@example.com",
            "שרה",
            "张伟@例子.example",
            "さくら",
            "김민준",
            "नीला@example.com",
            "İpek",
            "Straße",
            // Thai, Lao and Armenian.
            "\u{e2a}\u{e33}\u{e23}\u{e32}\u{e0d}",
            "\u{e99}\u{eb3}",
            "\u{edc}\u{eb2}",
            "\u{54d}\u{587}\u{561}\u{56f}",
            // Another script's letter; see above.
            "\u{430}da@example.com",
        ] {
            assert!(is_plain(name), "{}", name.escape_unicode());
        }
    }

    #[test]
    fn what_hides_or_is_another_form_is_not() {
        for hidden in [
            '\0',
            '\n',
            '\u{7f}',
            '\u{85}',
            ' ',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{378}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{206f}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{e000}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{ffff}',
            '\u{e0001}',
            '\u{e0061}',
            '\u{e0100}',
            '\u{f0000}',
            '\u{10ffff}',
        ] {
            for text in [
                format!("{hidden}ada"),
                format!("a{hidden}da"),
                format!("ada{hidden}"),
            ] {
                assert!(!is_plain(&text), "{:?}", hidden.escape_unicode());
            }
        }
        for other_form in [
            "\u{ff41}da",
            "\u{212a}ay",
            "\u{fb01}n",
            "a\u{308}",
            "\u{1d41a}da",
            "ada\u{b2}",
            "\u{2160}",
            "l\u{140}a",
            "\u{e2a}\u{e4d}\u{e32}",
            "\u{e99}\u{ecd}\u{eb2}",
        ] {
            assert!(!is_plain(other_form), "{}", other_form.escape_unicode());
        }
    }

    proptest! {
        #[test]
        fn a_plain_text_is_its_own_normal_form(text in any::<String>()) {
            use unicode_normalization::UnicodeNormalization as _;
            if is_plain(&text) {
                assert_eq!(text.nfc().collect::<String>(), text);
            }
        }
    }
}
