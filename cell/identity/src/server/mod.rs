//! Authorization servers: each an issuer with its scopes, claims, access policies and token settings.
//!
//! Every org has one of its own (`/oauth2/v1/…`); further ones are custom (`/oauth2/{id}/v1/…`), `default` being preset.

pub mod change;
pub mod operations;
pub mod parts;
pub mod policies;
pub mod rules;
pub mod signing_keys;
pub mod store;

use crate::app::settings::{GrantKind, TokenAlgorithm};
use crate::server::parts::ServerParts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocab::id::{AppId, GroupId, OrgId, ServerId, UserId};
use vocab::time::Timestamp;

/// Most scopes of one server.
pub const SCOPES_MAX: usize = 200;
/// Most claims of one server.
pub const CLAIMS_MAX: usize = 100;
/// Most access rules of one server.
pub const RULES_MAX: usize = 100;

/// The name under which the preset custom server also answers.
pub const DEFAULT_SERVER_NAME: &str = "default";

/// A custom authorization server.
#[derive(Debug, Clone)]
pub struct AuthorizationServer {
    /// The org it belongs to.
    pub org_id: OrgId,
    /// Its id, part of its issuer.
    pub id: ServerId,
    /// Its name; `default` also answers at `/oauth2/default`.
    pub name: String,
    /// Whether it issues tokens.
    pub active: bool,
    /// What its administrators set.
    pub config: ServerConfig,
    /// What administrators read beside that.
    pub parts: ServerParts,
    /// Counts changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl AuthorizationServer {
    /// A new one.
    #[must_use]
    pub fn new(
        org_id: OrgId,
        id: ServerId,
        name: String,
        config: ServerConfig,
        now: Timestamp,
    ) -> Self {
        Self {
            parts: ServerParts::default().fitted(&id, &config),
            org_id,
            id,
            name,
            active: true,
            config,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Settings of an authorization server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The `aud` of its access tokens.
    pub audience: String,
    /// What it is for.
    pub description: String,
    /// Scopes beyond those of OpenID Connect.
    pub scopes: Vec<ScopeConfig>,
    /// Claims that it adds to tokens.
    pub claims: Vec<ClaimConfig>,
    /// Who gets which tokens; the first rule that matches decides, and no match refuses.
    pub rules: Vec<AccessRule>,
    /// Form of access tokens.
    pub access_token_form: AccessTokenForm,
    /// Algorithm of JWT access tokens.
    pub access_token_algorithm: AccessTokenAlgorithm,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            audience: String::from("api://default"),
            description: String::new(),
            scopes: Vec::new(),
            claims: Vec::new(),
            rules: vec![AccessRule::default()],
            access_token_form: AccessTokenForm::default(),
            access_token_algorithm: AccessTokenAlgorithm::default(),
        }
    }
}

/// Form of access tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenForm {
    /// RFC 9068.
    #[default]
    Jwt,
    /// Random; only introspection tells what it carries.
    Opaque,
}

/// Algorithm of JWT access tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessTokenAlgorithm {
    /// RSA with SHA-256.
    RS256,
    /// ECDSA over P-256.
    #[default]
    ES256,
    /// Ed25519.
    EdDSA,
}

impl From<AccessTokenAlgorithm> for TokenAlgorithm {
    fn from(algorithm: AccessTokenAlgorithm) -> Self {
        match algorithm {
            AccessTokenAlgorithm::RS256 => Self::RS256,
            AccessTokenAlgorithm::ES256 => Self::ES256,
            AccessTokenAlgorithm::EdDSA => Self::EdDSA,
        }
    }
}

/// A scope of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScopeConfig {
    /// Its name on the wire (RFC 6749 section 3.3).
    pub name: String,
    /// What a person reads on the consent page.
    pub description: String,
    /// Whether it is granted when a request names no scope.
    pub default: bool,
    /// Whether a person must consent even for a trusted app.
    pub consent_required: bool,
    /// Whether discovery leaves it out. It stands among the parts: an older release refuses settings that it does not know.
    #[serde(skip)]
    pub unlisted: bool,
}

/// A claim that a server adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimConfig {
    /// Its name on the wire.
    pub name: String,
    /// Which token carries it.
    pub token: ClaimToken,
    /// Where its value comes from.
    pub value: ClaimValue,
    /// Only when one of these scopes is granted; empty means always.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// Which token carries a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimToken {
    /// Access tokens.
    AccessToken,
    /// ID tokens and userinfo.
    IdToken,
}

/// Where the value of a claim comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimValue {
    /// Always the same text.
    Constant(String),
    /// A profile attribute: a built-in one or one of the org's schema.
    Attribute(String),
    /// Names of the person's groups that begin so; at most 100.
    GroupsStartingWith(String),
}

/// Who gets which tokens, for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessRule {
    /// Its name.
    pub name: String,
    /// The apps it is for; empty means all.
    pub apps: Vec<String>,
    /// The grants it is for; empty means all.
    pub grants: Vec<GrantKind>,
    /// The people it is for; with `groups`, empty means all.
    pub people: Vec<String>,
    /// The groups it is for.
    pub groups: Vec<String>,
    /// The scopes it may grant; empty means all of the server.
    pub scopes: Vec<String>,
    /// Lifetime of access tokens.
    pub access_token_secs: i64,
    /// How long a refresh token may be unused.
    pub refresh_idle_secs: i64,
    /// How long a refresh family may live.
    pub refresh_lifetime_secs: i64,
}

impl Default for AccessRule {
    fn default() -> Self {
        Self {
            name: String::from("Everyone"),
            apps: Vec::new(),
            grants: Vec::new(),
            people: Vec::new(),
            groups: Vec::new(),
            scopes: Vec::new(),
            access_token_secs: 60 * 60,
            refresh_idle_secs: 7 * 24 * 60 * 60,
            refresh_lifetime_secs: 90 * 24 * 60 * 60,
        }
    }
}

/// What an access decision is asked about.
#[derive(Debug, Clone, Copy)]
pub struct AccessQuestion<'a> {
    /// The app that asks.
    pub app: &'a AppId,
    /// By which grant.
    pub grant: GrantKind,
    /// For which person; none for client credentials.
    pub person: Option<(&'a UserId, &'a [GroupId])>,
    /// For which scopes.
    pub scopes: &'a [String],
}

/// The first rule that lets the app have these scopes by this grant for this person.
#[must_use]
pub fn decide_access<'a>(
    config: &'a ServerConfig,
    question: &AccessQuestion<'_>,
) -> Option<&'a AccessRule> {
    config
        .rules
        .iter()
        .find(|rule| rule_matches(rule, question))
}

fn rule_matches(rule: &AccessRule, question: &AccessQuestion<'_>) -> bool {
    let app = rule.apps.is_empty() || rule.apps.iter().any(|id| id == question.app.as_str());
    let grant = rule.grants.is_empty() || rule.grants.contains(&question.grant);
    let everyone = rule.people.is_empty() && rule.groups.is_empty();
    let person = match question.person {
        None => everyone,
        Some((user, groups)) => {
            everyone
                || rule.people.iter().any(|id| id == user.as_str())
                || groups
                    .iter()
                    .any(|group| rule.groups.iter().any(|id| id == group.as_str()))
        }
    };
    let scopes = rule.scopes.is_empty()
        || question
            .scopes
            .iter()
            .all(|scope| rule.scopes.contains(scope));
    app && grant && person && scopes
}

#[cfg(test)]
mod tests;
