//! Replies: the status code, headers and body of each outcome are chosen here.

use crate::denial::{ByHeader, Denial, Failure};
use crate::endpoint::Exchange;
use crate::limits::{ORIGIN_BYTES_MAX, PREFLIGHT_CACHE_SECS};
use crate::page::{OAuthPageError, Page};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;
use identity::app::App;
use identity::fault::{Fault, RETRY_AFTER_SECS};
use protocol::oauth::error::{ErrorCode, render_error_body};
use protocol::oauth::www_authenticate::render_basic_challenge;
use std::error::Error;
use url::Url;
use vocab::id::AppId;

const REALM: &str = "oauth2";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// JSON that nobody may keep (RFC 6749 section 5.1).
#[must_use]
pub fn json(status: StatusCode, body: String) -> Response {
    let mut response = plain(status, body);
    set(&mut response, header::CONTENT_TYPE, JSON);
    response
}

/// JSON that anybody may read and keep for a time.
#[must_use]
pub fn public_json(body: String, cache_secs: i64) -> Response {
    let mut response = json(StatusCode::OK, body);
    let cache = HeaderValue::from_str(&format!("public, max-age={cache_secs}")).unwrap_or(NO_STORE);
    set(&mut response, header::CACHE_CONTROL, cache);
    set(
        &mut response,
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    response
}

/// An empty success.
#[must_use]
pub fn empty() -> Response {
    plain(StatusCode::OK, String::new())
}

/// Sends the browser on. The address was made or checked by the caller.
#[must_use]
pub fn redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => {
            // 303, so that the answer to a POST is fetched by GET (RFC 9700 section 4.12).
            let mut response = plain(StatusCode::SEE_OTHER, String::new());
            set(&mut response, header::LOCATION, location);
            response
        }
        Err(_) => {
            tracing::error!("an address to redirect to cannot stand in a header");
            fault()
        }
    }
}

/// A page for a person, to be drawn by the console.
#[must_use]
pub fn page(page: Page) -> Response {
    let (status, text) = match &page {
        Page::Error(error) => (
            page_status(error),
            format!(
                "{}: {}\nReference: {}\n",
                error.error, error.description, error.reference
            ),
        ),
        Page::FormPost(form) => (StatusCode::OK, format!("Continue to {}\n", form.target)),
        Page::ConfirmLogout(_) => (StatusCode::OK, String::from("Do you want to sign out?\n")),
        Page::SignedOut => (StatusCode::OK, String::from("You are signed out.\n")),
    };
    let mut response = plain(status, text);
    set(&mut response, header::CONTENT_TYPE, TEXT);
    response.extensions_mut().insert(page);
    response
}

