//! Token introspection (RFC 7662): the question and its answer.

use serde::Serialize;
use vocab::secret::Secret;

use crate::oauth::form::Form;
use crate::oauth::parameter::{ParameterError, TOKEN, TOKEN_TYPE_HINT};

/// What a client believes a token to be. A wrong hint costs a second look, nothing else (RFC 7009 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTypeHint {
    /// `access_token`.
    AccessToken,
    /// `refresh_token`.
    RefreshToken,
}

/// Which token is asked about: the request of introspection and of revocation. Has no `Debug`: it holds a token.
pub struct TokenQuery {
    /// `token`.
    pub token: Secret<String>,
    /// `token_type_hint`; none when absent or unknown (RFC 7662 section 2.1: it may be ignored).
    pub hint: Option<TokenTypeHint>,
}

/// Reads an introspection request.
///
/// # Errors
/// [`ParameterError`] when `token` is missing or a parameter is malformed.
pub fn parse_introspect_request(form: &Form<'_>) -> Result<TokenQuery, ParameterError> {
    let hint = match TOKEN_TYPE_HINT.optional(form)? {
        Some("access_token") => Some(TokenTypeHint::AccessToken),
        Some("refresh_token") => Some(TokenTypeHint::RefreshToken),
        _ => None,
    };
    Ok(TokenQuery {
        token: TOKEN.required_secret(form)?,
        hint,
    })
}

/// The body for a token that is unknown, ended or none of the caller's business: nothing but that (RFC 7662 section 2.2).
pub const INACTIVE: &str = r#"{"active":false}"#;

/// What is said about a live token (RFC 7662 section 2.2).
#[derive(Debug, Clone, Serialize)]
pub struct ActiveToken<'t> {
    /// Always true.
    pub active: bool,
    /// `Bearer` for access tokens, none for refresh tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'t str>,
    /// Its scopes.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub scope: &'t str,
    /// The client that it was issued to.
    pub client_id: &'t str,
    /// The person's sign-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<&'t str>,
    /// When it ends, in seconds.
    pub exp: i64,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// The person or client it speaks for.
    pub sub: &'t str,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<&'t str>,
    /// Who issued it.
    pub iss: &'t str,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<&'t str>,
    /// The person's id, if there is a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'t str>,
}

#[cfg(test)]
mod tests {
    use super::{ActiveToken, TokenTypeHint, parse_introspect_request};
    use crate::oauth::form::Form;
    use crate::oauth::parameter::ParameterError;

    #[test]
    fn reads_token_and_hint() {
        let parse =
            |text: &str| parse_introspect_request(&Form::parse(text.as_bytes()).ok().unwrap());
        let query = parse("token=mF_9.B5f-4.1JqM&token_type_hint=access_token")
            .ok()
            .unwrap();
        assert_eq!(
            (query.token.expose().as_str(), query.hint),
            ("mF_9.B5f-4.1JqM", Some(TokenTypeHint::AccessToken))
        );
        assert_eq!(
            parse("token=a&token_type_hint=refresh_token")
                .ok()
                .unwrap()
                .hint,
            Some(TokenTypeHint::RefreshToken)
        );
        assert_eq!(
            parse("token=a&token_type_hint=pat").ok().unwrap().hint,
            None
        );
        assert_eq!(
            parse("token_type_hint=access_token").err(),
            Some(ParameterError::Missing("token"))
        );
        assert_eq!(
            parse("token=a%0Ab").err(),
            Some(ParameterError::Malformed("token"))
        );
    }

    #[test]
    fn leaves_out_what_is_not_known() {
        let token = ActiveToken {
            active: true,
            token_type: None,
            scope: "",
            client_id: "c",
            username: None,
            exp: 2,
            iat: 1,
            sub: "s",
            aud: None,
            iss: "https://a.example",
            jti: None,
            uid: None,
        };
        let json = r#"{"active":true,"client_id":"c","exp":2,"iat":1,"sub":"s","iss":"https://a.example"}"#;
        assert_eq!(serde_json::to_string(&token).unwrap(), json);
    }
}
