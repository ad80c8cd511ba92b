//! The user code of the device grant (RFC 8628 section 6.1): what a person reads off one screen and types into another.

use std::fmt;

/// Consonants only, so that no code spells a word (RFC 8628 section 6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Eight letters carry 34.5 bits; with few guesses per code this suffices (RFC 8628 section 5.1).
const LETTERS: usize = 8;
/// The longest input that is read as a code.
pub const INPUT_BYTES_MAX: usize = 64;

/// What was typed is no user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code has eight letters, like BCDF-GHJK")]
pub struct UserCodeError;

/// A user code in its one normal form, `XXXX-XXXX`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserCode {
    text: String,
}

impl UserCode {
    /// Makes a code of random bytes. 128 bits for a choice among 20^8 leave no bias worth the name.
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> UserCode {
        let mut rest = u128::from_be_bytes(random);
        let base = u128::from(20_u8);
        let letters = std::iter::repeat_with(|| {
            let digit = usize::try_from(rest % base).unwrap_or(0);
            rest /= base;
            ALPHABET.get(digit).copied().unwrap_or(b'B')
        });
        UserCode::from_letters(letters.take(LETTERS))
    }

    /// Reads what a person typed: case, spaces and dashes do not matter (RFC 8628 section 6.1).
    ///
    /// # Errors
    /// [`UserCodeError`] when the rest is not eight letters of the alphabet.
    pub fn parse(input: &str) -> Result<UserCode, UserCodeError> {
        if input.len() > INPUT_BYTES_MAX {
            return Err(UserCodeError);
        }
        let letters: Vec<u8> = input
            .bytes()
            .filter(|byte| !matches!(byte, b' ' | b'-' | b'\t'))
            .map(|byte| byte.to_ascii_uppercase())
            .collect();
        if letters.len() != LETTERS || !letters.iter().all(|letter| ALPHABET.contains(letter)) {
            return Err(UserCodeError);
        }
        Ok(UserCode::from_letters(letters))
    }

    fn from_letters(letters: impl IntoIterator<Item = u8>) -> UserCode {
        let mut text = String::with_capacity(LETTERS + 1);
        for (index, letter) in letters.into_iter().enumerate() {
            if index == LETTERS / 2 {
                text.push('-');
            }
            text.push(char::from(letter));
        }
        UserCode { text }
    }

    /// The code as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{UserCode, UserCodeError};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn forgives_how_people_type() {
        for input in [
            "WDJB-MJHT",
            "wdjbmjht",
            " wdjb mjht ",
            "W-D-J-B-M-J-H-T",
            "wdjb--mjht",
        ] {
            assert_eq!(
                UserCode::parse(input).unwrap().as_str(),
                "WDJB-MJHT",
                "{input}"
            );
        }
        let long = format!("WDJB{}MJHT", "-".repeat(80));
        for input in [
            "",
            "WDJB-MJH",
            "WDJB-MJHTT",
            "WDJB-MJHA",
            "WDJB_MJHT",
            "WDJB-MJH\u{442}",
            long.as_str(),
        ] {
            assert_eq!(UserCode::parse(input), Err(UserCodeError), "{input}");
        }
    }

    #[test]
    fn makes_fixed_codes_of_fixed_bytes() {
        assert_eq!(UserCode::from_random([0; 16]).as_str(), "BBBB-BBBB");
        assert_eq!(
            UserCode::from_random(1_u128.to_be_bytes()).as_str(),
            "CBBB-BBBB"
        );
        assert_eq!(UserCode::from_random([0xff; 16]).to_string().len(), 9);
    }

    proptest! {
        #[test]
        fn reads_back_what_it_made(random in any::<[u8; 16]>()) {
            let code = UserCode::from_random(random);
            prop_assert_eq!(UserCode::parse(code.as_str()).unwrap(), code.clone());
            prop_assert_eq!(UserCode::parse(&code.as_str().to_lowercase().replace('-', "")).unwrap(), code);
        }
    }
}
