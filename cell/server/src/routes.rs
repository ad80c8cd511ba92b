//! The route table: one line per endpoint.

use crate::health;
mod admin;

use crate::middleware::{self, Front};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::{MethodRouter, get, post};
use console::signin::{enroll, identify, leave, link, prove};
use console::{consent, dashboard, device, files};
use identity::cell::Cell;
use std::sync::Arc;

/// The pages: path and what answers there.
fn page_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        ("/health/live", get(health::live)),
        ("/health/ready", get(health::ready)),
        ("/assets/{name}", get(files::asset)),
        ("/", get(dashboard::home)),
        ("/style", get(files::style)),
        ("/apps", get(dashboard::apps)),
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
        (
            "/signin/recover",
            get(link::show_recover).post(link::answer_recover),
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
        ("/reset", get(link::show_reset).post(link::answer_reset)),
    ]
}

/// Everything that a cell answers.
pub fn router(cell: Cell, front: Front) -> Router {
    let mut routes = oauth::route::router();
    for (path, methods) in page_routes().into_iter().chain(admin::routes()) {
        routes = routes.route(path, methods);
    }
    let routes = routes.fallback(files::not_found).with_state(cell.clone());
    let front = Arc::new(front);
    Router::new().fallback(move |request: Request<Body>| {
        middleware::serve(cell.clone(), Arc::clone(&front), routes.clone(), request)
    })
}
