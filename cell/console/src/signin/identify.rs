//! The first page: who is it?

use crate::cookie::CookieKind;
use crate::signin::provider::{buttons, leave_for};
use crate::signin::{NOTED_MAX, go_on, load_flow};
use crate::view::part::Input;
use crate::view::signin::IdentifierPage;
use crate::visit::Visit;
use axum::response::Response;
use identity::fault::Refusal;
use identity::sign_in::Flow;
use identity::sign_in::begin::Purpose;
use identity::sign_on::Requirement;
use identity::sign_on::authenticator::AuthenticationContext;
use identity::sign_on::means::Means;
use vocab::id::{AppId, IdentityProviderId};
use vocab::time::Timestamp;

/// `GET /signin`: begins a sign-in and shows what is needed first.
pub async fn begin(visit: Visit) -> Response {
    let reason = visit.parameter("reason");
    let stated = visit
        .parameter("fresh_since")
        .parse()
        .ok()
        .map(Timestamp::from_micros);
    let purpose = Purpose {
        continue_to: visit.own_path(visit.parameter("continue")),
        app: AppId::parse(visit.parameter("app")).ok(),
        fresh_since: stated.or((reason == "again").then_some(visit.facts.now)),
        requirement: AuthenticationContext::from_word(visit.parameter("acr"))
            .map(Requirement::for_context)
            .unwrap_or_default(),
        device_cookie: visit.cookie(CookieKind::Device).unwrap_or_default(),
    };
    // Somebody who may be another person begins anew; the live session stays until then.
    let session = visit.signed_in().filter(|_| reason != "select_account");
    match visit
        .cell
        .begin_sign_in(&visit.context.org, purpose, session)
        .await
    {
        Ok((flow, secret)) => {
            let wanted = IdentityProviderId::parse(visit.parameter("idp")).ok();
            let response = match wanted.filter(|_| flow.state.user_id.is_none()) {
                Some(provider) => leave_for(&visit, &flow, secret.expose(), &provider).await,
                None if flow.state.user_id.is_some() => go_on(&visit, &flow).await,
                None => {
                    page(
                        &visit,
                        &flow,
                        Input::of(visit.parameter("login_hint")),
                        None,
                    )
                    .await
                }
            };
            visit.with_cookie_unless_ended(response, CookieKind::SignIn, secret.expose())
        }
        Err(fault) => visit.failed(&fault),
    }
}

/// `GET /signin/identify`: the page again, for a sign-in that is under way.
pub async fn show(visit: Visit) -> Response {
    match load_flow(&visit).await {
        Ok(flow) => page(&visit, &flow, Input::of(&flow.state.identifier), None).await,
        Err(response) => response,
    }
}

/// `POST /signin`: notes who it is. The way on is the same for everybody.
pub async fn answer(visit: Visit) -> Response {
    let mut left = NOTED_MAX;
    loop {
        let flow = match load_flow(&visit).await {
            Ok(flow) => flow,
            Err(response) => return response,
        };
        left -= 1;
        match note(&visit, flow).await {
            Err(Refusal::Changed) if left > 0 => {}
            Err(refusal) => return visit.refused(&refusal),
            Ok(response) => return response,
        }
    }
}

async fn note(visit: &Visit, mut flow: Flow) -> Result<Response, Refusal> {
    let identifier = visit.field("identifier");
    match visit.cell.identify(&mut flow, identifier).await {
        Ok(()) => Ok(go_on(visit, &flow).await),
        Err(Refusal::Invalid { .. }) => {
            let text = visit.shell().t.signin.identifier_missing;
            Ok(page(visit, &flow, Input::of("").refused(text), None).await)
        }
        Err(refusal) => Err(refusal),
    }
}

/// The page, with what there is to be told besides.
pub(crate) async fn page(
    visit: &Visit,
    flow: &Flow,
    identifier: Input,
    notice: Option<String>,
) -> Response {
    // Somebody who came from a provider and must prove first who they are is told so for as long as it is so.
    let first = flow.state.pending_link.as_ref();
    let first = first.map(|_| visit.shell().t.providers.prove_first.to_owned());
    let app = match &flow.state.app {
        Some(app_id) => match visit.cell.app(&visit.context.org, app_id).await {
            Ok(app) => app.map(|app| app.label.clone()),
            Err(fault) => return visit.failed(&fault),
        },
        None => None,
    };
    visit.page(&IdentifierPage {
        shell: visit.gate_shell(),
        identifier,
        continue_to: flow.state.continue_to.clone(),
        app,
        notice: notice.or(first),
        offers_passkey: visit.takes(Means::Passkey),
        providers: buttons(visit),
    })
}
