//! The page on which a person lets an app have scopes, or not.

use crate::view::part::HiddenField;
use crate::view::signin::{ConsentPage, ScopeLine};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use form_urlencoded::byte_serialize;
use oauth::authorize::http::{render_destination, render_refusal};
use oauth::authorize::{Destination, Scene};
use oauth::consent::{Decision, answer as answer_request, load_question};

/// `GET /consent?continue=…`.
pub async fn show(visit: Visit) -> Response {
    let back = visit.parameter("continue");
    if visit.signed_in().is_none() {
        return to_sign_in(&visit, back);
    }
    let question = match load_question(&scene_of(&visit), back).await {
        Ok(question) => question,
        Err(refusal) => return render_refusal(refusal, &visit.facts.client.request_id),
    };
    let shell = visit.gate_shell();
    visit.page(&ConsentPage {
        app: question.app,
        login: question.login,
        scopes: question
            .scopes
            .iter()
            .map(|scope| ScopeLine::new(shell.t, &scope.name, &scope.description))
            .collect(),
        target_host: question.target_host,
        action: String::from("/consent"),
        hidden: vec![HiddenField {
            name: String::from("continue"),
            value: back.to_owned(),
        }],
        shell,
    })
}

/// `POST /consent`.
pub async fn answer(visit: Visit) -> Response {
    let back = visit.field("continue");
    if visit.signed_in().is_none() {
        return to_sign_in(&visit, back);
    }
    let Some(decision) = parse_decision(visit.field("decision")) else {
        return visit.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest);
    };
    match answer_request(&scene_of(&visit), back, decision).await {
        // An address of our own comes back without the prefix that the browser needs.
        Ok(Destination::Redirect(location)) if location.starts_with('/') => {
            visit.go_after_form(&visit.own_path(&location))
        }
        Ok(Destination::Redirect(location)) => visit.return_to(&location),
        Ok(destination) => render_destination(destination),
        Err(refusal) => render_refusal(refusal, &visit.facts.client.request_id),
    }
}

/// What the OAuth operations are told of the visit.
pub(crate) fn scene_of(visit: &Visit) -> Scene<'_> {
    Scene {
        cell: &visit.cell,
        context: &visit.context,
        facts: &visit.facts,
    }
}

/// The button that was pressed.
pub(crate) fn parse_decision(word: &str) -> Option<Decision> {
    match word {
        "allow" => Some(Decision::Allow),
        "deny" => Some(Decision::Deny),
        _ => None,
    }
}

/// The session ended meanwhile: the request begins anew after signing in.
fn to_sign_in(visit: &Visit, back: &str) -> Response {
    let back: String = byte_serialize(visit.own_path(back).as_bytes()).collect();
    visit.go(&format!("/signin?continue={back}"))
}

#[cfg(test)]
mod tests {
    use super::parse_decision;
    use oauth::consent::Decision;

    #[test]
    fn only_the_two_buttons_decide() {
        assert_eq!(parse_decision("allow"), Some(Decision::Allow));
        assert_eq!(parse_decision("deny"), Some(Decision::Deny));
        for other in ["", "Allow", "yes"] {
            assert_eq!(parse_decision(other), None);
        }
    }
}
