//! The documents by which clients set themselves up: OpenID Connect Discovery section 3 and RFC 8414 section 2.
//!
//! What the parsers of this crate accept is said here from the same enums, so the documents cannot promise more.

use serde::Serialize;

use crate::jose::algorithm::Algorithm;
use crate::oauth::authorize::ResponseMode;
use crate::oauth::client_auth::ClientAuthMethod;
use crate::oauth::pkce;
use crate::oauth::token::GrantType;

/// Where the endpoints are: absolute addresses.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints<'e> {
    /// Authorization (RFC 6749 section 3.1).
    pub authorization: &'e str,
    /// Token (RFC 6749 section 3.2).
    pub token: &'e str,
    /// UserInfo (OpenID Connect Core section 5.3).
    pub userinfo: &'e str,
    /// Keys (RFC 7517 section 5).
    pub jwks: &'e str,
    /// Introspection (RFC 7662).
    pub introspection: &'e str,
    /// Revocation (RFC 7009).
    pub revocation: &'e str,
    /// Logout (OpenID Connect RP-Initiated Logout section 2.1).
    pub end_session: &'e str,
    /// Device authorization (RFC 8628 section 4), where there is any.
    pub device_authorization: Option<&'e str>,
}

/// What one authorization server says about itself.
#[derive(Debug, Clone, Copy)]
pub struct ServerFacts<'f> {
    /// The issuer, exactly as in its tokens.
    pub issuer: &'f str,
    /// Where its endpoints are.
    pub endpoints: Endpoints<'f>,
    /// The grants that it offers.
    pub grant_types: &'f [GrantType],
    /// The scopes that it shows.
    pub scopes: &'f [&'f str],
    /// The claims that it may give.
    pub claims: &'f [&'f str],
    /// The algorithms of its ID tokens; RS256 must be one (OpenID Connect Discovery section 3).
    pub id_token_algorithms: &'f [Algorithm],
    /// The `acr` values that it can reach.
    pub acr_values: &'f [&'f str],
    /// The languages of its pages.
    pub ui_locales: &'f [&'f str],
}

/// The document at `/.well-known/openid-configuration`.
#[must_use]
pub fn render_openid_configuration(facts: &ServerFacts<'_>) -> String {
    render(&OpenIdMetadata {
        common: common(facts),
        openid: openid(facts),
    })
}

/// The document at `/.well-known/oauth-authorization-server`.
#[must_use]
pub fn render_oauth_metadata(facts: &ServerFacts<'_>) -> String {
    render(&common(facts))
}

fn render<T: Serialize>(document: &T) -> String {
    // Structs of strings always serialise.
    serde_json::to_string(document).unwrap_or_default()
}

/// What both documents say.
#[derive(Serialize)]
struct CommonMetadata<'f> {
    issuer: &'f str,
    authorization_endpoint: &'f str,
    token_endpoint: &'f str,
    jwks_uri: &'f str,
    introspection_endpoint: &'f str,
    revocation_endpoint: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_authorization_endpoint: Option<&'f str>,
    scopes_supported: &'f [&'f str],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: &'f [GrantType],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    token_endpoint_auth_signing_alg_values_supported: [Algorithm; 3],
    introspection_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    introspection_endpoint_auth_signing_alg_values_supported: [Algorithm; 3],
    revocation_endpoint_auth_methods_supported: Vec<ClientAuthMethod>,
    revocation_endpoint_auth_signing_alg_values_supported: [Algorithm; 3],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ui_locales_supported: &'f [&'f str],
    /// RFC 9207 section 3.
    authorization_response_iss_parameter_supported: bool,
}

/// What only OpenID Connect knows.
#[derive(Serialize)]
struct OpenIdOnly<'f> {
    userinfo_endpoint: &'f str,
    end_session_endpoint: &'f str,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: &'f [Algorithm],
    claims_supported: &'f [&'f str],
    claim_types_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    acr_values_supported: &'f [&'f str],
    prompt_values_supported: [&'static str; 4],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

#[derive(Serialize)]
struct OpenIdMetadata<'f> {
    #[serde(flatten)]
    common: CommonMetadata<'f>,
    #[serde(flatten)]
    openid: OpenIdOnly<'f>,
}

