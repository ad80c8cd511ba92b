//! Recovery codes: ten long random codes that a person prints, each good once when everything else is lost.
//!
//! A code carries 80 bits, so SHA-256 is enough to store it; it is shown once, when it is made. Single use is the
//! condition in the UPDATE that looks for the hash, not anything here.

#[cfg(test)]
mod tests;

use vocab::entropy::Entropy;
use vocab::secret::{Secret, SecretHash};

/// How many codes a person gets.
pub const CODES: usize = 10;
/// Characters of one code, five bits each.
pub const CODE_CHARACTERS: usize = 16;
/// Characters between two hyphens when a code is shown.
pub const GROUP_CHARACTERS: usize = 4;
/// The longest text that is read as a code: spaces and hyphens wherever a person puts them.
const TYPED_BYTES_MAX: usize = 64;

/// Crockford's alphabet: no I, L, O, which look like digits, and no U, so that fewer words appear.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// New codes: to be shown once, and to be stored.
pub struct RecoveryCodes {
    /// The codes as they are shown, in groups.
    pub shown: Vec<Secret<String>>,
    /// Their hashes, in the same order.
    pub hashes: Vec<SecretHash>,
}

/// Draws a new set.
#[must_use]
pub fn generate_recovery_codes(entropy: &dyn Entropy) -> RecoveryCodes {
    let codes: Vec<_> = (0..CODES).map(|_| draw(entropy)).collect();
    RecoveryCodes {
        hashes: codes
            .iter()
            .map(|code| SecretHash::of(code.expose()))
            .collect(),
        shown: codes
            .iter()
            .map(|code| render_recovery_code(code.expose()))
            .collect(),
    }
}

/// Reads a code as a person types it (any case, spaces and hyphens anywhere, `O` for `0`, `I` and `L` for `1`) and gives
/// the hash to look for. `None` if it can be no code.
#[must_use]
pub fn parse_recovery_code(typed: &str) -> Option<SecretHash> {
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let letters = typed
        .chars()
        .filter(|character| !matches!(character, ' ' | '-'));
    let normal: Option<String> = letters.map(normalise).collect();
    let normal = Secret::new(normal?);
    (normal.expose().len() == CODE_CHARACTERS).then(|| SecretHash::of(normal.expose()))
}

/// Sets hyphens between groups, so that a code can be read, copied and compared by eye.
fn render_recovery_code(code: &str) -> Secret<String> {
    let mut shown = String::with_capacity(CODE_CHARACTERS + CODE_CHARACTERS / GROUP_CHARACTERS);
    for (index, character) in code.chars().enumerate() {
        if index > 0 && index % GROUP_CHARACTERS == 0 {
            shown.push('-');
        }
        shown.push(character);
    }
    Secret::new(shown)
}

fn draw(entropy: &dyn Entropy) -> Secret<String> {
    let mut bytes = [0; CODE_CHARACTERS];
    entropy.fill(&mut bytes);
    let drawn = Secret::new(bytes);
    // 256 is a multiple of 32: the low five bits of a byte are as even as the byte.
    let letters = drawn
        .expose()
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
    Secret::new(letters.copied().map(char::from).collect())
}

fn normalise(character: char) -> Option<char> {
    let letter = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(letter)
        .is_ok_and(|byte| ALPHABET.contains(&byte))
        .then_some(letter)
}
