//! How a client says who it is (RFC 6749 section 2.3, RFC 7523 section 2.2, OpenID Connect Core section 9).
//!
//! Exactly one method in a request: a second one is refused (RFC 6749 section 2.3), for two readers of the request
//! could believe different ones. Nothing here compares a secret; that happens above, against a stored hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vocab::secret::Secret;

use crate::http_auth::{Authorization, Scheme};
use crate::jose::jws::verify::{JwsError, TOKEN_BYTES_MAX, parse_unverified};
use crate::oauth::error::{ErrorCode, WireError};
use crate::oauth::form::{Form, decode};
use crate::oauth::parameter::{CLIENT_ID, CLIENT_SECRET, Grammar, ParameterError};

/// The `client_assertion_type` of a JWT (RFC 7523 section 2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The largest Basic credentials: id and secret percent-encoded, then in base64.
const BASIC_BYTES_MAX: usize = 4096;

const CLIENT_ASSERTION: Grammar = Grammar::printable("client_assertion", TOKEN_BYTES_MAX);

/// A method of client authentication, as metadata and settings name it (OpenID Connect Core section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ClientAuthMethod {
    /// A public client, which only names itself.
    #[serde(rename = "none")]
    None,
    /// A secret in the `Authorization` header.
    #[serde(rename = "client_secret_basic")]
    SecretBasic,
    /// A secret in the body.
    #[serde(rename = "client_secret_post")]
    SecretPost,
    /// A JWT signed by a key of the client.
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
}

impl ClientAuthMethod {
    /// Every method, in the order in which metadata lists them.
    pub const ALL: [ClientAuthMethod; 4] = [
        ClientAuthMethod::SecretBasic,
        ClientAuthMethod::SecretPost,
        ClientAuthMethod::PrivateKeyJwt,
        ClientAuthMethod::None,
    ];

    /// The name in metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ClientAuthMethod::None => "none",
            ClientAuthMethod::SecretBasic => "client_secret_basic",
            ClientAuthMethod::SecretPost => "client_secret_post",
            ClientAuthMethod::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<ClientAuthMethod> {
        ClientAuthMethod::ALL
            .into_iter()
            .find(|method| method.name() == name)
    }
}

/// What a client sent to say who it is: a claim, not yet a fact. Has no `Debug`: it holds secrets.
#[derive(Clone)]
pub struct ClientCredentials {
    /// The client that it says it is. With an assertion, taken from its unverified `sub` when not named.
    pub client_id: String,
    /// The proof that came with it.
    pub proof: ClientProof,
}

/// The proof that a client sent. Has no `Debug`: it holds secrets.
#[derive(Clone)]
pub enum ClientProof {
    /// None.
    None,
    /// A secret in the header.
    SecretBasic(Secret<String>),
    /// A secret in the body.
    SecretPost(Secret<String>),
    /// A signed assertion, to be verified with the client's keys.
    PrivateKeyJwt(Secret<String>),
}

impl ClientProof {
    /// The method that was used.
    #[must_use]
    pub fn method(&self) -> ClientAuthMethod {
        match self {
            ClientProof::None => ClientAuthMethod::None,
            ClientProof::SecretBasic(_) => ClientAuthMethod::SecretBasic,
            ClientProof::SecretPost(_) => ClientAuthMethod::SecretPost,
            ClientProof::PrivateKeyJwt(_) => ClientAuthMethod::PrivateKeyJwt,
        }
    }
}

/// Why client authentication could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// A parameter is missing, malformed or too long.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// More than one method.
    #[error(
        "the client used more than one authentication method: use one of the Authorization header, client_secret and client_assertion"
    )]
    SeveralMethods,
    /// `client_id` in the body is another than the authenticated one.
    #[error("the parameter client_id is not the client that authenticates")]
    OtherClient,
    /// The Basic credentials are not base64 of an encoded id and secret.
    #[error("the Authorization header does not hold well-formed Basic credentials")]
    Basic,
    /// Another scheme than Basic.
    #[error("the Authorization header holds a scheme that does not authenticate clients here")]
    Scheme,
    /// Another assertion type than JWT.
    #[error("the parameter client_assertion_type is not supported")]
    AssertionType,
    /// The assertion is no signed JWT that names its subject.
    #[error("the parameter client_assertion is refused: {0}")]
    Assertion(JwsError),
    /// Nothing says who the client is.
    #[error("the client did not say who it is: the parameter client_id is missing")]
    Absent,
}

