//! Who calls. The one way in is a token in the header: what a browser sends by itself counts for nothing, so that no
//! other site can make one call.

use crate::error::{ApiError, ErrorCode};
use crate::route::Operation;
use http::{HeaderMap, HeaderValue, header};
use identity::access::scope::ApiScope;
use identity::access::{AppCaller, Caller, TokenCaller};
use identity::cell::Cell;
use identity::fault::Fault;
use identity::org::context::OrgContext;
use oauth::issuer::org_issuer;
use oauth::token::live;
use protocol::http_auth::{Scheme, parse_authorization};
use vocab::id::UserId;
use vocab::time::Timestamp;

/// Whoever brings a token that is alive.
#[derive(Debug, Clone)]
pub enum Bearer {
    /// An API token, which acts with its person's roles.
    Token(TokenCaller),
    /// An access token of the org's own server, by which an app acts for itself.
    App(AppCaller),
}

impl Bearer {
    /// By what its calls are counted: an app's are counted together, with whatever token they come.
    #[must_use]
    pub fn counted_as(&self) -> &str {
        match self {
            Self::Token(token) => token.token_id.as_str(),
            Self::App(app) => app.app_id.as_str(),
        }
    }

    /// The person with whose roles it acts.
    #[must_use]
    pub const fn owner(&self) -> Option<&UserId> {
        match self {
            Self::Token(token) => Some(&token.user_id),
            Self::App(_) => None,
        }
    }

    /// Holds the scopes against what an operation needs. API tokens have none: roles alone bound them.
    ///
    /// # Errors
    /// [`ApiError`] that names the scope which is missing.
    pub fn has_scope(&self, operation: &Operation, context: &OrgContext) -> Result<(), ApiError> {
        let Self::App(app) = self else {
            return Ok(());
        };
        // No operation is without one; if it were, no app could call it.
        let needed = operation
            .scope()
            .ok_or(ApiError::of(ErrorCode::Forbidden))?;
        if app.has_scope(needed) {
            Ok(())
        } else {
            Err(ApiError::lacks_scope(render_challenge(context, needed)))
        }
    }

    /// The caller, for the one enforcement point.
    #[must_use]
    pub fn into_caller(self) -> Caller {
        match self {
            Self::Token(token) => Caller::ApiToken(token),
            Self::App(app) => Caller::App(app),
        }
    }
}

/// What the client has to do (RFC 6750 section 3).
fn render_challenge(context: &OrgContext, needed: ApiScope) -> String {
    format!(
        "Bearer authorization_uri=\"{base}/oauth2/v1/authorize\", realm=\"{base}\", scope=\"{scope}\", \
         error=\"insufficient_scope\", \
         error_description=\"The access token provided does not contain the required scopes.\"",
        base = context.base_url,
        scope = needed.render(),
    )
}

/// The bearer of the token that a request carries.
///
/// # Errors
/// [`ApiError`] for none, for one in another form, and for one that is not alive.
pub async fn authenticate(
    cell: &Cell,
    context: &OrgContext,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Bearer, ApiError> {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    let presented = parse_authorization(values.map(HeaderValue::as_bytes))
        .map_err(|_| ApiError::of(ErrorCode::InvalidToken))?
        .ok_or(ApiError::of(ErrorCode::NoSession))?;
    let text = presented.credentials;
    let bearer = match presented.scheme {
        Scheme::Ssws => {
            let token = cell.api_token_caller(&context.org, text).await?;
            token.map(Bearer::Token)
        }
        Scheme::Bearer => app_of(cell, context, text, now).await?.map(Bearer::App),
        Scheme::Basic | Scheme::Other => None,
    };
    bearer.ok_or(ApiError::of(ErrorCode::InvalidToken))
}

/// The app that an access token of the org's own server was issued to, if it acts for itself.
async fn app_of(
    cell: &Cell,
    context: &OrgContext,
    text: &str,
    now: Timestamp,
) -> Result<Option<AppCaller>, Fault> {
    let issuer = org_issuer(context);
    // The look-up of a token is large, and most calls come with an API token.
    let Some(live) = Box::pin(live::load(cell, &issuer, text, now)).await? else {
        return Ok(None);
    };
    let carried: Vec<ApiScope> = live.scopes.iter().filter_map(ApiScope::parse).collect();
    // A token that is about a person, or was never meant for this API, opens nothing here.
    if live.text("uid").is_some() || carried.is_empty() {
        return Ok(None);
    }
    cell.app_caller(&context.org, &live.app, &carried).await
}
