//! What the settings of an authorization server may be: pure rules.

use crate::fault::Refusal;
use crate::group_rule::decide::{is_built_in, kind_of};
use crate::org::settings::ProfileAttribute;
use crate::problem::{Problem, named, quoted};
use crate::server::parts::{AccessPolicy, POLICIES_MAX, ServerParts};
use crate::server::{
    AccessRule, CLAIMS_MAX, ClaimConfig, ClaimValue, RULES_MAX, SCOPES_MAX, ScopeConfig,
    ServerConfig,
};
use protocol::oauth::scope::is_scope_token;
use std::ops::RangeInclusive;
use vocab::id::{AppId, GroupId, UserId};
use vocab::text::disguises;

/// Longest name.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest audience.
pub const AUDIENCE_CHARS_MAX: usize = 500;
/// Longest description of a server or scope.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// Longest name of a claim, and longest attribute or group prefix.
pub const CLAIM_CHARS_MAX: usize = 100;
/// Longest constant that a claim carries.
pub const CONSTANT_CHARS_MAX: usize = 1_000;
/// Most apps, people, groups or scopes that one rule or claim names.
pub const LISTED_MAX: usize = 200;
/// The shortest and longest lifetime of an access token.
pub const ACCESS_TOKEN_SECS: RangeInclusive<i64> = 60..=24 * 60 * 60;
/// The shortest and longest time for which a refresh token may be unused or its family may live.
pub const REFRESH_SECS: RangeInclusive<i64> = 60..=365 * 24 * 60 * 60;

/// Scopes that every server has from OpenID Connect (Core sections 3.1.2.1, 5.4 and 11).
pub const STANDARD_SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
];
/// Scopes of the management API, which no custom server grants.
const RESERVED_SCOPE_PREFIX: &str = "okta.";
/// Claims that the protocol sets; a claim of the same name would forge what clients rely on.
const RESERVED_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "jti",
    "nbf",
    "nonce",
    "at_hash",
    "c_hash",
    "auth_time",
    "azp",
    "sid",
    "cid",
    "uid",
    "scp",
    "ver",
    "acr",
    "amr",
    "client_id",
    "scope",
    "cnf",
    "events",
];

/// What claims call attributes that everybody has, beside the names that expressions call them by.
const CALLED_BY_CLAIMS: [&str; 4] = ["first_name", "last_name", "display_name", "displayName"];

/// Trims and checks the name of a server.
///
/// # Errors
/// [`Refusal::Invalid`] for an empty, long or many-lined one.
pub fn decide_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if !is_line(name, NAME_CHARS_MAX) {
        return Err(Refusal::invalid(
            "name",
            "use 1 to 100 characters on one line",
        ));
    }
    Ok(name.to_owned())
}

/// Holds the settings of a server against their bounds and the reserved names.
///
/// # Errors
/// [`Refusal::Invalid`] or [`Refusal::TooMany`] naming the setting.
pub fn decide_server(mut config: ServerConfig) -> Result<ServerConfig, Refusal> {
    config.audience = config.audience.trim().to_owned();
    if !is_line(&config.audience, AUDIENCE_CHARS_MAX)
        || config.audience.contains(char::is_whitespace)
    {
        return Err(Refusal::invalid(
            "audience",
            "use 1 to 500 characters without spaces, for example api://default",
        ));
    }
    if config.description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Refusal::invalid(
            "description",
            "use at most 1,000 characters",
        ));
    }
    check_scopes(&config.scopes)?;
    check_claims(&config)?;
    check_rules(&config)?;
    Ok(config)
}

fn is_line(text: &str, chars_max: usize) -> bool {
    let chars = text.chars().count();
    chars >= 1 && chars <= chars_max && !text.chars().any(disguises)
}

