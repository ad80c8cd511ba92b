//! What an app's administrators set. Unknown keys are refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of an app.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// Where authorization responses may go; compared exactly (RFC 9700 section 2.1).
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after logout.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the app is started from the dashboard.
    pub initiate_login_uri: String,
    /// Where logout tokens go (OpenID Connect Back-Channel Logout).
    pub backchannel_logout_uri: String,
    /// How the app authenticates at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Whether it must use PKCE though it keeps a secret; an app that keeps none must in any case. It is written only
    /// where it is so: the release before reads every app that does without.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pkce: bool,
    /// Public keys for `private_key_jwt`: a JWKS document as JSON, or empty.
    pub jwks: String,
    /// The grants it may use.
    pub grants: Vec<GrantKind>,
    /// Whether people are asked before their data goes to the app.
    pub consent: ConsentRule,
    /// Who may use it.
    pub visibility: Assignment,
    /// Algorithm of ID tokens.
    pub id_token_algorithm: TokenAlgorithm,
    /// Seconds for which a refresh token may be unused.
    pub refresh_idle_secs: Option<i64>,
    /// Seconds for which a refresh family may live.
    pub refresh_lifetime_secs: Option<i64>,
}

/// How an app authenticates at the token endpoint (OpenID Connect Core section 9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// Public client: PKCE alone.
    None,
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
}

/// A grant that an app may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// RFC 8628.
    DeviceCode,
}

/// Whether people are asked for consent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// The org's own app: the administrator has consented for all.
    #[default]
    Trusted,
    /// Each person is asked once per scope.
    Required,
}

/// Who may use an app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Only people and groups that are assigned.
    #[default]
    Assigned,
    /// Everybody in the org.
    Everyone,
}

/// Algorithm of ID tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TokenAlgorithm {
    /// RSA with SHA-256: what OpenID Connect Core section 15.1 asks every client to know.
    #[default]
    RS256,
    /// ECDSA over P-256.
    ES256,
    /// Ed25519.
    EdDSA,
}