fn common<'f>(facts: &ServerFacts<'f>) -> CommonMetadata<'f> {
    // A client that names itself only may revoke its own tokens (RFC 7009 section 2.1), but not introspect
    // (RFC 7662 section 2.1: the endpoint must require authorization).
    let confidential: Vec<ClientAuthMethod> = ClientAuthMethod::ALL
        .into_iter()
        .filter(|method| *method != ClientAuthMethod::None)
        .collect();
    CommonMetadata {
        issuer: facts.issuer,
        authorization_endpoint: facts.endpoints.authorization,
        token_endpoint: facts.endpoints.token,
        jwks_uri: facts.endpoints.jwks,
        introspection_endpoint: facts.endpoints.introspection,
        revocation_endpoint: facts.endpoints.revocation,
        device_authorization_endpoint: facts.endpoints.device_authorization,
        scopes_supported: facts.scopes,
        response_types_supported: ["code"],
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::name),
        grant_types_supported: facts.grant_types,
        code_challenge_methods_supported: [pkce::METHOD],
        token_endpoint_auth_methods_supported: ClientAuthMethod::ALL.to_vec(),
        token_endpoint_auth_signing_alg_values_supported: Algorithm::ALL,
        introspection_endpoint_auth_methods_supported: confidential,
        introspection_endpoint_auth_signing_alg_values_supported: Algorithm::ALL,
        revocation_endpoint_auth_methods_supported: ClientAuthMethod::ALL.to_vec(),
        revocation_endpoint_auth_signing_alg_values_supported: Algorithm::ALL,
        ui_locales_supported: facts.ui_locales,
        authorization_response_iss_parameter_supported: true,
    }
}

fn openid<'f>(facts: &ServerFacts<'f>) -> OpenIdOnly<'f> {
    OpenIdOnly {
        userinfo_endpoint: facts.endpoints.userinfo,
        end_session_endpoint: facts.endpoints.end_session,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: facts.id_token_algorithms,
        claims_supported: facts.claims,
        claim_types_supported: ["normal"],
        acr_values_supported: facts.acr_values,
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        claims_parameter_supported: false,
        request_parameter_supported: false,
        // Its default is true (OpenID Connect Discovery section 3), so it must be said.
        request_uri_parameter_supported: false,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoints, ServerFacts, render_oauth_metadata, render_openid_configuration};
    use crate::jose::algorithm::Algorithm;
    use crate::oauth::token::GrantType;
    use serde_json::{Value, json};

    const FACTS: ServerFacts<'static> = ServerFacts {
        issuer: "https://id.example/oauth2/default",
        endpoints: Endpoints {
            authorization: "https://id.example/oauth2/default/v1/authorize",
            token: "https://id.example/oauth2/default/v1/token",
            userinfo: "https://id.example/oauth2/default/v1/userinfo",
            jwks: "https://id.example/oauth2/default/v1/keys",
            introspection: "https://id.example/oauth2/default/v1/introspect",
            revocation: "https://id.example/oauth2/default/v1/revoke",
            end_session: "https://id.example/oauth2/default/v1/logout",
            device_authorization: Some("https://id.example/oauth2/default/v1/device/authorize"),
        },
        grant_types: &GrantType::ALL,
        scopes: &["openid", "profile"],
        claims: &["sub", "name"],
        id_token_algorithms: &Algorithm::ALL,
        acr_values: &[],
        ui_locales: &["en"],
    };

    #[test]
    fn says_what_openid_connect_discovery_requires() {
        let document: Value = serde_json::from_str(&render_openid_configuration(&FACTS)).unwrap();
        for name in [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
        ] {
            assert!(document.get(name).is_some(), "{name}");
        }
        assert_eq!(
            document["id_token_signing_alg_values_supported"],
            json!(["RS256", "ES256", "EdDSA"])
        );
        assert_eq!(document["request_uri_parameter_supported"], json!(false));
        assert_eq!(
            document["response_modes_supported"],
            json!(["query", "form_post"])
        );
        assert!(document.get("acr_values_supported").is_none());
        assert_eq!(
            document["token_endpoint_auth_methods_supported"],
            json!([
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
                "none"
            ])
        );
    }

    #[test]
    fn says_the_same_in_both_forms() {
        let openid: Value = serde_json::from_str(&render_openid_configuration(&FACTS)).unwrap();
        let oauth: Value = serde_json::from_str(&render_oauth_metadata(&FACTS)).unwrap();
        let oauth = oauth.as_object().unwrap();
        assert!(
            oauth
                .iter()
                .all(|(name, value)| openid.get(name) == Some(value))
        );
        assert!(!oauth.contains_key("userinfo_endpoint"));
        assert_eq!(oauth["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(
            oauth["authorization_response_iss_parameter_supported"],
            json!(true)
        );
    }
}
