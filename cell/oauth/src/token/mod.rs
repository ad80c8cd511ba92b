//! The token endpoint (RFC 6749 section 3.2): one folder per grant.

pub mod authorization_code;
pub mod bundle;
pub mod client_credentials;
pub mod device;
pub mod family;
pub mod http;
pub mod inline_hook;
pub mod issue;
pub mod live;
pub mod refresh;
pub mod standing;
pub mod store;
pub mod subject;

use crate::client_auth::AuthenticatedClient;
use crate::client_auth::authenticate;
use crate::denial::Failure;
use crate::device::check_open;
use crate::endpoint::Exchange;
use crate::issuer::Issuer;
use protocol::oauth::token::{TokenRequest, parse_token_request};
use vocab::secret::Secret;

/// What a reply holds. Has no `Debug`: it holds tokens.
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// How long it lives.
    pub expires_in_secs: i64,
    /// The scopes.
    pub scope: String,
    /// The refresh token, if any.
    pub refresh_token: Option<Secret<String>>,
    /// The ID token, if any.
    pub id_token: Option<Secret<String>>,
}

/// A request of an authenticated client at a server: what every grant starts from.
#[derive(Clone, Copy)]
pub struct TokenCall<'a> {
    /// The request.
    pub exchange: &'a Exchange,
    /// The server.
    pub issuer: &'a Issuer,
    /// The client.
    pub client: &'a AuthenticatedClient,
}

/// Authenticates the client and grants or refuses what it asks.
///
/// # Errors
/// [`Failure`] in the protocol's words.
pub async fn run(exchange: &Exchange) -> Result<Tokens, Failure> {
    let (issuer, snapshot) = exchange.issuer().await?;
    let form = exchange.body_form()?;
    let client = authenticate(exchange, &issuer, &form).await?;
    let request = parse_token_request(&form).map_err(|error| Failure::wire(&error))?;
    let call = TokenCall {
        exchange,
        issuer: &issuer,
        client: &client,
    };
    // Each grant in a box of its own, or every request would carry the state of the largest about.
    match request {
        TokenRequest::ClientCredentials { scope } => {
            Box::pin(client_credentials::run(call, scope.as_ref())).await
        }
        TokenRequest::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        } => {
            let presented = authorization_code::decide::Presented {
                redirect_uri: redirect_uri.as_deref(),
                verifier: code_verifier.as_ref(),
            };
            Box::pin(authorization_code::run(call, &code, presented)).await
        }
        TokenRequest::RefreshToken {
            refresh_token,
            scope,
        } => Box::pin(refresh::run(call, &refresh_token, scope.as_ref())).await,
        TokenRequest::DeviceCode { device_code } => {
            check_open(&snapshot)?;
            Box::pin(device::run(call, &device_code)).await
        }
    }
}
