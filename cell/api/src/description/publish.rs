//! The document as it is served: rendered once in the life of a process, with the address of the organisation put in.
//!
//! It tells what everybody may read in the documentation as well, so that no token is asked for.

use crate::description::components::BASE;
use crate::description::document::render_document;
use crate::error::{ApiError, ErrorCode};
use crate::reply;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::org::context::OrgContext;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use vocab::secret::SecretHash;

/// Where the document is served.
pub const PATH: &str = "/openapi.json";
/// For how long it may be kept unasked.
const CACHING: &str = "public, max-age=300";
/// Characters of the entity tag.
const TAG_CHARS: usize = 32;

static DOCUMENT: LazyLock<Value> = LazyLock::new(render_document);
/// What stands between the places where the address belongs.
static PARTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let text = DOCUMENT.to_string();
    text.split(BASE).map(str::to_owned).collect()
});
/// What the document says, in few characters.
static DIGEST: LazyLock<String> = LazyLock::new(|| SecretHash::of(&PARTS.concat()).to_hex());

/// The document.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// `GET /openapi.json`.
pub async fn serve(request: Request) -> Response {
    let Some(context) = request.extensions().get::<Arc<OrgContext>>() else {
        tracing::error!("a route of an org was reached without its middleware");
        return reply::render(Err(ApiError::of(ErrorCode::Internal)), "", None);
    };
    let base = &context.base_url;
    let tag = render_tag(&DIGEST, base);
    let is_known = is_named(request.headers(), &tag);
    let body = match is_known {
        true => Body::empty(),
        false => Body::from(PARTS.join(base)),
    };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn render_tag(digest: &str, base: &str) -> String {
    let mut tag = SecretHash::of(&format!("{digest} {base}")).to_hex();
    tag.truncate(TAG_CHARS);
    format!("\"{tag}\"")
}

/// Whether the client says that it has this one (RFC 9110 section 13.1.2).
fn is_named(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::{is_named, render_tag};
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_client_that_has_it_says_so() {
        let tag = render_tag("digest", "https://id.example");
        assert_ne!(tag, render_tag("digest", "https://id.example/t/acme"));
        assert_ne!(tag, render_tag("other", "https://id.example"));
        for (value, expected) in [
            (None, false),
            (Some(tag.clone()), true),
            (Some(format!("W/{tag}")), true),
            (Some(format!("\"other\", {tag}")), true),
            (Some(String::from("*")), true),
            (Some(String::from("\"other\"")), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = &value {
                headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(is_named(&headers, &tag), expected, "{value:?}");
        }
    }
}
