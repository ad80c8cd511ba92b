//! The pages of signing in: one form after another until the policy is satisfied.

pub mod enroll;
pub mod identify;
pub mod leave;
pub mod link;
pub mod prove;
pub mod provider;
pub mod recover;
pub mod token;

use crate::cookie::CookieKind;
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::http::StatusCode;
use axum::response::Response;
use identity::fault::Refusal;
use identity::sign_in::finish::Begun;
use identity::sign_in::{Flow, Step};
use identity::sign_on::AuthenticatorKind;

/// How often an answer is noted anew where another of the same page came first: a name that is sent and the challenge of
/// the autofill list, which the page asks for by itself, may arrive at the same moment.
const NOTED_MAX: u32 = 3;

/// Loads the sign-in of the visitor's cookie, or sends the browser to the beginning.
///
/// # Errors
/// The response that is sent instead.
pub async fn load_flow(visit: &Visit) -> Result<Flow, Response> {
    let Some(secret) = visit.sign_in_secret() else {
        return Err(visit.go("/signin"));
    };
    match visit.cell.load_sign_in(&visit.context.org, &secret).await {
        Ok(Some(flow)) => Ok(flow),
        Ok(None) => Err(visit.without_cookie(visit.go("/signin"), CookieKind::SignIn)),
        Err(fault) => Err(visit.failed(&fault)),
    }
}

/// Sends the browser to whatever is needed next, or ends the sign-in.
pub async fn go_on(visit: &Visit, flow: &Flow) -> Response {
    let step = match visit
        .cell
        .next_step(&visit.snapshot, flow, &visit.facts)
        .await
    {
        Ok(step) => step,
        Err(fault) => return visit.failed(&fault),
    };
    go_to(visit, flow, step).await
}

/// The same where it is known what is needed next.
async fn go_to(visit: &Visit, flow: &Flow, step: Step) -> Response {
    match step {
        Step::Identify => visit.go("/signin/identify"),
        Step::Prove(kinds) => visit.go(kinds
            .first()
            .map_or("/signin/password", |kind| path_of(*kind))),
        Step::Enroll(_) => visit.go("/signin/enroll"),
        Step::ChangePassword => visit.go("/signin/new-password"),
        Step::Denied => visit.error(StatusCode::FORBIDDEN, ErrorKind::Refused),
        Step::Done if visit.may_link(flow) => visit.go("/signin/connect"),
        Step::Done => finish(visit, flow).await,
    }
}

pub(crate) async fn finish(visit: &Visit, flow: &Flow) -> Response {
    let ended = (visit.cell).finish_sign_in(&visit.snapshot, flow, &visit.facts);
    end(visit, ended.await)
}

/// Goes on where the person wanted to go, with the session that has begun.
fn end(visit: &Visit, ended: Result<Begun, Refusal>) -> Response {
    match ended {
        Ok(begun) => {
            let response = visit.go_after_form(&begun.continue_to);
            let response = visit.without_cookie(response, CookieKind::SignIn);
            let device = begun.device_cookie.expose();
            let response = visit.with_cookie(response, CookieKind::Device, device);
            visit.with_cookie(response, CookieKind::Session, begun.secret.expose())
        }
        Err(Refusal::Changed) => visit.go("/"),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// The page that asks for this proof.
#[must_use]
pub const fn path_of(kind: AuthenticatorKind) -> &'static str {
    match kind {
        AuthenticatorKind::Passkey(_) => "/signin/passkey",
        AuthenticatorKind::Password => "/signin/password",
        AuthenticatorKind::IdentityProvider => "/signin/provider",
        AuthenticatorKind::Totp => "/signin/totp",
        AuthenticatorKind::RecoveryCode => "/signin/recovery-code",
        AuthenticatorKind::EmailCode => "/signin/email",
    }
}

/// The kinds of proof that would count now.
pub(crate) async fn usable_kinds(
    visit: &Visit,
    flow: &Flow,
) -> Result<Vec<AuthenticatorKind>, Response> {
    match visit
        .cell
        .next_step(&visit.snapshot, flow, &visit.facts)
        .await
    {
        Ok(Step::Prove(kinds)) => Ok(kinds),
        Ok(_) => Ok(Vec::new()),
        Err(fault) => Err(visit.failed(&fault)),
    }
}
