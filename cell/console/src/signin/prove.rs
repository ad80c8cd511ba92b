//! Proving who one is: password, passkey, codes, and the choice between them.

use crate::signin::{NOTED_MAX, end, go_on, go_to, load_flow, path_of, usable_kinds};
use crate::view::part::Input;
use crate::view::signin::{
    ChoosePage, CodeKind, CodePage, PasskeyPage, PasswordPage, Way, WayKind,
};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::credential::passkey::is_passkey_host;
use identity::fault::Refusal;
use identity::sign_in::Flow;
use identity::sign_in::prove::{Answered, Attempt, Typed};
use identity::sign_on::AuthenticatorKind;
use identity::sign_on::means::Means;
use vocab::secret::Secret;

async fn has_other_ways(visit: &Visit, flow: &Flow) -> bool {
    usable_kinds(visit, flow)
        .await
        .is_ok_and(|kinds| kinds.len() > 1)
}

/// `GET /signin/password`: where everybody comes after the identifier.
pub async fn show_password(visit: Visit) -> Response {
    match load_flow(&visit).await {
        Ok(flow) => password_page(&visit, &flow, Input::default()).await,
        Err(response) => response,
    }
}

async fn password_page(visit: &Visit, flow: &Flow, password: Input) -> Response {
    visit.page(&PasswordPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        continue_to: flow.state.continue_to.clone(),
        password,
        offers_passkey: flow.state.is_first() && visit.takes(Means::Passkey),
        has_other_ways: has_other_ways(visit, flow).await,
    })
}

/// `POST /signin/password`.
pub async fn answer_password(visit: Visit) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let typed = Typed::Password(Secret::new(visit.field("password").to_owned()));
    match take(&visit, &mut flow, typed).await {
        Some(response) => response,
        None => {
            let text = visit.shell().t.signin.wrong_password;
            password_page(&visit, &flow, Input::default().refused(text)).await
        }
    }
}

/// Takes what was typed, and goes on from there; nothing where it is wrong.
async fn take(visit: &Visit, flow: &mut Flow, typed: Typed) -> Option<Response> {
    let answered = (visit.cell).answer_typed(&visit.snapshot, flow, typed, &visit.facts);
    Some(match answered.await {
        Ok(Answered::Attempt(Attempt::Slow { retry_after_secs })) => slow(visit, retry_after_secs),
        Ok(Answered::Attempt(Attempt::Threat)) => threat(visit),
        Ok(Answered::Attempt(Attempt::Right | Attempt::Wrong | Attempt::ModelRefused)) => {
            return None;
        }
        Ok(Answered::Next(step)) => go_to(visit, flow, step).await,
        Ok(Answered::Ended(ended)) => end(visit, ended.map(|begun| *begun)),
        Err(refusal) => visit.refused(&refusal),
    })
}

/// The page for somebody behind an address that is taken for a threat.
fn threat(visit: &Visit) -> Response {
    visit.error(StatusCode::FORBIDDEN, ErrorKind::Threat)
}

pub(crate) fn slow(visit: &Visit, retry_after_secs: u32) -> Response {
    let mut response = visit.error(StatusCode::TOO_MANY_REQUESTS, ErrorKind::TooMany);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(retry_after_secs));
    response
}

/// `GET /signin/passkey`.
pub async fn show_passkey(visit: Visit) -> Response {
    match load_flow(&visit).await {
        Ok(flow) => passkey_page(&visit, &flow, passkey_trouble(&visit)).await,
        Err(response) => response,
    }
}

async fn passkey_page(visit: &Visit, flow: &Flow, error: Option<String>) -> Response {
    visit.page(&PasskeyPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        continue_to: flow.state.continue_to.clone(),
        error,
        has_other_ways: has_other_ways(visit, flow).await,
    })
}

/// `GET /signin/passkey/options`: what the browser asks the authenticator, as JSON.
pub async fn passkey_options(visit: Visit) -> Response {
    let mut left = NOTED_MAX;
    loop {
        let Ok(mut flow) = load_flow(&visit).await else {
            return StatusCode::GONE.into_response();
        };
        left -= 1;
        match visit.cell.begin_passkey(&visit.context, &mut flow).await {
            Ok(options) => return json(options),
            Err(Refusal::Changed) if left > 0 => {}
            Err(Refusal::WrongState(_)) => return no_domain(&visit),
            Err(refusal) => return visit.refused(&refusal),
        }
    }
}

/// Why there are no options for passkeys; the page says it.
pub(crate) fn no_domain(visit: &Visit) -> Response {
    let told = serde_json::json!({ "error": visit.shell().t.signin.passkey_no_domain });
    (StatusCode::CONFLICT, json(told.to_string())).into_response()
}

/// The words of a page that would ask for a passkey where none can be used.
pub(crate) fn passkey_trouble(visit: &Visit) -> Option<String> {
    let text = visit.shell().t.signin.passkey_no_domain;
    (!is_passkey_host(&visit.context.rp_id)).then(|| text.to_owned())
}

pub(crate) fn json(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}

