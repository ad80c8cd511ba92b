//! The userinfo endpoint on the wire: refusals are challenges (RFC 6750 section 3).

use crate::denial::{Denial, Failure};
use crate::endpoint::Exchange;
use crate::reply;
use crate::userinfo::{UserinfoFailure, run};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use protocol::oauth::error::{ErrorCode, WireError, render_error_body};
use protocol::oauth::scope::ScopeSet;
use protocol::oauth::www_authenticate::{BearerRefusal, render_bearer_challenge};
use protocol::oidc::claims::OPENID;
use std::borrow::Cow;

/// `GET` and `POST …/v1/userinfo`.
pub async fn handle(exchange: Exchange) -> Response {
    match run(&exchange).await {
        Ok(userinfo) => {
            let response = reply::json(StatusCode::OK, userinfo.body);
            reply::allow_client_origin(&exchange, Some(userinfo.app.as_str()), response).await
        }
        Err(failure) => render(&failure),
    }
}

fn render(failure: &UserinfoFailure) -> Response {
    let denial = match failure {
        UserinfoFailure::NoToken => {
            let mut response = reply::empty();
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return challenge(response, &render_bearer_challenge("oauth2", None));
        }
        UserinfoFailure::Bearer(error) => Denial {
            code: error.code(),
            description: Cow::Owned(error.description()),
        },
        UserinfoFailure::InvalidToken => Denial::new(
            ErrorCode::InvalidToken,
            "the access token is unknown or has ended",
        ),
        UserinfoFailure::InsufficientScope => Denial::new(
            ErrorCode::InsufficientScope,
            "the access token lacks the scope openid",
        ),
        UserinfoFailure::Other(Failure::Denied(denial)) => denial.clone(),
        UserinfoFailure::Other(failure) => return reply::failure(failure),
    };
    let status = match denial.code {
        ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let wanted = ScopeSet::from_tokens([OPENID]).ok();
    let refusal = BearerRefusal {
        code: denial.code,
        description: &denial.description,
        scope: wanted
            .as_ref()
            .filter(|_| denial.code == ErrorCode::InsufficientScope),
    };
    let response = reply::json(
        status,
        render_error_body(denial.code, Some(&denial.description)),
    );
    challenge(response, &render_bearer_challenge("oauth2", Some(&refusal)))
}

fn challenge(mut response: Response, text: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(text) {
        reply::set(&mut response, header::WWW_AUTHENTICATE, value);
    }
    response
}
