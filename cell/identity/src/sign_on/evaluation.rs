//! What a chain of policies means for one sign-in: one pure function, with a trace that explains every rule.
//!
//! Each policy of the chain (the org's, the console's or the app's) finds its first matching rule; all of the rules that
//! were found must be satisfied. Whatever is unclear is refused: no policy, no matching rule, a zone that does not exist.

use std::collections::BTreeSet;
use std::net::IpAddr;

use vocab::id::{BehaviorId, GroupId, PolicyId, RuleId, UserId, ZoneId};
use vocab::time::Timestamp;

use crate::behavior::detect::{BehaviorFacts, Detection, PastSignIn};

use super::authenticator::{AuthenticatorKind, ProvedAuthenticator};
use super::requirement::{Factors, Requirement, Unmet, enrolment_requirement};
use super::{Conditions, Outcome, Rule, SignOnPolicy, Zone, ZoneCondition};

/// How fresh all proof must be when a new authenticator is to be enrolled on the way.
pub const ENROLMENT_PROOF_AGE_MAX_SECS: i64 = 15 * 60;

/// Everything that a policy can ask about.
#[derive(Debug, Clone)]
pub struct SignInFacts {
    /// The person.
    pub user: UserId,
    /// The person's groups; those that the policies name suffice ([`SignOnPolicy::named_groups`]).
    pub groups: BTreeSet<GroupId>,
    /// Whether the person has any administrator's role.
    pub is_administrator: bool,
    /// Where the request comes from.
    pub address: IpAddr,
    /// What the person can prove with: codes by mail where the address is verified, printed codes where some are left.
    pub enrolled: Vec<AuthenticatorKind>,
    /// What the person has enrolled and the org takes no more: it proves nothing, and is no reason to ask for less.
    pub untaken: Vec<AuthenticatorKind>,
    /// What the org lets people enrol.
    pub enrollable: Vec<AuthenticatorKind>,
    /// What was proved in this session or sign-in.
    pub proved: Vec<ProvedAuthenticator>,
    /// What the client asks for beyond the policies.
    pub asked: Asked,
    /// What is known of earlier sign-ins; blank where no policy asks.
    pub behaviors: BehaviorFacts,
    /// The present moment.
    pub now: Timestamp,
}

/// What a client asks for beyond the policies. It can only make them stricter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// By `acr_values`.
    pub requirement: Requirement,
    /// By `max_age` or `prompt=login`: proof from before this moment does not count.
    pub proved_since: Option<Timestamp>,
}

/// What follows for the sign-in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// What follows.
    pub verdict: Verdict,
    /// One entry for every rule of every policy, in order.
    pub trace: Vec<RuleTrace>,
    /// What was found of behaviours that rules name which were looked at. What two rules tell apart is told as the less usual.
    pub behaviors: Vec<(BehaviorId, Detection)>,
}

/// What follows for the sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is refused, whatever the person proves.
    Deny(DenyReason),
    /// It is allowed; the rule is that of the last policy of the chain.
    Allow(RuleRef),
    /// One of these is to be proved next, the preferred one first. More may be asked for afterwards.
    Challenge {
        /// The first rule that is not satisfied.
        rule: RuleRef,
        /// What may be proved next; never empty.
        next: Vec<AuthenticatorKind>,
    },
    /// Everything that the person has was proved and does not suffice: one of these is to be enrolled.
    Enroll {
        /// The first rule that is not satisfied.
        rule: RuleRef,
        /// What may be enrolled; never empty.
        kinds: Vec<AuthenticatorKind>,
    },
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    /// The policy.
    pub policy: PolicyId,
    /// The rule.
    pub rule: RuleId,
}

/// Why a sign-in is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DenyReason {
    /// A rule says so.
    Rule(RuleRef),
    /// No rule of this policy matches.
    NoRuleMatched(PolicyId),
    /// There is no policy.
    NoPolicy,
    /// The person has not, and may not enrol, what this rule asks for.
    Unattainable(RuleRef),
}

