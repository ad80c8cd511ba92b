//! The route table: one line per endpoint.

use crate::{health, mailbox};
mod account;
mod admin;
mod directory;

use crate::membership::{self, FleetSide, gate};
use crate::middleware::{self, Front};
use crate::moving::{self, Mover};
use crate::pulse::Pulse;
use api::description::publish;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};
use console::admin::log_tail::Tails;
use console::courier::Courier;
use console::signin::{enroll, identify, leave, link, prove, provider, recover, token};
use console::view::reference::Reference;
use console::{consent, dashboard, device, files, reference};
use identity::api_token::allowance::Allowances;
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use oauth::authorize::http::SESSION_PATH;
use oauth::relying::away::CALLBACK_ROUTE;
#[cfg(test)]
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// The pages: path and what answers there.
fn page_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        ("/health/live", get(health::live)),
        ("/health/ready", get(health::ready)),
        ("/assets/{name}", get(files::asset)),
        ("/", get(dashboard::home)),
        ("/style", get(files::style)),
        ("/openapi", get(reference::show)),
        ("/apps", get(dashboard::apps)),
        ("/mailbox", get(mailbox::list)),
        ("/mailbox/{id}", get(mailbox::show)),
        ("/signin", get(identify::begin).post(identify::answer)),
        ("/signin/identify", get(identify::show)),
        (
            "/signin/password",
            get(prove::show_password).post(prove::answer_password),
        ),
        (
            "/signin/passkey",
            get(prove::show_passkey).post(prove::answer_passkey),
        ),
        ("/signin/passkey/options", get(prove::passkey_options)),
        (
            "/signin/totp",
            get(prove::show_totp).post(prove::answer_totp),
        ),
        (
            "/signin/recovery-code",
            get(prove::show_recovery_code).post(prove::answer_recovery_code),
        ),
        (
            "/signin/email",
            get(prove::show_email).post(prove::answer_email),
        ),
        ("/signin/choose", get(prove::choose)),
        ("/signin/provider", get(provider::choose)),
        (
            "/signin/connect",
            get(provider::show_connect).post(provider::answer_connect),
        ),
        ("/sso/idps/{id}", get(provider::leave)),
        (CALLBACK_ROUTE, get(provider::arrive)),
        (
            "/signin/recover",
            get(recover::show_recover).post(recover::answer_recover),
        ),
        ("/signin/enroll", get(enroll::choose)),
        (
            "/signin/enroll/passkey",
            get(enroll::show_passkey).post(enroll::answer_passkey),
        ),
        (
            "/signin/enroll/passkey/options",
            get(enroll::passkey_options),
        ),
        (
            "/signin/enroll/totp",
            get(enroll::show_totp).post(enroll::answer_totp),
        ),
        (
            "/signin/new-password",
            get(enroll::show_new_password).post(enroll::answer_new_password),
        ),
        (SESSION_PATH, get(token::redeem)),
        ("/signout", post(leave::sign_out)),
        ("/logout/confirm", post(leave::confirm_logout)),
        ("/consent", get(consent::show).post(consent::answer)),
        ("/device", get(device::show).post(device::answer)),
        ("/device/confirm", post(device::confirm)),
        ("/setup", get(link::show_setup).post(link::answer_setup)),
        (
            "/welcome",
            get(link::show_welcome).post(link::answer_welcome),
        ),
        (
            "/reset",
            get(recover::show_reset).post(recover::answer_reset),
        ),
    ]
}

/// Every path of the table, for the test that holds each against who may use it.
#[cfg(test)]
pub(crate) fn paths() -> Vec<&'static str> {
    let endpoints = oauth::route::ENDPOINTS.iter().map(|endpoint| endpoint.path);
    let pages = page_routes().into_iter().chain(account::routes());
    let pages = pages.chain(admin::routes()).map(|(path, _)| path);
    // Several operations share a path.
    let of_api = api::route::OPERATIONS
        .iter()
        .map(|operation| operation.path);
    let of_scim = scim::route::OPERATIONS
        .iter()
        .map(|operation| operation.path);
    let open = api::authn::OPERATIONS
        .iter()
        .map(|operation| operation.path);
    let operations: BTreeSet<&str> = of_api.chain(of_scim).chain(open).collect();
    let document = std::iter::once(publish::PATH);
    let of_programs = endpoints.chain(operations).chain(document);
    of_programs.chain(pages).collect()
}

/// The ways out of a cell that somebody waits for.
#[derive(Clone)]
pub struct Outward {
    /// Mail.
    pub courier: Arc<dyn Courier>,
    /// Addresses of event hooks.
    pub envoy: Arc<dyn Envoy>,
}

/// Everything that a cell answers.
pub struct Site {
    cell: Cell,
    front: Front,
    orgs: Router,
    fleet: Option<Router>,
}

impl Site {
    /// The site of a cell.
    #[must_use]
    pub fn new(cell: Cell, front: Front, outward: Outward, tails: Tails) -> Self {
        let fleet = front.membership.clone().map(|membership| {
            let (cell, identity) = (cell.clone(), Arc::clone(membership.identity()));
            let pulse = front.pulse.clone();
            let side = FleetSide {
                cell,
                membership,
                pulse,
            };
            let mover = Mover::new(side.clone(), tails.clone(), identity);
            membership::http::router(side).merge(moving::http::router(mover))
        });
        Self {
            orgs: org_routes(&cell, outward, tails, front.pulse.clone()),
            cell,
            front,
            fleet,
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        let request = match &self.fleet {
            Some(fleet) => match Box::pin(gate::pass(&self.orgs, fleet, request)).await {
                Ok(request) => request,
                Err(answer) => return answer,
            },
            None => request,
        };
        middleware::serve(&self.cell, &self.front, &self.orgs, request).await
    }
}

/// The description of the API for people, read once.
static REFERENCE: LazyLock<Arc<Reference>> =
    LazyLock::new(|| Arc::new(reference::read_reference(publish::document())));

fn org_routes(cell: &Cell, outward: Outward, tails: Tails, pulse: Pulse) -> Router {
    // One allowance for a token, by whichever protocol it is used.
    let allowances = Allowances::default();
    let mut routes = oauth::route::router()
        .merge(api::route::router(&allowances))
        .merge(scim::route::router(&allowances));
    let pages = page_routes().into_iter().chain(account::routes());
    for (path, methods) in pages.chain(admin::routes()) {
        routes = routes.route(path, methods);
    }
    routes
        .fallback(files::not_found)
        .with_state(cell.clone())
        .layer(Extension(outward.courier))
        .layer(Extension(outward.envoy))
        .layer(Extension(pulse))
        .layer(Extension(tails))
        .layer(Extension(Arc::clone(&REFERENCE)))
}
