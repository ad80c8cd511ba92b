//! What happens to every request before its handler, in this order:
//!
//! 1. it gets an id, and its client's address is found out
//! 2. its host and path name an org, or it is refused; so is one sign-in too many from its address
//! 3. from a blocked network zone it is refused; the session of its cookie is loaded
//! 4. a page of another site is told whether it may read the answer, if it asks
//! 5. its browser gets a cookie that guards forms
//! 6. the handler answers
//! 7. a page that the handler asked for is drawn, unless only programs call
//! 8. the answer gets the security headers

use crate::arrivals::Arrivals;
use crate::blocked::{self, Blocked, Telling};
use crate::client::{REQUEST_ID, client_facts};
use crate::config::ProxyMode;
use crate::cors::find_reader;
use crate::listener::PeerAddress;
use crate::mailbox::{MailFolder, decide_mailbox};
use crate::membership::{Membership, arriving, gate};
use crate::origin::{Address, Origin, Target};
use crate::pulse::Pulse;
use crate::request_names::RequestNames;
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequest as _;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header,
};
use axum::response::{IntoResponse as _, Response};
use console::cookie::{CookieKind, read_cookie, render_set};
use console::view::trouble::ErrorKind;
use console::visit::{LocalMailbox, Visit};
use identity::cell::Cell;
use identity::fault::{Fault, RETRY_AFTER_SECS};
use identity::org::context::{OrgContext, RequestFacts};
use identity::snapshot::OrgSnapshot;
use ledger::ClientFacts;
use oauth::endpoint::{Addressed, Exchange};
use oauth::relying::away::is_callback;
use oauth::route::find_frequent;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt as _;
use vocab::id::OrgId;
use vocab::secret::random_token;

/// How requests reach this cell from outside.
#[derive(Debug, Clone)]
pub struct Front {
    /// Which hosts are ours.
    pub origin: Origin,
    /// Whether a proxy stands in front.
    pub proxy: ProxyMode,
    /// Where mail is kept, if it is not sent.
    pub mailbox: Option<PathBuf>,
    /// How many sign-ins begin from where.
    pub arrivals: Arrivals,
    /// What requests are called.
    pub names: RequestNames,
    /// Which refusals of blocked zones were noted.
    pub blocked: Blocked,
    /// Whether the store takes writes.
    pub pulse: Pulse,
    /// The cell's place in a fleet, if it has one.
    pub membership: Option<Membership>,
}

/// Serves one request.
pub async fn serve(
    cell: &Cell,
    front: &Front,
    routes: &Router,
    request: Request<Body>,
) -> Response {
    let client = client_facts(front, &request);
    let request_id = client.request_id.clone();
    let (version, is_head) = (request.version(), request.method() == Method::HEAD);
    let mut response = match handle(cell, front, routes, request, client).await {
        Ok(response) | Err(response) => response,
    };
    if is_head {
        *response.body_mut() = Body::empty();
    }
    set_security_headers(response.headers_mut());
    // The rest of a body that did not come in time would be taken for the next request (RFC 9110 section 15.5.9).
    if response.status() == StatusCode::REQUEST_TIMEOUT && version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(REQUEST_ID), value);
    }
    response
}

async fn handle(
    cell: &Cell,
    front: &Front,
    routes: &Router,
    request: Request<Body>,
    client: ClientFacts,
) -> Result<Response, Response> {
    let target = {
        let host = host_of(&request).ok_or_else(without_host)?;
        front
            .origin
            .resolve(&host, request.uri().path())
            .map_err(|_| misdirected())?
    };
    if target.path.starts_with("/health/") {
        return Ok(call(routes, request).await);
    }
    if begins_sign_in(request.method(), &target.path) {
        // Those of whom nobody knows where they come from are counted together.
        let address = client.ip.parse();
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let admitted = front.arrivals.admit(address, cell.now());
        admitted.map_err(too_many_sign_ins)?;
    }
    let Some(membership) = &front.membership else {
        return serve_target(cell, front, routes, request, (client, target, None)).await;
    };
    let (org, under_way) = Box::pin(gate::admit(membership, request.headers())).await?;
    let (request, arrival) = arriving::watch(request, &under_way);
    let found = (client, target, Some(org));
    let served = serve_target(cell, front, routes, request, found).await;
    if arrival.is_some_and(|arrival| arrival.was_cut()) {
        return Err(arriving::refuse_cut());
    }
    served
}

