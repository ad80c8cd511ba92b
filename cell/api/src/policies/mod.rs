//! Policies that decide sign-ins and passwords. Three of the kinds of the wire are evaluated here: what holds for every
//! sign-in to the org, what apps and the administrators' console ask for, and what a password must be. Another kind would
//! be stored and never looked at, and is refused.

pub mod assurance;
pub mod conditions;
pub(crate) mod described;
mod expression;
pub mod mappings;
pub mod password;
pub mod rules;
pub mod simulate;

use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::{CHANGE_ATTEMPTS_MAX, POLICIES_PAGE};
use crate::policies::password::{password_policy_id, render_password};
use crate::policies::rules::{load_beside, render_rules};
use crate::reply::Reply;
use crate::shown::{SWITCH, moment, status_of, text};
use crate::whole_list::page_of;
use identity::fault::{Fault, Refusal};
use identity::org::Org;
use identity::sign_on::aside::Aside;
use identity::sign_on::operations::PolicyChange;
use identity::sign_on::store::{self, StoredPolicy};
use identity::sign_on::{PolicyScope, SignOnPolicy, presets};
use serde_json::{Value, json};
use vocab::id::PolicyId;

/// What is shown of a policy, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];
/// What can be shown inside of a policy.
const RULES: &str = "rules";
/// Each kind has an order of its own, and none but the access policies have more than one.
const PRIORITY: i64 = 1;
/// Why a policy does not rest.
const ALWAYS: &str = "this policy is always in force; take its rules out, or let them rest";

/// A kind of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For every sign-in to the org.
    SignOn,
    /// For apps, and for the administrators' console.
    Access,
    /// For passwords.
    Password,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::SignOn, Self::Access, Self::Password];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SignOn => "OKTA_SIGN_ON",
            Self::Access => "ACCESS_POLICY",
            Self::Password => "PASSWORD",
        }
    }

    /// The type of its rules.
    pub(crate) const fn rule_type(self) -> &'static str {
        match self {
            Self::SignOn => "SIGN_ON",
            Self::Access => "ACCESS_POLICY",
            Self::Password => "PASSWORD",
        }
    }

    const fn of(scope: PolicyScope) -> Self {
        match scope {
            PolicyScope::Org => Self::SignOn,
            PolicyScope::Console | PolicyScope::App => Self::Access,
        }
    }

    fn parse(word: &str) -> Result<Self, ApiError> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| ApiError::invalid("type", &format!("there are {}", known())))
    }
}

/// A policy of the org.
pub(crate) enum Policy {
    /// One of rules.
    SignOn(Box<StoredPolicy>),
    /// What a password must be: a setting of the org, by an id that follows from the org's.
    Password(String, Box<Org>),
}

impl Policy {
    fn of_passwords(org: Org) -> Self {
        Self::Password(password_policy_id(&org.id), Box::new(org))
    }

    fn id(&self) -> &str {
        match self {
            Self::SignOn(stored) => stored.policy.id.as_str(),
            Self::Password(id, _) => id,
        }
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::SignOn(stored) => Kind::of(stored.scope),
            Self::Password(..) => Kind::Password,
        }
    }

    const fn is_active(&self) -> bool {
        match self {
            Self::SignOn(stored) => stored.active,
            Self::Password(..) => true,
        }
    }
}

/// `GET /api/v1/policies`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let kind = call.query.get("type").map(Kind::parse).transpose()?;
    let status = match call.query.get("status") {
        None => None,
        Some("ACTIVE") => Some(true),
        Some("INACTIVE") => Some(false),
        Some(_) => return Err(ApiError::invalid("status", "use ACTIVE or INACTIVE")),
    };
    let mut policies = load_all(&call).await?;
    policies.retain(|policy| {
        status.is_none_or(|active| policy.is_active() == active)
            && kind.is_none_or(|kind| policy.kind() == kind)
    });
    let (policies, next) = page_of(&call, policies, POLICIES_PAGE, Policy::id)?;
    let policies = show_all(&call, &policies).await?;
    Ok(call.paged(Reply::of(Value::from(policies)), next.as_ref()))
}

