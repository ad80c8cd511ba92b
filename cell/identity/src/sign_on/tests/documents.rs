//! Policies, zones and proofs as documents: what is read, what is refused, and that what is written is read back.

use proptest::prelude::{any, proptest};
use vocab::entropy::SeededEntropy;

use super::{
    AuthenticatorKind, NOW, PasskeyStorage, ProvedAuthenticator, policy_id, presets, rule_id,
    zone_id, zones,
};
use crate::sign_on::requirement::{Demand, Requirement};
use crate::sign_on::zone::{ZoneError, parse_ranges};
use crate::sign_on::{
    CONDITION_ENTRIES_MAX, NAME_CHARACTERS_MAX, Outcome, PolicyError, PolicyScope, RULES_MAX,
    SignOnPolicy, ZoneCondition, parse_policy,
};

const DOCUMENT: &str = r#"{
    "id": "00ppppppppppppppppppp",
    "name": "Staff",
    "rules": [
        {
            "id": "0prppppppppppppppppp",
            "name": "Administrators in the office",
            "conditions": {
                "people": {"exclude": ["00uuuuuuuuuuuuuuuuuu"]},
                "zones": {"in": ["nzooooooooooooooooooo"]},
                "administrators": true
            },
            "outcome": {"allow": {
                "require": {"factors": "two_factors", "phishing_resistant": "where_enrolled", "refused": ["email_code"]},
                "session_age_max_secs": 3600
            }}
        },
        {"id": "0prqqqqqqqqqqqqqqqqq", "name": "Everyone else", "outcome": "deny"}
    ]
}"#;

fn document() -> SignOnPolicy {
    parse_policy(&fixed(DOCUMENT)).unwrap()
}

/// The ids of the document in their full length.
fn fixed(text: &str) -> String {
    text.replace("00ppppppppppppppppppp", policy_id('p').as_str())
        .replace("nzooooooooooooooooooo", zone_id('o').as_str())
        .replace("00uuuuuuuuuuuuuuuuuu", super::user('u').as_str())
        .replace("0prppppppppppppppppp", rule_id(1).as_str())
        .replace("0prqqqqqqqqqqqqqqqqq", rule_id(2).as_str())
}

#[test]
fn a_document_is_read_and_written_back() {
    let policy = document();
    assert_eq!(policy.rules.len(), 2);
    let first = policy.rules.first().unwrap();
    assert_eq!(
        first.conditions.zones,
        ZoneCondition::In(vec![zone_id('o')])
    );
    let Outcome::Allow(allow) = &first.outcome else {
        panic!("{first:?}")
    };
    assert_eq!(allow.require.phishing_resistant, Demand::WhereEnrolled);
    assert_eq!(allow.session_age_max_secs, Some(3_600));
    assert_eq!(
        parse_policy(&serde_json::to_string(&policy).unwrap()),
        Ok(policy)
    );
}

#[test]
fn unknown_keys_and_words_are_refused() {
    let document = fixed(DOCUMENT);
    for (from, to) in [
        ("\"name\": \"Staff\"", "\"name\": \"Staff\", \"more\": 1"),
        ("\"administrators\": true", "\"admins\": true"),
        ("\"exclude\"", "\"excludes\""),
        ("\"in\"", "\"inside\""),
        ("\"two_factors\"", "\"three_factors\""),
        ("\"email_code\"", "\"sms\""),
        (
            "\"session_age_max_secs\": 3600",
            "\"session_age_max_secs\": -1",
        ),
        ("\"deny\"", "\"refuse\""),
        ("00u", "00g"),
    ] {
        let changed = document.replacen(from, to, 1);
        assert_ne!(changed, document, "{from}");
        assert!(
            matches!(parse_policy(&changed), Err(PolicyError::Unreadable(_))),
            "{to}"
        );
    }
}

#[test]
fn bounds_of_a_policy() {
    let with = |change: &dyn Fn(&mut SignOnPolicy)| {
        let mut policy = document();
        change(&mut policy);
        policy.validate()
    };
    assert_eq!(with(&|_| ()), Ok(()));
    assert_eq!(
        with(&|policy| policy.rules.clear()),
        Err(PolicyError::RuleCount)
    );
    let many = |policy: &mut SignOnPolicy| {
        let rule = policy.rules.remove(0);
        let numbered = |number| crate::sign_on::Rule {
            id: rule_id(number),
            ..rule.clone()
        };
        policy.rules = (0..=RULES_MAX).map(numbered).collect();
    };
    assert_eq!(with(&many), Err(PolicyError::RuleCount));
    let twice = |policy: &mut SignOnPolicy| policy.rules.push(policy.rules[0].clone());
    assert_eq!(with(&twice), Err(PolicyError::RepeatedRule(rule_id(1))));
    for name in [
        "",
        " padded",
        "two\nlines",
        &"n".repeat(NAME_CHARACTERS_MAX + 1),
    ] {
        assert!(
            matches!(
                with(&|policy| policy.name = name.to_owned()),
                Err(PolicyError::Name(_))
            ),
            "{name}"
        );
        assert!(matches!(
            with(&|policy| policy.rules[1].name = name.to_owned()),
            Err(PolicyError::Name(_))
        ));
    }
    let crowded = |policy: &mut SignOnPolicy| {
        policy.rules[0].conditions.people.include =
            vec![super::user('x'); CONDITION_ENTRIES_MAX + 1];
    };
    assert_eq!(with(&crowded), Err(PolicyError::EntryCount(rule_id(1))));
    let nowhere = |policy: &mut SignOnPolicy| {
        policy.rules[0].conditions.zones = ZoneCondition::In(Vec::new())
    };
    assert_eq!(with(&nowhere), Err(PolicyError::EntryCount(rule_id(1))));
    let allow = |change: &dyn Fn(&mut crate::sign_on::Allow)| {
        with(&|policy| {
            let Outcome::Allow(allow) = &mut policy.rules[0].outcome else {
                panic!("the first rule allows")
            };
            change(allow);
        })
    };
    assert_eq!(
        allow(&|allow| allow.session_age_max_secs = Some(59)),
        Err(PolicyError::SessionAge(rule_id(1)))
    );
    let impossible = Requirement {
        knowledge: true,
        refused: vec![
            AuthenticatorKind::Password,
            AuthenticatorKind::IdentityProvider,
        ],
        ..Requirement::default()
    };
    let unattainable = allow(&|allow| allow.require = impossible.clone());
    assert_eq!(unattainable, Err(PolicyError::Unattainable(rule_id(1))));
    assert_eq!(
        parse_policy(&" ".repeat(65 * 1024)),
        Err(PolicyError::TooLong)
    );
}

