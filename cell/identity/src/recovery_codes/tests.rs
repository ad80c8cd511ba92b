//! Codes are random, readable, forgiving to type, and stored as hashes only.

use std::collections::HashSet;

use proptest::prelude::{any, proptest};
use vocab::entropy::SeededEntropy;
use vocab::secret::SecretHash;

use super::{CODES, generate_recovery_codes, parse_recovery_code};

#[test]
fn a_set_has_ten_different_readable_codes() {
    let codes = generate_recovery_codes(&SeededEntropy::new(1));
    let shown: HashSet<&str> = codes
        .shown
        .iter()
        .map(|code| code.expose().as_str())
        .collect();
    assert_eq!((shown.len(), codes.hashes.len()), (CODES, CODES));
    for code in shown {
        let groups: Vec<&str> = code.split('-').collect();
        assert_eq!(groups.len(), 4, "{code}");
        assert!(groups.iter().all(|group| group.len() == 4), "{code}");
        assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
    }
}

#[test]
fn all_characters_of_the_alphabet_come_up() {
    let entropy = SeededEntropy::new(2);
    let drawn: HashSet<char> = (0..50)
        .flat_map(|_| generate_recovery_codes(&entropy).shown)
        .flat_map(|code| code.expose().chars().collect::<Vec<_>>())
        .collect();
    assert_eq!(drawn.len(), 32 + 1);
}

#[test]
fn a_code_is_found_however_it_is_typed() {
    let hash = Some(SecretHash::of("0123456789ABCDEF"));
    for typed in [
        "0123-4567-89AB-CDEF",
        "0123456789abcdef",
        " 0123 4567 89ab cdef ",
        "OI23-4567-89AB-CDEF",
        "oL23-4567-89ab-cdef",
        "0-1-2-3-4-5-6-7-8-9-A-B-C-D-E-F",
    ] {
        assert_eq!(parse_recovery_code(typed), hash, "{typed}");
    }
}

#[test]
fn what_can_be_no_code_is_refused() {
    for typed in [
        "",
        "0123-4567-89AB-CDE",
        "0123-4567-89AB-CDEF0",
        "U123-4567-89AB-CDEF",
        "0123_4567_89AB_CDEF",
        "０123-4567-89AB-CDEF",
        "0123-4567-89AB-CDEF\n",
        &" ".repeat(65),
    ] {
        assert_eq!(parse_recovery_code(typed), None, "{typed}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_found(seed in any::<u64>()) {
        let codes = generate_recovery_codes(&SeededEntropy::new(seed));
        for (shown, hash) in codes.shown.iter().zip(&codes.hashes) {
            assert_eq!(parse_recovery_code(shown.expose()), Some(*hash));
            assert_eq!(parse_recovery_code(&shown.expose().to_lowercase()), Some(*hash));
        }
    }

    #[test]
    fn any_text_is_judged(typed in any::<String>()) {
        let _ = parse_recovery_code(&typed);
    }
}
