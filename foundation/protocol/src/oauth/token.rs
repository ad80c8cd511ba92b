//! The token request, one type per grant (RFC 6749 sections 4.1.3, 4.4.2 and 6, RFC 8628 section 3.4), and its answer.

use serde::Serialize;
use vocab::secret::Secret;

use crate::oauth::error::{ErrorCode, WireError};
use crate::oauth::form::Form;
use crate::oauth::parameter::{Grammar, ParameterError, TOKEN_BYTES_MAX};
use crate::oauth::pkce::Verifier;
use crate::oauth::redirect_uri::REDIRECT_URI_BYTES_MAX;
use crate::oauth::scope::{ScopeError, ScopeSet};

const CODE: Grammar = Grammar::printable("code", 512);
const DEVICE_CODE: Grammar = Grammar::printable("device_code", 512);
const REFRESH_TOKEN: Grammar = Grammar::printable("refresh_token", TOKEN_BYTES_MAX);
const REDIRECT_URI: Grammar = Grammar::printable("redirect_uri", REDIRECT_URI_BYTES_MAX);

/// A grant type, as settings and metadata name it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 6749 section 6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// RFC 6749 section 4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 8628 section 3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

impl GrantType {
    /// Every grant, in the order in which metadata lists them.
    pub const ALL: [GrantType; 4] = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::DeviceCode,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
            GrantType::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// The grant of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<GrantType> {
        GrantType::ALL
            .into_iter()
            .find(|grant| grant.name() == name)
    }
}

/// A token request. Has no `Debug`: it holds secrets.
pub enum TokenRequest {
    /// A code for tokens (RFC 6749 section 4.1.3).
    AuthorizationCode {
        /// `code`.
        code: Secret<String>,
        /// `redirect_uri`, which must equal that of the authorization request.
        redirect_uri: Option<String>,
        /// `code_verifier` (RFC 7636 section 4.5).
        code_verifier: Option<Verifier>,
    },
    /// A refresh token for tokens (RFC 6749 section 6).
    RefreshToken {
        /// `refresh_token`.
        refresh_token: Secret<String>,
        /// `scope`: the same or fewer; none: the same.
        scope: Option<ScopeSet>,
    },
    /// A token for the client itself (RFC 6749 section 4.4.2).
    ClientCredentials {
        /// `scope`, if named.
        scope: Option<ScopeSet>,
    },
    /// A device asks whether its person has agreed (RFC 8628 section 3.4).
    DeviceCode {
        /// `device_code`.
        device_code: Secret<String>,
    },
}

impl TokenRequest {
    /// The grant.
    #[must_use]
    pub fn grant_type(&self) -> GrantType {
        match self {
            TokenRequest::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            TokenRequest::RefreshToken { .. } => GrantType::RefreshToken,
            TokenRequest::ClientCredentials { .. } => GrantType::ClientCredentials,
            TokenRequest::DeviceCode { .. } => GrantType::DeviceCode,
        }
    }
}

/// Why a token request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRequestError {
    /// A parameter is missing, malformed or too long.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The scope is malformed.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// An unknown grant.
    #[error("the parameter grant_type names a grant that is not supported")]
    GrantType,
}

impl WireError for TokenRequestError {
    fn code(&self) -> ErrorCode {
        match self {
            TokenRequestError::Parameter(error) => error.code(),
            TokenRequestError::Scope(error) => error.code(),
            TokenRequestError::GrantType => ErrorCode::UnsupportedGrantType,
        }
    }
}

/// Reads a token request.
///
/// # Errors
/// [`TokenRequestError`] on the first thing wrong.
pub fn parse_token_request(form: &Form<'_>) -> Result<TokenRequest, TokenRequestError> {
    let name = form
        .get("grant_type")
        .ok_or(ParameterError::Missing("grant_type"))?;
    match GrantType::parse(name).ok_or(TokenRequestError::GrantType)? {
        GrantType::AuthorizationCode => Ok(TokenRequest::AuthorizationCode {
            code: CODE.required_secret(form)?,
            redirect_uri: REDIRECT_URI.optional(form)?.map(str::to_owned),
            code_verifier: form.get("code_verifier").map(Verifier::parse).transpose()?,
        }),
        GrantType::RefreshToken => Ok(TokenRequest::RefreshToken {
            refresh_token: REFRESH_TOKEN.required_secret(form)?,
            scope: parse_scope(form)?,
        }),
        GrantType::ClientCredentials => Ok(TokenRequest::ClientCredentials {
            scope: parse_scope(form)?,
        }),
        GrantType::DeviceCode => Ok(TokenRequest::DeviceCode {
            device_code: DEVICE_CODE.required_secret(form)?,
        }),
    }
}

fn parse_scope(form: &Form<'_>) -> Result<Option<ScopeSet>, ScopeError> {
    form.get("scope").map(ScopeSet::parse).transpose()
}

/// The answer to a token request (RFC 6749 section 5.1). Has no `Debug`: it holds tokens.
#[derive(Clone, Serialize)]
pub struct TokenResponse<'t> {
    /// The access token.
    pub access_token: &'t str,
    /// Always [`BEARER`].
    pub token_type: &'static str,
    /// How long the access token lives, in seconds.
    pub expires_in: i64,
    /// The scopes that were granted.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub scope: &'t str,
    /// The refresh token, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<&'t str>,
    /// The ID token, if any (OpenID Connect Core section 3.1.3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<&'t str>,
}

