//! Base64url as JOSE wants it (RFC 7515 section 2): no padding, no other alphabet, no stray trailing bits.
//!
//! Strictness matters: with lax decoding one token has many spellings, and a revoked spelling lives on in another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not canonical base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical base64url")]
pub struct Base64UrlError;

/// Encodes bytes.
#[must_use]
pub fn render(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub fn render_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// The length of the encoding of `bytes_len` bytes.
#[must_use]
pub const fn rendered_len(bytes_len: usize) -> usize {
    bytes_len.saturating_mul(4).div_ceil(3)
}

/// Decodes canonical base64url.
///
/// # Errors
/// [`Base64UrlError`] when the text holds anything else than the one canonical encoding of some bytes.
pub fn parse(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Base64UrlError)
}

/// Decodes exactly `N` bytes.
///
/// # Errors
/// [`Base64UrlError`] when the text is not canonical or has another length.
pub fn parse_array<const N: usize>(text: &str) -> Result<[u8; N], Base64UrlError> {
    parse(text)?.try_into().map_err(|_| Base64UrlError)
}

#[cfg(test)]
mod tests {
    use super::{Base64UrlError, parse, parse_array, render, rendered_len};
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    #[test]
    fn follows_rfc_7515_appendix_c() {
        assert_eq!(render(&[3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(parse("A-z_4ME").unwrap(), [3, 236, 255, 224, 193]);
    }

    #[test]
    fn refuses_every_other_spelling() {
        // Padding, the other alphabet, stray bits (RFC 4648 section 3.5), white space, a lone character.
        for text in [
            "A-z_4ME=",
            "A+z/4ME",
            "A-z_4MF",
            "A-z_4ME\n",
            " A-z_4ME",
            "A",
            "A-z_4M\0",
        ] {
            assert_eq!(parse(text), Err(Base64UrlError), "{text:?}");
        }
        assert_eq!(parse_array::<4>("A-z_4ME"), Err(Base64UrlError));
    }

    proptest! {
        #[test]
        fn is_a_bijection(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[A-Za-z0-9_-]{0,60}") {
            prop_assert_eq!(parse(&render(&bytes)).unwrap(), bytes.clone());
            prop_assert_eq!(render(&bytes).len(), rendered_len(bytes.len()));
            if let Ok(decoded) = parse(&text) {
                prop_assert_eq!(render(&decoded), text);
            }
        }
    }
}