/// Policies as they are shown, with their rules if they are asked for: those were read with them.
async fn show_all(call: &Call, policies: &[Policy]) -> Result<Vec<Value>, ApiError> {
    let shown = policies.iter().map(|policy| render_policy(call, policy));
    if call.query.expand(&[RULES])?.is_none() {
        return Ok(shown.collect());
    }
    let beside = load_beside(call).await?;
    let shown = policies.iter().zip(shown).map(|(policy, mut shown)| {
        shown["_embedded"] = json!({ RULES: render_rules(call, policy, &beside) });
        shown
    });
    Ok(shown.collect())
}

async fn load_all(call: &Call) -> Result<Vec<Policy>, Fault> {
    let mut tx = call.cell.database.read().await?;
    let stored = store::load_all_policies(&mut tx, &call.context.org).await?;
    let org = identity::org::store::load(&mut tx, &call.context.org).await?;
    let stored = stored.into_iter();
    let mut policies: Vec<Policy> = stored
        .map(|stored| Policy::SignOn(Box::new(stored)))
        .collect();
    policies.sort_by_key(|policy| policy.kind() as u8);
    policies.extend(org.map(Policy::of_passwords));
    Ok(policies)
}

/// The policy that the path names.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load(call: &Call) -> Result<Policy, ApiError> {
    load_named(call, call.parameter("id")).await
}

/// The policy of that id.
///
/// # Errors
/// [`ApiError`] if this org has none such.
pub(crate) async fn load_named(call: &Call, named: &str) -> Result<Policy, ApiError> {
    let missing = || ApiError::not_found(Thing::Policy, named);
    let id = PolicyId::parse(named).map_err(|_| missing())?;
    let org = &call.context.org;
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    if named == password_policy_id(org) {
        let org = identity::org::store::load(&mut tx, org).await?;
        return org.map(Policy::of_passwords).ok_or_else(missing);
    }
    let stored = store::load_policy(&mut tx, org, &id).await?;
    stored
        .map(|stored| Policy::SignOn(Box::new(stored)))
        .ok_or_else(missing)
}

/// The reasons of the domain in the words of the wire.
pub(crate) fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::invalid("policy", why),
        Refusal::Invalid { field, problem } => {
            ApiError::invalid(wire_name(field), &problem.to_string())
        }
        other => other.into(),
    }
}

/// Where a field of the domain stands on the wire.
fn wire_name(field: &'static str) -> &'static str {
    match field {
        "length_min" => "settings.password.complexity.minLength",
        "history_count" => "settings.password.age.historyCount",
        "age_max_days" => "settings.password.age.maxAgeDays",
        "require" | "session_age_max_secs" => "actions",
        "behaviors" => "conditions.risk.behaviors",
        same => same,
    }
}

/// `GET /api/v1/policies/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let policy = load(&call).await?;
    let mut shown = show_all(&call, std::slice::from_ref(&policy)).await?;
    Ok(Reply::of(shown.pop().unwrap_or_default()))
}

/// `POST /api/v1/policies`: for apps, with one rule that asks for nothing beyond the org's policy.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let activate = call.query.flag("activate", true)?;
    let mut fields = Fields::parse(call.json()?)?;
    let kind = Kind::parse(&fields.take_text("type")?.unwrap_or_default())?;
    if kind != Kind::Access {
        let problem = "an organisation has one of this type; change that one";
        return Err(ApiError::invalid("type", problem));
    }
    let (name, description, active) = parse_policy(fields, None)?;
    let entropy = call.cell.entropy();
    let (_, preset) = presets::app_policy(PolicyId::generate(entropy), entropy);
    let aside = Aside {
        description,
        ..Aside::default()
    };
    let aside = (aside, active && activate);
    let made = call
        .cell
        .create_policy_with(&call.permit, &name, preset.rules, aside);
    let made = made.await.map_err(refused)?;
    let stored = reload(&call, &made.id).await?;
    Ok(Reply::of(render_stored(&call, &stored)))
}