fn page_status(error: &OAuthPageError) -> StatusCode {
    match error.error {
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::TemporarilyUnavailable => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The protocol's error (RFC 6749 section 5.2), or what stands for it.
#[must_use]
pub fn failure(failure: &Failure) -> Response {
    match failure {
        Failure::Denied(denial) => error(StatusCode::BAD_REQUEST, denial),
        Failure::Unauthenticated { denial, by_header } => {
            let mut response = error(StatusCode::UNAUTHORIZED, denial);
            if *by_header == ByHeader::Yes
                && let Ok(challenge) = HeaderValue::from_str(&render_basic_challenge(REALM))
            {
                set(&mut response, header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Failure::SlowDown { retry_after_secs } => {
            let denial = Denial::new(
                ErrorCode::TemporarilyUnavailable,
                "too many failed attempts; try again later",
            );
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, &denial);
            set(
                &mut response,
                header::RETRY_AFTER,
                HeaderValue::from(*retry_after_secs),
            );
            response
        }
        Failure::NoServer => {
            let denial = Denial::new(
                ErrorCode::InvalidRequest,
                "there is no such authorization server",
            );
            error(StatusCode::NOT_FOUND, &denial)
        }
        Failure::Fault(cause) => {
            log(cause);
            let mut response = fault();
            if cause.is_passing() {
                set_passing(&mut response);
            }
            response
        }
    }
}

/// Notes a fault where it is handled, with its causes.
pub fn log(fault: &Fault) {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    tracing::error!(error = text, "a request failed by our fault");
}

/// Our own fault, without a word about it.
pub const FAULT: Denial = Denial::new(ErrorCode::ServerError, "the server failed; try again later");

/// [`FAULT`] as a response.
#[must_use]
pub fn fault() -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, &FAULT)
}

/// Makes of a fault one that passes by itself, and says when to come back.
pub fn set_passing(response: &mut Response) {
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    set(
        response,
        header::RETRY_AFTER,
        HeaderValue::from(RETRY_AFTER_SECS),
    );
}

/// The body is over its bound, or did not come in time.
#[must_use]
pub fn unread(cause: &axum::Error) -> Response {
    let is_over = |cause: &(dyn Error + 'static)| cause.is::<LengthLimitError>();
    let (status, text) = if cause.source().is_some_and(is_over) {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request body is too large",
        )
    } else {
        (
            StatusCode::REQUEST_TIMEOUT,
            "the request body did not arrive",
        )
    };
    error(status, &Denial::new(ErrorCode::InvalidRequest, text))
}

fn error(status: StatusCode, denial: &Denial) -> Response {
    json(
        status,
        render_error_body(denial.code, Some(&denial.description)),
    )
}

fn plain(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    set(&mut response, header::CACHE_CONTROL, NO_STORE);
    set(
        &mut response,
        header::PRAGMA,
        HeaderValue::from_static("no-cache"),
    );
    response
}

/// Sets a header.
pub fn set(response: &mut Response, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}

/// Lets the pages of a public client read the reply: their origins are those of its redirect addresses.
pub async fn allow_client_origin(
    exchange: &Exchange,
    client_id: Option<&str>,
    mut response: Response,
) -> Response {
    let Some(origin) = exchange.headers.get(header::ORIGIN) else {
        return response;
    };
    set(
        &mut response,
        header::VARY,
        HeaderValue::from_static("origin"),
    );
    let Some(app_id) = client_id.and_then(|id| AppId::parse(id).ok()) else {
        return response;
    };
    // A store that fails here has failed the request already.
    let Ok(Some(app)) = exchange.cell.app(&exchange.context.org, &app_id).await else {
        return response;
    };
    if origin
        .to_str()
        .is_ok_and(|origin| is_origin_of(&app, origin))
    {
        set(
            &mut response,
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            origin.clone(),
        );
        let exposed = HeaderValue::from_static("www-authenticate, retry-after");
        set(
            &mut response,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            exposed,
        );
    }
    response
}

/// The same for the client that a form names.
pub async fn allow_named_client_origin(exchange: &Exchange, response: Response) -> Response {
    if !exchange.headers.contains_key(header::ORIGIN) {
        return response;
    }
    let form = exchange.body_form().ok();
    let client_id = form.as_ref().and_then(|form| form.get("client_id"));
    allow_client_origin(exchange, client_id, response).await
}

/// Whether pages of that origin belong to the app.
#[must_use]
pub fn is_origin_of(app: &App, origin: &str) -> bool {
    app.kind.is_public()
        && app
            .settings
            .redirect_uris
            .iter()
            .filter_map(|uri| Url::parse(uri).ok())
            .any(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.origin().ascii_serialization() == origin
            })
}

/// The answer to a preflight request. It opens nothing by itself: the reply that follows decides who may read it.
#[must_use]
pub fn preflight(exchange: &Exchange) -> Response {
    let mut response = plain(StatusCode::NO_CONTENT, String::new());
    let Some(origin) = exchange
        .headers
        .get(header::ORIGIN)
        .filter(|origin| origin.len() <= ORIGIN_BYTES_MAX)
    else {
        return response;
    };
    set(
        &mut response,
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        origin.clone(),
    );
    set(
        &mut response,
        header::VARY,
        HeaderValue::from_static("origin"),
    );
    set(
        &mut response,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    let asked = exchange.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    if let Some(asked) = asked.filter(|asked| asked.len() <= ORIGIN_BYTES_MAX) {
        set(
            &mut response,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            asked.clone(),
        );
    }
    set(
        &mut response,
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from(PREFLIGHT_CACHE_SECS),
    );
    response
}
