//! Signing in at a provider of others: the browser leaves, and comes back with an answer.
//!
//! What the provider says of the person is one proof among others in the sign-in that goes on.

use crate::cookie::CookieKind;
use crate::signin::{finish, go_on, identify, load_flow, usable_kinds};
use crate::text::Text;
use crate::view::part::Input;
use crate::view::signin::{ConnectPage, ProviderButton, ProviderPage};
use crate::view::trouble::ErrorKind;
use crate::visit::Visit;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use identity::fault::Refusal;
use identity::identity_provider::arrival::ArrivalRefusal;
use identity::identity_provider::arrive::Arrived;
use identity::sign_in::begin::Purpose;
use identity::sign_in::{Flow, Step};
use oauth::authorize::Scene;
use oauth::relying::{Proven, RelyingFailure, RelyingRefusal, Traveller, depart, take_answer};
use protocol::oauth::form::Form;
use vocab::id::IdentityProviderId;

/// The providers at which people may sign in, for the page that asks who it is.
#[must_use]
pub(crate) fn buttons(visit: &Visit) -> Vec<ProviderButton> {
    let providers = visit.snapshot.providers.iter();
    let button = |(id, name): &(IdentityProviderId, String)| ProviderButton {
        id: id.to_string(),
        name: name.clone(),
    };
    providers.map(button).collect()
}

fn scene(visit: &Visit) -> Scene<'_> {
    Scene {
        cell: &visit.cell,
        context: &visit.context,
        facts: &visit.facts,
    }
}

/// `GET /sso/idps/{id}`: leaves for a provider, in the sign-in that is under way, or in one that begins here. An address that says where
/// to go on to begins one always: the one that is under way goes elsewhere.
pub async fn leave(Path(id): Path<String>, visit: Visit) -> Response {
    let Ok(provider) = IdentityProviderId::parse(&id) else {
        return visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound);
    };
    let org = &visit.context.org;
    let continue_to = visit.parameter("fromURI");
    if let Some(secret) = visit.sign_in_secret().filter(|_| continue_to.is_empty()) {
        match visit.cell.load_sign_in(org, &secret).await {
            Ok(Some(flow)) => return leave_for(&visit, &flow, &secret, &provider).await,
            Ok(None) => {}
            Err(fault) => return visit.failed(&fault),
        }
    }
    let purpose = Purpose {
        continue_to: visit.own_path(continue_to),
        device_cookie: visit.cookie(CookieKind::Device).unwrap_or_default(),
        ..Purpose::default()
    };
    match visit.cell.begin_sign_in(org, purpose, None).await {
        Ok((flow, secret)) => {
            let response = leave_for(&visit, &flow, secret.expose(), &provider).await;
            visit.with_cookie_unless_ended(response, CookieKind::SignIn, secret.expose())
        }
        Err(fault) => visit.failed(&fault),
    }
}

/// Sends the browser of a sign-in to a provider.
pub(crate) async fn leave_for(
    visit: &Visit,
    flow: &Flow,
    cookie: &str,
    provider: &IdentityProviderId,
) -> Response {
    let org = &visit.context.org;
    let provider = match visit.cell.active_identity_provider(org, provider).await {
        Ok(Some(provider)) => provider,
        Ok(None) => return visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound),
        Err(fault) => return visit.failed(&fault),
    };
    match depart(&scene(visit), &provider, Traveller { flow, cookie }).await {
        Ok(address) => visit.go_beyond(&address),
        Err(refusal) => visit.refused(&refusal),
    }
}

