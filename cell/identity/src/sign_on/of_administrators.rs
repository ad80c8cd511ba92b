//! What of the policies, zones and groups decides how administrators get in. Only a super administrator changes that:
//! else whoever may set policies or fill groups would let themselves in with less, or keep those above them out.
//!
//! What decides about everybody else alone is free. So the org's policy need not be read as one: a rule that fits no
//! administrator, or stands behind one that fits them all, is nothing to them.

use crate::access::Permit;
use crate::access::ceiling::{check_console, load_standing};
use crate::access::custom::guard;
use crate::behavior::Behavior;
use crate::fault::Refusal;
use crate::sign_on::store::{Policies, StoredPolicy, load_policies};
use crate::sign_on::{Conditions, PolicyScope, Rule, SignOnPolicy, Zone};
use crate::threat::ThreatSettings;
use database::ReadTx;
use std::collections::BTreeSet;
use vocab::id::{GroupId, UserId, ZoneId};

/// The rules that can decide about an administrator, in their order.
fn rules_for_administrators(policy: &SignOnPolicy) -> Vec<&Rule> {
    let mut rules = Vec::new();
    for rule in &policy.rules {
        if rule.conditions.administrators == Some(false) {
            continue;
        }
        rules.push(rule);
        if fits_every_administrator(&rule.conditions) {
            break;
        }
    }
    rules
}

fn fits_every_administrator(conditions: &Conditions) -> bool {
    let blank = Conditions {
        administrators: conditions.administrators,
        ..Conditions::default()
    };
    *conditions == blank
}

/// Whether a change of a policy is one for administrators. An app is no way into the administration.
#[must_use]
pub fn is_policy_change_theirs(
    scope: PolicyScope,
    before: &SignOnPolicy,
    after: &SignOnPolicy,
) -> bool {
    scope != PolicyScope::App && rules_for_administrators(before) != rules_for_administrators(after)
}

/// Whether a zone that is added, changed or removed is one for administrators: from a blocked one nobody gets in, and from one
/// that the settings of threats exclude nothing is refused as a threat, whomever it tries to get in as.
#[must_use]
pub fn is_zone_change_theirs(
    policies: &Policies,
    threats: &ThreatSettings,
    before: Option<&Zone>,
    after: Option<&Zone>,
) -> bool {
    let is_blocked = |zone: Option<&Zone>| zone.is_some_and(|zone| zone.blocked);
    let ranges = |zone: Option<&Zone>| zone.map(|zone| zone.ranges.clone());
    let is_named = |id| names_zone(policies, id) || threats.exclude_zones.contains(id);
    let named = before.is_some_and(|zone| is_named(&zone.id));
    is_blocked(before) || is_blocked(after) || (named && ranges(before) != ranges(after))
}

/// Whether a behaviour that is changed, or rests, is one for administrators. Its name decides nothing.
#[must_use]
pub fn is_behavior_change_theirs(policies: &Policies, before: &Behavior, after: &Behavior) -> bool {
    let renamed = Behavior {
        name: after.name.clone(),
        ..before.clone()
    };
    let named = || rules(policies).any(|rule| rule.conditions.behaviors.contains(&before.id));
    renamed != *after && named()
}

/// Whether administrators are told apart by who is in that group.
#[must_use]
pub fn is_group_theirs(policies: &Policies, group: &GroupId) -> bool {
    rules(policies).any(|rule| {
        let groups = &rule.conditions.groups;
        groups.include.contains(group) || groups.exclude.contains(group)
    })
}

fn names_zone(policies: &Policies, zone: &ZoneId) -> bool {
    rules(policies).any(|rule| rule.conditions.zones.named().contains(zone))
}

fn rules(policies: &Policies) -> impl Iterator<Item = &Rule> {
    let both = [&policies.org, &policies.console];
    both.into_iter()
        .flat_map(|policy| rules_for_administrators(policy))
}

pub(crate) async fn check_policy(
    tx: &mut ReadTx,
    permit: &Permit,
    stored: &StoredPolicy,
    after: &SignOnPolicy,
) -> Result<(), Refusal> {
    if is_policy_change_theirs(stored.scope, &stored.policy, after) {
        check_console(tx, permit).await?;
    }
    Ok(())
}

pub(crate) async fn check_zone(
    tx: &mut ReadTx,
    permit: &Permit,
    before: Option<&Zone>,
    after: Option<&Zone>,
) -> Result<(), Refusal> {
    // Nothing is asked of the operator, who mends an org without policies too.
    if permit.is_operators() {
        return Ok(());
    }
    let policies = load_policies(tx, permit.org()).await?;
    let org = crate::org::store::load(tx, permit.org()).await?;
    let threats = org.ok_or(Refusal::NotFound)?.settings.threats;
    if is_zone_change_theirs(&policies, &threats, before, after) {
        check_console(tx, permit).await?;
    }
    Ok(())
}

