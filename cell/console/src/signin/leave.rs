//! Signing out, and the pages that OAuth endpoints ask for.

use crate::cookie::CookieKind;
use crate::view::part::HiddenField;
use crate::view::signin::{FormPostPage, LogoutConfirmPage, SignedOutPage};
use crate::view::trouble::{ErrorKind, ErrorPage};
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use identity::fault::Refusal;
use ledger::Actor;
use oauth::page::Page;

/// `POST /signout`.
pub async fn sign_out(visit: Visit) -> Response {
    if let Some(signed_in) = visit.signed_in() {
        let person = &signed_in.person;
        let actor = Actor::user(&person.id, &person.login, &person.display_name());
        match visit
            .cell
            .end_session(actor, &visit.facts.client, person, &signed_in.session.id)
            .await
        {
            Ok(()) | Err(Refusal::NotFound) => {}
            Err(refusal) => return visit.refused(&refusal),
        }
    }
    let response = visit.page(&SignedOutPage {
        shell: visit.gate_shell(),
    });
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
