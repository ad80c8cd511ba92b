//! The rules of a policy: listed, added, shown, changed, removed, and laid to rest.

use crate::authorization_servers::policies::take_place;
use crate::body::Fields;
use crate::call::Call;
use crate::error::{ApiError, Thing};
use crate::limits::CHANGE_ATTEMPTS_MAX;
use crate::policies::assurance::{
    parse_app_sign_on, parse_sign_on, render_app_sign_on, render_sign_on,
};
use crate::policies::conditions::{check_conditions, parse_conditions, render_conditions};
use crate::policies::{Kind, Policy, load, policy_href, refused, reload, take_active};
use crate::reply::Reply;
use crate::shown::status_of;
use identity::behavior::Behavior;
use identity::fault::{Fault, Refusal};
use identity::org::settings::SessionSettings;
use identity::sign_on::Rule;
use identity::sign_on::aside::{Aside, ListedRule, place_of_new};
use identity::sign_on::operations::PolicyChange;
use identity::sign_on::store::StoredPolicy;
use serde_json::{Value, json};
use vocab::id::RuleId;

/// What is shown of a rule, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 5] = ["id", "created", "lastUpdated", "_links", "_embedded"];

/// What a body says of a rule.
struct RuleInput {
    rule: Rule,
    active: bool,
    place: Option<usize>,
}

/// `GET …/rules`. What a password must be is asked of everybody, without a rule.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let policy = load(&call).await?;
    let beside = load_beside(&call).await?;
    Ok(Reply::of(render_rules(&call, &policy, &beside)))
}

/// The rules of a policy, which is read with them.
pub(super) fn render_rules(call: &Call, policy: &Policy, beside: &Beside) -> Value {
    match policy {
        Policy::Password(..) => Value::Array(Vec::new()),
        Policy::SignOn(stored) => stored
            .listed()
            .iter()
            .enumerate()
            .map(|(place, listed)| render_rule(call, stored, beside, place, listed))
            .collect(),
    }
}

/// What rules of the wire tell besides what stands in them.
pub(super) struct Beside {
    /// How long sessions last.
    sessions: SessionSettings,
    /// What the behaviours are called.
    behaviors: Vec<Behavior>,
}

/// What rules of the wire tell besides what stands in them.
pub(super) async fn load_beside(call: &Call) -> Result<Beside, Fault> {
    let snapshot = call.cell.snapshot(&call.context.org).await?;
    let (sessions, behaviors) = match &snapshot {
        Some(snapshot) => (
            snapshot.org.settings.session.clone(),
            snapshot.behaviors.clone(),
        ),
        None => (SessionSettings::default(), Vec::new()),
    };
    Ok(Beside {
        sessions,
        behaviors,
    })
}

/// The policy of the path, which must be one of rules.
async fn load_with_rules(call: &Call) -> Result<StoredPolicy, ApiError> {
    match load(call).await? {
        Policy::SignOn(stored) => Ok(*stored),
        Policy::Password(..) => match call.parameter("rule") {
            "" => {
                let problem = "what a password must be is asked of everybody: change the policy";
                Err(ApiError::invalid("type", problem))
            }
            named => Err(ApiError::not_found(Thing::Rule, named)),
        },
    }
}

fn find<'l>(call: &Call, listed: &'l [ListedRule]) -> Result<(usize, &'l ListedRule), ApiError> {
    let named = call.parameter("rule");
    let mut rules = listed.iter().enumerate();
    rules
        .find(|(_, listed)| listed.rule.id.as_str() == named)
        .ok_or_else(|| ApiError::not_found(Thing::Rule, named))
}

/// `GET …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn show(call: Call) -> Result<Reply, ApiError> {
    let stored = load_with_rules(&call).await?;
    let listed = stored.listed();
    let (place, rule) = find(&call, &listed)?;
    let beside = load_beside(&call).await?;
    let shown = render_rule(&call, &stored, &beside, place, rule);
    Ok(Reply::of(shown))
}