impl WireError for ClientAuthError {
    /// RFC 6749 section 5.2: several methods are a bad request; no, broken or unsupported authentication is a bad client.
    fn code(&self) -> ErrorCode {
        match self {
            ClientAuthError::Parameter(_)
            | ClientAuthError::SeveralMethods
            | ClientAuthError::OtherClient => ErrorCode::InvalidRequest,
            ClientAuthError::Basic
            | ClientAuthError::Scheme
            | ClientAuthError::AssertionType
            | ClientAuthError::Assertion(_)
            | ClientAuthError::Absent => ErrorCode::InvalidClient,
        }
    }
}

/// Reads the one authentication that a request carries.
///
/// # Errors
/// [`ClientAuthError`] when there are several, or the one is malformed.
pub fn parse_client_credentials(
    authorization: Option<Authorization<'_>>,
    form: &Form<'_>,
) -> Result<ClientCredentials, ClientAuthError> {
    let secret = CLIENT_SECRET.optional_secret(form)?;
    let assertion = CLIENT_ASSERTION.optional(form)?;
    let assertion_type = form.get("client_assertion_type");
    let has_assertion = assertion.is_some() || assertion_type.is_some();
    let methods = [authorization.is_some(), secret.is_some(), has_assertion];
    if methods.into_iter().filter(|is_used| *is_used).count() > 1 {
        return Err(ClientAuthError::SeveralMethods);
    }
    let named = CLIENT_ID.optional(form)?;
    if let Some(authorization) = authorization {
        return match authorization.scheme {
            Scheme::Basic => agree(named, parse_basic(authorization.credentials)?),
            Scheme::Bearer | Scheme::Ssws | Scheme::Other => Err(ClientAuthError::Scheme),
        };
    }
    if has_assertion {
        return parse_assertion(named, assertion, assertion_type);
    }
    let client_id = named.ok_or(ClientAuthError::Absent)?.to_owned();
    let proof = secret.map_or(ClientProof::None, ClientProof::SecretPost);
    Ok(ClientCredentials { client_id, proof })
}

/// Reads Basic credentials: id and secret each form-encoded, joined by a colon, in base64 (RFC 6749 section 2.3.1).
///
/// An empty secret is no secret (same section: it may be left out), which is how some public clients name themselves;
/// others leave out the colon as well.
///
/// # Errors
/// [`ClientAuthError::Basic`] when they are anything else.
pub fn parse_basic(credentials: &str) -> Result<ClientCredentials, ClientAuthError> {
    let malformed = ClientAuthError::Basic;
    if credentials.len() > BASIC_BYTES_MAX {
        return Err(malformed);
    }
    let bytes = STANDARD
        .decode(credentials)
        .map(Secret::new)
        .map_err(|_| malformed)?;
    let mut parts = bytes.expose().splitn(2, |byte| *byte == b':');
    let (id, secret) = (parts.next(), parts.next());
    let id = decode(id.unwrap_or_default()).ok_or(malformed)?;
    let secret = decode(secret.unwrap_or_default()).ok_or(malformed)?;
    let client_id = CLIENT_ID.check(&id).map_err(|_| malformed)?.to_owned();
    let proof = match secret.is_empty() {
        true => ClientProof::None,
        false => {
            let secret = CLIENT_SECRET.check(&secret).map_err(|_| malformed)?;
            ClientProof::SecretBasic(Secret::new(secret.to_owned()))
        }
    };
    Ok(ClientCredentials { client_id, proof })
}

fn parse_assertion(
    named: Option<&str>,
    assertion: Option<&str>,
    assertion_type: Option<&str>,
) -> Result<ClientCredentials, ClientAuthError> {
    match assertion_type {
        None => return Err(ParameterError::Missing("client_assertion_type").into()),
        Some(JWT_BEARER) => {}
        Some(_) => return Err(ClientAuthError::AssertionType),
    }
    let assertion = assertion.ok_or(ParameterError::Missing("client_assertion"))?;
    let unverified = parse_unverified(assertion).map_err(ClientAuthError::Assertion)?;
    // RFC 7523 section 3, item 2B: the subject is the client. It selects the keys, and is checked after them.
    let subject = unverified
        .peek_unverified_subject()
        .ok_or(ClientAuthError::Assertion(JwsError::Malformed))?;
    let client_id = CLIENT_ID
        .check(&subject)
        .map_err(|_| ClientAuthError::Assertion(JwsError::Malformed))?
        .to_owned();
    let proof = ClientProof::PrivateKeyJwt(Secret::new(assertion.to_owned()));
    agree(named, ClientCredentials { client_id, proof })
}

/// A `client_id` in the body beside another authentication must name the same client (RFC 7521 section 4.2).
fn agree(
    named: Option<&str>,
    credentials: ClientCredentials,
) -> Result<ClientCredentials, ClientAuthError> {
    match named {
        Some(named) if named != credentials.client_id => Err(ClientAuthError::OtherClient),
        _ => Ok(credentials),
    }
}

#[cfg(test)]
mod tests;
