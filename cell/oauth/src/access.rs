//! Which scopes an app gets of a server, for whom and for how long: the server's scopes and access rules.

use crate::denial::Denial;
use crate::issuer::Issuer;
use crate::limits::RULE_GROUPS_MAX;
use database::{DatabaseFault, ReadTx};
use identity::access::scope::ApiScope;
use identity::app::App;
use identity::app::api_access::may_act_for_itself;
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
/// `invalid_scope` for a scope that the server does not have, one about a person where there is none, or one of the
/// management API that the app was not granted.
pub fn decide_scopes(
    issuer: &Issuer,
    app: &App,
    asked: Option<&ScopeSet>,
    grant: GrantKind,
) -> Result<ScopeSet, Denial> {
    let config = issuer.config();
    let scopes = match asked.filter(|asked| !asked.is_empty()) {
        Some(asked) => asked.clone(),
        None => {
            let defaults = config.scopes.iter().filter(|scope| scope.default);
            ScopeSet::from_tokens(defaults.map(|scope| scope.name.as_str())).map_err(|_| {
                let text = "the server's scopes by default cannot be granted";
                Denial::new(ErrorCode::InvalidScope, text)
            })?
        }
    };
    let known = |scope: &str| {
        let custom = config.scopes.iter().any(|known| known.name == scope);
        custom
            || match grant {
                GrantKind::ClientCredentials => has_api_scope(issuer, app, scope),
                GrantKind::AuthorizationCode | GrantKind::RefreshToken | GrantKind::DeviceCode => {
                    STANDARD_SCOPES.contains(&scope)
                }
            }
    };
    let Some(unknown) = scopes.iter().find(|scope| !known(scope)) else {
        return Ok(scopes);
    };
    let text = format!("{unknown} is no scope of this server, or was not granted to the client");
    Err(Denial::told(ErrorCode::InvalidScope, &text))
}

/// Whether that is a scope of the management API which the app gets for itself. The org's own server alone issues tokens
/// for it, and a person's tokens never carry it: an app's sign-in may ask less of an administrator than the console does.
fn has_api_scope(issuer: &Issuer, app: &App, scope: &str) -> bool {
    issuer.is_org_server()
        && may_act_for_itself(app)
        && ApiScope::parse(scope).is_some_and(|scope| app.api_scopes.contains(&scope))
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

#[cfg(test)]
mod tests {
    use super::decide_scopes;
    use crate::client_auth::tests::app;
    use crate::issuer::{custom_issuer, org_issuer};
    use identity::access::scope::ApiScope;
    use identity::app::settings::{ClientAuthentication, GrantKind};
    use identity::org::context::OrgContext;
    use identity::server::{AuthorizationServer, ServerConfig};
    use protocol::oauth::scope::ScopeSet;
    use std::sync::Arc;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, ServerId};
    use vocab::time::Timestamp;

    #[test]
    fn scopes_of_the_management_api_are_for_apps_with_keys_that_were_granted_them() {
        use ClientAuthentication::{ClientSecretPost, None as Public, PrivateKeyJwt};
        use GrantKind::{AuthorizationCode, ClientCredentials, DeviceCode};
        let entropy = SeededEntropy::new(4);
        let context = OrgContext {
            org: OrgId::generate(&entropy),
            slug: "acme".into(),
            name: "Acme".into(),
            base_url: "https://acme.example".into(),
            path_prefix: "".into(),
            rp_id: "acme.example".into(),
        };
        let server = AuthorizationServer::new(
            context.org.clone(),
            ServerId::generate(&entropy),
            String::from("default"),
            ServerConfig::default(),
            Timestamp::from_seconds(0),
        );
        let (own, custom) = (
            org_issuer(&context),
            custom_issuer(&context, Arc::new(server), "default"),
        );
        let read = "okta.users.read";
        for (issuer, proof, granted, grant, asked, is_given) in [
            (&own, PrivateKeyJwt, read, ClientCredentials, read, true),
            (&own, ClientSecretPost, read, ClientCredentials, read, false),
            (&own, Public, read, ClientCredentials, read, false),
            (
                &own,
                PrivateKeyJwt,
                "okta.groups.read",
                ClientCredentials,
                read,
                false,
            ),
            (
                &own,
                PrivateKeyJwt,
                read,
                ClientCredentials,
                "okta.users.manage",
                false,
            ),
            // What was granted is what may be asked for: not what it would cover as well.
            (
                &own,
                PrivateKeyJwt,
                "okta.users.manage",
                ClientCredentials,
                read,
                false,
            ),
            (
                &own,
                PrivateKeyJwt,
                read,
                ClientCredentials,
                "okta.users.read openid",
                false,
            ),
            (
                &own,
                PrivateKeyJwt,
                read,
                AuthorizationCode,
                "openid okta.users.read",
                false,
            ),
            (&own, PrivateKeyJwt, read, DeviceCode, read, false),
            (&custom, PrivateKeyJwt, read, ClientCredentials, read, false),
        ] {
            let mut app = app();
            app.settings.client_authentication = proof;
            app.api_scopes = vec![ApiScope::parse(granted).unwrap()];
            let asked = ScopeSet::parse(asked).unwrap();
            let decided = decide_scopes(issuer, &app, Some(&asked), grant);
            assert_eq!(
                decided.is_ok(),
                is_given,
                "{proof:?} {granted} {grant:?} {asked:?}"
            );
        }
    }
}
