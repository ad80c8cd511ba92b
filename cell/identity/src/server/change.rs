//! What one change makes of the settings of a server: pure, so that it can be planned anew inside the transaction.
//!
//! Scopes, claims and rules have no ids of their own. A page names them by a key made of their content: whoever
//! changes what somebody else changed meanwhile names a key that is no more, and is told so.

use crate::fault::Refusal;
use crate::problem::{Problem, named};
use crate::server::{
    AccessRule, AccessTokenAlgorithm, AccessTokenForm, ClaimConfig, ScopeConfig, ServerConfig,
};
use ledger::EventType;
use serde::Serialize;
use vocab::secret::SecretHash;

/// Characters of a key: 96 bits of a hash, of at most a few hundred parts.
const KEY_CHARS: usize = 24;

/// What is set of a server beside its scopes, claims and rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Its name.
    pub name: String,
    /// The `aud` of its access tokens.
    pub audience: String,
    /// What it is for.
    pub description: String,
    /// Form of access tokens.
    pub access_token_form: AccessTokenForm,
    /// Algorithm of JWT access tokens.
    pub access_token_algorithm: AccessTokenAlgorithm,
}

/// Where a rule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// One place towards the first.
    Up,
    /// One place towards the last.
    Down,
}

/// One change of a server. A part that is put replaces the one of that key; without a key it is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerChange {
    /// Name and settings.
    Set(ServerSettings),
    /// A scope; where it gets another name, claims and rules follow.
    PutScope(Option<String>, ScopeConfig),
    /// A scope goes.
    RemoveScope(String),
    /// A claim.
    PutClaim(Option<String>, ClaimConfig),
    /// A claim goes.
    RemoveClaim(String),
    /// A rule; a new one comes last.
    PutRule(Option<String>, AccessRule),
    /// A rule goes.
    RemoveRule(String),
    /// A rule changes its place.
    MoveRule(String, Direction),
}

