//! The access token that a request carries (RFC 6750 section 2): in the header or in a form body, never in the query,
//! where it would end in logs (section 2.3, RFC 9700 section 4.3.2).

use vocab::secret::Secret;

use crate::http_auth::{Authorization, Scheme};
use crate::oauth::error::{ErrorCode, WireError};
use crate::oauth::form::Form;
use crate::oauth::parameter::TOKEN_BYTES_MAX;

/// Why the token could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// In the header and in the body (RFC 6750 section 2: one method only).
    #[error(
        "the access token appears both in the Authorization header and in the parameter access_token"
    )]
    SeveralMethods,
    /// Not in the grammar of tokens.
    #[error("the access token is malformed")]
    Malformed,
}

impl WireError for BearerError {
    fn code(&self) -> ErrorCode {
        match self {
            BearerError::SeveralMethods => ErrorCode::InvalidRequest,
            // RFC 6750 section 3.1: a malformed token is an invalid token.
            BearerError::Malformed => ErrorCode::InvalidToken,
        }
    }
}

/// Reads the token; none when the request carries none, which is answered without an error code (RFC 6750 section 3.1).
///
/// `body` is the form of a POST; pass none for other methods and content types (section 2.2).
///
/// # Errors
/// [`BearerError`] when the token is there twice or not in the grammar.
pub fn parse_bearer(
    authorization: Option<Authorization<'_>>,
    body: Option<&Form<'_>>,
) -> Result<Option<Secret<String>>, BearerError> {
    let in_header = match authorization {
        Some(Authorization {
            scheme: Scheme::Bearer,
            credentials,
        }) => Some(credentials),
        _ => None,
    };
    let in_body = body.and_then(|form| form.get("access_token"));
    let token = match (in_header, in_body) {
        (Some(_), Some(_)) => return Err(BearerError::SeveralMethods),
        (token, None) | (None, token) => token,
    };
    match token {
        None => Ok(None),
        Some(token) if is_token(token) => Ok(Some(Secret::new(token.to_owned()))),
        Some(_) => Err(BearerError::Malformed),
    }
}

/// `b64token` (RFC 6750 section 2.1).
fn is_token(text: &str) -> bool {
    let is_token_byte = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    let body = text.trim_end_matches('=');
    text.len() <= TOKEN_BYTES_MAX && !body.is_empty() && body.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::{BearerError, parse_bearer};
    use crate::http_auth::parse_value;
    use crate::oauth::form::Form;

    #[test]
    fn reads_one_token_from_one_place() {
        let parse = |header: Option<&str>, body: Option<&str>| {
            let authorization = header.map(|value| parse_value(value.as_bytes()).ok().unwrap());
            let form = body.map(|body| Form::parse(body.as_bytes()).ok().unwrap());
            parse_bearer(authorization, form.as_ref())
                .map(|token| token.map(|token| token.expose().clone()))
        };
        let token = Ok(Some("mF_9.B5f-4.1JqM".to_owned()));
        assert_eq!(parse(Some("Bearer mF_9.B5f-4.1JqM"), None), token);
        assert_eq!(parse(None, Some("access_token=mF_9.B5f-4.1JqM")), token);
        assert_eq!(
            parse(Some("Bearer a=="), Some("x=1")),
            Ok(Some("a==".into()))
        );
        assert_eq!(parse(None, None), Ok(None));
        assert_eq!(parse(Some("Basic YTpi"), None), Ok(None));
        assert_eq!(
            parse(Some("Bearer a"), Some("access_token=a")),
            Err(BearerError::SeveralMethods)
        );
        for header in [
            "Bearer a b",
            "Bearer a\"",
            "Bearer ==",
            "Bearer a=b",
            "Bearer a,b",
        ] {
            assert_eq!(
                parse(Some(header), None),
                Err(BearerError::Malformed),
                "{header}"
            );
        }
    }
}