/// `GET /oauth2/v1/authorize/callback/{id}`: the browser comes back from that provider.
pub async fn arrive(Path(id): Path<String>, visit: Visit) -> Response {
    let Ok(at) = IdentityProviderId::parse(&id) else {
        return visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound);
    };
    let too_late = || visit.error(StatusCode::GONE, ErrorKind::Expired);
    let Some(cookie) = visit.sign_in_secret() else {
        return too_late();
    };
    let org = &visit.context.org;
    let mut flow = match visit.cell.load_sign_in(org, &cookie).await {
        Ok(Some(flow)) => flow,
        Ok(None) => return too_late(),
        Err(fault) => return visit.failed(&fault),
    };
    let Ok(form) = Form::parse(visit.query_text.as_bytes()) else {
        return visit.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest);
    };
    let traveller = Traveller {
        flow: &flow,
        cookie: &cookie,
    };
    match take_answer(&scene(&visit), traveller, (&at, &form)).await {
        Ok(proven) => match count(&visit, &mut flow, proven).await {
            Ok(response) => response,
            Err(refusal) => visit.refused(&refusal),
        },
        Err(RelyingFailure::Refused(RelyingRefusal::NotAway)) => too_late(),
        Err(RelyingFailure::Refused(refusal)) => {
            let why = explain(visit.shell().t, &refusal);
            back(&visit, &flow, why).await
        }
        Err(RelyingFailure::Fault(fault)) => visit.failed(&fault),
    }
}

/// Finds out who it is, and goes on with the sign-in.
async fn count(visit: &Visit, flow: &mut Flow, proven: Proven) -> Result<Response, Refusal> {
    let Proven {
        provider,
        vouched,
        proved_at,
    } = proven;
    let (cell, facts) = (&visit.cell, &visit.facts);
    let arrived = cell.arrive(&visit.snapshot, &provider, vouched.clone(), facts);
    let arrived = arrived.await?;
    // A link that somebody else made does not change who one is.
    let who = match &arrived {
        Arrived::Person(person) => Some(&person.id),
        Arrived::ProveFirst(user) => Some(user),
        Arrived::Refused(_) => None,
    };
    if let (Some(who), Some(present)) = (who, visit.signed_in())
        && present.person.id != *who
    {
        let told = &visit.shell().t.providers.somebody_else;
        let told = told.replace("{login}", &present.person.login);
        return Ok(visit.error_with(StatusCode::CONFLICT, ErrorKind::NotPossible, told));
    }
    match arrived {
        Arrived::Person(person) => {
            cell.count_arrival(flow, &person, proved_at, facts).await?;
            Ok(go_on(visit, flow).await)
        }
        Arrived::ProveFirst(user) => {
            cell.await_own_proof(flow, &provider, &vouched, &user, facts)
                .await?;
            Ok(go_on(visit, flow).await)
        }
        Arrived::Refused(refusal) => {
            let why = explain_arrival(visit.shell().t, refusal);
            Ok(back(visit, flow, why.to_owned()).await)
        }
    }
}

/// The page from which the browser left, with the reason why nothing came of it.
async fn back(visit: &Visit, flow: &Flow, why: String) -> Response {
    if flow.state.is_first() {
        let identifier = Input::of(&flow.state.identifier);
        identify::page(visit, flow, identifier, Some(why)).await
    } else {
        provider_page(visit, flow, Some(why)).await
    }
}

/// Why an answer of a provider proves nothing, in words of our own.
fn explain(t: &'static Text, refusal: &RelyingRefusal) -> String {
    let t = &t.providers;
    match refusal {
        RelyingRefusal::Said(Some(code)) if code == "access_denied" => t.said_denied.to_owned(),
        RelyingRefusal::Said(Some(code)) => t.said_error.replace("{code}", code),
        RelyingRefusal::Unreached(_) | RelyingRefusal::Status(_) => t.unreached.to_owned(),
        RelyingRefusal::Gone => t.changed.to_owned(),
        RelyingRefusal::NotAway
        | RelyingRefusal::OtherAddress
        | RelyingRefusal::OtherIssuer
        | RelyingRefusal::Said(None)
        | RelyingRefusal::NoCode
        | RelyingRefusal::Redemption(_)
        | RelyingRefusal::Answer(_)
        | RelyingRefusal::Keys
        | RelyingRefusal::IdToken(_) => t.proves_nothing.to_owned(),
    }
}