/// The `token_type` of our tokens (RFC 6750 section 6.1.1).
pub const BEARER: &str = "Bearer";

#[cfg(test)]
mod tests {
    use super::{
        BEARER, GrantType, TokenRequest, TokenRequestError, TokenResponse, parse_token_request,
    };
    use crate::oauth::error::{ErrorCode, WireError as _};
    use crate::oauth::form::Form;
    use crate::oauth::parameter::ParameterError;

    fn parse(text: &str) -> Result<TokenRequest, TokenRequestError> {
        parse_token_request(&Form::parse(text.as_bytes()).ok().unwrap())
    }

    #[test]
    fn reads_the_examples_of_the_standards() {
        // RFC 6749 section 4.1.3 with RFC 7636 section 4.5.
        let text = "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fclient%2E\
                    example%2Ecom%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let TokenRequest::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        } = parse(text).ok().unwrap()
        else {
            panic!("another grant");
        };
        assert_eq!(code.expose(), "SplxlOBeZQQYbYS6WxSbIA");
        assert_eq!(
            redirect_uri.as_deref(),
            Some("https://client.example.com/cb")
        );
        assert!(code_verifier.is_some());
        // RFC 6749 section 6.
        let text = "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&scope=a+b";
        let TokenRequest::RefreshToken {
            refresh_token,
            scope,
        } = parse(text).ok().unwrap()
        else {
            panic!("another grant");
        };
        assert_eq!(
            (refresh_token.expose().as_str(), scope.unwrap().len()),
            ("tGzv3JOkF0XG5Qx2TlKWIA", 2)
        );
        // RFC 6749 section 4.4.2.
        let request = parse("grant_type=client_credentials").ok().unwrap();
        assert!(matches!(
            request,
            TokenRequest::ClientCredentials { scope: None }
        ));
        // RFC 8628 section 3.4.
        let text = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
                    &device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=1406020730";
        assert_eq!(
            parse(text).ok().unwrap().grant_type(),
            GrantType::DeviceCode
        );
    }

    #[test]
    fn answers_in_the_protocols_words() {
        let long = format!("grant_type=authorization_code&code={}", "a".repeat(513));
        let table: &[(&str, ErrorCode, &str)] = &[
            (
                "",
                ErrorCode::InvalidRequest,
                "the parameter grant_type is missing",
            ),
            (
                "grant_type=",
                ErrorCode::InvalidRequest,
                "the parameter grant_type is missing",
            ),
            (
                "grant_type=password&username=a&password=b",
                ErrorCode::UnsupportedGrantType,
                "the parameter grant_type names a grant that is not supported",
            ),
            (
                "grant_type=authorization_code",
                ErrorCode::InvalidRequest,
                "the parameter code is missing",
            ),
            (
                &long,
                ErrorCode::InvalidRequest,
                "the parameter code is too long",
            ),
            (
                "grant_type=authorization_code&code=a&code_verifier=short",
                ErrorCode::InvalidRequest,
                "the parameter code_verifier is malformed",
            ),
            (
                "grant_type=refresh_token",
                ErrorCode::InvalidRequest,
                "the parameter refresh_token is missing",
            ),
            (
                "grant_type=refresh_token&refresh_token=%0A",
                ErrorCode::InvalidRequest,
                "the parameter refresh_token is malformed",
            ),
            (
                "grant_type=urn:ietf:params:oauth:grant-type:device_code",
                ErrorCode::InvalidRequest,
                "the parameter device_code is missing",
            ),
        ];
        for (text, code, description) in table {
            let error = parse(text).err().unwrap();
            assert_eq!(
                (error.code(), error.description().as_str()),
                (*code, *description),
                "{text}"
            );
        }
        let error = parse("grant_type=client_credentials&scope=a++b")
            .err()
            .unwrap();
        assert_eq!(error.code(), ErrorCode::InvalidScope);
        assert_eq!(
            parse("grant_type=").err(),
            Some(ParameterError::Missing("grant_type").into())
        );
    }

    #[test]
    fn answers_have_the_members_of_rfc_6749_section_5_1() {
        let mut response = TokenResponse {
            access_token: "2YotnFZFEjr1zCsicMWpAA",
            token_type: BEARER,
            expires_in: 3600,
            scope: "",
            refresh_token: None,
            id_token: None,
        };
        let json =
            r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}"#;
        assert_eq!(serde_json::to_string(&response).unwrap(), json);
        response.scope = "openid";
        response.id_token = Some("x.y.z");
        response.refresh_token = Some("tGzv3JOkF0XG5Qx2TlKWIA");
        let value = serde_json::to_value(&response).unwrap();
        assert_eq!(
            (&value["scope"], &value["id_token"]),
            (&"openid".into(), &"x.y.z".into())
        );
        assert_eq!(value["refresh_token"], "tGzv3JOkF0XG5Qx2TlKWIA");
    }

    #[test]
    fn names_round_trip() {
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.name()), Some(grant));
            assert_eq!(serde_json::to_value(grant).unwrap(), grant.name());
        }
    }
}
