//! The endpoints of this crate as data: whoever composes the server mounts them by name.

use crate::endpoint::Exchange;
use crate::{
    authorize, device, discovery, introspect, jwks, logout, reply, revoke, token, userinfo,
};
use axum::Router;
use axum::extract::FromRef;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use identity::cell::Cell;

/// An endpoint: where it answers and what it is called. A path with `{server}` is a custom server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path, within the org.
    pub path: &'static str,
    /// Its name: the handler of the same name serves it.
    pub operation: &'static str,
}

macro_rules! endpoints {
    ($($method:ident $path:literal $operation:literal;)*) => {
        /// Every endpoint.
        pub const ENDPOINTS: &[Endpoint] = &[$(
            Endpoint { method: Method::$method, path: $path, operation: $operation },
        )*];
    };
}

endpoints! {
    GET "/oauth2/v1/authorize" "oauth.authorize";
    POST "/oauth2/v1/authorize" "oauth.authorize";
    POST "/oauth2/v1/token" "oauth.token";
    OPTIONS "/oauth2/v1/token" "oauth.preflight";
    POST "/oauth2/v1/introspect" "oauth.introspect";
    POST "/oauth2/v1/revoke" "oauth.revoke";
    OPTIONS "/oauth2/v1/revoke" "oauth.preflight";
    GET "/oauth2/v1/userinfo" "oauth.userinfo";
    POST "/oauth2/v1/userinfo" "oauth.userinfo";
    OPTIONS "/oauth2/v1/userinfo" "oauth.preflight";
    GET "/oauth2/v1/keys" "oauth.keys";
    OPTIONS "/oauth2/v1/keys" "oauth.preflight";
    GET "/oauth2/v1/logout" "oauth.logout";
    POST "/oauth2/v1/logout" "oauth.logout";
    POST "/oauth2/v1/device/authorize" "oauth.device_authorize";
    GET "/.well-known/openid-configuration" "oauth.openid_configuration";
    OPTIONS "/.well-known/openid-configuration" "oauth.preflight";
    GET "/.well-known/oauth-authorization-server" "oauth.server_metadata";
    OPTIONS "/.well-known/oauth-authorization-server" "oauth.preflight";
    GET "/oauth2/{server}/v1/authorize" "oauth.authorize";
    POST "/oauth2/{server}/v1/authorize" "oauth.authorize";
    POST "/oauth2/{server}/v1/token" "oauth.token";
    OPTIONS "/oauth2/{server}/v1/token" "oauth.preflight";
    POST "/oauth2/{server}/v1/introspect" "oauth.introspect";
    POST "/oauth2/{server}/v1/revoke" "oauth.revoke";
    OPTIONS "/oauth2/{server}/v1/revoke" "oauth.preflight";
    GET "/oauth2/{server}/v1/userinfo" "oauth.userinfo";
    POST "/oauth2/{server}/v1/userinfo" "oauth.userinfo";
    OPTIONS "/oauth2/{server}/v1/userinfo" "oauth.preflight";
    GET "/oauth2/{server}/v1/keys" "oauth.keys";
    OPTIONS "/oauth2/{server}/v1/keys" "oauth.preflight";
    GET "/oauth2/{server}/v1/logout" "oauth.logout";
    POST "/oauth2/{server}/v1/logout" "oauth.logout";
    POST "/oauth2/{server}/v1/device/authorize" "oauth.device_authorize";
    GET "/oauth2/{server}/.well-known/openid-configuration" "oauth.openid_configuration";
    OPTIONS "/oauth2/{server}/.well-known/openid-configuration" "oauth.preflight";
    GET "/oauth2/{server}/.well-known/oauth-authorization-server" "oauth.server_metadata";
    OPTIONS "/oauth2/{server}/.well-known/oauth-authorization-server" "oauth.preflight";
}

/// How the paths end that only programs call: what answers there is never a page for a person.
const PROGRAMS: [&str; 5] = [
    "/v1/token",
    "/v1/introspect",
    "/v1/revoke",
    "/v1/userinfo",
    "/v1/keys",
];

/// Whether a path, within the org, is for programs alone.
#[must_use]
pub fn is_for_programs(path: &str) -> bool {
    path.starts_with("/oauth2/") && PROGRAMS.iter().any(|end| path.ends_with(end))
}

