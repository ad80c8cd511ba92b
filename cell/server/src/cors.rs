//! Which pages of other sites may read an answer (Fetch, section 3.2): those of the origins that the org trusts, and what
//! browsers are told of it. What is not trusted is told nothing, and a request without `Origin` costs one look.
//!
//! The endpoints of an authorization server let the pages of a public client read their answers besides, wherever its own
//! redirect addresses lie; that is theirs to say.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::Response;
use identity::trusted_origin::{TrustedOrigin, TrustedUse, is_trusted};

/// How long a browser may keep the answer to a preflight request, in seconds.
const PREFLIGHT_CACHE_SECS: u32 = 10 * 60;
/// Longest list of headers that is asked for.
const ASKED_BYTES_MAX: usize = 1_024;
/// What the operations are called by.
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// What programs read of an answer beside its body: where the next page is, what is left of the allowance, by which id the
/// log knows the request.
const EXPOSED: &str = "ETag, Link, Location, Retry-After, WWW-Authenticate, X-Okta-Request-Id, X-Rate-Limit-Limit, \
    X-Rate-Limit-Remaining, X-Rate-Limit-Reset, X-Request-Id";
/// The classic sign-in API.
const SIGN_IN: &str = "/api/v1/authn";

/// What a page calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    /// What wants a token in a header.
    Tokens,
    /// The classic sign-in, whose client library sends each request with cookies and reads no answer that does not allow
    /// for them. No cookie counts for anything there, so that nothing is opened by it.
    SignIn,
}

/// A page that may read the answer.
#[derive(Debug)]
pub struct Reader {
    origin: HeaderValue,
    surface: Surface,
}

/// The page that may read the answer of a path, if the request comes from one.
#[must_use]
pub fn find_reader(headers: &HeaderMap, path: &str, origins: &[TrustedOrigin]) -> Option<Reader> {
    let origin = headers.get(header::ORIGIN)?;
    let surface = decide_surface(path)?;
    let is_one = headers.get_all(header::ORIGIN).iter().nth(1).is_none();
    let named = origin.to_str().ok().filter(|_| is_one)?;
    is_trusted(origins, named, TrustedUse::Cors).then(|| Reader {
        origin: origin.clone(),
        surface,
    })
}

/// What programs of a browser call: never a page, nor what only servers call.
fn decide_surface(path: &str) -> Option<Surface> {
    let is_below = path.strip_prefix(SIGN_IN);
    if is_below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Some(Surface::SignIn);
    }
    let is_discovery = || {
        path.ends_with("/.well-known/openid-configuration")
            || path.ends_with("/.well-known/oauth-authorization-server")
    };
    let is_for_browsers = api::route::is_of_api(path)
        || (oauth::route::is_for_programs(path) && !path.ends_with("/v1/introspect"))
        || is_discovery();
    is_for_browsers.then_some(Surface::Tokens)
}

impl Reader {
    /// The answer to the question of a browser whether it may send the request at all; none for any other request.
    #[must_use]
    pub fn preflight(&self, request: &Request<Body>) -> Option<Response> {
        let headers = request.headers();
        if request.method() != Method::OPTIONS
            || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let told = response.headers_mut();
        told.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        if let Some(asked) = asked.filter(|asked| is_list_of_names(asked.as_bytes())) {
            told.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        told.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from(PREFLIGHT_CACHE_SECS),
        );
        self.allow(told);
        Some(response)
    }

    /// Lets the page read an answer. What anybody may read stays so.
    pub fn allow(&self, told: &mut HeaderMap) {
        let is_public = told
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .is_some_and(|allowed| allowed == "*");
        if !is_public {
            told.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
            if self.surface == Surface::SignIn {
                let yes = HeaderValue::from_static("true");
                told.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
        }
        let varies = told.get_all(header::VARY).iter();
        let mut varies = varies.filter_map(|value| value.to_str().ok());
        if !varies.any(|value| value.eq_ignore_ascii_case("origin")) {
            told.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        told.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
}

/// Names of headers and what stands between them, and not too many.
fn is_list_of_names(bytes: &[u8]) -> bool {
    let is_of_list = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_, ".contains(byte);
    bytes.len() <= ASKED_BYTES_MAX && bytes.iter().all(is_of_list)
}

#[cfg(test)]
mod tests {
    use super::{Surface, decide_surface, is_list_of_names};

    #[test]
    fn programs_of_a_browser_call_so_much_and_no_more() {
        for (path, expected) in [
            ("/api/v1/users", Some(Surface::Tokens)),
            ("/api/v1/authn", Some(Surface::SignIn)),
            ("/api/v1/authn/factors/x/verify", Some(Surface::SignIn)),
            ("/api/v1/authnx", Some(Surface::Tokens)),
            ("/oauth2/v1/clients/x/roles", Some(Surface::Tokens)),
            ("/oauth2/v1/token", Some(Surface::Tokens)),
            ("/oauth2/default/v1/userinfo", Some(Surface::Tokens)),
            ("/oauth2/default/v1/revoke", Some(Surface::Tokens)),
            ("/oauth2/v1/keys", Some(Surface::Tokens)),
            ("/.well-known/openid-configuration", Some(Surface::Tokens)),
            (
                "/oauth2/default/.well-known/oauth-authorization-server",
                Some(Surface::Tokens),
            ),
            ("/oauth2/v1/introspect", None),
            ("/oauth2/v1/authorize", None),
            ("/oauth2/v1/logout", None),
            ("/oauth2/v1/device/authorize", None),
            ("/scim/v2/Users", None),
            ("/signin", None),
            ("/admin/people", None),
            ("/", None),
        ] {
            assert_eq!(decide_surface(path), expected, "{path}");
        }
    }

    #[test]
    fn what_a_browser_asks_to_send_is_a_list_of_names() {
        for (text, expected) in [
            ("authorization,content-type", true),
            ("Authorization, X-Okta-User-Agent-Extended", true),
            ("", true),
            ("a\"b", false),
            ("a\tb", false),
            ("ä", false),
        ] {
            assert_eq!(is_list_of_names(text.as_bytes()), expected, "{text}");
        }
        assert!(!is_list_of_names("a".repeat(1_025).as_bytes()));
    }
}
