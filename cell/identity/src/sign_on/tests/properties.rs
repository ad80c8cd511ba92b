//! What holds for every policy, every person and every proof.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, any, prop_oneof, proptest};
use proptest::sample::{select, subsequence};
use proptest::strategy::{BoxedStrategy, Strategy};
use vocab::entropy::SeededEntropy;

use super::{
    Allow, Asked, AuthenticatorKind, Conditions, Demand, DenyReason, Factors, Finding, Membership,
    NOW, Outcome, Password, ProvedAuthenticator, Requirement, SignInFacts, SignOnPolicy, Verdict,
    ZoneCondition, address, evaluate, facts, group, policy, policy_id, presets, user, verdict,
    zone_id, zones,
};

fn kinds() -> BoxedStrategy<Vec<AuthenticatorKind>> {
    subsequence(
        AuthenticatorKind::ALL.to_vec(),
        0..=AuthenticatorKind::ALL.len(),
    )
    .boxed()
}

fn proof() -> BoxedStrategy<ProvedAuthenticator> {
    (select(AuthenticatorKind::ALL.to_vec()), -2_000_i64..100)
        .prop_map(|(kind, secs)| ProvedAuthenticator {
            kind,
            at: NOW.plus_secs(secs),
        })
        .boxed()
}

fn requirement() -> BoxedStrategy<Requirement> {
    let factors = select(vec![
        Factors::AnyOne,
        Factors::TwoWhereEnrolled,
        Factors::TwoFactors,
    ]);
    let demand = select(vec![Demand::No, Demand::WhereEnrolled, Demand::Always]);
    let refused = subsequence(AuthenticatorKind::ALL.to_vec(), 0..=2);
    (factors, demand, any::<[bool; 3]>(), refused)
        .prop_map(
            |(factors, phishing_resistant, [hardware_bound, possession, knowledge], refused)| {
                Requirement {
                    factors,
                    phishing_resistant,
                    hardware_bound,
                    possession,
                    knowledge,
                    refused,
                }
            },
        )
        .boxed()
}

fn outcome() -> BoxedStrategy<Outcome> {
    let allow =
        (requirement(), option::of(60_u32..1_500)).prop_map(|(require, session_age_max_secs)| {
            Outcome::Allow(Allow {
                require,
                session_age_max_secs,
            })
        });
    prop_oneof![1 => Just(Outcome::Deny), 4 => allow].boxed()
}

fn conditions() -> BoxedStrategy<Conditions> {
    let letters = || subsequence(vec!['u', 'g', 'x'], 0..=1);
    let named = subsequence(vec![zone_id('o'), zone_id('v'), zone_id('x')], 1..=2);
    let zones = (0..4, named).prop_map(|(which, named)| match which {
        0 => ZoneCondition::In(named),
        1 => ZoneCondition::NotIn(named),
        _ => ZoneCondition::Any,
    });
    let lists = (letters(), letters(), letters(), letters());
    (lists, zones, option::weighted(0.3, any::<bool>()))
        .prop_map(
            |((people_in, people_out, groups_in, groups_out), zones, administrators)| Conditions {
                people: Membership {
                    include: people_in.into_iter().map(user).collect(),
                    exclude: people_out.into_iter().map(user).collect(),
                },
                groups: Membership {
                    include: groups_in.into_iter().map(group).collect(),
                    exclude: groups_out.into_iter().map(group).collect(),
                },
                zones,
                administrators,
                behaviors: Vec::new(),
            },
        )
        .boxed()
}

fn any_policy() -> BoxedStrategy<SignOnPolicy> {
    let conditions = prop_oneof![Just(Conditions::default()), conditions()];
    (select(vec!['a', 'b']), vec((conditions, outcome()), 0..4))
        .prop_map(|(letter, rules)| policy(letter, rules))
        .boxed()
}

fn any_facts() -> BoxedStrategy<SignInFacts> {
    let asked = (
        option::weighted(0.2, requirement()),
        option::weighted(0.2, -1_000_i64..0),
    )
        .prop_map(|(asked, since)| Asked {
            requirement: asked.unwrap_or_default(),
            proved_since: since.map(|secs| NOW.plus_secs(secs)),
        });
    let addresses = select(vec!["192.0.2.5", "198.51.100.7", "203.0.113.1"]);
    (
        any::<bool>(),
        addresses,
        kinds(),
        kinds(),
        vec(proof(), 0..4),
        asked,
    )
        .prop_map(
            |(is_administrator, from, enrolled, enrollable, proved, asked)| SignInFacts {
                is_administrator,
                address: address(from),
                enrolled,
                enrollable,
                proved,
                asked,
                ..facts()
            },
        )
        .boxed()
}

fn chain(policies: &[SignOnPolicy]) -> Vec<&SignOnPolicy> {
    policies.iter().collect()
}

/// Proves and enrols what is asked for, always the first that is offered; whether that ends.
fn does_all_that_is_asked(chain: &[&SignOnPolicy], mut facts: SignInFacts) -> bool {
    let mut enrolled_on_the_way = false;
    for _ in 0..12 {
        match verdict(chain, &facts) {
            Verdict::Allow(_) => return true,
            Verdict::Deny(_) => return !enrolled_on_the_way,
            Verdict::Challenge { next, .. } => {
                let kind = *next.first().unwrap();
                assert!(facts.enrolled.contains(&kind), "{kind:?} is not enrolled");
                let fresh = facts
                    .proved
                    .iter()
                    .any(|proof| proof.kind == kind && proof.at == NOW);
                assert!(!fresh, "{kind:?} was proved already");
                facts.proved.push(ProvedAuthenticator { kind, at: NOW });
            }
            Verdict::Enroll { kinds, .. } => {
                let kind = *kinds.first().unwrap();
                assert!(
                    facts.enrollable.contains(&kind) && !facts.enrolled.contains(&kind),
                    "{kind:?}"
                );
                facts.enrolled.push(kind);
                enrolled_on_the_way = true;
            }
        }
    }
    false
}

