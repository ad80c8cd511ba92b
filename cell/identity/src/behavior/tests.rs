//! Behaviours as tables: what is detected, what a sign-in makes usual, and what rules that name behaviours come to.

use crate::behavior::detect::{BehaviorFacts, Detection, PastSignIn};
use crate::behavior::place::{Place, plan_place};
use crate::behavior::{Behavior, BehaviorKind, decide_behavior};
use crate::sign_on::evaluation::{
    Asked, Evaluation, Finding, Mismatch, SignInFacts, Verdict, evaluate,
};
use crate::sign_on::requirement::{Factors, Requirement};
use crate::sign_on::{
    Allow, AuthenticatorKind, Conditions, Outcome, ProvedAuthenticator, Rule, SignOnPolicy,
};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use vocab::id::{BehaviorId, PolicyId, RuleId, SessionId, UserId};
use vocab::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const PASSWORD: AuthenticatorKind = AuthenticatorKind::Password;
const TOTP: AuthenticatorKind = AuthenticatorKind::Totp;
const DEVICE: BehaviorKind = BehaviorKind::AnomalousDevice;
const ADDRESS: BehaviorKind = BehaviorKind::AnomalousIp;

fn at(secs_ago: i64) -> Timestamp {
    NOW.plus_secs(-secs_ago)
}

fn id(number: usize) -> BehaviorId {
    BehaviorId::parse(&format!("bhv{number:017}")).unwrap()
}

fn behavior(number: usize, kind: BehaviorKind, (most, least): (u32, u32)) -> Behavior {
    Behavior {
        id: id(number),
        name: format!("behaviour {number}"),
        kind,
        events_max: most,
        events_min: least,
        active: true,
    }
}

/// An earlier sign-in by password alone, in another session.
fn past(same_device: bool, same_address: bool) -> PastSignIn {
    PastSignIn {
        same_address,
        same_device,
        same_session: false,
        since: at(1_000),
        proved: vec![PASSWORD],
    }
}

#[test]
fn it_is_told_from_the_newest_that_count() {
    let (usual, other) = (|| past(true, true), || past(false, false));
    for (kind, bounds, history, expected) in [
        (DEVICE, (20, 0), vec![], Detection::Positive),
        (DEVICE, (20, 0), vec![usual()], Detection::Negative),
        (DEVICE, (20, 0), vec![other()], Detection::Positive),
        (
            DEVICE,
            (20, 0),
            vec![past(false, true)],
            Detection::Positive,
        ),
        (
            ADDRESS,
            (20, 0),
            vec![past(false, true)],
            Detection::Negative,
        ),
        (
            ADDRESS,
            (20, 0),
            vec![past(true, false)],
            Detection::Positive,
        ),
        // With too few nothing is told, however usual they are.
        (DEVICE, (20, 2), vec![usual()], Detection::Unknown),
        (DEVICE, (20, 2), vec![], Detection::Unknown),
        (DEVICE, (20, 2), vec![usual(), other()], Detection::Negative),
        (DEVICE, (20, 2), vec![other(), other()], Detection::Positive),
        // What is older than the newest is nothing to it.
        (DEVICE, (1, 0), vec![other(), usual()], Detection::Positive),
        (DEVICE, (1, 0), vec![usual(), other()], Detection::Negative),
        (ADDRESS, (0, 0), vec![usual()], Detection::Positive),
    ] {
        let facts = BehaviorFacts {
            known: vec![behavior(1, kind, bounds)],
            history: history.clone(),
            address_told: true,
            proved_here_since: None,
        };
        let counted: Vec<&PastSignIn> = facts.history.iter().collect();
        let found = facts.detect(&id(1), &counted);
        assert_eq!(found, Some(expected), "{kind:?} {bounds:?} {history:?}");
        let nothing = facts.detect(&id(1), &[]).unwrap();
        assert!(nothing.applies(), "what does not count makes nothing usual");
    }
}

#[test]
fn what_rests_is_never_found_and_what_is_missing_cannot_be_told() {
    let mut resting = behavior(1, DEVICE, (20, 0));
    resting.active = false;
    let facts = BehaviorFacts {
        known: vec![resting, behavior(2, ADDRESS, (20, 0))],
        ..BehaviorFacts::default()
    };
    assert_eq!(facts.detect(&id(1), &[]), None);
    assert_eq!(facts.detect(&id(2), &[]), Some(Detection::BadRequest));
    assert_eq!(facts.detect(&id(3), &[]), Some(Detection::Unknown));
    for (detection, applies) in [
        (Detection::Positive, true),
        (Detection::Unknown, true),
        (Detection::BadRequest, true),
        (Detection::Negative, false),
    ] {
        assert_eq!(detection.applies(), applies, "{detection:?}");
    }
}

