//! The error codes of OAuth 2.0 and its extensions, by their wire names, and the JSON body that carries them.

use std::fmt;

use serde::Serialize;

/// An error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 sections 4.1.2.1 and 5.2.
    InvalidRequest,
    /// RFC 6749 section 5.2.
    InvalidClient,
    /// RFC 6749 section 5.2.
    InvalidGrant,
    /// RFC 6749 sections 4.1.2.1 and 5.2.
    UnauthorizedClient,
    /// RFC 6749 section 5.2.
    UnsupportedGrantType,
    /// RFC 6749 sections 4.1.2.1 and 5.2.
    InvalidScope,
    /// RFC 6749 section 4.1.2.1, RFC 8628 section 3.5.
    AccessDenied,
    /// RFC 6749 section 4.1.2.1.
    UnsupportedResponseType,
    /// RFC 6749 section 4.1.2.1.
    ServerError,
    /// RFC 6749 section 4.1.2.1.
    TemporarilyUnavailable,
    /// RFC 6750 section 3.1.
    InvalidToken,
    /// RFC 6750 section 3.1.
    InsufficientScope,
    /// RFC 7009 section 2.2.1.
    UnsupportedTokenType,
    /// RFC 8628 section 3.5.
    AuthorizationPending,
    /// RFC 8628 section 3.5.
    SlowDown,
    /// RFC 8628 section 3.5.
    ExpiredToken,
    /// OpenID Connect Core section 3.1.2.6, as are the next ones.
    InteractionRequired,
    /// The person is not signed in, and may not be asked.
    LoginRequired,
    /// The person must choose an account, and may not be asked.
    AccountSelectionRequired,
    /// The person must consent, and may not be asked.
    ConsentRequired,
    /// The object behind `request_uri` is in error.
    InvalidRequestUri,
    /// The `request` object is in error.
    InvalidRequestObject,
    /// `request` is not supported.
    RequestNotSupported,
    /// `request_uri` is not supported.
    RequestUriNotSupported,
    /// `registration` is not supported.
    RegistrationNotSupported,
    /// The `acr` that was asked for cannot be reached (OpenID Connect Unmet Authentication Requirements section 2).
    UnmetAuthenticationRequirements,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 26] = [
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidClient,
        ErrorCode::InvalidGrant,
        ErrorCode::UnauthorizedClient,
        ErrorCode::UnsupportedGrantType,
        ErrorCode::InvalidScope,
        ErrorCode::AccessDenied,
        ErrorCode::UnsupportedResponseType,
        ErrorCode::ServerError,
        ErrorCode::TemporarilyUnavailable,
        ErrorCode::InvalidToken,
        ErrorCode::InsufficientScope,
        ErrorCode::UnsupportedTokenType,
        ErrorCode::AuthorizationPending,
        ErrorCode::SlowDown,
        ErrorCode::ExpiredToken,
        ErrorCode::InteractionRequired,
        ErrorCode::LoginRequired,
        ErrorCode::AccountSelectionRequired,
        ErrorCode::ConsentRequired,
        ErrorCode::InvalidRequestUri,
        ErrorCode::InvalidRequestObject,
        ErrorCode::RequestNotSupported,
        ErrorCode::RequestUriNotSupported,
        ErrorCode::RegistrationNotSupported,
        ErrorCode::UnmetAuthenticationRequirements,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::InvalidClient => "invalid_client",
            ErrorCode::InvalidGrant => "invalid_grant",
            ErrorCode::UnauthorizedClient => "unauthorized_client",
            ErrorCode::UnsupportedGrantType => "unsupported_grant_type",
            ErrorCode::InvalidScope => "invalid_scope",
            ErrorCode::AccessDenied => "access_denied",
            ErrorCode::UnsupportedResponseType => "unsupported_response_type",
            ErrorCode::ServerError => "server_error",
            ErrorCode::TemporarilyUnavailable => "temporarily_unavailable",
            ErrorCode::InvalidToken => "invalid_token",
            ErrorCode::InsufficientScope => "insufficient_scope",
            ErrorCode::UnsupportedTokenType => "unsupported_token_type",
            ErrorCode::AuthorizationPending => "authorization_pending",
            ErrorCode::SlowDown => "slow_down",
            ErrorCode::ExpiredToken => "expired_token",
            ErrorCode::InteractionRequired => "interaction_required",
            ErrorCode::LoginRequired => "login_required",
            ErrorCode::AccountSelectionRequired => "account_selection_required",
            ErrorCode::ConsentRequired => "consent_required",
            ErrorCode::InvalidRequestUri => "invalid_request_uri",
            ErrorCode::InvalidRequestObject => "invalid_request_object",
            ErrorCode::RequestNotSupported => "request_not_supported",
            ErrorCode::RequestUriNotSupported => "request_uri_not_supported",
            ErrorCode::RegistrationNotSupported => "registration_not_supported",
            ErrorCode::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A refusal in the protocol's words: a code, and by `Display` a description that names the parameter.
pub trait WireError: fmt::Display {
    /// The code to send.
    fn code(&self) -> ErrorCode;

    /// The description to send, within the characters that `error_description` may have.
    fn description(&self) -> String {
        render_description(&self.to_string())
    }
}

/// Replaces what may not stand in `error_description`: only %x20-21, %x23-5B and %x5D-7E may (RFC 6749 section 5.2).
#[must_use]
pub fn render_description(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            ' '..='!' | '#'..='[' | ']'..='~' => character,
            '"' => '\'',
            '\\' => '/',
            _ => '?',
        })
        .collect()
}

/// The JSON body of an error answer (RFC 6749 section 5.2).
#[must_use]
pub fn render_error_body(code: ErrorCode, description: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Body<'b> {
        error: &'b str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_description: Option<String>,
    }
    let body = Body {
        error: code.name(),
        error_description: description.map(render_description),
    };
    // A struct of strings always serialises; the bare code is what is left otherwise.
    serde_json::to_string(&body).unwrap_or_else(|_| format!("{{\"error\":\"{code}\"}}"))
}

#[cfg(test)]
mod tests {
    use super::{ErrorCode, render_description, render_error_body};
    use std::collections::HashSet;

    #[test]
    fn wire_names_are_distinct_and_in_the_grammar() {
        let names: HashSet<&str> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        assert!(names.iter().all(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        }));
    }

    #[test]
    fn bodies_hold_only_permitted_characters() {
        assert_eq!(render_description("a \"b\" \\ \u{e9}\n~!"), "a 'b' / ??~!");
        assert_eq!(
            render_error_body(ErrorCode::SlowDown, None),
            r#"{"error":"slow_down"}"#
        );
        assert_eq!(
            render_error_body(
                ErrorCode::InvalidRequest,
                Some("the parameter \"code\" is missing")
            ),
            r#"{"error":"invalid_request","error_description":"the parameter 'code' is missing"}"#
        );
    }
}
