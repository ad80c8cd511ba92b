//! The revocation endpoint on the wire.

use crate::endpoint::Exchange;
use crate::reply;
use crate::revoke::run;
use axum::response::Response;

/// `POST …/v1/revoke`.
pub async fn handle(exchange: Exchange) -> Response {
    let response = match run(&exchange).await {
        Ok(()) => reply::empty(),
        Err(failure) => reply::failure(&failure),
    };
    reply::allow_named_client_origin(&exchange, response).await
}
