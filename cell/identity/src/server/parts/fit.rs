//! How parts are fitted to settings that were changed without them: pure, and the same whenever it is done again, so that
//! ids stay what they are before anybody has stored them.

use crate::server::parts::{AccessPolicy, ClaimPart, PolicyRule, ScopePart, rules_in_force};
use crate::server::{AccessRule, ClaimConfig, ScopeConfig};
use std::collections::BTreeSet;
use vocab::id::{ClaimId, IdError, PolicyId, RuleId, ScopeId, ServerId};
use vocab::secret::SecretHash;

/// Characters of an id after its prefix: 68 bits of a hash, among a few hundred parts of one server.
const TAIL_CHARS: usize = 17;

/// An id that follows from what a part is of and is called. It is no secret, and no rule takes it for one.
fn derive<Id>(
    prefix: &str,
    (server, words): (&ServerId, &[&str]),
    parse: impl Fn(&str) -> Result<Id, IdError>,
    is_taken: impl Fn(&Id) -> bool,
) -> Option<Id> {
    let mut ids = (0_u32..).map_while(|turn| {
        let text = serde_json::json!([prefix, server.as_str(), words, turn]).to_string();
        let mut tail = SecretHash::of(&text).to_hex();
        tail.truncate(TAIL_CHARS);
        parse(&format!("{prefix}{tail}")).ok()
    });
    ids.find(|id| !is_taken(id))
}

/// The parts of a list: what has the same name is the same; where nothing came or went, so is what stands in the place of
/// something that is no more.
fn fit<'f, Part, Setting>(
    former: &'f [Part],
    present: &[Setting],
    is_same: impl Fn(&Part, &Setting) -> bool,
    mut make: impl FnMut(Option<&'f Part>, &Setting) -> Option<Part>,
) -> Vec<Part> {
    let is_kept = |part: &Part| present.iter().any(|setting| is_same(part, setting));
    let nothing_came_or_went = former.len() == present.len();
    let parts = present.iter().enumerate().map(|(place, setting)| {
        let same = former.iter().find(|part| is_same(part, setting));
        let renamed = || {
            let there = former.get(place).filter(|_| nothing_came_or_went);
            there.filter(|part| !is_kept(part))
        };
        make(same.or_else(renamed), setting)
    });
    parts.flatten().collect()
}

/// The scopes of the settings.
pub(super) fn fit_scopes(
    server: &ServerId,
    former: &[ScopePart],
    present: &[ScopeConfig],
) -> Vec<ScopePart> {
    let is_same = |part: &ScopePart, scope: &ScopeConfig| part.name == scope.name;
    fit(former, present, is_same, |part, scope| {
        let is_taken = |id: &ScopeId| former.iter().any(|part| part.id == *id);
        let words = [scope.name.as_str()];
        Some(ScopePart {
            id: match part {
                Some(part) => part.id.clone(),
                None => derive(ScopeId::PREFIX, (server, &words), ScopeId::parse, is_taken)?,
            },
            name: scope.name.clone(),
            unlisted: scope.unlisted,
        })
    })
}

/// The id of a scope that every server has: no server can have one of its own of that name.
pub(super) fn standard_scope_id(server: &ServerId, name: &str) -> Option<ScopeId> {
    let words = [name];
    derive(ScopeId::PREFIX, (server, &words), ScopeId::parse, |_| false)
}

/// The scopes that have another name now: the former one and the present one.
pub(super) fn renamed_scopes(former: &[ScopePart], present: &[ScopePart]) -> Vec<(String, String)> {
    let pairs = former.iter().filter_map(|part| {
        let same = present.iter().find(|other| other.id == part.id)?;
        (same.name != part.name).then(|| (part.name.clone(), same.name.clone()))
    });
    pairs.collect()
}

/// The claims of the settings.
pub(super) fn fit_claims(
    server: &ServerId,
    former: &[ClaimPart],
    present: &[ClaimConfig],
) -> Vec<ClaimPart> {
    let is_same = |part: &ClaimPart, claim: &ClaimConfig| {
        part.name == claim.name && part.token == claim.token
    };
    fit(former, present, is_same, |part, claim| {
        let is_taken = |id: &ClaimId| former.iter().any(|part| part.id == *id);
        let token = format!("{:?}", claim.token);
        let words = [claim.name.as_str(), token.as_str()];
        Some(ClaimPart {
            id: match part {
                Some(part) => part.id.clone(),
                None => derive(ClaimId::PREFIX, (server, &words), ClaimId::parse, is_taken)?,
            },
            name: claim.name.clone(),
            token: claim.token,
        })
    })
}

/// Where a rule in force stood.
struct Seat {
    policy: usize,
    part: PolicyRule,
    whole: AccessRule,
}

/// Rules for the same apps, one after the other.
struct Run {
    origin: Option<usize>,
    apps: Vec<String>,
    rules: Vec<PolicyRule>,
}

/// Policies whose rules in force are these, in this order. A rule stays in its policy as long as its apps are the same
/// and its order lets it; what is at rest stays where it was.
pub(super) fn fit_policies(
    server: &ServerId,
    former: Vec<AccessPolicy>,
    rules: &[AccessRule],
) -> Vec<AccessPolicy> {
    if rules_in_force(&former) == rules {
        return former;
    }
    let found = find_seats(&former, rules);
    let mut taken: BTreeSet<String> = former
        .iter()
        .flat_map(|policy| policy.rules.iter().map(|rule| rule.id.to_string()))
        .collect();
    let mut runs: Vec<Run> = Vec::new();
    for (rule, seat) in rules.iter().zip(found) {
        let origin = seat.as_ref().map(|seat| seat.policy);
        let Some(part) = seat_or_new(server, rule, seat, &mut taken) else {
            continue;
        };
        match runs.last_mut() {
            Some(run) if run.apps == rule.apps && may_join(run.origin, origin) => {
                run.origin = run.origin.or(origin);
                run.rules.push(part);
            }
            _ => runs.push(Run {
                origin,
                apps: rule.apps.clone(),
                rules: vec![part],
            }),
        }
    }
    gather(server, former, runs)
}

