//! Replies: status, headers and body of each outcome are chosen here.

use crate::error::ScimError;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use identity::api_token::allowance::Allowance;
use identity::fault::RETRY_AFTER_SECS;
use protocol::scim::MEDIA_TYPE;
use protocol::scim::tag::render_tag;
use serde_json::Value;

/// What came of a call.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Option<Value>,
    /// The version of the resource.
    pub version: Option<String>,
    /// The address of the resource.
    pub location: Option<String>,
}

impl Reply {
    /// A document.
    #[must_use]
    pub fn of(body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::default()
        }
    }

    /// A resource, with its version and its address.
    #[must_use]
    pub fn resource(body: Value, version: String, location: String) -> Self {
        Self {
            body: Some(body),
            version: Some(version),
            location: Some(location),
            ..Self::default()
        }
    }

    /// The same as what was made.
    #[must_use]
    pub fn created(self) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..self
        }
    }

    /// Done, without a body.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            ..Self::default()
        }
    }

    /// The caller has seen this version.
    #[must_use]
    pub fn not_modified(version: String) -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            version: Some(version),
            ..Self::default()
        }
    }
}

/// The response, with the headers that every response has.
#[must_use]
pub fn render(outcome: Result<Reply, ScimError>, allowance: Option<Allowance>) -> Response {
    let reply = outcome.unwrap_or_else(|error| Reply {
        status: error.status(),
        body: Some(error.render()),
        ..Reply::default()
    });
    let mut response = match reply.body {
        Some(body) => {
            let mut response = Response::new(Body::from(body.to_string()));
            let kind = HeaderValue::from_static(MEDIA_TYPE);
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        None => Response::new(Body::empty()),
    };
    *response.status_mut() = reply.status;
    let is_unauthorized = reply.status == StatusCode::UNAUTHORIZED;
    let is_unavailable = reply.status == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    let store = HeaderValue::from_static("no-cache, no-store");
    headers.insert(header::CACHE_CONTROL, store);
    if is_unauthorized {
        let challenge = HeaderValue::from_static("Bearer realm=\"scim\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if is_unavailable {
        let wait = HeaderValue::from(RETRY_AFTER_SECS);
        headers.insert(header::RETRY_AFTER, wait);
    }
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if let Some(version) = reply.version {
        put(header::ETAG, &render_tag(&version));
    }
    if let Some(location) = reply.location {
        // Of a resource that was found, it says where it is for good (RFC 7644 section 3.11).
        let name = match reply.status {
            StatusCode::CREATED => header::LOCATION,
            _ => header::CONTENT_LOCATION,
        };
        put(name, &location);
    }
    if let Some(allowance) = allowance {
        let reset = allowance.resets_at.seconds().to_string();
        for (name, value) in [
            ("x-rate-limit-limit", allowance.limit.to_string()),
            ("x-rate-limit-remaining", allowance.remaining.to_string()),
            ("x-rate-limit-reset", reset),
        ] {
            put(HeaderName::from_static(name), &value);
        }
    }
    response
}