/// The policy of that id, as it is stored now.
///
/// # Errors
/// [`ApiError`] if it is no more.
pub(crate) async fn reload(call: &Call, id: &PolicyId) -> Result<StoredPolicy, ApiError> {
    let mut tx = call.cell.database.read().await.map_err(Fault::from)?;
    let stored = store::load_policy(&mut tx, &call.context.org, id).await?;
    stored.ok_or_else(|| ApiError::not_found(Thing::Policy, id.as_str()))
}

/// `PUT /api/v1/policies/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let policy = load(&call).await?;
        let mut fields = Fields::parse(call.json()?)?;
        let wanted = policy.kind().as_str();
        fields.take_only("type", &[wanted], &format!("this one is of {wanted}"))?;
        let outcome = match &policy {
            Policy::SignOn(stored) => rename(&call, stored, fields).await?,
            Policy::Password(_, org) => password::replace(&call, org, fields).await?,
        };
        match outcome {
            Ok(()) => return Ok(Reply::of(render_policy(&call, &load(&call).await?))),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

async fn rename(
    call: &Call,
    stored: &StoredPolicy,
    fields: Fields,
) -> Result<Result<(), Refusal>, ApiError> {
    let (name, description, _) = parse_policy(fields, Some(stored.active))?;
    let policy = SignOnPolicy {
        name: name.trim().to_owned(),
        ..stored.policy.clone()
    };
    let aside = Aside {
        description,
        ..stored.aside.clone()
    };
    let change = PolicyChange::Whole(aside);
    let changed = call
        .cell
        .change_policy(&call.permit, policy, change, stored.revision);
    Ok(changed.await)
}

/// `DELETE /api/v1/policies/{id}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a policy that an app names or every org has.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    match load(&call).await? {
        Policy::SignOn(stored) => {
            let deleted = call.cell.delete_policy(&call.permit, &stored.policy.id);
            deleted.await.map_err(refused)?;
            Ok(Reply::empty())
        }
        Policy::Password(..) => Err(ApiError::invalid("policy", "every organisation has it")),
    }
}

/// `POST /api/v1/policies/{id}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, true).await
}

/// `POST /api/v1/policies/{id}/lifecycle/deactivate`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for a policy that an app names or every org has.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, false).await
}

async fn switch(call: &Call, active: bool) -> Result<Reply, ApiError> {
    match load(call).await? {
        Policy::SignOn(stored) => {
            let id = &stored.policy.id;
            let switched = call.cell.switch_policy(&call.permit, id, active);
            switched.await.map_err(refused)?;
        }
        Policy::Password(..) if active => {}
        Policy::Password(..) => return Err(ApiError::invalid("policy", ALWAYS)),
    }
    Ok(Reply::empty())
}

/// Name and description; what else a policy could say on the wire, its rules say here.
/// And whether it is in force, which a body can only repeat of a policy that there is.
fn parse_policy(
    mut fields: Fields,
    present: Option<bool>,
) -> Result<(String, String, bool), ApiError> {
    fields.ignore_read_only(&READ_ONLY);
    let active = take_active(&mut fields, present)?;
    take_fixed(&mut fields)?;
    let name = fields.take_text("name")?.unwrap_or_default();
    let description = fields.take_text("description")?.unwrap_or_default();
    if let Some(conditions) = fields.take_object("conditions")? {
        conditions.end()?;
    }
    fields.end()?;
    Ok((name, description, active))
}

/// What a body can only repeat.
pub(crate) fn take_fixed(fields: &mut Fields) -> Result<(), ApiError> {
    if fields
        .take_number("priority")?
        .is_some_and(|priority| priority != PRIORITY)
    {
        let problem =
            "a sign-in is held against each policy that it concerns; none comes before another";
        return Err(fields.refusal("priority", problem));
    }
    // Whether every org has it is no choice.
    fields.take_flag("system")?;
    Ok(())
}

fn render_policy(call: &Call, policy: &Policy) -> Value {
    match policy {
        Policy::SignOn(stored) => render_stored(call, stored),
        Policy::Password(_, org) => render_password(call, org),
    }
}