/// Serves the org that a request is for; in a fleet, if it is the org that the edge sent it for.
async fn serve_target(
    cell: &Cell,
    front: &Front,
    routes: &Router,
    request: Request<Body>,
    (client, target, placed): (ClientFacts, Target, Option<OrgId>),
) -> Result<Response, Response> {
    let (context, snapshot) = find_org(cell, &target).await?;
    if placed.is_some_and(|org| org != context.org) {
        return Err(gate::misdirected(None));
    }
    let zones = &snapshot.zones;
    let refused = front
        .blocked
        .find(cell, &context, zones, &client, &target.path);
    if refused.await.is_some() {
        return Err(refuse_blocked(cell, context, client, request).await);
    }
    let path = tidy_path(&target.path).into_owned();
    let addressed = Reached {
        context,
        snapshot,
        client,
        path,
    };
    let reader = find_reader(
        request.headers(),
        &addressed.path,
        &addressed.snapshot.origins,
    );
    let Some(reader) = reader else {
        return serve_org(cell, front, routes, request, addressed).await;
    };
    if let Some(answer) = reader.preflight(&request) {
        return Ok(answer);
    }
    // In a box: what programs on servers never ask for must not make the future of their requests large.
    let served = Box::pin(serve_org(cell, front, routes, request, addressed));
    let mut response = match served.await {
        Ok(response) | Err(response) => response,
    };
    reader.allow(response.headers_mut());
    Ok(response)
}

/// What a request has come to.
struct Reached {
    context: OrgContext,
    snapshot: Arc<OrgSnapshot>,
    client: ClientFacts,
    path: String,
}

