//! Signing out, and the pages that OAuth endpoints ask for.

use crate::cookie::CookieKind;
use crate::view::part::HiddenField;
use crate::view::signin::{FormPostPage, LogoutConfirmPage, SignedOutPage};
use crate::view::trouble::{ErrorKind, ErrorPage};
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::authorize::{Destination, Scene, http};
use oauth::page::Page;
use protocol::oauth::form::Form;

/// `POST /signout`: ends the session and tells the apps that were signed in to with it.
pub async fn sign_out(visit: Visit) -> Response {
    if let Some(signed_in) = visit.signed_in() {
        let ended = oauth::logout::end_session(
            &visit.cell,
            signed_in,
            &visit.facts.client,
            visit.facts.now,
        );
        if let Err(fault) = ended.await {
            return visit.failed(&fault);
        }
    }
    let response = visit.page(&SignedOutPage {
        shell: visit.gate_shell(),
    });
    visit.without_cookie(response, CookieKind::Session)
}

/// `POST /logout/confirm`: the person says yes to an app's wish to sign out.
pub async fn confirm_logout(visit: Visit) -> Response {
    let encoded = visit.encoded_form();
    let Ok(form) = Form::parse(encoded.as_bytes()) else {
        return visit.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest);
    };
    let scene = Scene {
        cell: &visit.cell,
        context: &visit.context,
        facts: &visit.facts,
    };
    let response = match oauth::logout::confirm(&scene, &form).await {
        Ok(Destination::Redirect(location)) => visit.return_to(&location),
        Ok(destination) => http::render_destination(destination),
        Err(refusal) => http::render_refusal(refusal, &visit.facts.client.request_id),
    };
    visit.without_cookie(response, CookieKind::Session)
}

/// Draws the page that an OAuth endpoint asks for.
#[must_use]
pub fn draw(visit: &Visit, status: StatusCode, page: Page) -> Response {
    match page {
        Page::Error(error) => visit.page_with(
            status,
            &ErrorPage {
                shell: visit.gate_shell(),
                kind: ErrorKind::BadRequest,
                detail: format!("{}: {}", error.error.name(), error.description),
                reference: error.reference,
                back: None,
            },
        ),
        Page::FormPost(post) => visit.page_with(
            status,
            &FormPostPage {
                shell: visit.gate_shell(),
                app: post.app,
                target: post.target,
                fields: post
                    .fields
                    .into_iter()
                    .map(|(name, value)| HiddenField {
                        name: name.to_owned(),
                        value,
                    })
                    .collect(),
            },
        ),
        Page::ConfirmLogout(confirm) => visit.page_with(
            status,
            &LogoutConfirmPage {
                shell: visit.gate_shell(),
                login: confirm.login,
                app: confirm.app,
                action: confirm.action,
                hidden: confirm
                    .fields
                    .into_iter()
                    .map(|(name, value)| HiddenField { name, value })
                    .collect(),
            },
        ),
        Page::SignedOut => visit.page_with(
            status,
            &SignedOutPage {
                shell: visit.gate_shell(),
            },
        ),
    }
}
