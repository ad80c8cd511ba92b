//! The logout endpoint on the wire.

use crate::authorize::Scene;
use crate::authorize::http::{render_destination, render_refusal};
use crate::authorize::request::Refusal;
use crate::endpoint::Exchange;
use crate::logout::run;
use axum::response::Response;

/// `GET` and `POST …/v1/logout`.
pub async fn handle(exchange: Exchange) -> Response {
    let outcome = match exchange.parameters() {
        Ok(form) => {
            let scene = Scene {
                cell: &exchange.cell,
                context: &exchange.context,
                facts: &exchange.facts,
            };
            run(&scene, exchange.server.as_deref(), &form).await
        }
        Err(failure) => Err(Refusal::from(failure)),
    };
    match outcome {
        Ok(destination) => render_destination(destination),
        Err(refusal) => render_refusal(refusal, &exchange.facts.client.request_id),
    }
}