fn render_stored(call: &Call, stored: &StoredPolicy) -> Value {
    let policy = &stored.policy;
    json!({
        "id": policy.id.as_str(),
        "type": Kind::of(stored.scope).as_str(),
        "name": policy.name,
        "description": text(&stored.aside.description),
        "status": status_of(stored.active),
        "priority": PRIORITY,
        "system": stored.scope != PolicyScope::App,
        "created": moment(Some(stored.created_at)),
        "lastUpdated": moment(Some(stored.updated_at)),
        "_links": stored_links(call, stored),
    })
}

/// The links of a policy of rules; what every org has does not rest.
fn stored_links(call: &Call, stored: &StoredPolicy) -> Value {
    let href = policy_href(call, stored.policy.id.as_str());
    let mut links = policy_links(call, stored.policy.id.as_str());
    if stored.scope == PolicyScope::App {
        let step = if stored.active {
            "deactivate"
        } else {
            "activate"
        };
        links[step] = json!({
            "href": format!("{href}/lifecycle/{step}"), "hints": { "allow": ["POST"] },
        });
        links["mappings"] = json!({
            "href": format!("{href}/mappings"), "hints": { "allow": ["GET", "POST"] },
        });
    }
    links
}

/// The links of a policy.
pub(crate) fn policy_links(call: &Call, id: &str) -> Value {
    let href = policy_href(call, id);
    let rules = format!("{href}/rules");
    json!({
        "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
        "rules": { "href": rules, "hints": { "allow": ["GET", "POST"] } },
    })
}

pub(crate) fn policy_href(call: &Call, id: &str) -> String {
    call.href(&format!("/api/v1/policies/{id}"))
}

/// Whether something new is in force; of something present a body can only repeat it.
///
/// # Errors
/// [`ApiError`] for another word.
pub(crate) fn take_active(fields: &mut Fields, present: Option<bool>) -> Result<bool, ApiError> {
    let asked = match fields.take_text("status")?.as_deref() {
        None => present.unwrap_or(true),
        Some("ACTIVE") => true,
        Some("INACTIVE") => false,
        Some(_) => return Err(fields.refusal("status", "use ACTIVE or INACTIVE")),
    };
    if present.is_some_and(|present| present != asked) {
        return Err(fields.refusal("status", SWITCH));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::{Kind, parse_policy};
    use crate::body::Fields;
    use serde_json::{Value, json};

    #[test]
    fn a_policy_has_a_name_and_a_description_and_nothing_that_is_not_looked_at() {
        let parse = |body: &Value| {
            let fields = Fields::parse(body.to_string().as_bytes()).unwrap();
            parse_policy(fields, Some(true))
        };
        let shown = json!({
            "id": "00p", "name": "Finance", "description": "For money", "status": "ACTIVE", "priority": 1,
            "system": false, "created": "x", "lastUpdated": "x", "_links": {}, "conditions": null,
        });
        let read = parse(&shown).unwrap();
        assert_eq!(read, ("Finance".to_owned(), "For money".to_owned(), true));
        let resting = Fields::parse(br#"{"name":"A","status":"INACTIVE"}"#).unwrap();
        assert!(!parse_policy(resting, None).unwrap().2);
        for (field, value) in [
            ("status", json!("INACTIVE")),
            ("priority", json!(2)),
            (
                "conditions",
                json!({ "people": { "groups": { "include": ["00g"] } } }),
            ),
            ("settings", json!({})),
            ("name", json!(1)),
        ] {
            let mut body = shown.clone();
            body[field] = value;
            assert!(parse(&body).is_err(), "{field}");
        }
    }

    #[test]
    fn only_what_is_evaluated_is_a_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()).unwrap(), kind);
        }
        for word in [
            "MFA_ENROLL",
            "IDP_DISCOVERY",
            "PROFILE_ENROLLMENT",
            "",
            "password",
        ] {
            assert!(Kind::parse(word).is_err(), "{word}");
        }
    }
}