impl DenyReason {
    /// The key of the message in the catalogue.
    #[must_use]
    pub const fn message_key(&self) -> &'static str {
        match self {
            Self::Rule(_) => "sign-on.deny.rule",
            Self::NoRuleMatched(_) => "sign-on.deny.no-rule-matched",
            Self::NoPolicy => "sign-on.deny.no-policy",
            Self::Unattainable(_) => "sign-on.deny.unattainable",
        }
    }
}

/// What was found about one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTrace {
    /// The rule.
    pub rule: RuleRef,
    /// Its name.
    pub rule_name: String,
    /// What was found.
    pub finding: Finding,
}

/// What was found about one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An earlier rule of the policy had matched.
    NotReached,
    /// It does not match, for these reasons.
    NotMatched(Vec<Mismatch>),
    /// It matches and refuses.
    Denies,
    /// It matches and allows, once nothing is unmet.
    Allows {
        /// What is still missing.
        unmet: Vec<Unmet>,
        /// What was proved, but too long ago to count.
        outdated: Vec<AuthenticatorKind>,
    },
}

/// One reason why a rule does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The rule excludes the person.
    PersonExcluded,
    /// The rule excludes a group of the person.
    GroupExcluded(GroupId),
    /// The rule includes others.
    NotIncluded,
    /// The address lies in none of the rule's zones.
    OutsideZones,
    /// The address lies in a zone that the rule leaves out.
    InsideZone(ZoneId),
    /// The rule names a zone that does not exist, so it cannot allow anything.
    UnknownZone(ZoneId),
    /// None of the rule's behaviours is detected.
    AsUsual,
    /// The rule is for administrators.
    NotAdministrator,
    /// The rule is for people who are no administrators.
    Administrator,
}

impl Mismatch {
    /// The key of the message in the catalogue.
    #[must_use]
    pub const fn message_key(&self) -> &'static str {
        match self {
            Self::PersonExcluded => "sign-on.mismatch.person-excluded",
            Self::GroupExcluded(_) => "sign-on.mismatch.group-excluded",
            Self::NotIncluded => "sign-on.mismatch.not-included",
            Self::OutsideZones => "sign-on.mismatch.outside-zones",
            Self::InsideZone(_) => "sign-on.mismatch.inside-zone",
            Self::UnknownZone(_) => "sign-on.mismatch.unknown-zone",
            Self::AsUsual => "sign-on.mismatch.as-usual",
            Self::NotAdministrator => "sign-on.mismatch.not-administrator",
            Self::Administrator => "sign-on.mismatch.administrator",
        }
    }
}

/// Decides a sign-in by all policies of the chain.
#[must_use]
pub fn evaluate(chain: &[&SignOnPolicy], zones: &[Zone], facts: &SignInFacts) -> Evaluation {
    let (mut trace, mut behaviors) = (Vec::new(), Vec::new());
    let mut needs = Vec::new();
    let mut denied = None;
    for policy in chain {
        let looked_at = trace.len();
        let found = find_rule(policy, zones, facts, &mut trace);
        note_behaviors(policy, facts, trace.get(looked_at..), &mut behaviors);
        match found {
            Found::Allow(need) => needs.push(need),
            Found::Deny(reason) => denied = denied.or(Some(reason)),
        }
    }
    let verdict = match (denied, needs.last()) {
        (Some(reason), _) => Verdict::Deny(reason),
        (None, None) => Verdict::Deny(DenyReason::NoPolicy),
        (None, Some(last)) => {
            let last = last.rule.clone();
            let since = facts.asked.proved_since;
            needs.push(Need {
                rule: last.clone(),
                requirement: &facts.asked.requirement,
                since,
            });
            decide(&needs, last, facts)
        }
    };
    Evaluation {
        verdict,
        trace,
        behaviors,
    }
}

/// What a matching rule, or the client, asks for.
struct Need<'r> {
    rule: RuleRef,
    requirement: &'r Requirement,
    since: Option<Timestamp>,
}

impl Need<'_> {
    fn unmet(&self, proved: &[ProvedAuthenticator], enrolled: &[AuthenticatorKind]) -> Vec<Unmet> {
        let counted: Vec<_> = proved
            .iter()
            .filter(|proof| self.counts(proof))
            .map(|proof| proof.kind)
            .collect();
        self.requirement.unmet(&counted, enrolled)
    }

    fn counts(&self, proof: &ProvedAuthenticator) -> bool {
        self.since.is_none_or(|since| proof.at >= since)
    }
}

