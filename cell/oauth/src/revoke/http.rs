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
    let client_id = exchange
        .body_form()
        .ok()
        .and_then(|form| form.get("client_id").map(str::to_owned));
    reply::allow_client_origin(&exchange, client_id.as_deref(), response).await
}
