//! What one change makes of the access policies of a server: pure, so that it can be planned anew inside the transaction.
//!
//! The first rule that fits decides, of all policies in order; so rules in policies mean what the same rules mean one
//! after the other.

use crate::fault::Refusal;
use crate::server::AccessRule;
use crate::server::parts::{AccessPolicy, PolicyRule};
use ledger::EventType;
use vocab::id::{InlineHookId, PolicyId, RuleId};
use vocab::time::Timestamp;

/// What is set of a policy beside its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySettings {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The apps that its rules are for; empty means all.
    pub apps: Vec<String>,
}

/// Whether something is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// It is.
    Active,
    /// It rests.
    Resting,
}

/// A place in an order, from 0; beyond the end is the end. None leaves something where it is, and puts something new last.
pub type Place = Option<usize>;

/// One change of the access policies of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyChange {
    /// A policy without rules.
    Add(PolicyId, PolicySettings, Force, Place),
    /// Its settings.
    Set(PolicyId, PolicySettings, Place),
    /// A policy goes, with its rules.
    Remove(PolicyId),
    /// Its rules come into force, or rest.
    Switch(PolicyId, Force),
    /// One of its rules.
    Rule(PolicyId, RuleId, RuleChange),
}

/// What a rule says, and the inline hook that is asked about tokens which it permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSays {
    /// The rule.
    pub rule: AccessRule,
    /// The hook.
    pub hook: Option<InlineHookId>,
}

impl PolicyChange {
    /// The hook that a rule is to name from now on.
    #[must_use]
    pub fn hook(&self) -> Option<&InlineHookId> {
        match self {
            Self::Rule(_, _, RuleChange::Add(says, ..) | RuleChange::Set(says, _)) => {
                says.hook.as_ref()
            }
            Self::Rule(_, _, RuleChange::Hook(hook)) => hook.as_ref(),
            _ => None,
        }
    }

    /// Whether it only switches what is so already: nothing happens then, and nothing is written in the log.
    #[must_use]
    pub fn is_so(&self, policies: &[AccessPolicy]) -> bool {
        let policy = |id: &PolicyId| policies.iter().find(|policy| policy.id == *id);
        let present = match self {
            Self::Switch(id, force) => policy(id).map(|policy| (policy.active, force)),
            Self::Rule(id, rule, RuleChange::Switch(force)) => {
                let mut rules = policy(id).into_iter().flat_map(|policy| &policy.rules);
                let rule = rules.find(|one| one.id == *rule);
                rule.map(|rule| (rule.active, force))
            }
            _ => None,
        };
        present.is_some_and(|(active, force)| active == (*force == Force::Active))
    }
}

impl From<AccessRule> for RuleSays {
    fn from(rule: AccessRule) -> Self {
        Self { rule, hook: None }
    }
}

/// One change of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleChange {
    /// It is added.
    Add(RuleSays, Force, Place),
    /// What it says.
    Set(RuleSays, Place),
    /// The hook that is asked about the tokens which it permits, or none; what it says besides stays as it is then.
    Hook(Option<InlineHookId>),
    /// It goes.
    Remove,
    /// It comes into force, or rests.
    Switch(Force),
}

