//! What the list and its rules cover, what they must leave alone, and that the file keeps its own rules.

use std::collections::HashSet;

use proptest::prelude::{any, proptest};

use super::{WORD_CHARACTERS_MAX, fold_letters, is_common, words};

#[test]
fn well_known_passwords_are_common() {
    let known = [
        "123456",
        "password",
        "12345678",
        "qwerty",
        "123456789",
        "12345",
        "1234",
        "111111",
        "1234567",
        "dragon",
        "123123",
        "baseball",
        "abc123",
        "football",
        "monkey",
        "letmein",
        "696969",
        "shadow",
        "master",
        "666666",
        "qwertyuiop",
        "123321",
        "mustang",
        "1234567890",
        "michael",
        "654321",
        "superman",
        "1qaz2wsx",
        "7777777",
        "121212",
        "000000",
        "qazwsx",
        "123qwe",
        "killer",
        "trustno1",
        "jordan",
        "jennifer",
        "zxcvbnm",
        "asdfgh",
        "hunter",
        "buster",
        "soccer",
        "harley",
        "batman",
        "andrew",
        "tigger",
        "sunshine",
        "iloveyou",
        "2000",
        "charlie",
        "robert",
        "thomas",
        "hockey",
        "ranger",
        "daniel",
        "starwars",
        "112233",
        "george",
        "computer",
        "michelle",
        "jessica",
        "pepper",
        "1111",
        "zxcvbn",
        "555555",
        "11111111",
        "131313",
        "freedom",
        "777777",
        "pass",
        "maggie",
        "159753",
        "aaaaaa",
        "ginger",
        "princess",
        "joshua",
        "cheese",
        "amanda",
        "summer",
        "love",
        "ashley",
        "nicole",
        "chelsea",
        "biteme",
        "matthew",
        "access",
        "yankees",
        "987654321",
        "dallas",
        "austin",
        "thunder",
        "taylor",
        "matrix",
        "welcome",
        "admin",
        "passw0rd",
        "p@ssw0rd",
        "changeme",
        "whatever",
        "secret",
        "1q2w3e4r",
        "hallo",
        "passwort",
        "azerty",
        "football1",
        "password1",
    ];
    let missed: Vec<_> = known
        .into_iter()
        .filter(|password| !is_common(password))
        .collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn the_usual_variations_are_common() {
    let varied = [
        "Password",
        "PASSWORD123",
        "Password2026!",
        "P@$$w0rd!!",
        "pa55word1",
        "passwordpassword",
        "Password.Password",
        "2026Password",
        "!Sunshine99!",
        "sunshine_1987",
        "iloveyou123456",
        "i-love-you",
        "LetMeIn!2026",
        "Welcome@123",
        "Summer2026!",
        "Winter2025??",
        "Charlie-1999",
        "dr@g0nfire",
        "dragonmonkey12",
        "qwerty123456",
        "qwertyqwerty",
        "1qaz2wsx3edc4rfv",
        "zaq12wsxcde3",
        "abcdefghijkl",
        "abcabcabcabc",
        "aaaaaaaaaaaaa",
        "121212121212",
        "asdfghjkl123",
        "1q2w3e4r5t6y",
        "q1w2e3r4t5y6",
        "123456789012",
        "098765432109",
        "14.07.1989",
        "+49 170 1234567",
        "correcthorsebatterystaple",
        "Correct Horse Battery Staple",
    ];
    let missed: Vec<_> = varied
        .into_iter()
        .filter(|password| !is_common(password))
        .collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn passwords_of_some_thought_are_left_alone() {
    let fine = [
        "quiet ostrich under lamplight",
        "vTq8$kd01-mWz",
        "tangerine kettle seven moons over",
        "7h-quarz-lampe-besen",
        "Rk3#vbq9!Lm2",
        "the ferry leaves at dusk",
        "olive-umbrella-kayak",
        "password-is-not-my-password-92x",
        "dragon fruit salad on the veranda",
        "sunshine brings 47 llamas",
        "93850271845093",
        "кот на крыше дома",
        "ÄpfelUndBirnen!ganz",
    ];
    let refused: Vec<_> = fine
        .into_iter()
        .filter(|password| is_common(password))
        .collect();
    assert_eq!(refused, [""; 0]);
}

#[test]
fn an_entry_stands_for_thousands_of_passwords() {
    let tails: Vec<String> = (1950..2030)
        .map(|year| year.to_string())
        .chain((0..100).map(|number| number.to_string()))
        .flat_map(|digits| ["", "!", ".", "?!"].map(|mark| format!("{digits}{mark}")))
        .collect();
    let sample: Vec<&str> = words().filter(|word| word.len() >= 6).step_by(40).collect();
    assert!(sample.len() > 50);
    for word in sample {
        let (first, rest) = word.split_at(1);
        let capital = format!("{}{rest}", first.to_uppercase());
        for tail in tails.iter().step_by(7) {
            assert!(is_common(&format!("{capital}{tail}")), "{capital}{tail}");
            assert!(
                is_common(&format!(
                    "{}{tail}",
                    word.replace('e', "3").replace('a', "@")
                )),
                "{word}{tail}"
            );
        }
    }
}

#[test]
fn the_file_keeps_its_rules() {
    let mut known = HashSet::new();
    for word in words() {
        assert!((3..=WORD_CHARACTERS_MAX).contains(&word.len()), "{word}");
        assert!(
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
            "{word}"
        );
        assert!(known.insert(fold_letters(word)), "{word} stands twice");
    }
    assert!(known.len() > 3_500);
    for section in include_str!("commonest.txt").split("\n# ").skip(1) {
        let lines: Vec<&str> = section
            .lines()
            .skip(1)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert!(
            lines.is_sorted(),
            "{}",
            section.lines().next().unwrap_or_default()
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        let _ = is_common(&text);
    }

    #[test]
    fn case_and_a_short_tail_never_rescue_a_word(index in 0_usize..3_000, digits in "[0-9]{0,6}", mark in "[!?.*#-]{0,3}") {
        let word = words().nth(index).unwrap_or("password");
        assert!(is_common(&format!("{}{digits}{mark}", word.to_uppercase())), "{word}{digits}{mark}");
    }

    #[test]
    fn random_passwords_are_hardly_ever_common(text in "[a-zA-Z0-9]{14}") {
        // Chosen by the generator, not by people: a hit here would mean that the rules reach too far.
        assert!(!is_common(&text), "{text}");
    }
}