enum Found<'r> {
    Allow(Need<'r>),
    Deny(DenyReason),
}

/// The first matching rule of a policy; every rule leaves its entry in the trace.
fn find_rule<'r>(
    policy: &'r SignOnPolicy,
    zones: &[Zone],
    facts: &SignInFacts,
    trace: &mut Vec<RuleTrace>,
) -> Found<'r> {
    let mut found = None;
    for rule in &policy.rules {
        let reference = RuleRef {
            policy: policy.id.clone(),
            rule: rule.id.clone(),
        };
        let finding = if found.is_some() {
            Finding::NotReached
        } else {
            let mismatches = find_mismatches(rule, zones, facts);
            if mismatches.is_empty() {
                let (outcome, finding) = judge(rule, reference.clone(), facts);
                found = Some(outcome);
                finding
            } else {
                Finding::NotMatched(mismatches)
            }
        };
        trace.push(RuleTrace {
            rule: reference,
            rule_name: rule.name.clone(),
            finding,
        });
    }
    found.unwrap_or_else(|| Found::Deny(DenyReason::NoRuleMatched(policy.id.clone())))
}

fn judge<'r>(rule: &'r Rule, reference: RuleRef, facts: &SignInFacts) -> (Found<'r>, Finding) {
    let Outcome::Allow(allow) = &rule.outcome else {
        return (Found::Deny(DenyReason::Rule(reference)), Finding::Denies);
    };
    // What the client asks for as freshness holds for every rule.
    let by_rule = allow
        .session_age_max_secs
        .map(|secs| facts.now.plus_secs(-i64::from(secs)));
    // Where the rule applies because something is unusual, what was proved elsewhere is no answer to it.
    let found = find_detections(rule, facts).into_iter();
    let here = found.filter(|(_, detection)| detection.applies());
    let by_place = here
        .filter_map(|(id, _)| facts.behaviors.counts_since(id))
        .max();
    let need = Need {
        rule: reference,
        requirement: &allow.require,
        since: by_rule.max(by_place).max(facts.asked.proved_since),
    };
    let outdated: BTreeSet<_> = facts
        .proved
        .iter()
        .filter(|proof| !need.counts(proof))
        .map(|proof| proof.kind)
        .collect();
    let unmet = need.unmet(&facts.proved, &facts.enrolled);
    (
        Found::Allow(need),
        Finding::Allows {
            unmet,
            outdated: outdated.into_iter().collect(),
        },
    )
}

fn find_mismatches(rule: &Rule, zones: &[Zone], facts: &SignInFacts) -> Vec<Mismatch> {
    let conditions = &rule.conditions;
    let mut mismatches = find_person_mismatches(conditions, facts);
    match find_zone_mismatch(&conditions.zones, zones, facts.address) {
        // What cannot be told must not open a door, nor keep one from being shut.
        Some(Mismatch::UnknownZone(_)) if rule.outcome == Outcome::Deny => {}
        mismatch => mismatches.extend(mismatch),
    }
    if !conditions.behaviors.is_empty()
        && !find_detections(rule, facts)
            .iter()
            .any(|(_, detection)| detection.applies())
    {
        mismatches.push(Mismatch::AsUsual);
    }
    match conditions.administrators {
        Some(true) if !facts.is_administrator => mismatches.push(Mismatch::NotAdministrator),
        Some(false) if facts.is_administrator => mismatches.push(Mismatch::Administrator),
        _ => {}
    }
    mismatches
}

/// What is found of each behaviour that the rule names and that counts. To the rule an earlier sign-in is one only if as much was
/// proved in it as the rule asks for: else whoever knows a password alone would make a device usual where that is enough, and
/// come by it where it is not. To a rule that refuses, two factors must have been, of those who have them.
fn find_detections<'r>(rule: &'r Rule, facts: &SignInFacts) -> Vec<(&'r BehaviorId, Detection)> {
    let named = &rule.conditions.behaviors;
    if named.is_empty() {
        return Vec::new();
    }
    let requirement = match &rule.outcome {
        Outcome::Allow(allow) => allow.require.clone(),
        Outcome::Deny => Requirement {
            factors: Factors::TwoWhereEnrolled,
            ..Requirement::default()
        },
    };
    let history = facts.behaviors.history.iter();
    let counted: Vec<&PastSignIn> = history
        .filter(|past| requirement.unmet(&past.proved, &facts.enrolled).is_empty())
        .collect();
    let found = named.iter().filter_map(|id| {
        let detection = facts.behaviors.detect(id, &counted)?;
        Some((id, detection))
    });
    found.collect()
}