/// `POST /signin/passkey`.
pub async fn answer_passkey(visit: Visit) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let answer = visit.field("credential");
    match visit
        .cell
        .prove_passkey(&visit.context, &mut flow, answer, &visit.facts)
        .await
    {
        Ok(Attempt::Right) => go_on(&visit, &flow).await,
        Ok(Attempt::Wrong) => {
            let text = visit.shell().t.signin.passkey_unknown;
            passkey_page(&visit, &flow, Some(text.to_owned())).await
        }
        Ok(Attempt::ModelRefused) => {
            let text = visit.shell().t.signin.passkey_model_refused;
            passkey_page(&visit, &flow, Some(text.to_owned())).await
        }
        Ok(Attempt::Slow { retry_after_secs }) => slow(&visit, retry_after_secs),
        Ok(Attempt::Threat) => threat(&visit),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `GET /signin/totp`.
pub async fn show_totp(visit: Visit) -> Response {
    show_code(visit, CodeKind::Totp).await
}

/// `GET /signin/recovery-code`.
pub async fn show_recovery_code(visit: Visit) -> Response {
    show_code(visit, CodeKind::Recovery).await
}

/// `GET /signin/email`: asks for a code, and sends the first one of a sign-in.
pub async fn show_email(visit: Visit) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    if !flow.state.mailed
        && let Err(response) = mail_code(&visit, &mut flow).await
    {
        return response;
    }
    code_page(&visit, &flow, CodeKind::Email, Input::default()).await
}

/// Another mail, for who asks for it.
async fn mail_again(visit: Visit) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    match mail_code(&visit, &mut flow).await {
        Ok(()) => visit.go("/signin/email"),
        Err(response) => response,
    }
}

async fn mail_code(visit: &Visit, flow: &mut Flow) -> Result<(), Response> {
    let sent = visit.cell.send_code(&visit.snapshot, flow, &visit.facts);
    match sent.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(wait)) => Err(slow(visit, wait.secs)),
        Err(refusal) => Err(visit.refused(&refusal)),
    }
}

async fn show_code(visit: Visit, kind: CodeKind) -> Response {
    match load_flow(&visit).await {
        Ok(flow) if !flow.state.takes(kind_of(kind)) => go_on(&visit, &flow).await,
        Ok(flow) => code_page(&visit, &flow, kind, Input::default()).await,
        Err(response) => response,
    }
}

async fn code_page(visit: &Visit, flow: &Flow, kind: CodeKind, code: Input) -> Response {
    visit.page(&CodePage {
        shell: visit.gate_shell(),
        kind,
        identifier: flow.state.identifier.clone(),
        continue_to: flow.state.continue_to.clone(),
        code,
        sent_to: String::new(),
        has_other_ways: has_other_ways(visit, flow).await,
    })
}

/// `POST /signin/totp`.
pub async fn answer_totp(visit: Visit) -> Response {
    let typed = Typed::Totp(visit.field("code").to_owned());
    answer_code(visit, CodeKind::Totp, typed).await
}

/// `POST /signin/recovery-code`.
pub async fn answer_recovery_code(visit: Visit) -> Response {
    let typed = Typed::RecoveryCode(visit.field("code").to_owned());
    answer_code(visit, CodeKind::Recovery, typed).await
}

/// `POST /signin/email`: the code, or the wish for another one.
pub async fn answer_email(visit: Visit) -> Response {
    if visit.field("again") == "on" {
        return mail_again(visit).await;
    }
    let typed = Typed::EmailCode(visit.field("code").to_owned());
    answer_code(visit, CodeKind::Email, typed).await
}

async fn answer_code(visit: Visit, kind: CodeKind, typed: Typed) -> Response {
    let mut flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    if !flow.state.takes(kind_of(kind)) {
        return go_on(&visit, &flow).await;
    }
    match take(&visit, &mut flow, typed).await {
        Some(response) => response,
        None => {
            let text = visit.shell().t.signin.wrong_code;
            code_page(&visit, &flow, kind, Input::default().refused(text)).await
        }
    }
}

/// `GET /signin/choose`.
pub async fn choose(visit: Visit) -> Response {
    let flow = match load_flow(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let kinds = match usable_kinds(&visit, &flow).await {
        Ok(kinds) if kinds.is_empty() => return go_on(&visit, &flow).await,
        Ok(kinds) => kinds,
        Err(response) => return response,
    };
    let mut ways: Vec<Way> = Vec::new();
    for kind in kinds {
        let href = path_of(kind).to_owned();
        if !ways.iter().any(|way| way.href == href) {
            ways.push(Way {
                kind: way_of(kind),
                href,
            });
        }
    }
    visit.page(&ChoosePage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        ways,
    })
}

const fn kind_of(code: CodeKind) -> AuthenticatorKind {
    match code {
        CodeKind::Totp => AuthenticatorKind::Totp,
        CodeKind::Recovery => AuthenticatorKind::RecoveryCode,
        CodeKind::Email => AuthenticatorKind::EmailCode,
    }
}

const fn way_of(kind: AuthenticatorKind) -> WayKind {
    match kind {
        AuthenticatorKind::Passkey(_) => WayKind::Passkey,
        AuthenticatorKind::Password => WayKind::Password,
        AuthenticatorKind::IdentityProvider => WayKind::Provider,
        AuthenticatorKind::Totp => WayKind::Totp,
        AuthenticatorKind::RecoveryCode => WayKind::Recovery,
        AuthenticatorKind::EmailCode => WayKind::Email,
    }
}
