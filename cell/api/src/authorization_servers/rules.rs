//! The rules of an access policy: which grants, for whom, which scopes, for how long.

use crate::authorization_servers::load;
use crate::authorization_servers::policies::{apply, find, policy_href, take_force, take_place};
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::named::{Named, check_named};
use crate::reply::Reply;
use crate::shown::{moment, status_of, switched_links};
use identity::app::settings::GrantKind;
use identity::server::parts::{AccessPolicy, PolicyRule};
use identity::server::policies::{Force, Place, PolicyChange, RuleChange, RuleSays};
use identity::server::rules::LISTED_MAX;
use identity::server::{AccessRule, AuthorizationServer};
use serde_json::{Value, json};
use vocab::id::{InlineHookId, RuleId};

/// The type of every rule.
pub(crate) const TYPE: &str = "RESOURCE_ACCESS";
/// The word for everybody.
const EVERYONE: &str = "EVERYONE";
/// The word for every scope.
const ANY_SCOPE: &str = "*";
const MINUTE_SECS: i64 = 60;
/// Where people and groups stand.
const USERS: &str = "conditions.people.users.include";
const GROUPS: &str = "conditions.people.groups.include";
/// What is shown of a rule, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];

/// Grants by their words. Refresh tokens go with the grant that they came of, and have a word of their own only where a
/// rule is for them alone.
pub(crate) const GRANTS: [(&str, GrantKind); 4] = [
    ("authorization_code", GrantKind::AuthorizationCode),
    (
        "urn:ietf:params:oauth:grant-type:device_code",
        GrantKind::DeviceCode,
    ),
    ("client_credentials", GrantKind::ClientCredentials),
    ("refresh_token", GrantKind::RefreshToken),
];

/// What a body says of a rule.
#[derive(Debug, PartialEq, Eq)]
struct RuleInput {
    says: RuleSays,
    force: Force,
    place: Place,
}

fn find_rule<'p>(
    call: &Call,
    policy: &'p AccessPolicy,
) -> Result<(usize, &'p PolicyRule), ApiError> {
    let named = call.parameter("rule");
    let mut rules = policy.rules.iter().enumerate();
    rules
        .find(|(_, rule)| rule.id.as_str() == named)
        .ok_or_else(|| ApiError::not_found(Thing::Rule, named))
}

/// `GET …/rules`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let rules: Vec<Value> = policy
        .rules
        .iter()
        .enumerate()
        .map(|(place, rule)| render_rule(&call, &server, policy, place, rule))
        .collect();
    Ok(Reply::of(Value::from(rules)))
}

/// `GET …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let (place, rule) = find_rule(&call, policy)?;
    Ok(Reply::of(render_rule(&call, &server, policy, place, rule)))
}

/// `POST …/rules`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let input = parse_rule(call.json()?, None)?;
    check_people(&call, &input.says.rule, None).await?;
    let id = RuleId::generate(call.cell.entropy());
    let change = RuleChange::Add(input.says, input.force, input.place);
    let change = PolicyChange::Rule(policy.id.clone(), id.clone(), change);
    let server = apply(&call, &server, change).await?;
    let shown = shown(&call, &server, &id)?;
    let href = shown.1;
    Ok(Reply::created(shown.0).at(href))
}

/// `PUT …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let (_, present) = find_rule(&call, policy)?;
    let input = parse_rule(call.json()?, Some(present))?;
    check_people(&call, &input.says.rule, Some(&present.rule)).await?;
    let id = present.id.clone();
    let change = RuleChange::Set(input.says, input.place);
    let change = PolicyChange::Rule(policy.id.clone(), id.clone(), change);
    let server = apply(&call, &server, change).await?;
    Ok(Reply::of(shown(&call, &server, &id)?.0))
}