pub(crate) async fn check_behavior(
    tx: &mut ReadTx,
    permit: &Permit,
    before: &Behavior,
    after: &Behavior,
) -> Result<(), Refusal> {
    if permit.is_operators() {
        return Ok(());
    }
    let policies = load_policies(tx, permit.org()).await?;
    if is_behavior_change_theirs(&policies, before, after) {
        check_console(tx, permit).await?;
    }
    Ok(())
}

/// For the end of a group: rules that name it fit nobody, or everybody, from then on, and whoever held a role by it does not.
pub(crate) async fn check_group(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
) -> Result<(), Refusal> {
    if permit.is_operators() {
        return Ok(());
    }
    guard::check_group(tx, permit, group).await?;
    check_filled(tx, permit, &BTreeSet::from([group.clone()])).await
}

/// For a change by which rules may put others into these groups, or take them out, whoever they are.
pub(crate) async fn check_filled(
    tx: &mut ReadTx,
    permit: &Permit,
    groups: &BTreeSet<GroupId>,
) -> Result<(), Refusal> {
    if permit.is_operators() || groups.is_empty() {
        return Ok(());
    }
    let policies = load_policies(tx, permit.org()).await?;
    let is_theirs = |group: &GroupId| is_group_theirs(&policies, group);
    if groups.iter().any(is_theirs) {
        check_console(tx, permit).await?;
    }
    Ok(())
}

/// For a change of who is in a group. What the policies say of it matters only of administrators, who are few.
pub(crate) async fn check_member(
    tx: &mut ReadTx,
    permit: &Permit,
    group: &GroupId,
    user: &UserId,
) -> Result<(), Refusal> {
    guard::check_member(tx, permit, group, user).await?;
    let standing = load_standing(tx, permit.org(), user).await?;
    if !standing.is_administrator() {
        return Ok(());
    }
    check_group(tx, permit, group).await
}

#[cfg(test)]
mod tests {
    use super::{
        is_behavior_change_theirs, is_group_theirs, is_policy_change_theirs, is_zone_change_theirs,
    };
    use crate::behavior::{Behavior, BehaviorKind};
    use crate::sign_on::store::Policies;
    use crate::sign_on::zone::parse_ranges;
    use crate::sign_on::{
        Conditions, Membership, Outcome, PolicyScope, Rule, SignOnPolicy, Zone, ZoneCondition,
        presets,
    };
    use crate::threat::ThreatSettings;
    use std::collections::HashMap;
    use std::sync::Arc;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{BehaviorId, GroupId, PolicyId, RuleId, ZoneId};

    fn rule(seed: u64, administrators: Option<bool>) -> Rule {
        Rule {
            id: RuleId::generate(&SeededEntropy::new(seed)),
            name: format!("rule {seed}"),
            conditions: Conditions {
                administrators,
                ..Conditions::default()
            },
            outcome: Outcome::Deny,
        }
    }

    fn policy(rules: &[&Rule]) -> SignOnPolicy {
        SignOnPolicy {
            id: PolicyId::generate(&SeededEntropy::new(9)),
            name: "policy".into(),
            rules: rules.iter().copied().cloned().collect(),
        }
    }

    #[test]
    fn a_change_is_theirs_if_it_can_decide_about_one() {
        let group = GroupId::generate(&SeededEntropy::new(1));
        let (theirs, others) = (rule(1, Some(true)), rule(2, Some(false)));
        let (everyone, late) = (rule(3, None), rule(4, None));
        let mut some = rule(5, None);
        some.conditions.groups.include = vec![group];
        let mut renamed = theirs.clone();
        renamed.name = "another".into();
        let table: [(&str, &[&Rule], &[&Rule], bool); 10] = [
            (
                "nothing",
                &[&theirs, &everyone],
                &[&theirs, &everyone],
                false,
            ),
            (
                "the rule for the rest",
                &[&theirs, &everyone],
                &[&theirs, &late],
                false,
            ),
            (
                "one before, for others",
                &[&theirs],
                &[&others, &theirs],
                false,
            ),
            (
                "one behind, which no administrator comes to",
                &[&theirs],
                &[&theirs, &some],
                false,
            ),
            (
                "one before, for everyone",
                &[&theirs],
                &[&everyone, &theirs],
                true,
            ),
            ("one before, for some", &[&theirs], &[&some, &theirs], true),
            (
                "the first one that fits them all",
                &[&everyone],
                &[&late],
                true,
            ),
            (
                "their own",
                &[&theirs, &everyone],
                &[&renamed, &everyone],
                true,
            ),
            ("none is left", &[&theirs, &everyone], &[&everyone], true),
            ("the order", &[&some, &theirs], &[&theirs, &some], true),
        ];
        for (what, before, after, expected) in table {
            let (before, after) = (policy(before), policy(after));
            for scope in [PolicyScope::Org, PolicyScope::Console] {
                let seen = is_policy_change_theirs(scope, &before, &after);
                assert_eq!(seen, expected, "{what} in {scope:?}");
            }
            assert!(
                !is_policy_change_theirs(PolicyScope::App, &before, &after),
                "{what}"
            );
        }
    }

