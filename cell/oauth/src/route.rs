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
