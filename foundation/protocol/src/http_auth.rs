//! The `Authorization` header (RFC 9110 section 11.6.2): scheme and credentials.
//!
//! Clients in the field leave out the space after `SSWS` and `Bearer` (`SSWS00abc`, `BearereyJ...`), so for these
//! two schemes the space is optional. No other scheme is read loosely.

use crate::jose::jws::verify::TOKEN_BYTES_MAX;

/// The longest header value that is read: the longest token, and room for the scheme.
pub const AUTHORIZATION_BYTES_MAX: usize = TOKEN_BYTES_MAX + 64;

/// The schemes that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Basic` (RFC 7617).
    Basic,
    /// `Bearer` (RFC 6750).
    Bearer,
    /// `SSWS`: an API token of the management API.
    Ssws,
    /// Any other.
    Other,
}

/// A header taken apart. Has no `Debug`: the credentials are secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authorization<'h> {
    /// The scheme.
    pub scheme: Scheme,
    /// What follows it, without surrounding spaces; never empty.
    pub credentials: &'h str,
}

/// Why the header was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// More than one header (RFC 9110 section 5.3: the field is no list).
    #[error("the Authorization header appears more than once")]
    Repeated,
    /// Longer than the bound.
    #[error("the Authorization header is too large")]
    TooLarge,
    /// Not a scheme and credentials in printable ASCII.
    #[error("the Authorization header is malformed")]
    Malformed,
}

/// Reads the one `Authorization` header among the values that the request carries under that name.
///
/// # Errors
/// [`AuthorizationError`] when there are several, or the one is malformed or over its bound.
pub fn parse_authorization<'h>(
    values: impl IntoIterator<Item = &'h [u8]>,
) -> Result<Option<Authorization<'h>>, AuthorizationError> {
    let mut values = values.into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match values.next() {
        Some(_) => Err(AuthorizationError::Repeated),
        None => parse_value(value).map(Some),
    }
}

/// Reads one header value.
///
/// # Errors
/// [`AuthorizationError`] when the value is malformed or over its bound.
pub fn parse_value(value: &[u8]) -> Result<Authorization<'_>, AuthorizationError> {
    if value.len() > AUTHORIZATION_BYTES_MAX {
        return Err(AuthorizationError::TooLarge);
    }
    let text = std::str::from_utf8(value).map_err(|_| AuthorizationError::Malformed)?;
    if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(AuthorizationError::Malformed);
    }
    let text = text.trim_matches(' ');
    let (scheme, credentials) = match text.split_once(' ') {
        Some((name, rest)) if scheme_of(name) != Scheme::Other => {
            (scheme_of(name), rest.trim_matches(' '))
        }
        whole => split_without_space(text)
            .or(whole.map(|(_, rest)| (Scheme::Other, rest.trim_matches(' '))))
            .ok_or(AuthorizationError::Malformed)?,
    };
    if credentials.is_empty() {
        return Err(AuthorizationError::Malformed);
    }
    Ok(Authorization {
        scheme,
        credentials,
    })
}

/// Scheme names do not depend on case (RFC 9110 section 11.1).
fn scheme_of(name: &str) -> Scheme {
    const KNOWN: [(&str, Scheme); 3] = [
        ("Basic", Scheme::Basic),
        ("Bearer", Scheme::Bearer),
        ("SSWS", Scheme::Ssws),
    ];
    KNOWN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map_or(Scheme::Other, |(_, scheme)| *scheme)
}

fn split_without_space(text: &str) -> Option<(Scheme, &str)> {
    ["Bearer", "SSWS"].iter().find_map(|name| {
        let (head, rest) = text.split_at_checked(name.len())?;
        (head.eq_ignore_ascii_case(name) && !rest.contains(' ')).then(|| (scheme_of(name), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::{
        AUTHORIZATION_BYTES_MAX, AuthorizationError, Scheme, parse_authorization, parse_value,
    };

    #[test]
    fn reads_schemes_with_and_without_their_space() {
        let table: &[(&str, Scheme, &str)] = &[
            ("Bearer abc", Scheme::Bearer, "abc"),
            ("bearer   abc ", Scheme::Bearer, "abc"),
            ("BearereyJhbGci.x.y", Scheme::Bearer, "eyJhbGci.x.y"),
            ("SSWS00abc", Scheme::Ssws, "00abc"),
            ("SSWS 00abc", Scheme::Ssws, "00abc"),
            ("ssws00abc", Scheme::Ssws, "00abc"),
            (
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                Scheme::Basic,
                "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("DPoP abc", Scheme::Other, "abc"),
            ("Digest a=1, b=2", Scheme::Other, "a=1, b=2"),
            ("BearerX abc", Scheme::Other, "abc"),
        ];
        for (value, scheme, credentials) in table {
            let parsed = parse_value(value.as_bytes()).ok().unwrap();
            assert_eq!(
                (parsed.scheme, parsed.credentials),
                (*scheme, *credentials),
                "{value}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_header() {
        for value in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "SSWS",
            "BasicQWxh",
            "abc",
            "Bearer a\u{7f}",
            "Bearer \u{e9}",
        ] {
            assert_eq!(
                parse_value(value.as_bytes()).err(),
                Some(AuthorizationError::Malformed),
                "{value:?}"
            );
        }
        let large = format!("Bearer {}", "a".repeat(AUTHORIZATION_BYTES_MAX));
        assert_eq!(
            parse_value(large.as_bytes()).err(),
            Some(AuthorizationError::TooLarge)
        );
        let twice: [&[u8]; 2] = [b"Bearer a", b"Bearer a"];
        assert_eq!(
            parse_authorization(twice).err(),
            Some(AuthorizationError::Repeated)
        );
        assert!(parse_authorization([]).ok().unwrap().is_none());
    }
}
