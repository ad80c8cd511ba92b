//! The discovery documents on the wire.

use crate::discovery::{Document, render};
use crate::endpoint::Exchange;
use crate::limits::METADATA_CACHE_SECS;
use crate::reply;
use axum::response::Response;

/// `GET …/.well-known/openid-configuration`.
pub async fn openid_configuration(exchange: Exchange) -> Response {
    handle(&exchange, Document::OpenId).await
}

/// `GET …/.well-known/oauth-authorization-server`.
pub async fn server_metadata(exchange: Exchange) -> Response {
    handle(&exchange, Document::OAuth).await
}

async fn handle(exchange: &Exchange, document: Document) -> Response {
    match exchange.issuer().await {
        Ok((issuer, snapshot)) => {
            let text = render(&issuer, &snapshot, document);
            reply::public_json(text, METADATA_CACHE_SECS)
        }
        Err(failure) => reply::failure(&failure),
    }
}