#[test]
fn dangling_zones_are_named() {
    let policy = document();
    assert_eq!(policy.check_zones(&zones()), Ok(()));
    let missing = PolicyError::UnknownZone {
        rule: rule_id(1),
        zone: zone_id('o'),
    };
    assert_eq!(policy.check_zones(&[]), Err(missing));
}

#[test]
fn the_named_groups_are_all_of_them() {
    let mut policy = document();
    policy.rules[0]
        .conditions
        .groups
        .include
        .push(super::group('a'));
    policy.rules[1]
        .conditions
        .groups
        .exclude
        .push(super::group('b'));
    assert_eq!(
        policy.named_groups().collect::<Vec<_>>(),
        [&super::group('a'), &super::group('b')]
    );
}

#[test]
fn words_that_are_stored_are_read_back() {
    for kind in AuthenticatorKind::ALL {
        assert_eq!(AuthenticatorKind::from_word(kind.as_str()), Some(kind));
    }
    for scope in PolicyScope::ALL {
        assert_eq!(PolicyScope::from_word(scope.as_str()), Some(scope));
        assert_eq!(
            serde_json::to_string(&scope).unwrap(),
            format!("\"{}\"", scope.as_str())
        );
    }
    let proof = ProvedAuthenticator {
        kind: AuthenticatorKind::Passkey(PasskeyStorage::Synced),
        at: NOW,
    };
    let text = serde_json::to_string(&proof).unwrap();
    assert_eq!(text, r#"{"kind":"passkey_synced","at":1000000000000}"#);
    assert_eq!(
        serde_json::from_str::<ProvedAuthenticator>(&text).unwrap(),
        proof
    );
    let mut sorted = AuthenticatorKind::ALL;
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        AuthenticatorKind::ALL,
        "the order of kinds is the order in which they are offered"
    );
}

#[test]
fn presets_are_documents_too() {
    let entropy = SeededEntropy::new(6);
    for (_, preset) in [
        presets::org_policy(policy_id('o'), &entropy),
        presets::console_policy(policy_id('c'), &entropy),
        presets::app_policy(policy_id('a'), &entropy),
    ] {
        assert_eq!(
            parse_policy(&serde_json::to_string(&preset).unwrap()),
            Ok(preset)
        );
    }
}

#[test]
fn ranges_as_administrators_type_them() {
    let texts = |text| {
        parse_ranges(text).map(|ranges| ranges.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let read = texts("192.0.2.9/24, 198.51.100.7\n2001:db8::1/32 2001:db8::2,").unwrap();
    assert_eq!(
        read,
        [
            "192.0.2.0/24",
            "198.51.100.7/32",
            "2001:db8::/32",
            "2001:db8::2/128"
        ]
    );
    // What IPv6 carries of IPv4 is what it is; a range that has more than that is one of IPv6.
    let read = texts("::ffff:10.1.0.0/104 ::ffff:192.0.2.7 ::ffff:0:0/96 ::/0").unwrap();
    assert_eq!(read, ["10.0.0.0/8", "192.0.2.7/32", "0.0.0.0/0", "::/0"]);
    let wrong = |line, word: &str| {
        let word = word.to_owned();
        Err(ZoneError::Range { line, word })
    };
    assert_eq!(texts("192.0.2.0/33"), wrong(1, "192.0.2.0/33"));
    assert_eq!(
        texts("192.0.2.1\n\n198.51.100.7, office"),
        wrong(3, "office")
    );
    assert_eq!(texts(" , "), Err(ZoneError::RangeCount));
    assert_eq!(
        texts(&"192.0.2.1 ".repeat(1_001)),
        Err(ZoneError::RangeCount)
    );
    for mut zone in zones() {
        assert_eq!(zone.validate(), Ok(()));
        zone.name.clear();
        assert_eq!(zone.validate(), Err(ZoneError::Name));
    }
}

proptest! {
    #[test]
    fn any_text_is_a_policy_or_refused(text in any::<String>()) {
        assert!(parse_policy(&text).is_err());
    }

    #[test]
    fn any_text_is_a_list_of_ranges_or_refused(text in "[0-9a-f.:/, ]{0,80}") {
        if let Ok(ranges) = parse_ranges(&text) {
            assert!(ranges.iter().all(|range| range.trunc() == *range));
        }
    }

    #[test]
    fn a_damaged_document_is_survived(place in any::<proptest::sample::Index>(), put in any::<char>()) {
        let document = fixed(DOCUMENT);
        let at = place.index(document.len());
        let _ = parse_policy(&format!("{}{put}{}", &document[..at], &document[at + 1..]));
    }
}
