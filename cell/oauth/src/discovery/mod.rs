//! The documents by which clients set themselves up (OpenID Connect Discovery, RFC 8414).

pub mod http;

use crate::access::STANDARD_SCOPES;
use crate::device;
use crate::issuer::Issuer;
use identity::server::ClaimToken;
use identity::sign_on::authenticator::AuthenticationContext;
use identity::snapshot::OrgSnapshot;
use protocol::jose::algorithm::Algorithm;
use protocol::oauth::token::GrantType;
use protocol::oidc::discovery::{
    Endpoints, ServerFacts, render_oauth_metadata, render_openid_configuration,
};

/// Claims that every server may give.
const STANDARD_CLAIMS: [&str; 19] = [
    "iss",
    "sub",
    "aud",
    "iat",
    "exp",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "updated_at",
    "email",
    "email_verified",
];

/// Which of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// OpenID Connect Discovery section 3.
    OpenId,
    /// RFC 8414 section 2.
    OAuth,
}

/// The document of a server, as it was addressed.
#[must_use]
pub fn render(issuer: &Issuer, snapshot: &OrgSnapshot, document: Document) -> String {
    let devices = device::is_open(snapshot);
    let grant_types: Vec<GrantType> = GrantType::ALL
        .into_iter()
        .filter(|grant| devices || *grant != GrantType::DeviceCode)
        .collect();
    let config = issuer.config();
    let mut scopes: Vec<&str> = STANDARD_SCOPES.to_vec();
    let listed = config.scopes.iter().filter(|scope| !scope.unlisted);
    scopes.extend(listed.map(|scope| scope.name.as_str()));
    let mut claims: Vec<&str> = STANDARD_CLAIMS.to_vec();
    let configured = config
        .claims
        .iter()
        .filter(|claim| claim.token == ClaimToken::IdToken);
    claims.extend(configured.map(|claim| claim.name.as_str()));
    let [
        authorization,
        token,
        userinfo,
        jwks,
        introspection,
        revocation,
        end_session,
        device_authorization,
    ] = [
        "authorize",
        "token",
        "userinfo",
        "keys",
        "introspect",
        "revoke",
        "logout",
        "device/authorize",
    ]
    .map(|name| issuer.endpoint(&format!("v1/{name}")));
    let facts = ServerFacts {
        issuer: &issuer.url,
        endpoints: Endpoints {
            authorization: &authorization,
            token: &token,
            userinfo: &userinfo,
            jwks: &jwks,
            introspection: &introspection,
            revocation: &revocation,
            end_session: &end_session,
            device_authorization: devices.then_some(device_authorization.as_str()),
        },
        grant_types: &grant_types,
        scopes: &scopes,
        claims: &claims,
        id_token_algorithms: &Algorithm::ALL,
        acr_values: &AuthenticationContext::ALL.map(AuthenticationContext::as_str),
        ui_locales: &[],
    };
    match document {
        Document::OpenId => render_openid_configuration(&facts),
        Document::OAuth => render_oauth_metadata(&facts),
    }
}
