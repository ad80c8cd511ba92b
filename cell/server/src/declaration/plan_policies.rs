//! How zones, behaviours and sign-on policies stand to what is declared of them: pure.

use crate::declaration::difference::{as_json, differences, put_names};
use crate::declaration::document::{
    BehaviorDeclaration, ComparedKind, MembershipDeclaration, OutcomeDeclaration,
    PolicyDeclaration, RuleDeclaration, ZoneDeclaration, ZonesDeclaration,
};
use crate::declaration::plan::{Known, find_all};
use crate::declaration::report::Standing;
use identity::behavior::{Behavior, BehaviorKind, decide_behavior};
use identity::fault::Refusal;
use identity::sign_on::operations::decide_policy;
use identity::sign_on::zone::parse_ranges;
use identity::sign_on::{
    Allow, Conditions, Membership, Outcome, PolicyScope, Rule, SignOnPolicy, Zone, ZoneCondition,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use vocab::entropy::Entropy;
use vocab::id::{BehaviorId, PolicyId, RuleId, ZoneId};

/// What is to be done for a zone.
pub struct ZonePlan {
    /// How it stands.
    pub standing: Standing,
    /// The zone as it shall be. One that is not there gets another id when it is made.
    pub zone: Zone,
}

/// What is to be done for a zone.
///
/// # Errors
/// [`Refusal::Invalid`] as the rules of zones say.
pub fn plan_zone(
    declared: &ZoneDeclaration,
    present: Option<&Zone>,
    entropy: &dyn Entropy,
) -> Result<ZonePlan, Refusal> {
    let invalid = |field, error: &dyn std::error::Error| Refusal::invalid(field, error.to_string());
    let mut ranges = Vec::with_capacity(declared.ranges.len());
    for range in &declared.ranges {
        ranges.extend(parse_ranges(&range.value).map_err(|error| invalid("ranges", &error))?);
    }
    let zone = Zone {
        id: present.map_or_else(|| ZoneId::generate(entropy), |zone| zone.id.clone()),
        name: declared.name.value.trim().to_owned(),
        ranges,
        blocked: declared.blocked,
    };
    zone.validate().map_err(|error| invalid("zone", &error))?;
    let standing = present.map_or(Standing::Missing, |present| {
        Standing::from(differences(&as_json(present), &as_json(&zone)))
    });
    Ok(ZonePlan { standing, zone })
}

/// What is to be done for a behaviour.
pub struct BehaviorPlan {
    /// How it stands.
    pub standing: Standing,
    /// The behaviour as it shall be. One that is not there gets another id when it is made.
    pub behavior: Behavior,
}

/// What is to be done for a behaviour. Whether it counts is not declared: it does from the start, and stays as it is.
///
/// # Errors
/// [`Refusal::Invalid`] as the rules of behaviours say.
pub fn plan_behavior(
    declared: &BehaviorDeclaration,
    present: Option<&Behavior>,
    entropy: &dyn Entropy,
) -> Result<BehaviorPlan, Refusal> {
    let kind = match declared.kind {
        ComparedKind::AnomalousDevice => BehaviorKind::AnomalousDevice,
        ComparedKind::AnomalousIp => BehaviorKind::AnomalousIp,
    };
    let usual = kind.usual_events_max();
    let behavior = Behavior {
        id: present.map_or_else(
            || BehaviorId::generate(entropy),
            |present| present.id.clone(),
        ),
        name: declared.name.value.trim().to_owned(),
        kind,
        events_max: declared.events_max.unwrap_or(usual),
        events_min: declared.events_min,
        active: present.is_none_or(|present| present.active),
    };
    decide_behavior(&behavior)?;
    let show = |behavior: &Behavior| {
        json!({
            "name": behavior.name,
            "kind": behavior.kind.as_str(),
            "events_max": behavior.events_max,
            "events_min": behavior.events_min,
        })
    };
    let standing = present.map_or(Standing::Missing, |present| {
        Standing::from(differences(&show(present), &show(&behavior)))
    });
    Ok(BehaviorPlan { standing, behavior })
}

/// What is to be done for a policy.
pub struct PolicyPlan {
    /// How it stands.
    pub standing: Standing,
    /// The policy as it shall be. One that is not there gets another id when it is made.
    pub policy: SignOnPolicy,
}

/// What is to be done for a policy that apps may name. A rule at the same place of the present policy keeps its id, so
/// that an unchanged policy compares equal.
///
/// # Errors
/// [`Refusal`] as the rules of policies say; [`Refusal::Taken`] for the name of a policy that every org has.
pub fn plan_policy(
    declared: &PolicyDeclaration,
    present: Option<(&SignOnPolicy, PolicyScope)>,
    known: &Known,
    entropy: &dyn Entropy,
) -> Result<PolicyPlan, Refusal> {
    if present.is_some_and(|(_, scope)| scope != PolicyScope::App) {
        return Err(Refusal::Taken { field: "name" });
    }
    let present = present.map(|(policy, _)| policy);
    let before = present.map_or(&[][..], |policy| policy.rules.as_slice());
    let rules = declared.rules.iter().enumerate().map(|(index, rule)| {
        let id = match before.get(index) {
            Some(before) => before.id.clone(),
            None => RuleId::generate(entropy),
        };
        policy_rule(id, rule, known)
    });
    let policy = SignOnPolicy {
        id: present.map_or_else(|| PolicyId::generate(entropy), |policy| policy.id.clone()),
        name: declared.name.value.trim().to_owned(),
        rules: rules.collect::<Result<_, Refusal>>()?,
    };
    decide_policy(PolicyScope::App, &policy).map_err(|refusal| name_rules(refusal, &policy))?;
    let standing = present.map_or(Standing::Missing, |present| {
        let show = |policy| policy_as_json(policy, &known.names);
        Standing::from(differences(&show(present), &show(&policy)))
    });
    Ok(PolicyPlan { standing, policy })
}

/// The document knows its rules by name; the refusal, by ids that may have been drawn a moment ago.
fn name_rules(refusal: Refusal, policy: &SignOnPolicy) -> Refusal {
    let Refusal::Invalid { field, problem } = refusal else {
        return refusal;
    };
    let named = policy.rules.iter().fold(problem.to_string(), |text, rule| {
        text.replace(rule.id.as_str(), &format!("{:?}", rule.name))
    });
    Refusal::invalid(field, named)
}

/// A policy without the ids of its rules, which nobody has declared.
fn policy_as_json(policy: &SignOnPolicy, names: &HashMap<String, String>) -> Value {
    let rules = policy.rules.iter().map(|rule| {
        json!({
            "name": rule.name,
            "conditions": as_json(&rule.conditions),
            "outcome": as_json(&rule.outcome),
        })
    });
    let mut shown = json!({ "name": policy.name, "rules": rules.collect::<Vec<_>>() });
    put_names(&mut shown, names);
    shown
}

fn policy_rule(id: RuleId, declared: &RuleDeclaration, known: &Known) -> Result<Rule, Refusal> {
    let zones = match &declared.zones {
        None => ZoneCondition::Any,
        Some(ZonesDeclaration::In(zones)) => ZoneCondition::In(find_all(&known.zones, zones)?),
        Some(ZonesDeclaration::NotIn(zones)) => {
            ZoneCondition::NotIn(find_all(&known.zones, zones)?)
        }
    };
    Ok(Rule {
        id,
        name: declared.name.clone(),
        conditions: Conditions {
            people: membership(&declared.people, &known.people)?,
            groups: membership(&declared.groups, &known.groups)?,
            zones,
            administrators: declared.administrators,
            behaviors: find_all(&known.behaviors, &declared.behaviors)?,
        },
        outcome: match &declared.outcome {
            OutcomeDeclaration::Deny => Outcome::Deny,
            OutcomeDeclaration::Allow(allow) => Outcome::Allow(Allow {
                require: allow.require.clone(),
                session_age_max_secs: allow.session_age_max_secs,
            }),
        },
    })
}

fn membership<Id: Clone>(
    declared: &MembershipDeclaration,
    known: &HashMap<String, Id>,
) -> Result<Membership<Id>, Refusal> {
    Ok(Membership {
        include: find_all(known, &declared.include)?,
        exclude: find_all(known, &declared.exclude)?,
    })
}