fn check_scopes(scopes: &[ScopeConfig]) -> Result<(), Refusal> {
    if scopes.len() > SCOPES_MAX {
        return Err(Refusal::TooMany {
            what: "scopes",
            max: SCOPES_MAX,
        });
    }
    for (index, scope) in scopes.iter().enumerate() {
        let name = scope.name.as_str();
        if !is_scope_token(name) {
            let problem = Problem::of(
                "{name}: use printable ASCII without spaces, quotes and back slashes",
                [quoted(name)],
            );
            return Err(Refusal::invalid("scopes", problem));
        }
        if STANDARD_SCOPES.contains(&name) || name.starts_with(RESERVED_SCOPE_PREFIX) {
            return Err(Refusal::invalid(
                "scopes",
                Problem::of("{name}: this name is reserved", [named(name)]),
            ));
        }
        if scopes
            .iter()
            .take(index)
            .any(|earlier| earlier.name == name)
        {
            return Err(Refusal::invalid(
                "scopes",
                Problem::of("{name} is named twice", [named(name)]),
            ));
        }
        if scope.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(Refusal::invalid(
                "scopes",
                Problem::of(
                    "{name}: use at most 1,000 characters to describe it",
                    [named(name)],
                ),
            ));
        }
    }
    Ok(())
}

fn check_claims(config: &ServerConfig) -> Result<(), Refusal> {
    let claims = &config.claims;
    if claims.len() > CLAIMS_MAX {
        return Err(Refusal::TooMany {
            what: "claims",
            max: CLAIMS_MAX,
        });
    }
    for (index, claim) in claims.iter().enumerate() {
        check_claim(claim)?;
        let name = &claim.name;
        let twice = |earlier: &ClaimConfig| earlier.name == *name && earlier.token == claim.token;
        if claims.iter().take(index).any(twice) {
            return Err(Refusal::invalid(
                "claims",
                Problem::of("{name} is named twice for the same token", [named(name)]),
            ));
        }
        check_known_scopes("claims", name, &claim.scopes, &config.scopes)?;
    }
    Ok(())
}

fn check_claim(claim: &ClaimConfig) -> Result<(), Refusal> {
    let name = claim.name.as_str();
    let shaped = is_line(name, CLAIM_CHARS_MAX) && !name.contains(char::is_whitespace);
    if !shaped {
        return Err(Refusal::invalid(
            "claims",
            Problem::of(
                "{name}: use 1 to 100 characters without spaces",
                [quoted(name)],
            ),
        ));
    }
    if RESERVED_CLAIMS.contains(&name) {
        return Err(Refusal::invalid(
            "claims",
            Problem::of("{name}: the protocol sets this claim itself", [named(name)]),
        ));
    }
    let fits = match &claim.value {
        ClaimValue::Constant(text) => text.chars().count() <= CONSTANT_CHARS_MAX,
        ClaimValue::Attribute(attribute) => is_line(attribute, CLAIM_CHARS_MAX),
        ClaimValue::GroupsStartingWith(prefix) => prefix.chars().count() <= CLAIM_CHARS_MAX,
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "claims",
            Problem::of("{name}: its value is empty or too long", [named(name)]),
        ))
    }
}

/// Refuses claims that name an attribute which nobody can have, of whatever type they are: they would give nothing, and nobody would be
/// told. What stands there already stays as it is, though its attribute is no more.
///
/// # Errors
/// [`Refusal::Invalid`] naming claim and attribute.
pub fn check_attributes(
    claims: &[ClaimConfig],
    former: &[ClaimConfig],
    schema: &[ProfileAttribute],
) -> Result<(), Refusal> {
    match asked_in_vain(claims, former, schema).next() {
        Some((of, name)) => {
            let problem = Problem::of(
                "{of}: people have no attribute {name}",
                [("of", of.to_owned()), quoted(name)],
            );
            Err(Refusal::invalid("claims", problem))
        }
        None => Ok(()),
    }
}

/// The claims which were not there before and name an attribute that nobody can have, each with the attribute. A claim gives nothing
/// as long as that is so.
pub fn asked_in_vain<'c>(
    claims: &'c [ClaimConfig],
    former: &'c [ClaimConfig],
    schema: &'c [ProfileAttribute],
) -> impl Iterator<Item = (&'c str, &'c str)> {
    asked_anew(claims, former).filter(|(_, name)| kind_of(schema, name).is_none())
}

