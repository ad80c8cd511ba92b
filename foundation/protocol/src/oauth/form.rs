//! `application/x-www-form-urlencoded` (RFC 6749 appendix B), strict and bounded: bodies of POST and query strings alike.
//!
//! A parameter that appears twice is refused (RFC 6749 sections 3.1 and 3.2), so no later code can read another one
//! than the check did. A parameter without a value counts as absent (same sections).

use std::borrow::Cow;

/// The largest form that is read.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// How many parameters a form may have.
pub const PARAMETERS_MAX: usize = 64;
/// The longest name of a parameter, before decoding.
pub const NAME_BYTES_MAX: usize = 128;
/// The longest value of a parameter, before decoding: a signed token with room.
pub const VALUE_BYTES_MAX: usize = 20 * 1024;

/// Why a form was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The whole is too large.
    #[error("the request's parameters are too large")]
    TooLarge,
    /// Too many parameters.
    #[error("the request has too many parameters")]
    TooMany,
    /// One name or value is too long.
    #[error("a name or value among the parameters is too long")]
    ParameterTooLong,
    /// A percent sign without two hexadecimal digits, a NUL, or bytes that are no UTF-8.
    #[error("the request's parameters are not well-formed (percent-encoding, UTF-8)")]
    Malformed,
    /// A name appears twice.
    #[error("the parameter {name} appears more than once")]
    Repeated {
        /// The name, or `?` when it is not a plain word.
        name: String,
    },
}

/// A parsed form. Has no `Debug`: values may be secrets.
#[derive(Clone, Default)]
pub struct Form<'b> {
    pairs: Vec<(Cow<'b, str>, Cow<'b, str>)>,
}

impl<'b> Form<'b> {
    /// Parses a body or a query string (without its `?`).
    ///
    /// # Errors
    /// [`FormError`] when a bound is passed, the encoding is broken or a name appears twice.
    pub fn parse(bytes: &'b [u8]) -> Result<Form<'b>, FormError> {
        if bytes.len() > FORM_BYTES_MAX {
            return Err(FormError::TooLarge);
        }
        let mut pairs: Vec<(Cow<'b, str>, Cow<'b, str>)> = Vec::new();
        for piece in bytes
            .split(|byte| *byte == b'&')
            .filter(|piece| !piece.is_empty())
        {
            if pairs.len() == PARAMETERS_MAX {
                return Err(FormError::TooMany);
            }
            let (name, value) = split_pair(piece);
            if name.len() > NAME_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
                return Err(FormError::ParameterTooLong);
            }
            let name = decode(name).ok_or(FormError::Malformed)?;
            let value = decode(value).ok_or(FormError::Malformed)?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Repeated {
                    name: printable_name(&name),
                });
            }
            pairs.push((name, value));
        }
        Ok(Form { pairs })
    }

    /// The value of a parameter; none when it is absent or has no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_ref())
    }

    /// The parameters in their order, those without a value included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// Whether a `Content-Type` says that the body is a form. Parameters such as `charset` do not matter.
#[must_use]
pub fn is_form_content_type(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Encodes parameters, for bodies that we send and links that we make.
#[must_use]
pub fn render_form(pairs: &[(&str, &str)]) -> String {
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    serializer.extend_pairs(pairs);
    serializer.finish()
}

/// Decodes one name or value: `+` is a space, `%XX` a byte (RFC 6749 appendix B). None when that is not possible,
/// the bytes are no UTF-8, or one of them is NUL, which databases cannot store as text.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    // Every byte is looked at, without a way out: so the compiler looks at many of them at once.
    let is_plain = |plain: bool, byte: &u8| plain & !matches!(byte, b'+' | b'%' | 0);
    if bytes.iter().fold(true, is_plain) {
        return std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => (hex_digit(rest.next()?)? << 4) | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    if decoded.contains(&0) {
        return None;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn split_pair(piece: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = piece.splitn(2, |byte| *byte == b'=');
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// A name as it may stand in an error description and a log line.
fn printable_name(name: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match name.len() <= 40 && !name.is_empty() && name.bytes().all(is_word) {
        true => name.to_owned(),
        false => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FORM_BYTES_MAX, Form, FormError, NAME_BYTES_MAX, PARAMETERS_MAX, VALUE_BYTES_MAX};
    use super::{is_form_content_type, render_form};
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    fn parse_error(text: &str) -> FormError {
        Form::parse(text.as_bytes()).err().unwrap()
    }

    #[test]
    fn follows_rfc_6749_appendix_b() {
        let form = Form::parse("a=+%25%26%2B%C2%A3%E2%82%AC&b=&&c&d=x=y".as_bytes())
            .ok()
            .unwrap();
        assert_eq!(form.get("a"), Some(" %&+\u{a3}\u{20ac}"));
        assert_eq!(
            (form.get("b"), form.get("c"), form.get("e")),
            (None, None, None)
        );
        assert_eq!(form.get("d"), Some("x=y"));
        assert_eq!(form.iter().count(), 4);
        assert!(Form::parse(b"").ok().unwrap().get("a").is_none());
    }

    #[test]
    fn refuses_repeats_in_every_spelling() {
        let repeated = |name: &str| FormError::Repeated { name: name.into() };
        assert_eq!(parse_error("code=1&state=2&code=1"), repeated("code"));
        assert_eq!(parse_error("code=1&c%6fde=2"), repeated("code"));
        assert_eq!(parse_error("code=&code"), repeated("code"));
        assert_eq!(parse_error("a%22b=1&a%22b=2"), repeated("?"));
        assert_eq!(parse_error("=1&=2"), repeated("?"));
    }

    #[test]
    fn refuses_broken_encodings_and_excess() {
        for text in [
            "a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "a=%00", "a=\0", "%e2%82=1", "a=%c0%af",
        ] {
            assert_eq!(parse_error(text), FormError::Malformed, "{text:?}");
        }
        assert_eq!(Form::parse(b"a=\xff").err(), Some(FormError::Malformed));
        let many: Vec<String> = (0..=PARAMETERS_MAX)
            .map(|index| format!("p{index}=1"))
            .collect();
        assert_eq!(parse_error(&many.join("&")), FormError::TooMany);
        assert!(Form::parse(many[1..].join("&").as_bytes()).is_ok());
        assert_eq!(
            parse_error(&"a".repeat(NAME_BYTES_MAX + 1)),
            FormError::ParameterTooLong
        );
        assert_eq!(
            parse_error(&format!("a={}", "b".repeat(VALUE_BYTES_MAX + 1))),
            FormError::ParameterTooLong
        );
        assert_eq!(
            parse_error(&"&".repeat(FORM_BYTES_MAX + 1)),
            FormError::TooLarge
        );
    }

    #[test]
    fn knows_its_content_type() {
        assert!(is_form_content_type("application/x-www-form-urlencoded"));
        assert!(is_form_content_type(
            "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"
        ));
        assert!(!is_form_content_type("application/json"));
        assert!(!is_form_content_type(""));
    }

    proptest! {
        #[test]
        fn reads_back_what_it_writes(values in prop::collection::vec("[^\0]{1,20}", 0..10)) {
            let names: Vec<String> = (0..values.len()).map(|index| format!("p{index}")).collect();
            let pairs: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
            let text = render_form(&pairs);
            let form = Form::parse(text.as_bytes()).ok().unwrap();
            let read: Vec<(&str, &str)> = form.iter().collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn holds_its_properties_for_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[a-c=&%+0-9]{0,80}") {
            prop_assert!(crate::properties::check_form(&bytes).is_ok());
            prop_assert!(crate::properties::check_form(text.as_bytes()).is_ok());
        }
    }
}
