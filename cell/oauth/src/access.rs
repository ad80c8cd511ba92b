//! Which scopes an app gets of a server, for whom and for how long: the server's scopes and access rules.

use crate::denial::Denial;
use crate::issuer::Issuer;
use crate::limits::RULE_GROUPS_MAX;
use database::{DatabaseFault, ReadTx};
use identity::app::App;
use identity::app::settings::GrantKind;
use identity::server::{AccessQuestion, AccessRule, ServerConfig, decide_access};
use protocol::oauth::error::ErrorCode;
use protocol::oauth::scope::ScopeSet;
use protocol::oidc::claims::{OFFLINE_ACCESS, OPENID};
use std::collections::BTreeSet;
use vocab::id::{GroupId, OrgId, UserId};

/// Scopes that every server knows (OpenID Connect Core sections 5.4 and 11).
pub const STANDARD_SCOPES: [&str; 6] = [
    OPENID,
    "profile",
    "email",
    "address",
    "phone",
    OFFLINE_ACCESS,
];

/// Lifetimes that a rule of the server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of access tokens.
    pub access_secs: i64,
    /// How long a refresh token may be unused.
    pub refresh_idle_secs: i64,
    /// How long a refresh family may live.
    pub refresh_secs: i64,
}

/// A person, as far as access rules look.
#[derive(Debug, Clone, Copy)]
pub struct RulePerson<'a> {
    /// The person.
    pub user: &'a UserId,
    /// Those groups named by the server's rules to which the person belongs.
    pub groups: &'a [GroupId],
}

/// The scopes that a request means: those that it names, or the server's default ones.
///
/// # Errors
/// `invalid_scope` for a scope that the server does not have, or one about a person where there is none.
pub fn decide_scopes(
    config: &ServerConfig,
    asked: Option<&ScopeSet>,
    grant: GrantKind,
) -> Result<ScopeSet, Denial> {
    let invalid = || {
        Denial::new(
            ErrorCode::InvalidScope,
            "the server does not have one of the scopes that were asked for",
        )
    };
    let scopes = match asked.filter(|asked| !asked.is_empty()) {
        Some(asked) => asked.clone(),
        None => {
            let defaults = config.scopes.iter().filter(|scope| scope.default);
            ScopeSet::from_tokens(defaults.map(|scope| scope.name.as_str()))
                .map_err(|_| invalid())?
        }
    };
    let known = |scope: &str| {
        let custom = config.scopes.iter().any(|known| known.name == scope);
        custom || (grant != GrantKind::ClientCredentials && STANDARD_SCOPES.contains(&scope))
    };
    if scopes.iter().all(known) {
        Ok(scopes)
    } else {
        Err(invalid())
    }
}

/// The rule by which the app gets these scopes: the first that matches.
///
/// # Errors
/// `access_denied` if no rule does, `unauthorized_client` if the app may not use the grant at all.
pub fn decide_rule<'i>(
    issuer: &'i Issuer,
    app: &App,
    grant: GrantKind,
    person: Option<RulePerson<'_>>,
    scopes: &ScopeSet,
) -> Result<&'i AccessRule, Denial> {
    if !app.settings.grants.contains(&grant) {
        return Err(Denial::new(
            ErrorCode::UnauthorizedClient,
            "the client may not use this grant",
        ));
    }
    let scopes: Vec<String> = scopes.iter().map(str::to_owned).collect();
    let question = AccessQuestion {
        app: &app.id,
        grant,
        person: person.map(|person| (person.user, person.groups)),
        scopes: &scopes,
    };
    decide_access(issuer.config(), &question).ok_or(Denial::new(
        ErrorCode::AccessDenied,
        "no access rule of the authorization server permits this",
    ))
}

/// The lifetimes by which the app gets these scopes.
///
/// # Errors
/// As [`decide_rule`].
pub fn decide_lifetimes(
    issuer: &Issuer,
    app: &App,
    grant: GrantKind,
    person: Option<RulePerson<'_>>,
    scopes: &ScopeSet,
) -> Result<Lifetimes, Denial> {
    decide_rule(issuer, app, grant, person, scopes).map(|rule| lifetimes_of(rule, app))
}

/// The lifetimes that a rule gives; an app may have its own for refresh tokens.
#[must_use]
pub fn lifetimes_of(rule: &AccessRule, app: &App) -> Lifetimes {
    Lifetimes {
        access_secs: rule.access_token_secs,
        refresh_idle_secs: app
            .settings
            .refresh_idle_secs
            .unwrap_or(rule.refresh_idle_secs),
        refresh_secs: app
            .settings
            .refresh_lifetime_secs
            .unwrap_or(rule.refresh_lifetime_secs),
    }
}

/// Those groups named by the server's rules to which the person belongs. Each is looked up by itself: a person may be
/// in any number of groups, rules name few.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_rule_groups(
    tx: &mut ReadTx,
    org: &OrgId,
    config: &ServerConfig,
    user: &UserId,
) -> Result<Vec<GroupId>, DatabaseFault> {
    let named: BTreeSet<&str> = config
        .rules
        .iter()
        .flat_map(|rule| rule.groups.iter().map(String::as_str))
        .collect();
    let mut groups = Vec::new();
    for group in named
        .into_iter()
        .take(RULE_GROUPS_MAX)
        .filter_map(|id| GroupId::parse(id).ok())
    {
        if identity::group::store::is_member(tx, org, &group, user).await? {
            groups.push(group);
        }
    }
    Ok(groups)
}