const fn explain_arrival(t: &'static Text, refusal: ArrivalRefusal) -> &'static str {
    let t = &t.providers;
    match refusal {
        ArrivalRefusal::MailNotVerified => t.mail_not_verified,
        ArrivalRefusal::NotActive => t.not_active,
        ArrivalRefusal::Nobody => t.nobody,
        ArrivalRefusal::LinkingDisabled
        | ArrivalRefusal::OutsideLinkGroups
        | ArrivalRefusal::Ambiguous
        | ArrivalRefusal::LinkedOtherwise => t.not_linked,
        ArrivalRefusal::Profile => t.profile_misfit,
    }
}

/// `GET /signin/provider`: a provider is the proof that counts now.
pub async fn choose(visit: Visit) -> Response {
    match load_flow(&visit).await {
        Ok(flow) if flow.state.is_first() => visit.go("/signin/identify"),
        Ok(flow) => provider_page(&visit, &flow, None).await,
        Err(response) => response,
    }
}

async fn provider_page(visit: &Visit, flow: &Flow, notice: Option<String>) -> Response {
    let has_other_ways = usable_kinds(visit, flow)
        .await
        .is_ok_and(|kinds| kinds.len() > 1);
    // Something is proved, so that it may show at which of them the person is known.
    let providers = match visit.cell.providers_of(flow).await {
        Ok(known) => buttons(visit)
            .into_iter()
            .filter(|button| known.iter().any(|id| id.as_str() == button.id))
            .collect(),
        Err(fault) => return visit.failed(&fault),
    };
    visit.page(&ProviderPage {
        shell: visit.gate_shell(),
        identifier: flow.state.identifier.clone(),
        providers,
        notice,
        has_other_ways,
    })
}

/// `GET /signin/connect`: asks whether somebody at a provider is the person who has just proved who they are.
pub async fn show_connect(visit: Visit) -> Response {
    let flow = match connecting(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let Some(pending) = &flow.state.pending_link else {
        return go_on(&visit, &flow).await;
    };
    let mut providers = visit.snapshot.providers.iter();
    let Some((_, provider)) = providers.find(|(id, _)| *id == pending.provider) else {
        return visit.error(StatusCode::NOT_FOUND, ErrorKind::NotFound);
    };
    let person = match visit.cell.person_of(&flow).await {
        Ok(Some(person)) => person,
        Ok(None) => return go_on(&visit, &flow).await,
        Err(fault) => return visit.failed(&fault),
    };
    let account = if pending.account.is_empty() {
        &pending.subject
    } else {
        &pending.account
    };
    visit.page(&ConnectPage {
        shell: visit.gate_shell(),
        login: person.login,
        account: account.clone(),
        provider: provider.clone(),
    })
}

/// `POST /signin/connect`: what the person says to it.
pub async fn answer_connect(visit: Visit) -> Response {
    let mut flow = match connecting(&visit).await {
        Ok(flow) => flow,
        Err(response) => return response,
    };
    let (cell, facts) = (&visit.cell, &visit.facts);
    let said = match visit.field("decision") {
        "allow" => {
            cell.link_after_proof(&visit.snapshot, &mut flow, facts)
                .await
        }
        "deny" => cell.leave_unlinked(&mut flow).await,
        _ => return visit.error(StatusCode::BAD_REQUEST, ErrorKind::BadRequest),
    };
    match said {
        Ok(()) => finish(&visit, &flow).await,
        Err(refusal) => visit.refused(&refusal),
    }
}

/// The sign-in of the visitor, if nothing is wanted but that question.
async fn connecting(visit: &Visit) -> Result<Flow, Response> {
    let flow = load_flow(visit).await?;
    let step = visit
        .cell
        .next_step(&visit.snapshot, &flow, &visit.facts)
        .await
        .map_err(|fault| visit.failed(&fault))?;
    if step == Step::Done && visit.may_link(&flow) {
        Ok(flow)
    } else {
        Err(go_on(visit, &flow).await)
    }
}