#[test]
fn bounds_are_those_of_the_description() {
    for (kind, (most, least), is_good) in [
        (DEVICE, (1, 0), true),
        (DEVICE, (100, 10), true),
        (DEVICE, (0, 0), false),
        (DEVICE, (101, 0), false),
        (DEVICE, (20, 11), false),
        (ADDRESS, (0, 0), true),
        (ADDRESS, (101, 0), false),
    ] {
        let behavior = behavior(1, kind, (most, least));
        let decided = decide_behavior(&behavior);
        assert_eq!(decided.is_ok(), is_good, "{kind:?} {most} {least}");
    }
    let long = "x".repeat(129);
    for (name, is_good) in [
        ("New Device", true),
        (&long[1..], true),
        (&long, false),
        ("", false),
        (" x", false),
        ("a\nb", false),
    ] {
        let named = Behavior {
            name: name.to_owned(),
            ..behavior(1, DEVICE, (20, 0))
        };
        assert_eq!(decide_behavior(&named).is_ok(), is_good, "{name}");
    }
}

fn session(letter: char) -> SessionId {
    SessionId::parse(&format!("102{}", letter.to_string().repeat(17))).unwrap()
}

fn place(address: &str, device: &str) -> Place {
    Place {
        address: address.into(),
        device: device.into(),
    }
}

fn proof(kind: AuthenticatorKind, secs_ago: i64) -> ProvedAuthenticator {
    ProvedAuthenticator {
        kind,
        at: at(secs_ago),
    }
}

#[test]
fn a_sign_in_makes_usual_what_was_proved_there_alone() {
    for (known_since, proved, since, kinds) in [
        // A sign-in from the beginning.
        (
            None,
            vec![proof(PASSWORD, 10), proof(TOTP, 5)],
            60,
            vec![PASSWORD, TOTP],
        ),
        // What the session had proved elsewhere is no part of it.
        (
            None,
            vec![proof(PASSWORD, 800), proof(TOTP, 5)],
            60,
            vec![TOTP],
        ),
        (None, vec![proof(PASSWORD, 800)], 60, vec![]),
        // What it had proved here is.
        (
            Some(900),
            vec![proof(PASSWORD, 800), proof(TOTP, 5)],
            900,
            vec![PASSWORD, TOTP],
        ),
    ] {
        let home = place("home", "laptop");
        let known = known_since.map(at);
        let planned = plan_place(known, home, (&session('s'), at(60)), &proved);
        assert_eq!((planned.since, planned.session), (at(since), session('s')));
        let mut kinds = kinds;
        kinds.sort_unstable();
        assert_eq!(planned.proved, kinds, "{known_since:?} {proved:?}");
    }
}

fn rule(number: usize, behaviors: Vec<BehaviorId>, outcome: Outcome) -> Rule {
    Rule {
        id: RuleId::parse(&format!("0pr{number:017}")).unwrap(),
        name: format!("rule {number}"),
        conditions: Conditions {
            behaviors,
            ..Conditions::default()
        },
        outcome,
    }
}

fn allow(factors: Factors) -> Outcome {
    Outcome::Allow(Allow {
        require: Requirement {
            factors,
            ..Requirement::default()
        },
        session_age_max_secs: None,
    })
}

/// Two factors where the device or the address is new, else one.
fn policy(unusual: Outcome) -> SignOnPolicy {
    SignOnPolicy {
        id: PolicyId::parse("00p00000000000000000").unwrap(),
        name: "policy".into(),
        rules: vec![
            rule(1, vec![id(1), id(2)], unusual),
            rule(2, Vec::new(), allow(Factors::AnyOne)),
        ],
    }
}

fn facts(proved: Vec<ProvedAuthenticator>, behaviors: BehaviorFacts) -> SignInFacts {
    SignInFacts {
        user: UserId::parse("00u00000000000000000").unwrap(),
        groups: BTreeSet::new(),
        is_administrator: false,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        enrolled: vec![PASSWORD, TOTP],
        untaken: Vec::new(),
        enrollable: Vec::new(),
        proved,
        asked: Asked::default(),
        behaviors,
        now: NOW,
    }
}

fn known(history: Vec<PastSignIn>, since: Option<Timestamp>) -> BehaviorFacts {
    BehaviorFacts {
        known: vec![behavior(1, DEVICE, (20, 0)), behavior(2, ADDRESS, (20, 0))],
        history,
        address_told: true,
        proved_here_since: since,
    }
}