/// `DELETE …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    let server = load(&call).await?;
    let (_, policy) = find(&call, &server)?;
    let id = find_rule(&call, policy)?.1.id.clone();
    let change = PolicyChange::Rule(policy.id.clone(), id, RuleChange::Remove);
    apply(&call, &server, change).await?;
    Ok(Reply::empty())
}

/// `POST …/rules/{rule}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, Force::Active).await
}

/// `POST …/rules/{rule}/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, Force::Resting).await
}

async fn switch(call: &Call, force: Force) -> Result<Reply, ApiError> {
    let server = load(call).await?;
    let (_, policy) = find(call, &server)?;
    let (_, rule) = find_rule(call, policy)?;
    let change = RuleChange::Switch(force);
    let change = PolicyChange::Rule(policy.id.clone(), rule.id.clone(), change);
    apply(call, &server, change).await?;
    Ok(Reply::empty())
}

async fn check_people(
    call: &Call,
    rule: &AccessRule,
    before: Option<&AccessRule>,
) -> Result<(), ApiError> {
    let people = before.map(|before| before.people.as_slice());
    let groups = before.map(|before| before.groups.as_slice());
    let (people, groups) = (people.unwrap_or_default(), groups.unwrap_or_default());
    check_named(call, Named::Person, USERS, &rule.people, people).await?;
    check_named(call, Named::Group, GROUPS, &rule.groups, groups).await
}

/// The rule, and its address.
fn shown(
    call: &Call,
    server: &AuthorizationServer,
    id: &RuleId,
) -> Result<(Value, String), ApiError> {
    let (_, policy) = find(call, server)?;
    let mut rules = policy.rules.iter().enumerate();
    let (place, rule) = rules
        .find(|(_, rule)| rule.id == *id)
        .ok_or_else(|| ApiError::not_found(Thing::Rule, id.as_str()))?;
    let href = format!("{}/rules/{id}", policy_href(call, server, &policy.id));
    Ok((render_rule(call, server, policy, place, rule), href))
}

fn parse_rule(bytes: &[u8], present: Option<&PolicyRule>) -> Result<RuleInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    fields.take_only("type", &[TYPE], "use RESOURCE_ACCESS")?;
    let force = take_force(&mut fields, present.map(|rule| status_of(rule.active)))?;
    let place = take_place(&mut fields)?;
    if fields.take_flag("system")? == Some(true) {
        return Err(fields.refusal("system", "rules are all made by administrators"));
    }
    let before = present.map(|rule| &rule.rule);
    let name = fields.take_text("name")?.unwrap_or_default();
    let Some(mut conditions) = fields.take_object("conditions")? else {
        return Err(fields.refusal("conditions", "it is required"));
    };
    let grants = parse_grants(&mut conditions, before)?;
    let scopes = parse_scopes(&mut conditions)?;
    let for_nobody = grants == [GrantKind::ClientCredentials];
    let (people, groups) = parse_people(&mut conditions, for_nobody)?;
    let is_for_some = !people.is_empty() || !groups.is_empty();
    let asks_nobody = grants.is_empty() || grants.contains(&GrantKind::ClientCredentials);
    let is_as_before = before.is_some_and(|before| {
        (&before.grants, &before.people, &before.groups) == (&grants, &people, &groups)
    });
    if is_for_some && asks_nobody && !is_as_before {
        let problem =
            "nobody signs in for client_credentials: give it a rule of its own for EVERYONE";
        return Err(conditions.refusal("people", problem));
    }
    conditions.end()?;
    let mut rule = AccessRule {
        name,
        apps: Vec::new(),
        grants,
        people,
        groups,
        scopes,
        ..before.cloned().unwrap_or_default()
    };
    // A body that says nothing of tokens leaves the hook as it is, as it does the times.
    let mut hook = present.and_then(|present| present.hook.clone());
    if let Some(actions) = fields.take_object("actions")? {
        parse_actions(actions, &mut rule, &mut hook)?;
    }
    fields.end()?;
    let says = RuleSays { rule, hook };
    Ok(RuleInput { says, force, place })
}