/// What a change comes to; the rules of servers are still to be held against it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedChange {
    /// The name from now on.
    pub name: String,
    /// The settings from now on.
    pub config: ServerConfig,
    /// What is told of it in the log.
    pub event: EventType,
    /// What was changed of the server, and its name; none for the settings themselves.
    pub part: Option<(&'static str, String)>,
    /// What changed: field, before, after.
    pub fields: Vec<(&'static str, String, String)>,
}

/// The key of a scope or claim.
#[must_use]
pub fn part_key<T: Serialize>(part: &T) -> String {
    let text = serde_json::to_string(part).unwrap_or_default();
    let mut key = SecretHash::of(&text).to_hex();
    key.truncate(KEY_CHARS);
    key
}

/// The key of a rule. Rules may be alike, and their order matters, so their place is part of it.
#[must_use]
pub fn rule_key(place: usize, rule: &AccessRule) -> String {
    format!("{place}-{}", part_key(rule))
}

/// What the change makes of a server.
///
/// # Errors
/// [`Refusal::Changed`] for a key that is no more; [`Refusal::Invalid`] for a scope that is still named elsewhere.
pub fn plan_change(
    name: &str,
    config: &ServerConfig,
    change: ServerChange,
) -> Result<PlannedChange, Refusal> {
    let mut planned = PlannedChange {
        name: name.to_owned(),
        config: config.clone(),
        event: EventType::Oauth2AsUpdated,
        part: None,
        fields: Vec::new(),
    };
    match change {
        ServerChange::Set(settings) => plan_settings(&mut planned, settings),
        ServerChange::PutScope(key, scope) => plan_scope(&mut planned, key, scope)?,
        ServerChange::RemoveScope(key) => plan_scope_removal(&mut planned, &key)?,
        ServerChange::PutClaim(key, claim) => plan_claim(&mut planned, key, claim)?,
        ServerChange::RemoveClaim(key) => {
            let place = place_of(&planned.config.claims, &key)?;
            let claim = planned.config.claims.remove(place);
            planned.event = EventType::Oauth2ClaimDeleted;
            planned.part = Some(("Claim", claim.name));
        }
        ServerChange::PutRule(key, rule) => plan_rule(&mut planned, key, rule)?,
        ServerChange::RemoveRule(key) => {
            let place = place_of_rule(&planned.config.rules, &key)?;
            let rule = planned.config.rules.remove(place);
            planned.event = EventType::PolicyRuleDelete;
            planned.part = Some(("AccessRule", rule.name));
        }
        ServerChange::MoveRule(key, direction) => plan_move(&mut planned, &key, direction)?,
    }
    Ok(planned)
}

fn plan_settings(planned: &mut PlannedChange, settings: ServerSettings) {
    let before = planned.config.clone();
    let config = &mut planned.config;
    config.audience = settings.audience;
    config.description = settings.description;
    config.access_token_form = settings.access_token_form;
    config.access_token_algorithm = settings.access_token_algorithm;
    let fields = [
        ("name", planned.name.clone(), settings.name.clone()),
        ("audience", before.audience, config.audience.clone()),
        (
            "description",
            before.description,
            config.description.clone(),
        ),
        (
            "access_token_form",
            word(&before.access_token_form),
            word(&config.access_token_form),
        ),
        (
            "access_token_algorithm",
            word(&before.access_token_algorithm),
            word(&config.access_token_algorithm),
        ),
    ];
    planned.fields = fields
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .collect();
    planned.name = settings.name;
}

fn plan_scope(
    planned: &mut PlannedChange,
    key: Option<String>,
    scope: ScopeConfig,
) -> Result<(), Refusal> {
    planned.part = Some(("Scope", scope.name.clone()));
    let config = &mut planned.config;
    let Some(key) = key else {
        planned.event = EventType::Oauth2ScopeCreated;
        config.scopes.push(scope);
        return Ok(());
    };
    planned.event = EventType::Oauth2ScopeUpdated;
    let place = place_of(&config.scopes, &key)?;
    let slot = config.scopes.get_mut(place).ok_or(Refusal::Changed)?;
    planned.fields = changed(slot, &scope);
    if slot.unlisted != scope.unlisted {
        let shown = |scope: &ScopeConfig| scope.unlisted.to_string();
        planned
            .fields
            .push(("unlisted", shown(slot), shown(&scope)));
    }
    let former = std::mem::replace(slot, scope.clone()).name;
    let of_claims = config.claims.iter_mut().map(|claim| &mut claim.scopes);
    let of_rules = config.rules.iter_mut().map(|rule| &mut rule.scopes);
    for named in of_claims
        .chain(of_rules)
        .flatten()
        .filter(|named| **named == former)
    {
        named.clone_from(&scope.name);
    }
    Ok(())
}

fn plan_scope_removal(planned: &mut PlannedChange, key: &str) -> Result<(), Refusal> {
    let config = &mut planned.config;
    let place = place_of(&config.scopes, key)?;
    let scope = config.scopes.remove(place);
    // A rule for this scope alone would, without it, permit every scope.
    let claim = config
        .claims
        .iter()
        .find(|claim| claim.scopes.contains(&scope.name))
        .map(|claim| format!("the claim {}", claim.name));
    let rule = config
        .rules
        .iter()
        .find(|rule| rule.scopes.contains(&scope.name))
        .map(|rule| format!("the access rule {}", rule.name));
    if let Some(user) = claim.or(rule) {
        return Err(Refusal::invalid(
            "scopes",
            Problem::of(
                "{user} still names {name}; change it first",
                [("user", user.to_string()), named(&scope.name)],
            ),
        ));
    }
    planned.event = EventType::Oauth2ScopeDeleted;
    planned.part = Some(("Scope", scope.name));
    Ok(())
}

fn plan_claim(
    planned: &mut PlannedChange,
    key: Option<String>,
    claim: ClaimConfig,
) -> Result<(), Refusal> {
    planned.part = Some(("Claim", claim.name.clone()));
    let claims = &mut planned.config.claims;
    let Some(key) = key else {
        planned.event = EventType::Oauth2ClaimCreated;
        claims.push(claim);
        return Ok(());
    };
    planned.event = EventType::Oauth2ClaimUpdated;
    let place = place_of(claims, &key)?;
    let slot = claims.get_mut(place).ok_or(Refusal::Changed)?;
    planned.fields = changed(slot, &claim);
    *slot = claim;
    Ok(())
}

fn plan_rule(
    planned: &mut PlannedChange,
    key: Option<String>,
    rule: AccessRule,
) -> Result<(), Refusal> {
    planned.part = Some(("AccessRule", rule.name.clone()));
    let rules = &mut planned.config.rules;
    let Some(key) = key else {
        planned.event = EventType::PolicyRuleAdd;
        rules.push(rule);
        return Ok(());
    };
    planned.event = EventType::PolicyRuleUpdate;
    let place = place_of_rule(rules, &key)?;
    let slot = rules.get_mut(place).ok_or(Refusal::Changed)?;
    planned.fields = changed(slot, &rule);
    *slot = rule;
    Ok(())
}

fn plan_move(planned: &mut PlannedChange, key: &str, direction: Direction) -> Result<(), Refusal> {
    let rules = &mut planned.config.rules;
    let from = place_of_rule(rules, key)?;
    let to = match direction {
        Direction::Up => from.checked_sub(1),
        Direction::Down => Some(from + 1).filter(|to| *to < rules.len()),
    };
    planned.event = EventType::PolicyRuleUpdate;
    let name = rules.get(from).map(|rule| rule.name.clone());
    planned.part = name.map(|name| ("AccessRule", name));
    if let Some(to) = to {
        rules.swap(from, to);
        planned.fields = vec![("place", (from + 1).to_string(), (to + 1).to_string())];
    }
    Ok(())
}

fn place_of<T: Serialize>(parts: &[T], key: &str) -> Result<usize, Refusal> {
    parts
        .iter()
        .position(|part| part_key(part) == key)
        .ok_or(Refusal::Changed)
}

fn place_of_rule(rules: &[AccessRule], key: &str) -> Result<usize, Refusal> {
    rules
        .iter()
        .enumerate()
        .position(|(place, rule)| rule_key(place, rule) == key)
        .ok_or(Refusal::Changed)
}

fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// The whole part before and after: it is small, and its parts have no meaning of their own.
fn changed<T: Serialize>(before: &T, after: &T) -> Vec<(&'static str, String, String)> {
    let (before, after) = (word(before), word(after));
    if before == after {
        Vec::new()
    } else {
        vec![("settings", before, after)]
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, ServerChange, ServerSettings, part_key, plan_change, rule_key};
    use crate::fault::Refusal;
    use crate::server::{
        AccessRule, AccessTokenAlgorithm, AccessTokenForm, ClaimConfig, ClaimToken, ClaimValue,
        ScopeConfig, ServerConfig,
    };
    use ledger::EventType;

    fn scope(name: &str) -> ScopeConfig {
        ScopeConfig {
            name: name.into(),
            ..ScopeConfig::default()
        }
    }

    fn claim(name: &str, scopes: &[&str]) -> ClaimConfig {
        ClaimConfig {
            name: name.into(),
            token: ClaimToken::AccessToken,
            value: ClaimValue::Constant("x".into()),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }

    fn rule(name: &str, scopes: &[&str]) -> AccessRule {
        AccessRule {
            name: name.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..AccessRule::default()
        }
    }

    fn config() -> ServerConfig {
        ServerConfig {
            scopes: vec![scope("read"), scope("write"), scope("free")],
            claims: vec![claim("team", &["read"])],
            rules: vec![rule("a", &["write"]), rule("b", &[]), rule("b", &[])],
            ..ServerConfig::default()
        }
    }

    #[test]
    fn settings_are_set_and_only_what_changed_is_told() {
        let settings = ServerSettings {
            name: "default".into(),
            audience: "api://orders".into(),
            description: String::new(),
            access_token_form: AccessTokenForm::Opaque,
            access_token_algorithm: AccessTokenAlgorithm::ES256,
        };
        let planned = plan_change("default", &config(), ServerChange::Set(settings)).unwrap();
        assert_eq!(planned.config.audience, "api://orders");
        assert_eq!(planned.config.scopes, config().scopes);
        assert_eq!(planned.event, EventType::Oauth2AsUpdated);
        assert_eq!(
            planned.fields,
            [
                ("audience", "api://default".into(), "api://orders".into()),
                ("access_token_form", "jwt".into(), "opaque".into()),
            ]
        );
    }

    #[test]
    fn a_scope_that_is_renamed_takes_claims_and_rules_along() {
        let key = part_key(&scope("read"));
        let change = ServerChange::PutScope(Some(key), scope("view"));
        let planned = plan_change("s", &config(), change).unwrap();
        assert_eq!(planned.config.scopes[0].name, "view");
        assert_eq!(planned.config.claims[0].scopes, ["view"]);
        assert_eq!(planned.config.rules[0].scopes, ["write"]);
        assert_eq!(planned.part, Some(("Scope", "view".into())));
    }

    #[test]
    fn a_scope_that_is_named_elsewhere_stays() {
        for (name, by) in [("read", "claim team"), ("write", "rule a")] {
            let change = ServerChange::RemoveScope(part_key(&scope(name)));
            let refused = plan_change("s", &config(), change).unwrap_err().to_string();
            assert!(refused.contains(by), "{refused}");
        }
        let change = ServerChange::RemoveScope(part_key(&scope("free")));
        let planned = plan_change("s", &config(), change).unwrap();
        assert_eq!(planned.config.scopes, [scope("read"), scope("write")]);
        assert_eq!(planned.event, EventType::Oauth2ScopeDeleted);
    }

    #[test]
    fn whoever_saw_something_older_is_told_so() {
        let stale = part_key(&scope("gone"));
        let table = [
            ServerChange::PutScope(Some(stale.clone()), scope("x")),
            ServerChange::RemoveScope(stale.clone()),
            ServerChange::PutClaim(Some(stale.clone()), claim("x", &[])),
            ServerChange::RemoveClaim(stale.clone()),
            ServerChange::PutRule(Some(stale.clone()), rule("x", &[])),
            ServerChange::RemoveRule(stale.clone()),
            ServerChange::MoveRule(stale, Direction::Up),
            // The rule is there, at another place.
            ServerChange::RemoveRule(rule_key(1, &rule("a", &["write"]))),
        ];
        for change in table {
            let refused = plan_change("s", &config(), change).unwrap_err();
            assert!(matches!(refused, Refusal::Changed), "{refused}");
        }
    }

    #[test]
    fn rules_that_are_alike_are_told_apart_by_their_place() {
        let config = config();
        let key = rule_key(2, &config.rules[2]);
        let planned = plan_change(
            "s",
            &config,
            ServerChange::PutRule(Some(key), rule("c", &[])),
        )
        .unwrap();
        let names: Vec<&str> = planned
            .config
            .rules
            .iter()
            .map(|r| r.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn rules_move_one_place_and_stay_at_the_ends() {
        let order = |place: usize, direction| {
            let config = config();
            let key = rule_key(place, &config.rules[place]);
            let planned =
                plan_change("s", &config, ServerChange::MoveRule(key, direction)).unwrap();
            let rules = planned.config.rules.iter();
            rules.map(|rule| rule.name.clone()).collect::<String>()
        };
        assert_eq!(order(0, Direction::Down), "bab");
        assert_eq!(order(1, Direction::Up), "bab");
        assert_eq!(order(0, Direction::Up), "abb");
        assert_eq!(order(2, Direction::Down), "abb");
    }

    #[test]
    fn new_parts_come_last() {
        let planned = plan_change("s", &config(), ServerChange::PutRule(None, rule("z", &[])));
        let planned = planned.unwrap();
        assert_eq!(planned.config.rules.last().unwrap().name, "z");
        assert_eq!(planned.event, EventType::PolicyRuleAdd);
        let planned = plan_change(
            "s",
            &config(),
            ServerChange::PutClaim(None, claim("z", &[])),
        );
        assert_eq!(planned.unwrap().config.claims.len(), 2);
    }
}
