//! Replies: status, headers and body of each outcome are chosen here.

use crate::error::ApiError;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use identity::api_token::allowance::Allowance;
use serde_json::Value;

/// What came of a call.
#[derive(Debug, Default)]
pub struct Reply {
    status: StatusCode,
    body: Option<Value>,
    etag: Option<String>,
    location: Option<String>,
    links: Vec<String>,
    challenge: Option<String>,
    retry_after_secs: Option<u32>,
}

impl Reply {
    /// A thing, or a list of things.
    #[must_use]
    pub fn of(body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::default()
        }
    }

    /// A thing that was made just now.
    #[must_use]
    pub fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..Self::of(body)
        }
    }

    /// With the address of the thing.
    #[must_use]
    pub fn at(mut self, href: String) -> Self {
        self.location = Some(href);
        self
    }

    /// Done, with nothing to show. Some clients read every 200 as JSON.
    #[must_use]
    pub fn done() -> Self {
        Self::of(Value::Object(serde_json::Map::new()))
    }

    /// Done, without a body.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            ..Self::default()
        }
    }

    /// Begun, and done a little later.
    #[must_use]
    pub fn accepted() -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            ..Self::default()
        }
    }

    /// With the revision of the thing as a weak entity tag.
    #[must_use]
    pub fn revision(mut self, revision: i64) -> Self {
        self.etag = Some(format!("W/\"{revision}\""));
        self
    }

    /// With the address of this page, and of the next one if there is one.
    #[must_use]
    pub fn pages(mut self, own: &str, next: Option<String>) -> Self {
        self.links.push(format!("<{own}>; rel=\"self\""));
        self.links
            .extend(next.map(|next| format!("<{next}>; rel=\"next\"")));
        self
    }
}

/// Leaves out what has no value: clients with strict models refuse nulls.
#[must_use]
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(parts) => parts.into_iter().map(without_nulls).collect(),
        simple => simple,
    }
}

/// The response, with the headers that every response has.
#[must_use]
pub fn render(
    outcome: Result<Reply, ApiError>,
    request_id: &str,
    allowance: Option<Allowance>,
) -> Response {
    let reply = outcome.unwrap_or_else(|error| Reply {
        status: error.code().status(),
        body: Some(error.render(request_id)),
        challenge: error.challenge().map(str::to_owned),
        retry_after_secs: error.retry_after_secs(),
        ..Reply::default()
    });
    let mut response = match reply.body {
        Some(body) => {
            let mut response = Response::new(Body::from(without_nulls(body).to_string()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
        None => Response::new(Body::empty()),
    };
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-cache, no-store"),
        (header::PRAGMA, "no-cache"),
        (header::EXPIRES, "0"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(name, value);
        }
    };
    put(HeaderName::from_static("x-okta-request-id"), request_id);
    if let Some(etag) = reply.etag {
        put(header::ETAG, &etag);
    }
    if let Some(challenge) = reply.challenge {
        put(header::WWW_AUTHENTICATE, &challenge);
    }
    if let Some(location) = reply.location {
        put(header::LOCATION, &location);
    }
    for link in reply.links {
        put(header::LINK, &link);
    }
    if let Some(secs) = reply.retry_after_secs {
        put(header::RETRY_AFTER, &secs.to_string());
    }
    for (name, value) in allowance.into_iter().flat_map(headers_of) {
        put(HeaderName::from_static(name), &value);
    }
    response
}

fn headers_of(allowance: Allowance) -> [(&'static str, String); 3] {
    let reset = allowance.resets_at.seconds();
    [
        ("x-rate-limit-limit", allowance.limit.to_string()),
        ("x-rate-limit-remaining", allowance.remaining.to_string()),
        ("x-rate-limit-reset", reset.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::without_nulls;
    use serde_json::json;

    #[test]
    fn what_has_no_value_is_left_out_at_any_depth() {
        assert_eq!(
            without_nulls(json!({ "a": null, "b": [ { "c": null, "d": 0 } ], "e": { "f": null } })),
            json!({ "b": [ { "d": 0 } ], "e": {} })
        );
    }
}