/// Whether claims name an attribute that not everybody has.
#[must_use]
pub fn asks_for_attributes(claims: &[ClaimConfig]) -> bool {
    asked_anew(claims, &[]).next().is_some()
}

/// The attributes that not everybody has and that are named by claims which were not there before, each after its claim.
fn asked_anew<'c>(
    claims: &'c [ClaimConfig],
    former: &'c [ClaimConfig],
) -> impl Iterator<Item = (&'c str, &'c str)> {
    let new = claims.iter().filter(move |claim| !former.contains(claim));
    new.filter_map(|claim| {
        let ClaimValue::Attribute(name) = &claim.value else {
            return None;
        };
        let has_everybody = CALLED_BY_CLAIMS.contains(&name.as_str()) || is_built_in(name);
        (!has_everybody).then_some((claim.name.as_str(), name.as_str()))
    })
}

fn check_known_scopes(
    field: &'static str,
    of: &str,
    named: &[String],
    scopes: &[ScopeConfig],
) -> Result<(), Refusal> {
    if named.len() > LISTED_MAX {
        return Err(Refusal::TooMany {
            what: "scopes of one rule or claim",
            max: LISTED_MAX,
        });
    }
    let unknown = named.iter().find(|name| {
        !STANDARD_SCOPES.contains(&name.as_str())
            && !scopes.iter().any(|scope| scope.name == **name)
    });
    match unknown {
        Some(name) => Err(Refusal::invalid(
            field,
            Problem::of(
                "{of}: this server has no scope {name}",
                [("of", of.to_string()), quoted(name)],
            ),
        )),
        None => Ok(()),
    }
}

fn check_rules(config: &ServerConfig) -> Result<(), Refusal> {
    if config.rules.len() > RULES_MAX {
        return Err(Refusal::TooMany {
            what: "rules",
            max: RULES_MAX,
        });
    }
    for rule in &config.rules {
        if !is_line(&rule.name, NAME_CHARS_MAX) {
            return Err(Refusal::invalid(
                "rules",
                "name each rule with 1 to 100 characters on one line",
            ));
        }
        check_ids(rule)?;
        check_known_scopes("rules", &rule.name, &rule.scopes, &config.scopes)?;
        let lifetimes = ACCESS_TOKEN_SECS.contains(&rule.access_token_secs)
            && REFRESH_SECS.contains(&rule.refresh_idle_secs)
            && REFRESH_SECS.contains(&rule.refresh_lifetime_secs)
            && rule.refresh_idle_secs <= rule.refresh_lifetime_secs;
        if !lifetimes {
            let problem = "{name}: an access token lives 60 seconds to 24 hours; a refresh token is unused for at \
                           least 60 seconds, and for no longer than its family lives, which is at most 365 days";
            return Err(Refusal::invalid(
                "rules",
                Problem::of(problem, [named(&rule.name)]),
            ));
        }
    }
    Ok(())
}

/// Holds what stands beside the settings of a server against the same bounds: what is at rest must be able to be in force.
///
/// # Errors
/// [`Refusal::Invalid`] or [`Refusal::TooMany`] naming the setting.
pub fn decide_parts(config: &ServerConfig, parts: &ServerParts) -> Result<(), Refusal> {
    if parts.policies.len() > POLICIES_MAX {
        return Err(Refusal::TooMany {
            what: "access policies",
            max: POLICIES_MAX,
        });
    }
    for policy in &parts.policies {
        if !is_line(&policy.name, NAME_CHARS_MAX) {
            return Err(Refusal::invalid(
                "name",
                "use 1 to 100 characters on one line",
            ));
        }
        if policy.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(Refusal::invalid(
                "description",
                "use at most 1,000 characters",
            ));
        }
        check_ids(&AccessRule {
            name: policy.name.clone(),
            apps: policy.apps.clone(),
            ..AccessRule::default()
        })?;
    }
    let all = parts.policies.iter().flat_map(AccessPolicy::rules_for_apps);
    check_rules(&ServerConfig {
        rules: all.map(|(_, rule)| rule).collect(),
        ..config.clone()
    })
}

