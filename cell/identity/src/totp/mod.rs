//! Time-based one-time codes (RFC 6238) as authenticator apps make them: SHA-1, six digits, thirty seconds.
//!
//! The decision is pure: seed, code, time and the step that was used last go in, the accepted step comes out. Storing
//! that step with a condition (`last_step < accepted`) is what makes a code single-use; never accept without it.

pub mod qr;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use vocab::entropy::Entropy;
use vocab::secret::Secret;
use vocab::time::Timestamp;

/// Seconds of one step.
pub const STEP_SECS: i64 = 30;
/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How many steps a phone's clock may be ahead or behind.
pub const WINDOW_STEPS: i64 = 1;
/// Bytes of a new seed: the output length of SHA-1, as RFC 4226 recommends.
pub const SEED_BYTES: usize = 20;
/// The shortest seed that is accepted from elsewhere: 128 bits, the floor of RFC 4226.
pub const SEED_BYTES_MIN: usize = 16;
/// The longest seed that is accepted from elsewhere.
pub const SEED_BYTES_MAX: usize = 64;
/// Most characters of issuer and of account in the address for the app; longer ones make codes that phones cannot read.
const LABEL_CHARACTERS_MAX: usize = 64;

const CODE_MODULUS: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the server and the person's app share. It shows itself only where it is asked to.
pub struct TotpSeed(Secret<Vec<u8>>);

impl TotpSeed {
    /// Draws a new seed.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = vec![0; SEED_BYTES];
        entropy.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// Takes a seed from the store or from an import; `None` if it is too short or too long to be one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bounds = SEED_BYTES_MIN..=SEED_BYTES_MAX;
        bounds
            .contains(&bytes.len())
            .then(|| Self(Secret::new(bytes.to_vec())))
    }

    /// The bytes to seal and store.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// The seed as people type it into an app: base32 without padding.
    #[must_use]
    pub fn to_base32(&self) -> Secret<String> {
        let mut text = String::with_capacity(self.expose().len().div_ceil(5) * 8);
        for chunk in self.expose().chunks(5) {
            let mut block = [0; 8];
            for (place, byte) in block.iter_mut().skip(3).zip(chunk) {
                *place = *byte;
            }
            let bits = u64::from_be_bytes(block);
            for index in 0..(chunk.len() * 8).div_ceil(5) {
                let value = bits >> (35 - 5 * index) & 31;
                let letter = usize::try_from(value)
                    .ok()
                    .and_then(|value| BASE32.get(value));
                text.push(char::from(letter.copied().unwrap_or_default()));
            }
        }
        Secret::new(text)
    }

    /// The `otpauth:` address that an app reads from the QR code.
    #[must_use]
    pub fn to_uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let (issuer, account) = (encode_label(issuer), encode_label(account));
        let secret = self.to_base32();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={CODE_DIGITS}&period={STEP_SECS}",
            secret.expose(),
        ))
    }
}

/// Accepts or refuses a code. `last_step` is the step that was accepted last; neither it nor an earlier one is accepted
/// again, so that a code that was seen over the shoulder is worth nothing after its use. Gives the step to store.
///
/// Every step of the window is computed and compared whatever the others say, in constant time.
#[must_use]
pub fn decide_totp(
    seed: &TotpSeed,
    code: &str,
    now: Timestamp,
    last_step: Option<i64>,
) -> Option<i64> {
    let candidate = parse_code(code)?;
    let present = now.seconds().div_euclid(STEP_SECS);
    let mut accepted = -1_i64;
    // The latest step wins; with two equal codes in one window, a later use must not find an earlier step open.
    for step in present - WINDOW_STEPS..=present + WINDOW_STEPS {
        let is_new = last_step.is_none_or(|last| step > last);
        let matches = code_at(seed, step).ct_eq(&candidate) & u8::from(is_new && step >= 0).into();
        accepted.conditional_assign(&step, matches);
    }
    (accepted >= 0).then_some(accepted)
}

/// The code that an app shows at a step, as a number. For tests and tools; sign-in uses [`decide_totp`].
#[must_use]
pub fn code_at(seed: &TotpSeed, step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed.expose());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    // RFC 4226 section 5.3: the low four bits of the last byte choose where the number stands.
    let offset = tag
        .as_ref()
        .last()
        .map_or(0, |byte| usize::from(byte & 0x0f));
    let bytes = tag.as_ref().iter().skip(offset).take(4);
    let number = bytes.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    (number & 0x7fff_ffff) % CODE_MODULUS
}

/// A code as it is typed: six ASCII digits, spaces between them allowed because apps show them so.
fn parse_code(text: &str) -> Option<u32> {
    if text.len() > 2 * CODE_DIGITS {
        return None;
    }
    let digits: String = text.chars().filter(|character| *character != ' ').collect();
    let is_code = digits.len() == CODE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { digits.parse().ok() } else { None }
}

/// Percent-encodes a label; the colon too, because it separates issuer and account.
fn encode_label(label: &str) -> String {
    let mut encoded = String::new();
    for character in label.chars().take(LABEL_CHARACTERS_MAX) {
        if character.is_ascii_alphanumeric() || "-._~".contains(character) {
            encoded.push(character);
            continue;
        }
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
