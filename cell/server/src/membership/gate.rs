//! What a cell of a fleet does with a request before an org is looked for.

use crate::membership::admission::{Door, decide_door};
use crate::membership::seats::{Entry, UnderWay};
use crate::membership::{Membership, PeerRole};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use vocab::id::OrgId;
use wire::placement::{PLACEMENT_HEADER, Placement, STANDING_HEADER};

/// The requests of orgs go on; all others are answered here.
///
/// # Errors
/// The answer to a request that does not go on.
pub async fn pass(
    orgs: &Router,
    fleet: &Router,
    request: Request<Body>,
) -> Result<Request<Body>, Response> {
    let peer = request.extensions().get::<PeerRole>();
    let peer = peer.and_then(|peer| peer.0);
    let router = match decide_door(peer, request.uri().path()) {
        Door::Orgs => return Ok(request),
        Door::Fleet => fleet,
        Door::Health => orgs,
        Door::Closed => return Err(closed()),
    };
    match router.clone().oneshot(request).await {
        Ok(answer) => Err(answer),
        Err(never) => match never {},
    }
}

/// The org that an edge sent the request for, if this cell serves it at the edge's epoch, and the seat that the request
/// has until its answer's head is made.
///
/// # Errors
/// The refusal, with what this cell knows of the org's place.
pub async fn admit(
    membership: &Membership,
    headers: &HeaderMap,
) -> Result<(OrgId, UnderWay), Response> {
    let header = headers.get(PLACEMENT_HEADER);
    let asked = header
        .and_then(|value| value.to_str().ok())
        .and_then(|text| Placement::parse(text).ok())
        .ok_or_else(|| misdirected(None))?;
    let entry = membership.admit(&asked).await.map_err(|fault| {
        tracing::error!(error = %fault, "a placement could not be read");
        let text = "the store cannot be reached; try again\n";
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    })?;
    match entry {
        Entry::Entered(under_way) => Ok((asked.org, under_way)),
        Entry::Refused(standing) => {
            Err(misdirected(standing.and_then(|standing| {
                HeaderValue::from_str(&standing.to_string()).ok()
            })))
        }
    }
}

/// The refusal of a request whose org this cell does not serve (RFC 9110 section 15.5.20).
#[must_use]
pub fn misdirected(standing: Option<HeaderValue>) -> Response {
    let text = "this cell does not serve the organisation at that epoch\n";
    let mut response = (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    if let Some(standing) = standing {
        let name = HeaderName::from_static(STANDING_HEADER);
        response.headers_mut().insert(name, standing);
    }
    response
}

fn closed() -> Response {
    let text = "this door is not for you\n";
    (StatusCode::FORBIDDEN, text).into_response()
}
