//! The token endpoint on the wire.

use crate::endpoint::Exchange;
use crate::reply;
use crate::token::{Tokens, run};
use axum::response::Response;
use http::StatusCode;
use protocol::oauth::token::{BEARER, TokenResponse};

/// `POST …/v1/token`.
pub async fn handle(exchange: Exchange) -> Response {
    let response = match run(&exchange).await {
        Ok(tokens) => render(&tokens),
        Err(failure) => reply::failure(&failure),
    };
    reply::allow_named_client_origin(&exchange, response).await
}

fn render(tokens: &Tokens) -> Response {
    let body = TokenResponse {
        access_token: tokens.access_token.expose(),
        token_type: BEARER,
        expires_in: tokens.expires_in_secs,
        scope: &tokens.scope,
        refresh_token: tokens
            .refresh_token
            .as_ref()
            .map(|token| token.expose().as_str()),
        id_token: tokens
            .id_token
            .as_ref()
            .map(|token| token.expose().as_str()),
    };
    match serde_json::to_string(&body) {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(_) => reply::fault(),
    }
}
