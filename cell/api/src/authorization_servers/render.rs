//! An authorization server as the API shows it.

use crate::authorization_servers::{ISSUER_MODE, KEY_USE, ROTATION};
use crate::call::Call;
use crate::shown::{moment, status_of, text};
use identity::server::{AccessTokenAlgorithm, AuthorizationServer, DEFAULT_SERVER_NAME};
use keys::{KeyPhase, KeyView, ServerKeyScope};
use protocol::jose::algorithm::Algorithm;
use serde_json::{Value, json};

/// A server.
#[must_use]
pub fn render_server(call: &Call, server: &AuthorizationServer, keys: &[KeyView]) -> Value {
    let href = server_href(call, server);
    let issuer = issuer_url(call, server);
    let scope = ServerKeyScope::Custom(server.id.clone());
    let algorithm = algorithm_of(server.config.access_token_algorithm);
    let signs = |key: &&KeyView| {
        key.server == scope && key.algorithm == algorithm && key.phase == KeyPhase::Signing
    };
    let key = keys.iter().find(signs);
    let part =
        |name: &str| json!({ "href": format!("{href}/{name}"), "hints": { "allow": ["GET"] } });
    let step = if server.active {
        "deactivate"
    } else {
        "activate"
    };
    let metadata = |name: &str| {
        json!({
            "name": name,
            "href": format!("{issuer}/.well-known/{name}"),
            "hints": { "allow": ["GET"] },
        })
    };
    json!({
        "id": server.id.as_str(),
        "name": server.name,
        "description": text(&server.config.description),
        "audiences": [server.config.audience],
        "issuer": issuer,
        "issuerMode": ISSUER_MODE,
        "status": status_of(server.active),
        "default": server.name == DEFAULT_SERVER_NAME,
        "created": moment(Some(server.created_at)),
        "lastUpdated": moment(Some(server.updated_at)),
        "credentials": {
            "signing": {
                "kid": key.map(|key| key.kid.as_str()),
                "rotationMode": ROTATION,
                "lastRotated": moment(key.map(|key| key.signs_from)),
                "nextRotation": moment(key.map(|key| key.signs_until)),
                "use": KEY_USE,
            },
        },
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
            "scopes": part("scopes"),
            "claims": part("claims"),
            "policies": part("policies"),
            "rotateKey": {
                "href": format!("{href}/credentials/lifecycle/keyRotate"),
                "hints": { "allow": ["POST"] },
            },
            "metadata": [metadata("oauth-authorization-server"), metadata("openid-configuration")],
            step: {
                "href": format!("{href}/lifecycle/{step}"),
                "hints": { "allow": ["POST"] },
            },
        },
    })
}

/// The address of a server in the API.
pub(crate) fn server_href(call: &Call, server: &AuthorizationServer) -> String {
    call.href(&format!("/api/v1/authorizationServers/{}", server.id))
}

/// How a server names itself to who asks at this host.
pub(crate) fn issuer_url(call: &Call, server: &AuthorizationServer) -> String {
    let name = if server.name == DEFAULT_SERVER_NAME {
        DEFAULT_SERVER_NAME
    } else {
        server.id.as_str()
    };
    call.href(&format!("/oauth2/{name}"))
}

/// The algorithm of a setting.
pub(crate) const fn algorithm_of(setting: AccessTokenAlgorithm) -> Algorithm {
    match setting {
        AccessTokenAlgorithm::RS256 => Algorithm::Rs256,
        AccessTokenAlgorithm::ES256 => Algorithm::Es256,
        AccessTokenAlgorithm::EdDSA => Algorithm::EdDsa,
    }
}