fn may_join(run: Option<usize>, rule: Option<usize>) -> bool {
    run.is_none() || rule.is_none() || run == rule
}

/// For each rule the seat that it had: by what it says, then by its name, then by its place if nothing came or went.
fn find_seats(former: &[AccessPolicy], rules: &[AccessRule]) -> Vec<Option<Seat>> {
    let mut seats: Vec<Option<Seat>> = Vec::new();
    for (policy, of) in former.iter().enumerate().filter(|(_, of)| of.active) {
        let active = of.rules_for_apps().filter(|(part, _)| part.active);
        seats.extend(active.map(|(part, whole)| {
            Some(Seat {
                policy,
                part: part.clone(),
                whole,
            })
        }));
    }
    let mut found: Vec<Option<Seat>> = rules.iter().map(|_| None).collect();
    let same: fn(&Seat, &AccessRule) -> bool = |seat, rule| seat.whole == *rule;
    let named: fn(&Seat, &AccessRule) -> bool = |seat, rule| seat.whole.name == rule.name;
    for fits in [same, named] {
        for (place, rule) in found.iter_mut().zip(rules) {
            if place.is_none() {
                let fits =
                    |seat: &&mut Option<Seat>| seat.as_ref().is_some_and(|seat| fits(seat, rule));
                *place = seats.iter_mut().find(fits).and_then(Option::take);
            }
        }
    }
    if seats.len() == found.len() {
        for (place, seat) in found.iter_mut().zip(&mut seats) {
            if place.is_none() {
                *place = seat.take();
            }
        }
    }
    found
}

fn seat_or_new(
    server: &ServerId,
    rule: &AccessRule,
    seat: Option<Seat>,
    taken: &mut BTreeSet<String>,
) -> Option<PolicyRule> {
    let own = AccessRule {
        apps: Vec::new(),
        ..rule.clone()
    };
    if let Some(seat) = seat {
        return Some(PolicyRule {
            rule: own,
            ..seat.part
        });
    }
    let is_taken = |id: &RuleId| taken.contains(id.as_str());
    let words = [rule.name.as_str()];
    let id = derive(RuleId::PREFIX, (server, &words), RuleId::parse, is_taken)?;
    taken.insert(id.to_string());
    Some(PolicyRule {
        id,
        active: true,
        rule: own,
        hook: None,
        created_at: None,
        updated_at: None,
    })
}

fn gather(server: &ServerId, former: Vec<AccessPolicy>, runs: Vec<Run>) -> Vec<AccessPolicy> {
    let mut taken: BTreeSet<String> = former.iter().map(|policy| policy.id.to_string()).collect();
    let mut former: Vec<Option<AccessPolicy>> = former.into_iter().map(Some).collect();
    let mut placed: Vec<(Option<usize>, AccessPolicy)> = Vec::new();
    for run in runs {
        let whole = run.origin.and_then(|origin| former.get_mut(origin)?.take());
        let policy = match whole {
            Some(policy) => AccessPolicy {
                apps: run.apps,
                rules: with_resting(run.rules, policy.rules),
                ..policy
            },
            None => match made_of(server, run.apps, run.rules, &mut taken) {
                Some(policy) => {
                    placed.push((None, policy));
                    continue;
                }
                None => continue,
            },
        };
        placed.push((run.origin, policy));
    }
    for (origin, policy) in former.into_iter().enumerate() {
        let Some(policy) = policy.and_then(without_force) else {
            continue;
        };
        let later = |(of, _): &(Option<usize>, AccessPolicy)| of.is_some_and(|of| of > origin);
        let place = placed.iter().position(later).unwrap_or(placed.len());
        placed.insert(place, (Some(origin), policy));
    }
    placed.into_iter().map(|(_, policy)| policy).collect()
}

/// What is left of a policy none of whose rules is in force any more; none where it was made of them alone.
fn without_force(policy: AccessPolicy) -> Option<AccessPolicy> {
    let had_force = policy.active && policy.rules.iter().any(|rule| rule.active);
    if !had_force {
        return Some(policy);
    }
    let resting: Vec<PolicyRule> = policy
        .rules
        .into_iter()
        .filter(|rule| !rule.active)
        .collect();
    (!resting.is_empty()).then_some(AccessPolicy {
        rules: resting,
        ..policy
    })
}

/// Rules at rest go behind the one that they stood behind.
fn with_resting(mut present: Vec<PolicyRule>, former: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut behind = 0;
    for rule in former {
        if rule.active {
            let place = present.iter().position(|other| other.id == rule.id);
            behind = place.map_or(behind, |place| place + 1);
        } else {
            present.insert(behind.min(present.len()), rule);
            behind += 1;
        }
    }
    present
}

/// A policy of rules that belong to none.
fn made_of(
    server: &ServerId,
    apps: Vec<String>,
    rules: Vec<PolicyRule>,
    taken: &mut BTreeSet<String>,
) -> Option<AccessPolicy> {
    let first = rules.first()?;
    let is_taken = |id: &PolicyId| taken.contains(id.as_str());
    let words = [first.id.as_str()];
    let id = derive(
        PolicyId::PREFIX,
        (server, &words),
        PolicyId::parse,
        is_taken,
    )?;
    taken.insert(id.to_string());
    Some(AccessPolicy {
        id,
        name: first.rule.name.clone(),
        description: String::new(),
        apps,
        active: true,
        rules,
        created_at: None,
        updated_at: None,
    })
}