fn by_both(past: PastSignIn) -> PastSignIn {
    PastSignIn {
        proved: vec![PASSWORD, TOTP],
        ..past
    }
}

fn own(past: PastSignIn, since: i64) -> PastSignIn {
    PastSignIn {
        same_session: true,
        since: at(since),
        ..past
    }
}

fn next(evaluation: &Evaluation) -> Vec<AuthenticatorKind> {
    match &evaluation.verdict {
        Verdict::Challenge { next, .. } => next.clone(),
        Verdict::Allow(_) => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unusual_sign_in_takes_what_its_rule_asks_for() {
    let both = || vec![proof(PASSWORD, 500), proof(TOTP, 500)];
    for (what, proved, history, since, expected) in [
        (
            "a first sign-in",
            vec![proof(PASSWORD, 5)],
            vec![],
            None,
            vec![TOTP],
        ),
        ("the same with both", both(), vec![], None, vec![]),
        (
            "as usual",
            vec![proof(PASSWORD, 5)],
            vec![by_both(past(true, true))],
            None,
            vec![],
        ),
        (
            "a device that is known by a password alone",
            vec![proof(PASSWORD, 5)],
            vec![past(true, true)],
            None,
            vec![TOTP],
        ),
        (
            "a known device at a new address",
            vec![proof(PASSWORD, 5)],
            vec![by_both(past(true, false))],
            None,
            vec![TOTP],
        ),
        (
            "a session that was known nowhere",
            both(),
            vec![],
            Some(NOW),
            vec![PASSWORD],
        ),
        (
            "a session as usual",
            vec![proof(PASSWORD, 500)],
            vec![by_both(past(true, true))],
            Some(NOW),
            vec![],
        ),
        (
            "a session that went elsewhere",
            both(),
            vec![own(by_both(past(false, false)), 900)],
            Some(NOW),
            vec![PASSWORD],
        ),
        (
            "a session where it began with less",
            vec![proof(PASSWORD, 500)],
            vec![own(past(true, true), 900)],
            Some(NOW),
            vec![TOTP],
        ),
        (
            "on the way to strengthen it there",
            vec![proof(PASSWORD, 500)],
            vec![own(past(true, true), 900)],
            Some(at(60)),
            vec![TOTP],
        ),
        (
            "on the way to strengthen it elsewhere",
            vec![proof(PASSWORD, 500), proof(TOTP, 20)],
            vec![own(past(false, false), 900)],
            Some(at(60)),
            vec![PASSWORD],
        ),
    ] {
        let policy = policy(allow(Factors::TwoFactors));
        let facts = facts(proved, known(history, since));
        let evaluation = evaluate(&[&policy], &[], &facts);
        assert_eq!(next(&evaluation), expected, "{what}");
    }
}

#[test]
fn a_rule_that_refuses_knows_who_proved_both() {
    let refusing = policy(Outcome::Deny);
    let verdict = |history| {
        let facts = facts(vec![proof(PASSWORD, 5)], known(history, None));
        evaluate(&[&refusing], &[], &facts).verdict
    };
    assert!(matches!(verdict(vec![]), Verdict::Deny(_)));
    assert!(matches!(verdict(vec![past(true, true)]), Verdict::Deny(_)));
    let usual = vec![by_both(past(true, true))];
    assert!(matches!(verdict(usual), Verdict::Allow(_)));
}

#[test]
fn what_was_found_is_told_with_the_verdict() {
    let policy = policy(allow(Factors::TwoFactors));
    let usual = facts(
        vec![proof(PASSWORD, 5)],
        known(vec![by_both(past(true, true))], None),
    );
    let evaluation = evaluate(&[&policy], &[], &usual);
    let negative = [(id(1), Detection::Negative), (id(2), Detection::Negative)];
    assert_eq!(evaluation.behaviors, negative);
    let first = &evaluation.trace[0].finding;
    assert_eq!(*first, Finding::NotMatched(vec![Mismatch::AsUsual]));
    // Two policies that ask for different things tell the less usual.
    let lax = SignOnPolicy {
        rules: vec![
            rule(3, vec![id(1)], allow(Factors::AnyOne)),
            rule(4, Vec::new(), allow(Factors::AnyOne)),
        ],
        ..policy.clone()
    };
    let known = facts(
        vec![proof(PASSWORD, 5)],
        known(vec![past(true, true)], None),
    );
    let evaluation = evaluate(&[&lax, &policy], &[], &known);
    let found = evaluation
        .behaviors
        .iter()
        .find(|(known, _)| *known == id(1));
    assert_eq!(found.unwrap().1, Detection::Positive);
}
