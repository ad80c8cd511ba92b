//! The authorization endpoint on the wire.

use crate::authorize::request::Refusal;
use crate::authorize::{Destination, Scene, run};
use crate::denial::{Denial, Failure};
use crate::endpoint::Exchange;
use crate::page::{OAuthPageError, Page};
use crate::reply;
use axum::response::Response;
use protocol::oauth::error::ErrorCode;

/// `GET` and `POST …/v1/authorize`.
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

/// A destination as a reply.
#[must_use]
pub fn render_destination(destination: Destination) -> Response {
    match destination {
        Destination::Redirect(location) => reply::redirect(&location),
        Destination::Page(page) => reply::page(page),
    }
}

/// A refusal as a page for the person.
#[must_use]
pub fn render_refusal(refusal: Refusal, reference: &str) -> Response {
    let denial = match refusal {
        Refusal::Denied(denial) => denial,
        Refusal::NoServer => return reply::failure(&Failure::NoServer),
        Refusal::Fault(fault) => {
            reply::log(&fault);
            Denial::new(ErrorCode::ServerError, "the server failed; try again later")
        }
    };
    reply::page(Page::Error(OAuthPageError {
        reference: reference.to_owned(),
        error: denial.code,
        description: denial.description.into_owned(),
    }))
}
