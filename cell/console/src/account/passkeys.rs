//! Adding a passkey.

use crate::account::caller::own_factors;
use crate::account::said::{Said, go_saying, page, shell};
use crate::account::security;
use crate::admin::caller::Answer;
use crate::cookie::CookieKind;
use crate::signin::prove::{json, no_domain, passkey_trouble};
use crate::view::account::PasskeyAddPage;
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use identity::credential::passkey::{Enrolment, PASSKEYS_MAX, PasskeyRefusal, decide_name};

const PAGE: &str = "/account/security/passkeys/new";

/// `GET /account/security/passkeys/new`.
pub async fn show(visit: Visit) -> Answer {
    own_factors(&visit, PAGE).await?;
    let trouble = passkey_trouble(&visit);
    Ok(draw(&visit, shell(&visit), Input::default(), trouble))
}

fn draw(visit: &Visit, shell: Shell, name: Input, error: Option<String>) -> Response {
    page(visit, &PasskeyAddPage { shell, name, error })
}

/// `GET /account/security/passkeys/options`: what the browser asks the authenticator, as JSON.
pub async fn options(visit: Visit) -> Response {
    let Ok(own) = own_factors(&visit, PAGE).await else {
        return StatusCode::GONE.into_response();
    };
    match visit
        .cell
        .begin_own_passkey(&visit.context, &own.permit)
        .await
    {
        Ok((options, secret)) => {
            visit.with_cookie(json(options), CookieKind::SignIn, secret.expose())
        }
        Err(PasskeyRefusal::Fault(fault)) => visit.failed(&fault),
        Err(PasskeyRefusal::NoDomain) => no_domain(&visit),
        Err(PasskeyRefusal::Refused(refusal)) => visit.refused(&refusal),
        Err(_) => StatusCode::CONFLICT.into_response(),
    }
}

/// `POST /account/security/passkeys/new`.
pub async fn add(visit: Visit) -> Answer {
    let own = own_factors(&visit, PAGE).await?;
    let t = visit.shell().t;
    let name = visit.field("name");
    if !name.trim().is_empty() && decide_name(name).is_err() {
        let name = Input::of(name).refused(t.account.passkey_name_rule);
        return Ok(draw(&visit, visit.shell(), name, None));
    }
    let enrolment = Enrolment {
        context: &visit.context,
        permit: &own.permit,
        user_id: &own.signed_in.person.id,
        name,
    };
    let cookie = visit.sign_in_secret().unwrap_or_default();
    let added = visit
        .cell
        .finish_own_passkey(enrolment, &cookie, visit.field("credential"))
        .await;
    let error = match added {
        Ok(()) => {
            let response = go_saying(&visit, security::PAGE, Said::PasskeyAdded);
            return Ok(visit.without_cookie(response, CookieKind::SignIn));
        }
        Err(PasskeyRefusal::Fault(fault)) => return Err(visit.failed(&fault).into()),
        Err(PasskeyRefusal::Refused(refusal)) => return Err(visit.refused(&refusal).into()),
        Err(PasskeyRefusal::TooMany) => t.words.too_many.replace("{n}", &PASSKEYS_MAX.to_string()),
        Err(PasskeyRefusal::NoDomain) => t.signin.passkey_no_domain.to_owned(),
        Err(PasskeyRefusal::Model) => t.begin.passkey_model.to_owned(),
        Err(_) => t.begin.passkey_failed.to_owned(),
    };
    Ok(draw(&visit, visit.shell(), Input::of(name), Some(error)))
}
