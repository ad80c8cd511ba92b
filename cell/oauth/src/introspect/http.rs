//! The introspection endpoint on the wire.

use crate::endpoint::Exchange;
use crate::introspect::run;
use crate::reply;
use axum::response::Response;
use http::StatusCode;

/// `POST …/v1/introspect`.
pub async fn handle(exchange: Exchange) -> Response {
    match run(&exchange).await {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(failure) => reply::failure(&failure),
    }
}
