//! The keys endpoint on the wire.

use crate::denial::Failure;
use crate::endpoint::Exchange;
use crate::reply;
use crate::signing;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

/// `GET …/v1/keys`.
pub async fn handle(exchange: Exchange) -> Response {
    match run(&exchange).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&failure),
    }
}

async fn run(exchange: &Exchange) -> Result<Response, Failure> {
    let (issuer, _) = exchange.issuer().await?;
    let document = signing::published(&exchange.cell, &issuer).await?;
    let known = exchange
        .header(&header::IF_NONE_MATCH)
        .is_some_and(|etag| etag == document.etag);
    let mut response = reply::public_json(document.json.clone(), document.max_age_secs);
    if let Ok(etag) = HeaderValue::from_str(&document.etag) {
        reply::set(&mut response, header::ETAG, etag);
    }
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}