fn take_include(
    conditions: &mut Fields,
    field: &str,
    missing: &str,
) -> Result<Vec<String>, ApiError> {
    let Some(mut condition) = conditions.take_object(field)? else {
        return Err(conditions.refusal(field, missing));
    };
    let include = condition.take_texts("include")?.unwrap_or_default();
    if include.is_empty() {
        return Err(condition.refusal("include", missing));
    }
    condition.end()?;
    Ok(include)
}

fn parse_grants(
    conditions: &mut Fields,
    before: Option<&AccessRule>,
) -> Result<Vec<GrantKind>, ApiError> {
    let words = take_include(conditions, "grantTypes", "name at least one grant")?;
    let mut grants = Vec::new();
    for word in &words {
        let Some((_, grant)) = GRANTS.iter().find(|(known, _)| known == word) else {
            let known = GRANTS.map(|(known, _)| known).join(", ");
            return Err(conditions.refusal("grantTypes", &format!("there are {known}")));
        };
        if !grants.contains(grant) {
            grants.push(*grant);
        }
    }
    // What was shown of a rule made elsewhere means that rule.
    if let Some(before) = before {
        let mut shown = render_grants(&before.grants);
        let mut asked: Vec<&str> = words.iter().map(String::as_str).collect();
        shown.sort_unstable();
        asked.sort_unstable();
        asked.dedup();
        if shown == asked {
            return Ok(before.grants.clone());
        }
    }
    if grants.iter().any(|grant| signs_in(*grant)) && !grants.contains(&GrantKind::RefreshToken) {
        grants.push(GrantKind::RefreshToken);
    }
    Ok(grants)
}

const fn signs_in(grant: GrantKind) -> bool {
    matches!(grant, GrantKind::AuthorizationCode | GrantKind::DeviceCode)
}

fn render_grants(grants: &[GrantKind]) -> Vec<&'static str> {
    let all = grants.is_empty();
    let is_for_sign_in = all || grants.iter().any(|grant| signs_in(*grant));
    let words = GRANTS.iter().filter(|(_, grant)| match grant {
        GrantKind::RefreshToken => !is_for_sign_in && grants.contains(grant),
        other => all || grants.contains(other),
    });
    words.map(|(word, _)| *word).collect()
}

fn parse_scopes(conditions: &mut Fields) -> Result<Vec<String>, ApiError> {
    let scopes = take_include(conditions, "scopes", "name scopes, or * for all")?;
    if scopes.iter().any(|scope| scope == ANY_SCOPE) {
        Ok(Vec::new())
    } else {
        Ok(scopes)
    }
}

/// People and groups. Nobody named is everybody below, so that everybody must be said.
fn parse_people(
    conditions: &mut Fields,
    for_nobody: bool,
) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let missing = "name people or groups, or EVERYONE among the groups";
    let (mut people, mut groups) = (Vec::new(), Vec::new());
    if let Some(mut named) = conditions.take_object("people")? {
        for (field, list) in [("users", &mut people), ("groups", &mut groups)] {
            let Some(mut condition) = named.take_object(field)? else {
                continue;
            };
            *list = condition.take_texts("include")?.unwrap_or_default();
            if condition
                .take_texts("exclude")?
                .is_some_and(|ids| !ids.is_empty())
            {
                return Err(condition.refusal("exclude", "rules only include"));
            }
            if list.len() > LISTED_MAX {
                let problem = format!("at most {LISTED_MAX} are possible");
                return Err(condition.refusal("include", &problem));
            }
            condition.end()?;
        }
        named.end()?;
    }
    if groups.iter().any(|group| group == EVERYONE) {
        return Ok((Vec::new(), Vec::new()));
    }
    if people.is_empty() && groups.is_empty() && !for_nobody {
        return Err(conditions.refusal("people", missing));
    }
    Ok((people, groups))
}