async fn serve_org(
    cell: &Cell,
    front: &Front,
    routes: &Router,
    mut request: Request<Body>,
    reached: Reached,
) -> Result<Response, Response> {
    let Reached {
        context,
        snapshot,
        client,
        path,
    } = reached;
    let session = match read_cookie(request.headers(), CookieKind::Session, &context.org) {
        Some(secret) => {
            let settings = &snapshot.org.settings.session;
            let session = cell.session_by_secret(&context.org, &secret, settings);
            // In boxes, here and below: what programs never ask for must not make the future of their requests large.
            Box::pin(session).await.map_err(|fault| failed(&fault))?
        }
        None => None,
    };
    let facts = RequestFacts {
        client,
        now: cell.now(),
        // Only what a session proved can have been proved on another device.
        device_cookie: session
            .as_ref()
            .filter(|_| snapshot.watches())
            .and_then(|_| read_cookie(request.headers(), CookieKind::Device, &context.org))
            .unwrap_or_default(),
        session,
    };
    if let Some((frequent, server)) = find_frequent(request.method(), &path) {
        let addressed = Addressed {
            context: Arc::new(context),
            facts: Arc::new(facts),
        };
        let server = server.map(str::to_owned);
        let exchange = Exchange::read(cell, addressed, server, request.into_parts()).await?;
        // Apart, so that other requests do not take its room along.
        return Ok(Box::pin(frequent.answer(exchange)).await);
    }
    let guard = form_guard(cell, &context, &mut request);
    rewrite_path(&mut request, &path);
    request.extensions_mut().insert(Arc::new(context));
    request.extensions_mut().insert(Arc::new(facts));
    if oauth::route::is_for_programs(&path) || is_of_api(&path) {
        return Ok(call(routes, request).await);
    }
    open_mailbox(front, &mut request);
    let mut blank = Request::new(Body::empty());
    *blank.headers_mut() = request.headers().clone();
    *blank.extensions_mut() = request.extensions().clone();
    let mut response = call(routes, request).await;
    if let Some(page) = response.extensions_mut().remove::<oauth::page::Page>() {
        let visit = Box::pin(Visit::from_request(blank, cell)).await?;
        let drawn = console::signin::leave::draw(&visit, response.status(), page);
        let plain = std::mem::replace(&mut response, drawn);
        carry_over(plain.headers(), response.headers_mut());
    }
    if let Some(cookie) = guard.filter(|_| is_page(response.headers())) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn refuse_blocked(
    cell: &Cell,
    context: OrgContext,
    client: ClientFacts,
    request: Request<Body>,
) -> Response {
    if blocked::decide_telling(request.headers()) == Telling::Json {
        return blocked::refuse_program();
    }
    let facts = RequestFacts {
        client,
        now: cell.now(),
        session: None,
        device_cookie: String::new(),
    };
    let mut blank = Request::new(Body::empty());
    *blank.headers_mut() = request.headers().clone();
    blank.extensions_mut().insert(Arc::new(context));
    blank.extensions_mut().insert(Arc::new(facts));
    match Visit::from_request(blank, cell).await {
        Ok(visit) => visit.error(StatusCode::FORBIDDEN, ErrorKind::Blocked),
        Err(response) => response,
    }
}

/// Lets a request see the mail that is kept here, if it may.
fn open_mailbox(front: &Front, request: &mut Request<Body>) {
    let Some(folder) = &front.mailbox else {
        return;
    };
    let peer = request.extensions().get::<PeerAddress>();
    let peer = peer.map(|peer| peer.0.ip());
    if decide_mailbox(front.proxy, peer, request.headers()) {
        let folder = MailFolder(folder.clone());
        request.extensions_mut().insert(folder);
        request.extensions_mut().insert(LocalMailbox);
    }
}

async fn call(routes: &Router, request: Request<Body>) -> Response {
    match routes.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The one host of a request. Where the target has an authority of its own (HTTP/2, and absolute form in HTTP/1.1), it
/// and the header must say the same: whoever stands between may have gone by the other (RFC 9112 section 3.2.2).
fn host_of(request: &Request<Body>) -> Option<String> {
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next(), authority) {
        (Some(host), None, None) => host.to_str().ok().map(str::to_owned),
        (Some(host), None, Some(authority)) => host
            .to_str()
            .ok()
            .filter(|host| host.eq_ignore_ascii_case(authority))
            .map(str::to_owned),
        (None, None, Some(authority)) => Some(authority.to_owned()),
        _ => None,
    }
}

/// Whether a request makes a row that lives until a sign-in, or an enrolment that is kept like one, is over; or has another server
/// asked for somebody who is not known yet.
fn begins_sign_in(method: &Method, path: &str) -> bool {
    let is_look = method == Method::GET || method == Method::HEAD;
    let is_one = matches!(path, "/signin" | "/account/security/passkeys/options");
    is_look && (is_one || path.starts_with("/sso/idps/") || is_callback(path))
}

fn too_many_sign_ins(wait_secs: i64) -> Response {
    let mut response = (
        StatusCode::TOO_MANY_REQUESTS,
        "too many sign-ins begin from your address; try again in a moment\n",
    )
        .into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(wait_secs));
    response
}

fn without_host() -> Response {
    (
        StatusCode::BAD_REQUEST,
        "the request must name exactly one host\n",
    )
        .into_response()
}

fn misdirected() -> Response {
    (
        StatusCode::MISDIRECTED_REQUEST,
        "no organisation answers at this host; see --origin\n",
    )
        .into_response()
}

async fn find_org(
    cell: &Cell,
    target: &Target,
) -> Result<(OrgContext, Arc<OrgSnapshot>), Response> {
    let found = match &target.address {
        Address::First => cell.find_first_org().await,
        Address::Slug(slug) => cell.find_org_by_slug(slug).await,
        Address::Custom(host) => cell.find_org_by_host(host).await,
    };
    let org = found
        .map_err(|fault| failed(&fault))?
        .ok_or_else(misdirected)?;
    let snapshot = cell
        .snapshot(&org)
        .await
        .map_err(|fault| failed(&fault))?
        .ok_or_else(misdirected)?;
    let context = OrgContext {
        org,
        slug: snapshot.org.slug.as_str().to_owned(),
        name: snapshot.org.name.clone(),
        base_url: format!("{}{}", target.host_url, target.path_prefix),
        path_prefix: target.path_prefix.clone(),
        rp_id: target.host.clone(),
    };
    Ok((context, snapshot))
}