    #[test]
    fn behaviors_are_theirs_if_a_rule_for_them_names_them() {
        let entropy = SeededEntropy::new(1);
        let before = Behavior {
            id: BehaviorId::generate(&entropy),
            name: "New Device".into(),
            kind: BehaviorKind::AnomalousDevice,
            events_max: 20,
            events_min: 0,
            active: true,
        };
        let renamed = Behavior {
            name: "Another".into(),
            ..before.clone()
        };
        let resting = Behavior {
            active: false,
            ..before.clone()
        };
        let looser = Behavior {
            events_max: 100,
            ..before.clone()
        };
        for (scoped, theirs) in [(Some(true), true), (None, true), (Some(false), false)] {
            let mut naming = rule(1, scoped);
            naming.conditions.behaviors = vec![before.id.clone()];
            let (_, console) = presets::console_policy(PolicyId::generate(&entropy), &entropy);
            let policies = Policies {
                org: Arc::new(policy(&[&naming])),
                console: Arc::new(console),
                apps: HashMap::new(),
            };
            let change = |after| is_behavior_change_theirs(&policies, &before, after);
            assert!(!change(&before) && !change(&renamed));
            assert_eq!((change(&resting), change(&looser)), (theirs, theirs));
        }
    }

    #[test]
    fn zones_and_groups_are_theirs_if_a_rule_for_them_names_them() {
        let entropy = SeededEntropy::new(1);
        let zone = |ranges: &str, blocked| Zone {
            id: ZoneId::generate(&SeededEntropy::new(2)),
            name: "Office".into(),
            ranges: parse_ranges(ranges).unwrap(),
            blocked,
        };
        let (group, free) = (GroupId::generate(&entropy), GroupId::generate(&entropy));
        let (office, moved) = (zone("192.0.2.0/24", false), zone("198.51.100.0/24", false));
        let mut naming = rule(1, Some(true));
        naming.conditions.zones = ZoneCondition::In(vec![office.id.clone()]);
        naming.conditions.groups = Membership {
            include: Vec::new(),
            exclude: vec![group.clone()],
        };
        let named = |scoped: Option<bool>| {
            let mut naming = naming.clone();
            naming.conditions.administrators = scoped;
            let (_, console) = presets::console_policy(PolicyId::generate(&entropy), &entropy);
            Policies {
                org: Arc::new(policy(&[&naming])),
                console: Arc::new(console),
                apps: HashMap::new(),
            }
        };
        let (theirs, others) = (named(Some(true)), named(Some(false)));
        for (policies, expected) in [(&theirs, true), (&named(None), true), (&others, false)] {
            assert_eq!(is_group_theirs(policies, &group), expected);
            assert!(!is_group_theirs(policies, &free));
            let none = ThreatSettings::default();
            let change = |after| is_zone_change_theirs(policies, &none, Some(&office), after);
            assert_eq!(change(Some(&moved)), expected);
            assert_eq!(change(None), expected);
            let mut renamed = office.clone();
            renamed.name = "Offices".into();
            assert!(!change(Some(&renamed)));
            assert!(!is_zone_change_theirs(policies, &none, None, Some(&office)));
            // What never counts as a threat is theirs, whatever the policies name.
            let threats = ThreatSettings {
                exclude_zones: vec![office.id.clone()],
                ..ThreatSettings::default()
            };
            let change = |after| is_zone_change_theirs(policies, &threats, Some(&office), after);
            assert!(change(Some(&moved)) && change(None) && !change(Some(&renamed)));
        }
        // From a blocked zone nobody gets in, whatever the policies name.
        let blocked = zone("192.0.2.0/24", true);
        for (before, after) in [
            (None, Some(&blocked)),
            (Some(&blocked), None),
            (Some(&office), Some(&blocked)),
            (Some(&blocked), Some(&office)),
        ] {
            let threats = ThreatSettings::default();
            assert!(is_zone_change_theirs(&others, &threats, before, after));
        }
    }
}
