//! Which rule matches, and why the others do not.

use super::{
    BOUND, Conditions, DenyReason, Finding, Membership, Mismatch, Outcome, Password, Requirement,
    SignInFacts, Verdict, ZoneCondition, address, allow, evaluate, facts, for_everyone, group,
    policy, policy_id, proved, rule, user, verdict, zone_id, zones,
};

#[test]
fn conditions_and_why_they_do_not_hold() {
    let people = |include: &[char], exclude: &[char]| Conditions {
        people: Membership {
            include: include.iter().map(|letter| user(*letter)).collect(),
            exclude: exclude.iter().map(|letter| user(*letter)).collect(),
        },
        ..Conditions::default()
    };
    let groups = |include: &[char], exclude: &[char]| Conditions {
        groups: Membership {
            include: include.iter().map(|letter| group(*letter)).collect(),
            exclude: exclude.iter().map(|letter| group(*letter)).collect(),
        },
        ..Conditions::default()
    };
    let from = |zones| Conditions {
        zones,
        ..Conditions::default()
    };
    let administrators = |wanted| Conditions {
        administrators: Some(wanted),
        ..Conditions::default()
    };
    let both = Conditions {
        people: people(&['x'], &[]).people,
        ..groups(&['g'], &[])
    };
    let everything = Conditions {
        people: people(&[], &['u']).people,
        zones: ZoneCondition::In(vec![zone_id('v')]),
        administrators: Some(true),
        ..groups(&['x'], &['g'])
    };
    let table = [
        (Conditions::default(), vec![]),
        (people(&['u'], &[]), vec![]),
        (people(&['x'], &[]), vec![Mismatch::NotIncluded]),
        (people(&[], &['u']), vec![Mismatch::PersonExcluded]),
        (people(&['u'], &['u']), vec![Mismatch::PersonExcluded]),
        (groups(&['g'], &[]), vec![]),
        (groups(&['x', 'g'], &[]), vec![]),
        (groups(&['x'], &[]), vec![Mismatch::NotIncluded]),
        (
            groups(&['g'], &['g']),
            vec![Mismatch::GroupExcluded(group('g'))],
        ),
        (both, vec![]),
        (from(ZoneCondition::In(vec![zone_id('o')])), vec![]),
        (
            from(ZoneCondition::In(vec![zone_id('v'), zone_id('o')])),
            vec![],
        ),
        (
            from(ZoneCondition::In(vec![zone_id('v')])),
            vec![Mismatch::OutsideZones],
        ),
        (from(ZoneCondition::NotIn(vec![zone_id('v')])), vec![]),
        (
            from(ZoneCondition::NotIn(vec![zone_id('o')])),
            vec![Mismatch::InsideZone(zone_id('o'))],
        ),
        (
            from(ZoneCondition::In(vec![zone_id('x')])),
            vec![Mismatch::UnknownZone(zone_id('x'))],
        ),
        (
            from(ZoneCondition::In(vec![zone_id('x'), zone_id('o')])),
            vec![],
        ),
        (
            from(ZoneCondition::NotIn(vec![zone_id('x')])),
            vec![Mismatch::UnknownZone(zone_id('x'))],
        ),
        (administrators(false), vec![]),
        (administrators(true), vec![Mismatch::NotAdministrator]),
        (
            everything,
            vec![
                Mismatch::PersonExcluded,
                Mismatch::GroupExcluded(group('g')),
                Mismatch::NotIncluded,
                Mismatch::OutsideZones,
                Mismatch::NotAdministrator,
            ],
        ),
    ];
    for (conditions, expected) in table {
        let policy = policy(
            'p',
            vec![(conditions.clone(), allow(Requirement::default()))],
        );
        let evaluation = evaluate(&[&policy], &zones(), &facts());
        match &evaluation.trace.first().unwrap().finding {
            Finding::NotMatched(found) => {
                assert_eq!(*found, expected, "{conditions:?}");
                assert_eq!(
                    evaluation.verdict,
                    Verdict::Deny(DenyReason::NoRuleMatched(policy_id('p')))
                );
            }
            found => assert!(
                expected.is_empty() && matches!(found, Finding::Allows { .. }),
                "{conditions:?}: {found:?}"
            ),
        }
    }
}

#[test]
fn a_rule_that_refuses_also_matches_where_its_zone_is_gone() {
    let table = [
        (ZoneCondition::In(vec![zone_id('x')]), true),
        (ZoneCondition::NotIn(vec![zone_id('x')]), true),
        (ZoneCondition::In(vec![zone_id('o')]), true),
        (ZoneCondition::In(vec![zone_id('v')]), false),
        (ZoneCondition::NotIn(vec![zone_id('o')]), false),
    ];
    for (zones, refused) in table {
        let conditions = Conditions {
            zones,
            ..Conditions::default()
        };
        let rules = vec![
            (conditions.clone(), Outcome::Deny),
            (Conditions::default(), allow(Requirement::default())),
        ];
        let policy = policy('p', rules);
        let denied = verdict(&[&policy], &facts()) == Verdict::Deny(DenyReason::Rule(rule('p', 0)));
        assert_eq!(denied, refused, "{conditions:?}");
    }
}

#[test]
fn addresses_are_what_they_are() {
    let office = zones().remove(0);
    for (text, inside) in [
        ("192.0.2.255", true),
        ("192.0.3.0", false),
        ("::ffff:192.0.2.9", true),
        ("2001:db8::1", true),
        ("2001:db9::1", false),
    ] {
        assert_eq!(office.contains(address(text)), inside, "{text}");
    }
    // As it may be stored from before.
    let mut carried = office;
    carried.ranges = vec!["::ffff:10.0.0.0/104".parse().unwrap()];
    for (text, inside) in [
        ("10.9.8.7", true),
        ("::ffff:10.9.8.7", true),
        ("11.0.0.1", false),
        ("::1", false),
    ] {
        assert_eq!(carried.contains(address(text)), inside, "{text}");
    }
}

#[test]
fn the_first_match_decides_and_the_rest_is_not_reached() {
    let strangers = Conditions {
        people: Membership {
            include: vec![user('x')],
            exclude: Vec::new(),
        },
        ..Conditions::default()
    };
    let policy = policy(
        'p',
        vec![
            (strangers, Outcome::Deny),
            (Conditions::default(), allow(Requirement::default())),
            (Conditions::default(), Outcome::Deny),
        ],
    );
    let evaluation = evaluate(
        &[&policy],
        &zones(),
        &SignInFacts {
            proved: proved(&[Password]),
            ..facts()
        },
    );
    assert_eq!(evaluation.verdict, Verdict::Allow(rule('p', 1)));
    let findings: Vec<_> = evaluation
        .trace
        .into_iter()
        .map(|entry| entry.finding)
        .collect();
    let expected = [
        Finding::NotMatched(vec![Mismatch::NotIncluded]),
        Finding::Allows {
            unmet: Vec::new(),
            outdated: Vec::new(),
        },
        Finding::NotReached,
    ];
    assert_eq!(findings, expected);
}

#[test]
fn nothing_to_go_by_is_refused() {
    assert_eq!(verdict(&[], &facts()), Verdict::Deny(DenyReason::NoPolicy));
    let empty = policy('p', Vec::new());
    let open = for_everyone(Requirement::default());
    for chain in [vec![&empty], vec![&open, &empty], vec![&empty, &open]] {
        let facts = SignInFacts {
            proved: proved(&[BOUND]),
            ..facts()
        };
        assert_eq!(
            verdict(&chain, &facts),
            Verdict::Deny(DenyReason::NoRuleMatched(policy_id('p')))
        );
    }
}