/// Gathers what was found of the behaviours of those rules that were looked at.
fn note_behaviors(
    policy: &SignOnPolicy,
    facts: &SignInFacts,
    trace: Option<&[RuleTrace]>,
    found: &mut Vec<(BehaviorId, Detection)>,
) {
    let looked_at = policy.rules.iter().zip(trace.unwrap_or_default());
    let looked_at = looked_at.filter(|(_, trace)| trace.finding != Finding::NotReached);
    for (id, detection) in looked_at.flat_map(|(rule, _)| find_detections(rule, facts)) {
        match found.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = detection.max(*known),
            None => found.push((id.clone(), detection)),
        }
    }
}

fn find_person_mismatches(conditions: &Conditions, facts: &SignInFacts) -> Vec<Mismatch> {
    let Conditions { people, groups, .. } = conditions;
    let mut mismatches = Vec::new();
    if people.exclude.contains(&facts.user) {
        mismatches.push(Mismatch::PersonExcluded);
    }
    let excluded = groups
        .exclude
        .iter()
        .filter(|group| facts.groups.contains(group));
    mismatches.extend(excluded.cloned().map(Mismatch::GroupExcluded));
    let everyone = people.include.is_empty() && groups.include.is_empty();
    let included = people.include.contains(&facts.user)
        || groups
            .include
            .iter()
            .any(|group| facts.groups.contains(group));
    if !everyone && !included {
        mismatches.push(Mismatch::NotIncluded);
    }
    mismatches
}

fn find_zone_mismatch(
    condition: &ZoneCondition,
    zones: &[Zone],
    address: IpAddr,
) -> Option<Mismatch> {
    let named = condition.named();
    let known = |id: &ZoneId| zones.iter().find(|zone| zone.id == *id);
    let inside = named
        .iter()
        .find(|id| known(id).is_some_and(|zone| zone.contains(address)));
    let unknown = || {
        named
            .iter()
            .find(|id| known(id).is_none())
            .cloned()
            .map(Mismatch::UnknownZone)
    };
    match (condition, inside) {
        (ZoneCondition::Any, _) | (ZoneCondition::In(_), Some(_)) => None,
        (ZoneCondition::In(_), None) => unknown().or(Some(Mismatch::OutsideZones)),
        (ZoneCondition::NotIn(_), Some(zone)) => Some(Mismatch::InsideZone(zone.clone())),
        (ZoneCondition::NotIn(_), None) => unknown(),
    }
}

