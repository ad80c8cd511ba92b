//! What administrators read of a policy beside its rules: what it is for, and rules at rest.
//!
//! A sign-in is decided by the policy alone, which holds the rules in force. The rest stands in a column of its own, so
//! that nothing that evaluates a policy, an older release included, can take a rule at rest for one in force.

use crate::sign_on::{Conditions, Rule, SignOnPolicy};
use serde::{Deserialize, Serialize};

/// Most characters of a description.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 1_000;

/// What administrators read of a policy beside its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Aside {
    /// What it is for.
    pub description: String,
    /// Rules at rest, in order.
    pub resting: Vec<RestingRule>,
}

/// A rule at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingRule {
    /// Its place among all rules, from 0.
    pub place: usize,
    /// The rule.
    pub rule: Rule,
}

/// The rules of a policy in force, and then those at rest.
pub fn all_rules<'p>(
    policy: &'p SignOnPolicy,
    aside: &'p Aside,
) -> impl Iterator<Item = &'p Rule> + Clone {
    let resting = aside.resting.iter().map(|resting| &resting.rule);
    policy.rules.iter().chain(resting)
}

/// A rule, in force or at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRule {
    /// The rule.
    pub rule: Rule,
    /// Whether it is in force.
    pub active: bool,
}

/// All rules of a policy in order. The order of those in force is the policy's; the others are where they last were, as
/// far as there are so many now.
#[must_use]
pub fn list_rules(policy: &SignOnPolicy, aside: &Aside) -> Vec<ListedRule> {
    let in_force = policy.rules.iter().map(|rule| ListedRule {
        rule: rule.clone(),
        active: true,
    });
    let mut listed: Vec<ListedRule> = in_force.collect();
    let mut resting: Vec<&RestingRule> = aside.resting.iter().collect();
    resting.sort_by_key(|resting| resting.place);
    for resting in resting {
        let place = resting.place.min(listed.len());
        let rule = ListedRule {
            rule: resting.rule.clone(),
            active: false,
        };
        listed.insert(place, rule);
    }
    listed
}

/// Where a new rule stands that nobody gave a place: in force before a last one that fits everybody. Nobody reaches those at rest,
/// wherever they are.
#[must_use]
pub fn place_of_new(listed: &[ListedRule]) -> usize {
    let mut in_force = listed
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, one)| one.active);
    match in_force.next() {
        Some((place, last)) if last.rule.conditions == Conditions::default() => place,
        _ => listed.len(),
    }
}

/// The rules in force, and those at rest.
#[must_use]
pub fn part_rules(listed: Vec<ListedRule>) -> (Vec<Rule>, Vec<RestingRule>) {
    let (mut in_force, mut resting) = (Vec::new(), Vec::new());
    for (place, ListedRule { rule, active }) in listed.into_iter().enumerate() {
        if active {
            in_force.push(rule);
        } else {
            resting.push(RestingRule { place, rule });
        }
    }
    (in_force, resting)
}

#[cfg(test)]
mod tests {
    use super::{Aside, ListedRule, list_rules, part_rules, place_of_new};
    use crate::sign_on::{Conditions, Outcome, Rule, SignOnPolicy};
    use vocab::id::{PolicyId, RuleId};

    fn rule(number: usize) -> Rule {
        Rule {
            id: RuleId::parse(&format!("0pr{number:017}")).unwrap(),
            name: number.to_string(),
            conditions: Conditions::default(),
            outcome: Outcome::Deny,
        }
    }

    fn policy(rules: Vec<Rule>) -> SignOnPolicy {
        SignOnPolicy {
            id: PolicyId::parse("00p00000000000000000").unwrap(),
            name: "policy".into(),
            rules,
        }
    }

    fn shown(listed: &[ListedRule]) -> String {
        let one = |listed: &ListedRule| match listed.active {
            true => listed.rule.name.clone(),
            false => format!("({})", listed.rule.name),
        };
        listed.iter().map(one).collect()
    }

    #[test]
    fn what_is_parted_is_listed_as_it_was() {
        for active in 0..16_u32 {
            let listed: Vec<ListedRule> = (0..4)
                .map(|number| ListedRule {
                    rule: rule(number),
                    active: active & (1 << number) != 0,
                })
                .collect();
            let (rules, resting) = part_rules(listed.clone());
            let aside = Aside {
                resting,
                ..Aside::default()
            };
            assert_eq!(list_rules(&policy(rules), &aside), listed);
        }
    }

    #[test]
    fn a_new_rule_goes_where_it_is_reached() {
        let one = |administrators, active| {
            let conditions = Conditions {
                administrators,
                ..Conditions::default()
            };
            let rule = Rule {
                conditions,
                ..rule(0)
            };
            ListedRule { rule, active }
        };
        let (some, all) = (one(Some(true), true), one(None, true));
        for (listed, place) in [
            (vec![], 0),
            (vec![some.clone()], 1),
            (vec![some.clone(), all.clone()], 1),
            (vec![all.clone(), some.clone()], 2),
            (vec![some.clone(), one(None, false)], 2),
            (vec![some, all.clone(), one(Some(true), false)], 1),
            (vec![all, one(None, false)], 0),
        ] {
            assert_eq!(place_of_new(&listed), place, "{listed:?}");
        }
    }

    #[test]
    fn what_rests_stays_where_it_can_when_others_come_and_go() {
        let listed = [true, false, true, false].into_iter().enumerate();
        let listed = listed.map(|(number, active)| ListedRule {
            rule: rule(number),
            active,
        });
        let (_, resting) = part_rules(listed.collect());
        let aside = Aside {
            resting,
            ..Aside::default()
        };
        for (rules, expected) in [
            (vec![rule(0), rule(2)], "0(1)2(3)"),
            (vec![rule(2), rule(0), rule(4)], "2(1)0(3)4"),
            (vec![rule(2)], "2(1)(3)"),
            (vec![], "(1)(3)"),
        ] {
            assert_eq!(shown(&list_rules(&policy(rules), &aside)), expected);
        }
    }
}
