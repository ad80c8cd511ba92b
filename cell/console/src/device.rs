//! The pages on which a person connects a device (RFC 8628 section 3.3): the code, the question, the outcome.

use crate::consent::{parse_decision, scene_of};
use crate::view::part::Input;
use crate::view::signin::{
    DeviceCodePage, DeviceConfirmPage, DeviceDonePage, DeviceOutcome, ScopeLine,
};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use form_urlencoded::byte_serialize;
use identity::fault::Refusal;
use oauth::consent::Decision;
use oauth::device::{DeviceQuestion, DeviceRefusal, answer as answer_device, load_question};

/// `GET /device`: asks for the code. One from the address is filled in, never taken as typed (RFC 8628 section 5.4).
pub async fn show(visit: Visit) -> Response {
    let typed = visit.parameter("user_code");
    if visit.signed_in().is_none() {
        return to_sign_in(&visit, typed, "");
    }
    code_page(&visit, Input::of(typed))
}

fn code_page(visit: &Visit, user_code: Input) -> Response {
    visit.page(&DeviceCodePage {
        shell: visit.gate_shell(),
        user_code,
    })
}

/// `POST /device`: asks whether it is really one's own device.
pub async fn answer(visit: Visit) -> Response {
    let typed = visit.field("user_code");
    match load_question(&scene_of(&visit), typed).await {
        Ok(question) => confirm_page(&visit, question),
        Err(DeviceRefusal::NoSuchCode) => {
            let text = visit.shell().t.signin.wrong_code;
            code_page(&visit, Input::of(typed).refused(text))
        }
        Err(refusal) => refuse(&visit, typed, &refusal),
    }
}

fn confirm_page(visit: &Visit, question: DeviceQuestion) -> Response {
    let shell = visit.gate_shell();
    visit.page(&DeviceConfirmPage {
        app: question.app,
        login: question.login,
        user_code: question.user_code,
        scopes: question
            .scopes
            .iter()
            .map(|scope| ScopeLine::new(shell.t, &scope.name, &scope.description))
            .collect(),
        from_address: question.from_address,
        shell,
    })
}

/// `POST /device/confirm`.
pub async fn confirm(visit: Visit) -> Response {
    let Some(decision) = parse_decision(visit.field("decision")) else {
        return visit.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest);
    };
    let typed = visit.field("user_code");
    match answer_device(&scene_of(&visit), typed, decision).await {
        Ok(()) if decision == Decision::Allow => done_page(&visit, DeviceOutcome::Allowed),
        Ok(()) => done_page(&visit, DeviceOutcome::Denied),
        Err(DeviceRefusal::NoSuchCode) => done_page(&visit, DeviceOutcome::Expired),
        Err(refusal) => refuse(&visit, typed, &refusal),
    }
}

fn done_page(visit: &Visit, outcome: DeviceOutcome) -> Response {
    visit.page(&DeviceDonePage {
        shell: visit.gate_shell(),
        outcome,
    })
}

fn refuse(visit: &Visit, typed: &str, refusal: &DeviceRefusal) -> Response {
    match refusal {
        DeviceRefusal::NoSuchCode => done_page(visit, DeviceOutcome::Expired),
        DeviceRefusal::SignedOut => to_sign_in(visit, typed, ""),
        DeviceRefusal::SignInAgain => to_sign_in(visit, typed, "reason=again&"),
        DeviceRefusal::Denied => visit.refused(&Refusal::Forbidden),
        DeviceRefusal::SlowDown { retry_after_secs } => {
            let mut response = visit.error(StatusCode::TOO_MANY_REQUESTS, ErrorKind::TooMany);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_secs));
            response
        }
        DeviceRefusal::Fault(fault) => visit.failed(fault),
    }
}

/// The person signs in and comes back with the code.
fn to_sign_in(visit: &Visit, typed: &str, reason: &str) -> Response {
    let mut back = String::from("/device");
    if !typed.is_empty() {
        back.push_str("?user_code=");
        back.extend(byte_serialize(typed.as_bytes()));
    }
    let back: String = byte_serialize(back.as_bytes()).collect();
    visit.go(&format!("/signin?{reason}continue={back}"))
}