/// What a change comes to; the rules of servers are still to be held against it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedPolicies {
    /// The policies from now on.
    pub policies: Vec<AccessPolicy>,
    /// What is told of it in the log.
    pub event: EventType,
    /// What was changed: its kind, id and name.
    pub part: (&'static str, String, String),
    /// What changed: field, before, after.
    pub fields: Vec<(&'static str, String, String)>,
}

type Fields = Vec<(&'static str, String, String)>;
type Told = (EventType, (&'static str, String, String), Fields);

/// What the change makes of the policies.
///
/// # Errors
/// [`Refusal::NotFound`] for a policy or rule that is not among them.
pub fn plan_policy_change(
    mut policies: Vec<AccessPolicy>,
    change: PolicyChange,
    now: Timestamp,
) -> Result<PlannedPolicies, Refusal> {
    let (event, part, fields) = match change {
        PolicyChange::Add(id, settings, force, place) => {
            let policy = AccessPolicy {
                id,
                name: settings.name,
                description: settings.description,
                apps: settings.apps,
                active: force == Force::Active,
                rules: Vec::new(),
                created_at: Some(now),
                updated_at: Some(now),
            };
            let part = policy_part(&policy);
            put(&mut policies, policy, place);
            (EventType::PolicyLifecycleCreate, part, Vec::new())
        }
        PolicyChange::Set(id, settings, place) => {
            let at = place_of(&policies, &id)?;
            let mut policy = policies.remove(at);
            let before = policy.clone();
            policy.name = settings.name;
            policy.description = settings.description;
            policy.apps = settings.apps;
            policy.updated_at = Some(now);
            let (part, mut fields) = (policy_part(&policy), policy_fields(&before, &policy));
            let to = put(&mut policies, policy, place.or(Some(at)));
            fields.extend(moved(at, to));
            (EventType::PolicyLifecycleUpdate, part, fields)
        }
        PolicyChange::Remove(id) => {
            let at = place_of(&policies, &id)?;
            let part = policy_part(&policies.remove(at));
            (EventType::PolicyLifecycleDelete, part, Vec::new())
        }
        PolicyChange::Switch(id, force) => {
            let policy = find_policy(&mut policies, &id)?;
            policy.active = force == Force::Active;
            policy.updated_at = Some(now);
            let event = match force {
                Force::Active => EventType::PolicyLifecycleActivate,
                Force::Resting => EventType::PolicyLifecycleDeactivate,
            };
            (event, policy_part(policy), Vec::new())
        }
        PolicyChange::Rule(id, rule, change) => {
            let rules = &mut find_policy(&mut policies, &id)?.rules;
            plan_rule_change(rules, rule, change, now)?
        }
    };
    Ok(PlannedPolicies {
        policies,
        event,
        part,
        fields,
    })
}

fn plan_rule_change(
    rules: &mut Vec<PolicyRule>,
    id: RuleId,
    change: RuleChange,
    now: Timestamp,
) -> Result<Told, Refusal> {
    Ok(match change {
        RuleChange::Add(says, force, place) => {
            let rule = PolicyRule {
                id,
                active: force == Force::Active,
                rule: says.rule,
                hook: says.hook,
                created_at: Some(now),
                updated_at: Some(now),
            };
            let part = rule_part(&rule);
            put(rules, rule, place);
            (EventType::PolicyRuleAdd, part, Vec::new())
        }
        RuleChange::Set(says, place) => {
            let at = place_of_rule(rules, &id)?;
            let mut rule = rules.remove(at);
            let mut fields = said(&rule.rule, &says.rule);
            fields.extend(asked(rule.hook.as_ref(), says.hook.as_ref()));
            rule.rule = says.rule;
            rule.hook = says.hook;
            rule.updated_at = Some(now);
            let part = rule_part(&rule);
            let to = put(rules, rule, place.or(Some(at)));
            fields.extend(moved(at, to));
            (EventType::PolicyRuleUpdate, part, fields)
        }
        RuleChange::Hook(hook) => {
            let at = place_of_rule(rules, &id)?;
            let rule = rules.get_mut(at).ok_or(Refusal::NotFound)?;
            let fields = asked(rule.hook.as_ref(), hook.as_ref());
            rule.hook = hook;
            rule.updated_at = Some(now);
            let fields = fields.into_iter().collect();
            (EventType::PolicyRuleUpdate, rule_part(rule), fields)
        }
        RuleChange::Remove => {
            let at = place_of_rule(rules, &id)?;
            let part = rule_part(&rules.remove(at));
            (EventType::PolicyRuleDelete, part, Vec::new())
        }
        RuleChange::Switch(force) => {
            let at = place_of_rule(rules, &id)?;
            let rule = rules.get_mut(at).ok_or(Refusal::NotFound)?;
            rule.active = force == Force::Active;
            rule.updated_at = Some(now);
            let event = match force {
                Force::Active => EventType::PolicyRuleActivate,
                Force::Resting => EventType::PolicyRuleDeactivate,
            };
            (event, rule_part(rule), Vec::new())
        }
    })
}

fn put<T>(list: &mut Vec<T>, one: T, place: Place) -> usize {
    let place = place.unwrap_or(list.len()).min(list.len());
    list.insert(place, one);
    place
}

fn place_of(policies: &[AccessPolicy], id: &PolicyId) -> Result<usize, Refusal> {
    let mut all = policies.iter();
    all.position(|policy| policy.id == *id)
        .ok_or(Refusal::NotFound)
}

fn find_policy<'p>(
    policies: &'p mut [AccessPolicy],
    id: &PolicyId,
) -> Result<&'p mut AccessPolicy, Refusal> {
    let mut all = policies.iter_mut();
    all.find(|policy| policy.id == *id).ok_or(Refusal::NotFound)
}

fn place_of_rule(rules: &[PolicyRule], id: &RuleId) -> Result<usize, Refusal> {
    let mut all = rules.iter();
    all.position(|rule| rule.id == *id).ok_or(Refusal::NotFound)
}

fn policy_part(policy: &AccessPolicy) -> (&'static str, String, String) {
    ("AccessPolicy", policy.id.to_string(), policy.name.clone())
}

fn rule_part(rule: &PolicyRule) -> (&'static str, String, String) {
    ("AccessRule", rule.id.to_string(), rule.rule.name.clone())
}

fn policy_fields(
    before: &AccessPolicy,
    after: &AccessPolicy,
) -> Vec<(&'static str, String, String)> {
    let fields = [
        ("name", before.name.clone(), after.name.clone()),
        (
            "description",
            before.description.clone(),
            after.description.clone(),
        ),
        ("apps", before.apps.join(" "), after.apps.join(" ")),
    ];
    fields
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .collect()
}

/// The whole rule before and after: it is small, and its parts have no meaning of their own.
fn said(before: &AccessRule, after: &AccessRule) -> Vec<(&'static str, String, String)> {
    let word = |rule: &AccessRule| serde_json::to_string(rule).unwrap_or_default();
    if before == after {
        Vec::new()
    } else {
        vec![("settings", word(before), word(after))]
    }
}

fn asked(
    before: Option<&InlineHookId>,
    after: Option<&InlineHookId>,
) -> Option<(&'static str, String, String)> {
    let word = |hook: Option<&InlineHookId>| hook.map_or_else(String::new, ToString::to_string);
    (before != after).then(|| ("inlineHook", word(before), word(after)))
}

fn moved(from: usize, to: usize) -> Option<(&'static str, String, String)> {
    (from != to).then(|| ("place", (from + 1).to_string(), (to + 1).to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Force, PolicyChange, PolicySettings, RuleChange, RuleSays, plan_policy_change};
    use crate::fault::Refusal;
    use crate::server::AccessRule;
    use crate::server::parts::{AccessPolicy, rules_in_force};
    use ledger::EventType;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{InlineHookId, PolicyId, RuleId};
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    fn policy(number: u32) -> PolicyId {
        PolicyId::parse(&format!("00p{number:017}")).unwrap()
    }

    fn rule(number: u32) -> RuleId {
        RuleId::parse(&format!("0pr{number:017}")).unwrap()
    }

    fn settings(name: &str, apps: &[&str]) -> PolicySettings {
        PolicySettings {
            name: name.into(),
            description: String::new(),
            apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        }
    }

    fn says(name: &str) -> RuleSays {
        RuleSays::from(AccessRule {
            name: name.into(),
            ..AccessRule::default()
        })
    }

    /// Two policies: 1 with the rules 1 and 2, 2 with the rule 3.
    fn policies() -> Vec<AccessPolicy> {
        use Force::Active;
        let changes = [
            PolicyChange::Add(policy(1), settings("one", &[]), Active, None),
            PolicyChange::Add(policy(2), settings("two", &["x"]), Active, None),
            PolicyChange::Rule(policy(1), rule(1), RuleChange::Add(says("a"), Active, None)),
            PolicyChange::Rule(policy(1), rule(2), RuleChange::Add(says("b"), Active, None)),
            PolicyChange::Rule(policy(2), rule(3), RuleChange::Add(says("c"), Active, None)),
        ];
        changes.into_iter().fold(Vec::new(), |policies, change| {
            let planned = plan_policy_change(policies, change, NOW);
            planned.unwrap().policies
        })
    }

    /// The rules in force, each with the apps it is for.
    fn force(change: PolicyChange) -> (String, EventType) {
        let planned = plan_policy_change(policies(), change, NOW).unwrap();
        let rules = rules_in_force(&planned.policies);
        let shown = rules
            .iter()
            .map(|rule| format!("{}{}", rule.name, rule.apps.concat()));
        (shown.collect::<Vec<_>>().join(" "), planned.event)
    }

    #[test]
    fn what_is_changed_is_in_force_in_its_order() {
        use Force::{Active, Resting};
        let table = [
            (
                PolicyChange::Add(policy(9), settings("n", &[]), Active, Some(0)),
                "a b cx",
                EventType::PolicyLifecycleCreate,
            ),
            (
                PolicyChange::Set(policy(2), settings("two", &["y"]), Some(0)),
                "cy a b",
                EventType::PolicyLifecycleUpdate,
            ),
            (
                PolicyChange::Set(policy(1), settings("one", &["z"]), None),
                "az bz cx",
                EventType::PolicyLifecycleUpdate,
            ),
            (
                PolicyChange::Remove(policy(1)),
                "cx",
                EventType::PolicyLifecycleDelete,
            ),
            (
                PolicyChange::Switch(policy(1), Resting),
                "cx",
                EventType::PolicyLifecycleDeactivate,
            ),
            (
                PolicyChange::Rule(
                    policy(1),
                    rule(9),
                    RuleChange::Add(says("n"), Active, Some(1)),
                ),
                "a n b cx",
                EventType::PolicyRuleAdd,
            ),
            (
                PolicyChange::Rule(
                    policy(1),
                    rule(9),
                    RuleChange::Add(says("n"), Resting, None),
                ),
                "a b cx",
                EventType::PolicyRuleAdd,
            ),
            (
                PolicyChange::Rule(policy(1), rule(1), RuleChange::Set(says("n"), Some(99))),
                "b n cx",
                EventType::PolicyRuleUpdate,
            ),
            (
                PolicyChange::Rule(policy(1), rule(2), RuleChange::Remove),
                "a cx",
                EventType::PolicyRuleDelete,
            ),
            (
                PolicyChange::Rule(policy(1), rule(1), RuleChange::Switch(Resting)),
                "b cx",
                EventType::PolicyRuleDeactivate,
            ),
        ];
        for (change, expected, event) in table {
            assert_eq!(force(change), (expected.to_owned(), event));
        }
    }

    #[test]
    fn a_hook_is_bound_to_what_the_rule_says_by_then() {
        let change = |change| PolicyChange::Rule(policy(1), rule(1), change);
        let renamed = change(RuleChange::Set(says("new"), None));
        let renamed = plan_policy_change(policies(), renamed, NOW).unwrap();
        let hook = InlineHookId::generate(&SeededEntropy::new(1));
        let bound = change(RuleChange::Hook(Some(hook.clone())));
        assert_eq!(bound.hook(), Some(&hook));
        let planned = plan_policy_change(renamed.policies, bound, NOW).unwrap();
        let named = &planned.policies[0].rules[0];
        assert_eq!(
            (named.rule.name.as_str(), &named.hook),
            ("new", &Some(hook.clone()))
        );
        let told = ("inlineHook", String::new(), hook.to_string());
        assert_eq!(planned.fields, [told]);
        let freed = change(RuleChange::Hook(None));
        let planned = plan_policy_change(planned.policies, freed, NOW).unwrap();
        assert_eq!(planned.policies[0].rules[0].hook, None);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let table = [
            PolicyChange::Remove(policy(9)),
            PolicyChange::Switch(policy(9), Force::Active),
            PolicyChange::Set(policy(9), settings("n", &[]), None),
            PolicyChange::Rule(policy(2), rule(1), RuleChange::Remove),
            PolicyChange::Rule(policy(2), rule(1), RuleChange::Set(says("n"), None)),
            PolicyChange::Rule(policy(2), rule(1), RuleChange::Hook(None)),
            PolicyChange::Rule(policy(2), rule(1), RuleChange::Switch(Force::Active)),
            PolicyChange::Rule(
                policy(9),
                rule(9),
                RuleChange::Add(says("n"), Force::Active, None),
            ),
        ];
        for change in table {
            let refused = plan_policy_change(policies(), change, NOW).unwrap_err();
            assert!(matches!(refused, Refusal::NotFound), "{refused}");
        }
    }

    #[test]
    fn only_what_changed_is_told() {
        let change = PolicyChange::Set(policy(2), settings("two", &["y"]), Some(0));
        let planned = plan_policy_change(policies(), change, NOW).unwrap();
        assert_eq!(planned.part.0, "AccessPolicy");
        assert_eq!(
            planned.fields,
            [
                ("apps", "x".into(), "y".into()),
                ("place", "2".into(), "1".into()),
            ]
        );
    }
}