fn parse_actions(
    mut actions: Fields,
    rule: &mut AccessRule,
    hook: &mut Option<InlineHookId>,
) -> Result<(), ApiError> {
    if let Some(mut token) = actions.take_object("token")? {
        for (field, secs) in [
            ("accessTokenLifetimeMinutes", &mut rule.access_token_secs),
            (
                "refreshTokenLifetimeMinutes",
                &mut rule.refresh_lifetime_secs,
            ),
            ("refreshTokenWindowMinutes", &mut rule.refresh_idle_secs),
        ] {
            let Some(minutes) = token.take_number(field)? else {
                continue;
            };
            if field == "refreshTokenLifetimeMinutes" && minutes == 0 {
                return Err(token.refusal(field, "refresh tokens end some time: name it"));
            }
            // A time that is no whole number of minutes stays what it is when it is sent back as it was shown.
            if minutes != minutes_of(*secs) {
                *secs = minutes.saturating_mul(MINUTE_SECS);
            }
        }
        // As clients in the field mean it: what they leave out is none.
        *hook = None;
        if let Some(mut named) = token.take_object("inlineHook")? {
            if let Some(id) = named.take_text("id")? {
                *hook = Some(parse_hook(&named, &id)?);
            }
            named.end()?;
        }
        token.end()?;
    }
    actions.end()
}

fn parse_hook(named: &Fields, id: &str) -> Result<InlineHookId, ApiError> {
    let problem = "there is no inline hook of this id that is asked about tokens";
    InlineHookId::parse(id).map_err(|_| named.refusal("id", problem))
}

const fn minutes_of(secs: i64) -> i64 {
    secs.saturating_add(MINUTE_SECS - 1).div_euclid(MINUTE_SECS)
}

fn render_rule(
    call: &Call,
    server: &AuthorizationServer,
    policy: &AccessPolicy,
    place: usize,
    rule: &PolicyRule,
) -> Value {
    let href = format!(
        "{}/rules/{}",
        policy_href(call, server, &policy.id),
        rule.id
    );
    let mut shown = render_says(&rule.rule);
    if let Some(hook) = &rule.hook {
        shown["actions"]["token"]["inlineHook"] = json!({ "id": hook.as_str() });
    }
    if let Some(fields) = shown.as_object_mut() {
        for (name, value) in [
            ("type", json!(TYPE)),
            ("id", json!(rule.id.as_str())),
            ("status", json!(status_of(rule.active))),
            ("priority", json!(place + 1)),
            ("system", json!(false)),
            ("created", json!(moment(rule.created_at))),
            ("lastUpdated", json!(moment(rule.updated_at))),
            ("_links", switched_links(&href, rule.active, &[])),
        ] {
            fields.insert(name.to_owned(), value);
        }
    }
    shown
}

/// What a rule says.
fn render_says(rule: &AccessRule) -> Value {
    let everyone = rule.people.is_empty() && rule.groups.is_empty();
    let groups = if everyone {
        json!([EVERYONE])
    } else {
        json!(rule.groups)
    };
    let scopes = if rule.scopes.is_empty() {
        json!([ANY_SCOPE])
    } else {
        json!(rule.scopes)
    };
    json!({
        "name": rule.name,
        "conditions": {
            "people": {
                "users": { "include": rule.people, "exclude": [] },
                "groups": { "include": groups, "exclude": [] },
            },
            "grantTypes": { "include": render_grants(&rule.grants) },
            "scopes": { "include": scopes },
        },
        "actions": {
            "token": {
                "accessTokenLifetimeMinutes": minutes_of(rule.access_token_secs),
                "refreshTokenLifetimeMinutes": minutes_of(rule.refresh_lifetime_secs),
                "refreshTokenWindowMinutes": minutes_of(rule.refresh_idle_secs),
            },
        },
    })
}

#[cfg(test)]
mod tests;