/// What services ask for again and again: found without the router, whose layers cost as much as the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequent {
    /// `oauth.token`.
    Token,
    /// `oauth.introspect`.
    Introspect,
}

impl Frequent {
    /// Answers a request at that endpoint, as the router would.
    pub async fn answer(self, exchange: Exchange) -> Response {
        match self {
            Self::Token => token::http::handle(exchange).await,
            Self::Introspect => introspect::http::handle(exchange).await,
        }
    }
}

/// The endpoint and the custom server, if the request is for a frequent one. Whatever is spelled in an unusual way is
/// left to the router.
#[must_use]
pub fn find_frequent<'p>(method: &Method, path: &'p str) -> Option<(Frequent, Option<&'p str>)> {
    if method != Method::POST {
        return None;
    }
    let rest = path.strip_prefix("/oauth2/")?;
    let (server, name) = match rest.strip_prefix("v1/") {
        Some(name) => (None, name),
        None => {
            let (server, rest) = rest.split_once('/')?;
            (Some(server), rest.strip_prefix("v1/")?)
        }
    };
    let frequent = match name {
        "token" => Frequent::Token,
        "introspect" => Frequent::Introspect,
        _ => return None,
    };
    let is_plain = |server: &str| {
        !server.is_empty() && server.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    server.is_none_or(is_plain).then_some((frequent, server))
}

/// The handlers of [`ENDPOINTS`] on a router: a custom server's paths have `{server}`. Middleware must have put the
/// org and the facts of the request into its extensions.
pub fn router<S>() -> Router<S>
where
    Cell: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    ENDPOINTS.iter().fold(Router::new(), |router, endpoint| {
        let Ok(filter) = MethodFilter::try_from(endpoint.method.clone()) else {
            return router;
        };
        router.route(endpoint.path, on_operation(filter, endpoint.operation))
    })
}

/// The handler of an operation, for one method.
fn on_operation<S>(filter: MethodFilter, operation: &str) -> MethodRouter<S>
where
    Cell: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    match operation {
        "oauth.authorize" => on(filter, authorize::http::handle),
        "oauth.token" => on(filter, token::http::handle),
        "oauth.introspect" => on(filter, introspect::http::handle),
        "oauth.revoke" => on(filter, revoke::http::handle),
        "oauth.userinfo" => on(filter, userinfo::http::handle),
        "oauth.keys" => on(filter, jwks::http::handle),
        "oauth.logout" => on(filter, logout::http::handle),
        "oauth.device_authorize" => on(filter, device::http::handle),
        "oauth.openid_configuration" => on(filter, discovery::http::openid_configuration),
        "oauth.server_metadata" => on(filter, discovery::http::server_metadata),
        _ => on(filter, preflight),
    }
}

/// `OPTIONS` of every endpoint that scripts of other origins call.
pub async fn preflight(exchange: Exchange) -> Response {
    reply::preflight(&exchange)
}

#[cfg(test)]
mod tests {
    use super::{ENDPOINTS, Frequent, find_frequent};
    use http::Method;

    #[test]
    fn frequent_endpoints_are_those_of_the_table() {
        for endpoint in ENDPOINTS {
            let frequent = match endpoint.operation {
                "oauth.token" => Some(Frequent::Token),
                "oauth.introspect" => Some(Frequent::Introspect),
                _ => None,
            };
            let path = endpoint.path.replace("{server}", "default");
            let server = endpoint.path.contains("{server}").then_some("default");
            let expected = frequent.map(|frequent| (frequent, server));
            assert_eq!(find_frequent(&endpoint.method, &path), expected, "{path}");
        }
    }

    #[test]
    fn unusual_spellings_are_left_to_the_router() {
        for path in [
            "/oauth2/v1/token/",
            "/oauth2//v1/token",
            "/oauth2/a/b/v1/token",
            "/oauth2/a%2Fb/v1/token",
            "/oauth2/v1/v1/token/x",
            "/oauth2/token",
            "oauth2/v1/token",
            "/OAUTH2/v1/token",
            "/oauth2/default/v1/tokens",
        ] {
            assert_eq!(find_frequent(&Method::POST, path), None, "{path}");
        }
        assert_eq!(find_frequent(&Method::GET, "/oauth2/v1/token"), None);
    }
}
