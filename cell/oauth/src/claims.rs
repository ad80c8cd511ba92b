//! Claims about a person: those of the standard scopes, and those that a server's configuration adds.

use crate::limits::{CLAIM_GROUPS_MAX, GROUP_PAGES_MAX, GROUPS_PAGE};
use database::{DatabaseFault, ReadTx};
use identity::person::Person;
use identity::server::{ClaimConfig, ClaimToken, ClaimValue, ServerConfig};
use protocol::oauth::scope::ScopeSet;
use protocol::oidc::claims::{ExtraClaims, claims_of_scopes};
use serde_json::Value;
use vocab::id::{OrgId, UserId};

/// Names of the groups of a person that claims may list, by name.
pub type GroupNames = Vec<String>;

/// The value of a standard claim (OpenID Connect Core section 5.1), if the person has one.
fn standard_claim(person: &Person, name: &str) -> Option<Value> {
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    match name {
        "name" => text(&person.display_name()),
        "given_name" => text(&person.first_name),
        "family_name" => text(&person.last_name),
        "preferred_username" => text(&person.login),
        "updated_at" => Some(Value::from(person.updated_at.seconds())),
        "email" => text(&person.email),
        "email_verified" => Some(Value::from(person.email_verified)),
        other => person.profile.get(other).cloned(),
    }
}

/// What ID tokens carry of the standard claims; the rest is told by userinfo.
const ID_TOKEN_CLAIMS: [&str; 4] = ["name", "preferred_username", "email", "email_verified"];

/// The claims of an ID token about the person.
#[must_use]
pub fn render_id_token_claims(
    person: &Person,
    scopes: &ScopeSet,
    config: &ServerConfig,
    groups: &[String],
) -> ExtraClaims {
    let mut claims = ExtraClaims::default();
    for name in claims_of_scopes(scopes).filter(|name| ID_TOKEN_CLAIMS.contains(name)) {
        insert(&mut claims, name, standard_claim(person, name));
    }
    add_configured(
        &mut claims,
        config,
        ClaimToken::IdToken,
        scopes,
        Some(person),
        groups,
    );
    claims
}

/// The claims of userinfo about the person, without `sub`.
#[must_use]
pub fn render_userinfo_claims(
    person: &Person,
    scopes: &ScopeSet,
    config: &ServerConfig,
    groups: &[String],
) -> ExtraClaims {
    let mut claims = ExtraClaims::default();
    for name in claims_of_scopes(scopes) {
        insert(&mut claims, name, standard_claim(person, name));
    }
    add_configured(
        &mut claims,
        config,
        ClaimToken::IdToken,
        scopes,
        Some(person),
        groups,
    );
    claims
}

/// The claims that the server adds to an access token.
#[must_use]
pub fn render_access_token_claims(
    person: Option<&Person>,
    scopes: &ScopeSet,
    config: &ServerConfig,
    groups: &[String],
) -> ExtraClaims {
    let mut claims = ExtraClaims::default();
    add_configured(
        &mut claims,
        config,
        ClaimToken::AccessToken,
        scopes,
        person,
        groups,
    );
    claims
}

fn add_configured(
    claims: &mut ExtraClaims,
    config: &ServerConfig,
    token: ClaimToken,
    scopes: &ScopeSet,
    person: Option<&Person>,
    groups: &[String],
) {
    for claim in config
        .claims
        .iter()
        .filter(|claim| claim.token == token && is_asked_for(claim, scopes))
    {
        let value = match &claim.value {
            ClaimValue::Constant(text) => Some(Value::from(text.as_str())),
            ClaimValue::Attribute(name) => person.and_then(|person| attribute(person, name)),
            ClaimValue::GroupsStartingWith(prefix) => person.map(|_| {
                let named = groups
                    .iter()
                    .filter(|group| group.starts_with(prefix.as_str()));
                Value::from(
                    named
                        .take(CLAIM_GROUPS_MAX)
                        .map(String::as_str)
                        .collect::<Vec<_>>(),
                )
            }),
        };
        insert(claims, &claim.name, value);
    }
}

fn is_asked_for(claim: &ClaimConfig, scopes: &ScopeSet) -> bool {
    claim.scopes.is_empty() || claim.scopes.iter().any(|scope| scopes.contains(scope))
}

/// A profile attribute: a built-in one, by the name that expressions call it by as well, or one of the org's schema.
fn attribute(person: &Person, name: &str) -> Option<Value> {
    match name {
        "login" => Some(Value::from(person.login.as_str())),
        "email" => Some(Value::from(person.email.as_str())),
        "first_name" | "firstName" => Some(Value::from(person.first_name.as_str())),
        "last_name" | "lastName" => Some(Value::from(person.last_name.as_str())),
        "display_name" => Some(Value::from(person.display_name())),
        // An org may have an attribute of its own that is called so.
        "displayName" => match person.profile.get(name) {
            None => Some(Value::from(person.display_name())),
            own => own.cloned(),
        },
        other => person.profile.get(other).cloned(),
    }
}

fn insert(claims: &mut ExtraClaims, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        // A name that belongs to the protocol or is one too many is left out: a configuration cannot forge a token.
        let _ = claims.insert(name, value);
    }
}

/// Names of the person's groups, as far as a claim of the server lists any.
///
/// # Errors
/// [`DatabaseFault`] if the store fails.
pub async fn load_group_names(
    tx: &mut ReadTx,
    org: &OrgId,
    config: &ServerConfig,
    user: &UserId,
) -> Result<GroupNames, DatabaseFault> {
    let prefixes: Vec<&str> = config
        .claims
        .iter()
        .filter_map(|claim| match &claim.value {
            ClaimValue::GroupsStartingWith(prefix) => Some(prefix.as_str()),
            ClaimValue::Constant(_) | ClaimValue::Attribute(_) => None,
        })
        .collect();
    let mut names = Vec::new();
    if prefixes.is_empty() {
        return Ok(names);
    }
    let mut after = String::new();
    for _ in 0..GROUP_PAGES_MAX {
        let page =
            identity::group::store::load_of_person(tx, org, user, &after, GROUPS_PAGE).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = last.to_string();
        let listed = page.into_iter().map(|(_, name)| name);
        names.extend(listed.filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))));
    }
    names.sort();
    Ok(names)
}