fn decide(needs: &[Need<'_>], last: RuleRef, facts: &SignInFacts) -> Verdict {
    let enrolled = &facts.enrolled;
    let Some(first) = needs
        .iter()
        .find(|need| !need.unmet(&facts.proved, enrolled).is_empty())
    else {
        return Verdict::Allow(last);
    };
    let rule = first.rule.clone();
    let sets = find_smallest(enrolled, |added| all_met(needs, facts, added, enrolled));
    let next = first_of_each(&sets, |_| true);
    if next.is_empty() {
        plan_enrolment(needs, rule, facts)
    } else {
        Verdict::Challenge { rule, next }
    }
}

/// What the person has does not suffice. Before anything new may be enrolled, the person must prove with what there is,
/// as much as it can give and freshly: else whoever guessed one password could add a passkey of their own.
fn plan_enrolment(needs: &[Need<'_>], rule: RuleRef, facts: &SignInFacts) -> Verdict {
    let enrolled = &facts.enrolled;
    let Some(requirement) = plan_proof_before_enrolment(facts) else {
        return Verdict::Deny(DenyReason::Unattainable(rule));
    };
    let candidates: Vec<_> = enrolled
        .iter()
        .chain(facts.enrollable.iter().filter(|kind| !kind.is_fallback()))
        .copied()
        .collect();
    let sets = find_smallest(&candidates, |added| {
        let then: Vec<_> = enrolled.iter().chain(added).copied().collect();
        all_met(needs, facts, added, &then)
    });
    let kinds = first_of_each(&sets, |kind| !enrolled.contains(&kind));
    if kinds.is_empty() {
        return Verdict::Deny(DenyReason::Unattainable(rule));
    }
    let recently = facts.now.plus_secs(-ENROLMENT_PROOF_AGE_MAX_SECS);
    // Who shows a session where it is not known must prove something there before anything is added.
    let asked = facts.asked.proved_since;
    let since = needs.iter().filter_map(|need| need.since).chain(asked);
    let since = since.fold(recently, Timestamp::max);
    let first = [Need {
        rule: rule.clone(),
        requirement: &requirement,
        since: Some(since),
    }];
    if all_met(&first, facts, &[], enrolled) {
        return Verdict::Enroll { rule, kinds };
    }
    let sets = find_smallest(enrolled, |added| all_met(&first, facts, added, enrolled));
    Verdict::Challenge {
        rule,
        next: first_of_each(&sets, |_| true),
    }
}

/// The strongest proof that the person could give with all that they enrolled; none if it takes something that the org takes no
/// more. Whoever set up a second factor is not let in by the first alone because the second was switched off: a recovery
/// code does instead, or somebody's help.
fn plan_proof_before_enrolment(facts: &SignInFacts) -> Option<Requirement> {
    let enrolled = &facts.enrolled;
    let lasting = facts.untaken.iter().filter(|kind| !kind.is_fallback());
    let held: Vec<_> = enrolled.iter().chain(lasting).copied().collect();
    let requirements = [Factors::TwoFactors, Factors::AnyOne].map(enrolment_requirement);
    let strongest = requirements
        .into_iter()
        .find(|strongest| strongest.unmet(&held, &held).is_empty())?;
    strongest
        .unmet(enrolled, enrolled)
        .is_empty()
        .then_some(strongest)
}

/// Whether everything is met once `added` is proved now as well.
fn all_met(
    needs: &[Need<'_>],
    facts: &SignInFacts,
    added: &[AuthenticatorKind],
    enrolled: &[AuthenticatorKind],
) -> bool {
    let fresh = added.iter().map(|kind| ProvedAuthenticator {
        kind: *kind,
        at: facts.now,
    });
    let proved: Vec<_> = facts.proved.iter().copied().chain(fresh).collect();
    needs
        .iter()
        .all(|need| need.unmet(&proved, enrolled).is_empty())
}

/// Every set of kinds that suffices while no part of it does. There are six kinds, so at most 64 sets to try.
fn find_smallest(
    kinds: &[AuthenticatorKind],
    suffices: impl Fn(&[AuthenticatorKind]) -> bool,
) -> Vec<Vec<AuthenticatorKind>> {
    let kinds: BTreeSet<_> = kinds.iter().copied().collect();
    let mut masks: Vec<u32> = (1..1 << kinds.len()).collect();
    masks.sort_by_key(|mask| mask.count_ones());
    let mut found: Vec<(u32, Vec<AuthenticatorKind>)> = Vec::new();
    for mask in masks {
        if found.iter().any(|(smaller, _)| mask & smaller == *smaller) {
            continue;
        }
        let chosen = kinds
            .iter()
            .enumerate()
            .filter(|(index, _)| mask & 1 << index != 0);
        let chosen: Vec<_> = chosen.map(|(_, kind)| *kind).collect();
        if suffices(&chosen) {
            found.push((mask, chosen));
        }
    }
    found.into_iter().map(|(_, set)| set).collect()
}

/// The first of each set that `wanted` lets through, in the order of preference. A password comes before the codes that
/// complete it, so that no stranger makes us send mail.
fn first_of_each(
    sets: &[Vec<AuthenticatorKind>],
    wanted: impl Fn(AuthenticatorKind) -> bool,
) -> Vec<AuthenticatorKind> {
    let firsts: BTreeSet<_> = sets
        .iter()
        .filter_map(|set| set.iter().copied().find(|kind| wanted(*kind)))
        .collect();
    firsts.into_iter().collect()
}