proptest! {
    #[test]
    fn proving_more_never_shuts_the_door(
        policies in vec(any_policy(), 0..3),
        facts in any_facts(),
        more in proof(),
    ) {
        let stronger = SignInFacts { proved: facts.proved.iter().copied().chain([more]).collect(), ..facts.clone() };
        if let Verdict::Allow(rule) = verdict(&chain(&policies), &facts) {
            assert_eq!(verdict(&chain(&policies), &stronger), Verdict::Allow(rule));
        }
    }

    #[test]
    fn one_more_policy_never_opens_the_door(
        policies in vec(any_policy(), 1..3),
        another in any_policy(),
        facts in any_facts(),
    ) {
        let stricter: Vec<_> = policies.iter().cloned().chain([another]).collect();
        if matches!(verdict(&chain(&stricter), &facts), Verdict::Allow(_)) {
            assert!(matches!(verdict(&chain(&policies), &facts), Verdict::Allow(_)));
        }
    }

    #[test]
    fn asking_for_more_never_opens_the_door(policies in vec(any_policy(), 1..3), facts in any_facts()) {
        let plain = SignInFacts { asked: Asked::default(), ..facts.clone() };
        if matches!(verdict(&chain(&policies), &facts), Verdict::Allow(_)) {
            assert!(matches!(verdict(&chain(&policies), &plain), Verdict::Allow(_)));
        }
    }

    #[test]
    fn whoever_is_not_allowed_by_a_matching_rule_of_every_policy_is_refused(
        policies in vec(any_policy(), 0..3),
        facts in any_facts(),
    ) {
        let evaluation = evaluate(&chain(&policies), &zones(), &facts);
        let mut entries = evaluation.trace.iter();
        // Each policy has one entry a rule; the first of them that matched must allow.
        let allowing = policies.iter().filter(|policy| {
            let findings: Vec<_> = entries.by_ref().take(policy.rules.len()).map(|entry| &entry.finding).collect();
            let decisive = findings.into_iter().find(|finding| !matches!(finding, Finding::NotMatched(_)));
            matches!(decisive, Some(Finding::Allows { .. }))
        });
        let all_allow = allowing.count() == policies.len() && !policies.is_empty();
        assert_eq!(entries.count(), 0);
        let by_rule = matches!(
            evaluation.verdict,
            Verdict::Deny(DenyReason::Rule(_) | DenyReason::NoRuleMatched(_) | DenyReason::NoPolicy)
        );
        assert_eq!(by_rule, !all_allow);
    }

    #[test]
    fn an_exclusion_always_wins(
        conditions in conditions(),
        outcome in outcome(),
        facts in any_facts(),
        by_group in any::<bool>(),
    ) {
        let mut conditions = conditions;
        if by_group {
            conditions.groups.exclude.push(group('g'));
        } else {
            conditions.people.exclude.push(user('u'));
        }
        let policy = policy('p', vec![(conditions, outcome)]);
        assert_eq!(verdict(&[&policy], &facts), Verdict::Deny(DenyReason::NoRuleMatched(policy_id('p'))));
    }

    #[test]
    fn whoever_does_what_is_asked_gets_somewhere(policies in vec(any_policy(), 1..3), facts in any_facts()) {
        assert!(does_all_that_is_asked(&chain(&policies), facts.clone()), "{facts:?}");
    }

    #[test]
    fn every_offer_leads_on(policies in vec(any_policy(), 1..3), facts in any_facts()) {
        if let Verdict::Challenge { next, .. } = verdict(&chain(&policies), &facts) {
            let distinct: BTreeSet<_> = next.iter().collect();
            assert_eq!(distinct.len(), next.len());
            assert!(!next.is_empty() && next.is_sorted());
            assert!(next.iter().all(|kind| facts.enrolled.contains(kind)));
        }
    }

    #[test]
    fn nothing_is_enrolled_by_somebody_who_proved_nothing(policies in vec(any_policy(), 1..3), facts in any_facts()) {
        let stranger = SignInFacts { proved: Vec::new(), ..facts };
        let verdict = verdict(&chain(&policies), &stranger);
        assert!(!matches!(verdict, Verdict::Enroll { .. } | Verdict::Allow(_)), "{verdict:?}");
    }

    #[test]
    fn a_password_alone_never_lets_an_administrator_in(enrolled in kinds(), enrollable in kinds(), proofs in 0_usize..4) {
        let entropy = SeededEntropy::new(9);
        let (_, org) = presets::org_policy(policy_id('o'), &entropy);
        let (_, console) = presets::console_policy(policy_id('c'), &entropy);
        let (_, app) = presets::app_policy(policy_id('a'), &entropy);
        let proved = vec![ProvedAuthenticator { kind: Password, at: NOW }; proofs];
        let administrator = SignInFacts { is_administrator: true, enrolled, enrollable, proved, ..facts() };
        for second in [&console, &app] {
            assert!(!matches!(verdict(&[&org, second], &administrator), Verdict::Allow(_)));
        }
    }
}
