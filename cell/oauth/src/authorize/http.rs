//! The authorization endpoint on the wire.

use crate::authorize::request::Refusal;
use crate::authorize::{Destination, Scene, run};
use crate::denial::Failure;
use crate::endpoint::Exchange;
use crate::page::{OAuthPageError, Page};
use crate::reply;
use axum::response::Response;
use protocol::oauth::form::{Form, render_form};

/// The parameter by which a program brings a sign-in that it led itself.
const SESSION_TOKEN: &str = "sessionToken";
/// Where such a sign-in becomes a session of the browser.
pub const SESSION_PATH: &str = "/login/sessionCookieRedirect";

/// `GET` and `POST …/v1/authorize`.
pub async fn handle(exchange: Exchange) -> Response {
    let outcome = match exchange.parameters() {
        Ok(form) if form.get(SESSION_TOKEN).is_some() => {
            return reply::redirect(&session_first(&exchange, &form));
        }
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

/// Where a request goes that brings a session token: first to where the token becomes a session, then here again.
fn session_first(exchange: &Exchange, form: &Form<'_>) -> String {
    let rest: Vec<(&str, &str)> = form
        .iter()
        .filter(|(name, _)| *name != SESSION_TOKEN)
        .collect();
    let server = exchange.server.as_ref();
    let server = server.map_or_else(String::new, |server| format!("/{server}"));
    let back = format!("/oauth2{server}/v1/authorize?{}", render_form(&rest));
    let token = form.get(SESSION_TOKEN).unwrap_or_default();
    let query = render_form(&[("token", token), ("redirectUrl", &back)]);
    format!("{}{SESSION_PATH}?{query}", exchange.context.path_prefix)
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
    let (denial, is_passing) = match refusal {
        Refusal::Denied(denial) => (denial, false),
        Refusal::NoServer => return reply::failure(&Failure::NoServer),
        Refusal::Fault(fault) => {
            reply::log(&fault);
            (reply::FAULT, fault.is_passing())
        }
    };
    let mut response = reply::page(Page::Error(OAuthPageError {
        reference: reference.to_owned(),
        error: denial.code,
        description: denial.description.into_owned(),
    }));
    if is_passing {
        reply::set_passing(&mut response);
    }
    response
}
