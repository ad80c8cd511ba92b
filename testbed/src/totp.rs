//! The code of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECS: u64 = 30;
const MODULUS: u32 = 1_000_000;

/// The code of this moment for a secret as a page shows it.
///
/// # Errors
/// When the text is no secret.
pub fn code_now(secret: &str) -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    render_code(&parse_secret(secret)?, now)
}

/// Base32 (RFC 4648 section 6), as people may type it.
fn parse_secret(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.chars().filter(|letter| letter.is_ascii_alphanumeric()) {
        let value = ALPHABET
            .find(letter.to_ascii_uppercase())
            .and_then(|value| u32::try_from(value).ok())
            .with_context(|| format!("{letter} is no letter of base 32"))?;
        held = held << 5 | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff)?);
            held &= (1 << bits) - 1;
        }
    }
    Ok(bytes)
}

fn render_code(secret: &[u8], now_secs: u64) -> anyhow::Result<String> {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = sign(&key, &(now_secs / STEP_SECS).to_be_bytes());
    let digest = tag.as_ref();
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
    let word = digest
        .get(offset..offset + 4)
        .context("the digest is too short")?;
    let number = u32::from_be_bytes(word.try_into()?) & 0x7fff_ffff;
    Ok(format!("{:06}", number % MODULUS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        let secret = parse_secret("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ").unwrap();
        assert_eq!(secret, b"12345678901234567890");
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(render_code(&secret, at).unwrap(), code);
        }
        assert!(parse_secret("0").is_err());
    }
}