/// `POST …/rules`. A rule below one that fits everybody would never be reached, so that one without a place goes before it.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was added.
pub async fn create(call: Call) -> Result<Reply, ApiError> {
    let activate = call.query.flag("activate", true)?;
    let id = RuleId::generate(call.cell.entropy());
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load_with_rules(&call).await?;
        let beside = load_beside(&call).await?;
        let kind = Kind::of(stored.scope);
        let input = parse_rule(call.json()?, (kind, &beside), (&id, None))?;
        check_conditions(&call, &input.rule.conditions, None).await?;
        let mut listed = stored.listed();
        let asked = input.place.map(|place| place.min(listed.len()));
        let place = asked.unwrap_or_else(|| place_of_new(&listed));
        let rule = ListedRule {
            rule: input.rule,
            active: input.active && activate,
        };
        listed.insert(place, rule);
        match store(&call, &stored, listed, PolicyChange::Whole).await {
            Ok(()) => return shown(&call, &stored, &id).await,
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// `PUT …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation; nothing was changed.
pub async fn replace(call: Call) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load_with_rules(&call).await?;
        let mut listed = stored.listed();
        let (from, present) = find(&call, &listed)?;
        let (id, before) = (present.rule.id.clone(), present.rule.conditions.clone());
        let beside = load_beside(&call).await?;
        let kind = Kind::of(stored.scope);
        let input = parse_rule(call.json()?, (kind, &beside), (&id, Some(present)))?;
        check_conditions(&call, &input.rule.conditions, Some(&before)).await?;
        listed.remove(from);
        let place = input.place.unwrap_or(from).min(listed.len());
        let rule = ListedRule {
            rule: input.rule,
            active: input.active,
        };
        listed.insert(place, rule);
        match store(&call, &stored, listed, PolicyChange::Whole).await {
            Ok(()) => return shown(&call, &stored, &id).await,
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// `DELETE …/rules/{rule}`.
///
/// # Errors
/// [`ApiError`] as every operation, above all for the last rule in force.
pub async fn delete(call: Call) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load_with_rules(&call).await?;
        let mut listed = stored.listed();
        let (place, _) = find(&call, &listed)?;
        listed.remove(place);
        match store(&call, &stored, listed, PolicyChange::Whole).await {
            Ok(()) => return Ok(Reply::empty()),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

/// `POST …/rules/{rule}/lifecycle/activate`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn activate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, true).await
}

/// `POST …/rules/{rule}/lifecycle/deactivate`: from now on no sign-in is held against it.
///
/// # Errors
/// [`ApiError`] as every operation, above all for the last rule in force.
pub async fn deactivate(call: Call) -> Result<Reply, ApiError> {
    switch(&call, false).await
}

async fn switch(call: &Call, active: bool) -> Result<Reply, ApiError> {
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let stored = load_with_rules(call).await?;
        let mut listed = stored.listed();
        let (place, _) = find(call, &listed)?;
        let Some(one) = listed.get_mut(place).filter(|one| one.active != active) else {
            // It is so already, and nothing is written in the log.
            return Ok(Reply::empty());
        };
        one.active = active;
        let rule = one.rule.clone();
        let change = |aside| match active {
            true => PolicyChange::Activate(aside, rule),
            false => PolicyChange::Deactivate(aside, rule),
        };
        match store(call, &stored, listed, change).await {
            Ok(()) => return Ok(Reply::empty()),
            Err(Refusal::Changed) => {}
            Err(refusal) => return Err(refused(refusal)),
        }
    }
    Err(Refusal::Changed.into())
}

async fn store(
    call: &Call,
    stored: &StoredPolicy,
    listed: Vec<ListedRule>,
    change: impl FnOnce(Aside) -> PolicyChange,
) -> Result<(), Refusal> {
    let (policy, aside) = stored.with_rules(listed);
    call.cell
        .change_policy(&call.permit, policy, change(aside), stored.revision)
        .await
}

async fn shown(call: &Call, stored: &StoredPolicy, id: &RuleId) -> Result<Reply, ApiError> {
    let stored = reload(call, &stored.policy.id).await?;
    let beside = load_beside(call).await?;
    let listed = stored.listed();
    let mut rules = listed.iter().enumerate();
    let found = rules.find(|(_, listed)| listed.rule.id == *id);
    let (place, rule) = found.ok_or_else(|| ApiError::not_found(Thing::Rule, id.as_str()))?;
    let shown = render_rule(call, &stored, &beside, place, rule);
    Ok(Reply::of(shown))
}

fn parse_rule(
    bytes: &[u8],
    (kind, beside): (Kind, &Beside),
    (id, present): (&RuleId, Option<&ListedRule>),
) -> Result<RuleInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let wanted = kind.rule_type();
    fields.take_only(
        "type",
        &[wanted],
        &format!("rules of this policy are of {wanted}"),
    )?;
    let active = take_active(&mut fields, present.map(|present| present.active))?;
    let place = take_place(&mut fields)?;
    if fields.take_flag("system")? == Some(true) {
        return Err(fields.refusal("system", "rules are all made by administrators"));
    }
    let name = fields.take_text("name")?.unwrap_or_default();
    let before = present.map(|present| &present.rule);
    let conditions = fields.take_object("conditions")?;
    let before_it = before.map(|before| &before.conditions);
    let conditions = parse_conditions(conditions, before_it, &beside.behaviors)?;
    let Some(actions) = fields.take_object("actions")? else {
        return Err(fields.refusal("actions", "it is required"));
    };
    let before = before.map(|before| &before.outcome);
    let outcome = match kind {
        Kind::SignOn => parse_sign_on(actions, before, &beside.sessions)?,
        Kind::Access | Kind::Password => parse_app_sign_on(actions, before)?,
    };
    fields.end()?;
    Ok(RuleInput {
        rule: Rule {
            id: id.clone(),
            name: name.trim().to_owned(),
            conditions,
            outcome,
        },
        active,
        place,
    })
}

fn render_rule(
    call: &Call,
    stored: &StoredPolicy,
    beside: &Beside,
    place: usize,
    listed: &ListedRule,
) -> Value {
    let (kind, rule) = (Kind::of(stored.scope), &listed.rule);
    let policy = policy_href(call, stored.policy.id.as_str());
    let href = format!("{policy}/rules/{}", rule.id);
    let step = if listed.active {
        "deactivate"
    } else {
        "activate"
    };
    let actions = match kind {
        Kind::SignOn => render_sign_on(&rule.outcome, &beside.sessions),
        Kind::Access | Kind::Password => render_app_sign_on(&rule.outcome),
    };
    json!({
        "id": rule.id.as_str(),
        "type": kind.rule_type(),
        "name": rule.name,
        "status": status_of(listed.active),
        "priority": place + 1,
        "system": false,
        "conditions": render_conditions(&rule.conditions, (kind, &beside.behaviors)),
        "actions": actions,
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
            step: { "href": format!("{href}/lifecycle/{step}"), "hints": { "allow": ["POST"] } },
        },
    })
}