fn check_ids(rule: &AccessRule) -> Result<(), Refusal> {
    let wrong = |what: &str, id: &str| {
        let words = [named(&rule.name), ("id", format!("{id:?}"))];
        let pattern = match what {
            "app" => "{name}: {id} is no id of an app",
            "person" => "{name}: {id} is no id of a person",
            _ => "{name}: {id} is no id of a group",
        };
        Refusal::invalid("rules", Problem::of(pattern, words))
    };
    for list in [&rule.apps, &rule.people, &rule.groups] {
        if list.len() > LISTED_MAX {
            return Err(Refusal::TooMany {
                what: "apps, people or groups of one rule",
                max: LISTED_MAX,
            });
        }
    }
    if let Some(id) = rule.apps.iter().find(|id| AppId::parse(id).is_err()) {
        return Err(wrong("app", id));
    }
    if let Some(id) = rule.people.iter().find(|id| UserId::parse(id).is_err()) {
        return Err(wrong("person", id));
    }
    if let Some(id) = rule.groups.iter().find(|id| GroupId::parse(id).is_err()) {
        return Err(wrong("group", id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{
        RESERVED_CLAIMS, STANDARD_SCOPES, asked_in_vain, asks_for_attributes, check_attributes,
        decide_name, decide_server,
    };
    use crate::org::settings::ProfileAttribute;
    use crate::server::{
        AccessRule, ClaimConfig, ClaimToken, ClaimValue, RULES_MAX, SCOPES_MAX, ScopeConfig,
        ServerConfig,
    };

    fn scope(name: &str) -> ScopeConfig {
        ScopeConfig {
            name: name.into(),
            ..ScopeConfig::default()
        }
    }

    fn claim(name: &str) -> ClaimConfig {
        ClaimConfig {
            name: name.into(),
            token: ClaimToken::AccessToken,
            value: ClaimValue::Constant("x".into()),
            scopes: Vec::new(),
        }
    }

    fn usable() -> ServerConfig {
        ServerConfig {
            scopes: vec![scope("orders:read"), scope("orders:write")],
            claims: vec![ClaimConfig {
                scopes: vec!["orders:read".into(), "profile".into()],
                ..claim("team")
            }],
            rules: vec![AccessRule {
                scopes: vec!["orders:read".into(), "openid".into()],
                ..AccessRule::default()
            }],
            ..ServerConfig::default()
        }
    }

    #[test]
    fn the_preset_and_a_usual_server_are_accepted() {
        assert_eq!(
            decide_server(ServerConfig::default()).unwrap(),
            ServerConfig::default()
        );
        assert_eq!(decide_server(usable()).unwrap(), usable());
        assert!(
            decide_server(ServerConfig {
                rules: Vec::new(),
                ..usable()
            })
            .is_ok()
        );
    }

    #[test]
    fn a_claim_names_what_people_have() {
        let of = |name: &str, attribute: &str| ClaimConfig {
            value: ClaimValue::Attribute(attribute.into()),
            ..claim(name)
        };
        let schema = [ProfileAttribute {
            name: "team".into(),
            ..ProfileAttribute::default()
        }];
        for (attribute, is_good) in [
            ("login", true),
            ("email", true),
            ("first_name", true),
            ("firstName", true),
            ("last_name", true),
            ("lastName", true),
            ("display_name", true),
            ("displayName", true),
            ("team", true),
            ("Team", false),
            ("user.team", false),
            ("id", false),
        ] {
            let checked = check_attributes(&[of("a", attribute)], &[], &schema);
            assert_eq!(checked.is_ok(), is_good, "{attribute}");
        }
        let (kept, text) = (of("a", "gone"), claim("b"));
        let former = std::slice::from_ref(&kept);
        assert!(!asks_for_attributes(&[
            text.clone(),
            of("c", "displayName")
        ]));
        assert!(asks_for_attributes(&[text.clone(), of("c", "team")]));
        let check = |claims: &[ClaimConfig]| check_attributes(claims, former, &schema);
        let both = [kept.clone(), text];
        assert!(check(&both).is_ok());
        // What is kept gives nothing all the same, and whoever asks is told so.
        let told: Vec<_> = asked_in_vain(&both, &[], &schema).collect();
        assert_eq!(told, [("a", "gone")]);
        assert_eq!(asked_in_vain(&both, former, &schema).count(), 0);
        for other in [of("b", "gone"), of("a", "missing")] {
            let refused = check(&[kept.clone(), other.clone()]).unwrap_err();
            let (name, value) = (&other.name, &other.value);
            let ClaimValue::Attribute(attribute) = value else {
                panic!("{value:?}");
            };
            assert_eq!(
                refused.to_string(),
                format!("claims: {name}: people have no attribute {attribute:?}")
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        type Change = fn(&mut ServerConfig);
        let table: &[(&str, Change)] = &[
            ("audience", |c| c.audience = " ".into()),
            ("audience", |c| c.audience = "a b".into()),
            ("audience", |c| c.audience = "x".repeat(501)),
            ("description", |c| c.description = "x".repeat(1_001)),
            ("scopes", |c| c.scopes.push(scope(""))),
            ("scopes", |c| c.scopes.push(scope("a b"))),
            ("scopes", |c| c.scopes.push(scope("a\"b"))),
            ("scopes", |c| c.scopes.push(scope("okta.users.read"))),
            ("scopes", |c| c.scopes.push(scope("orders:read"))),
            ("claims", |c| c.claims.push(claim(""))),
            ("claims", |c| c.claims.push(claim("a b"))),
            ("claims", |c| c.claims.extend(c.claims.clone())),
            ("claims", |c| {
                c.claims.push(ClaimConfig {
                    scopes: vec!["other".into()],
                    ..claim("a")
                })
            }),
            ("claims", |c| {
                c.claims.push(ClaimConfig {
                    value: ClaimValue::Constant("x".repeat(1_001)),
                    ..claim("a")
                })
            }),
            ("claims", |c| {
                c.claims.push(ClaimConfig {
                    value: ClaimValue::Attribute(String::new()),
                    ..claim("a")
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    name: String::new(),
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    scopes: vec!["other".into()],
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    apps: vec!["0oa".into()],
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    people: vec!["ada".into()],
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    groups: vec![String::new()],
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    access_token_secs: 59,
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    access_token_secs: 86_401,
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    refresh_idle_secs: 0,
                    ..AccessRule::default()
                })
            }),
            ("rules", |c| {
                c.rules.push(AccessRule {
                    refresh_lifetime_secs: 61,
                    ..AccessRule::default()
                })
            }),
        ];
        for (index, (field, change)) in table.iter().enumerate() {
            let mut config = usable();
            change(&mut config);
            let text = decide_server(config).unwrap_err().to_string();
            assert!(text.starts_with(field), "{index} {field}: {text}");
        }
    }

    #[test]
    fn names_of_the_protocol_cannot_be_taken() {
        for name in STANDARD_SCOPES {
            assert!(
                decide_server(ServerConfig {
                    scopes: vec![scope(name)],
                    ..usable()
                })
                .is_err(),
                "{name}"
            );
        }
        for name in RESERVED_CLAIMS {
            assert!(
                decide_server(ServerConfig {
                    claims: vec![claim(name)],
                    ..usable()
                })
                .is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn lists_are_bounded() {
        let scopes = (0..=SCOPES_MAX)
            .map(|index| scope(&format!("s{index}")))
            .collect();
        assert!(
            decide_server(ServerConfig {
                scopes,
                ..ServerConfig::default()
            })
            .is_err()
        );
        let rules = vec![AccessRule::default(); RULES_MAX + 1];
        assert!(
            decide_server(ServerConfig {
                rules,
                ..ServerConfig::default()
            })
            .is_err()
        );
        assert!(decide_name(" Orders ").is_ok() && decide_name("").is_err());
    }
}