fn failed(fault: &Fault) -> Response {
    tracing::error!(error = %fault, cause = ?std::error::Error::source(fault), "a request could not be prepared");
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECS))],
        "the store cannot be reached; try again\n",
    )
        .into_response()
}

/// A browser without the cookie gets one; this request's page already knows it.
fn form_guard(
    cell: &Cell,
    context: &OrgContext,
    request: &mut Request<Body>,
) -> Option<HeaderValue> {
    if request.method() != Method::GET
        || read_cookie(request.headers(), CookieKind::Form, &context.org).is_some()
    {
        return None;
    }
    let secret = random_token(cell.entropy(), "");
    let cookie = render_set(CookieKind::Form, &context.org, secret.expose())?;
    let pair = cookie.to_str().ok()?.split(';').next()?.to_owned();
    request
        .headers_mut()
        .append(header::COOKIE, HeaderValue::from_str(&pair).ok()?);
    Some(cookie)
}

/// Whether only programs that bring a token call there, whose protocols have answers of their own for everything.
fn is_of_api(path: &str) -> bool {
    api::route::is_of_api(path) || scim::route::is_of_scim(path)
}

/// A path that programs alone call, with single slashes: clients whose configured address ends in one send two. Other paths
/// stay as they are.
fn tidy_path(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let tidy = format!("/{}", parts.join("/"));
    if is_of_api(&tidy) || oauth::route::is_for_programs(&tidy) {
        Cow::Owned(tidy)
    } else {
        Cow::Borrowed(path)
    }
}

fn rewrite_path(request: &mut Request<Body>, path: &str) {
    if request.uri().path() == path {
        return;
    }
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    if let Ok(uri) = format!("{path}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    html || headers.contains_key(header::LOCATION)
}

/// Cookies and the policy for forms belong to the answer, whoever draws its page.
fn carry_over(from: &HeaderMap, to: &mut HeaderMap) {
    for cookie in from.get_all(header::SET_COOKIE) {
        to.append(header::SET_COOKIE, cookie.clone());
    }
    if let Some(policy) = from.get(header::CONTENT_SECURITY_POLICY) {
        to.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

fn set_security_headers(headers: &mut HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
}

#[cfg(test)]
mod tests {
    use super::{begins_sign_in, tidy_path};
    use axum::http::Method;

    #[test]
    fn whatever_begins_a_sign_in_is_counted() {
        for path in [
            "/signin",
            "/account/security/passkeys/options",
            "/sso/idps/0oa1",
            "/oauth2/v1/authorize/callback/0oa1",
        ] {
            assert!(begins_sign_in(&Method::GET, path), "{path}");
            assert!(begins_sign_in(&Method::HEAD, path), "{path}");
            assert!(!begins_sign_in(&Method::POST, path), "{path}");
        }
        for path in ["/signin/identify", "/sso", "/oauth2/v1/authorize", "/apps"] {
            assert!(!begins_sign_in(&Method::GET, path), "{path}");
        }
    }

    #[test]
    fn two_slashes_are_one_for_programs_alone() {
        for (path, tidy) in [
            ("/api/v1/users", "/api/v1/users"),
            ("//api/v1//users", "/api/v1/users"),
            ("/api//v1/users/", "/api/v1/users"),
            ("/scim/v2//Users", "/scim/v2/Users"),
            ("//scim/v2/Users//.search", "/scim/v2/Users/.search"),
            ("//oauth2/v1/token", "/oauth2/v1/token"),
            ("//oauth2/default/v1/keys", "/oauth2/default/v1/keys"),
            (
                "//.well-known/okta-organization",
                "/.well-known/okta-organization",
            ),
            ("//apps", "//apps"),
            ("//api", "//api"),
            ("/", "/"),
        ] {
            assert_eq!(tidy_path(path), tidy, "{path}");
        }
    }
}
