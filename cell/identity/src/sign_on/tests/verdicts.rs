//! What a requirement asks for, what is offered next, what may be enrolled, what the presets and the claims promise.

use vocab::entropy::SeededEntropy;

use super::{
    Allow, Asked, AuthenticationContext, AuthenticatorKind, BOUND, Conditions, Demand, DenyReason,
    EmailCode, Factors, Finding, NOW, Outcome, Password, ProvedAuthenticator, RecoveryCode,
    Requirement, SYNCED, SignInFacts, SignOnPolicy, Totp, Unmet, Verdict, allow, amr_of, evaluate,
    facts, for_everyone, policy, policy_id, presets, proved, rule, verdict, zones,
};

#[test]
fn requirements_and_what_is_offered() {
    let two = || Requirement {
        factors: Factors::TwoFactors,
        ..Requirement::default()
    };
    let best = || Requirement {
        factors: Factors::TwoWhereEnrolled,
        phishing_resistant: Demand::WhereEnrolled,
        ..Requirement::default()
    };
    let always = || Requirement {
        phishing_resistant: Demand::Always,
        ..Requirement::default()
    };
    let hardware = || Requirement {
        hardware_bound: true,
        ..Requirement::default()
    };
    let no_mail = || Requirement {
        refused: vec![EmailCode],
        ..two()
    };
    let both = || Requirement {
        possession: true,
        knowledge: true,
        ..Requirement::default()
    };
    let all = || vec![RecoveryCode, EmailCode, Totp, Password, SYNCED, BOUND];
    type Row<'t> = (
        Requirement,
        Vec<AuthenticatorKind>,
        &'t [AuthenticatorKind],
        Option<&'t [AuthenticatorKind]>,
    );
    let table: [Row<'_>; 27] = [
        // Requirement, enrolled, proved, next (None: allowed).
        (
            Requirement::default(),
            all(),
            &[],
            Some(&[BOUND, SYNCED, Password, EmailCode]),
        ),
        (Requirement::default(), all(), &[Password], None),
        (Requirement::default(), all(), &[EmailCode], None),
        (
            Requirement::default(),
            all(),
            &[Totp],
            Some(&[BOUND, SYNCED, Password, EmailCode]),
        ),
        (
            Requirement::default(),
            all(),
            &[RecoveryCode],
            Some(&[BOUND, SYNCED, Password, EmailCode]),
        ),
        (two(), all(), &[], Some(&[BOUND, SYNCED, Password])),
        (
            two(),
            all(),
            &[Password],
            Some(&[BOUND, SYNCED, Totp, EmailCode, RecoveryCode]),
        ),
        (two(), all(), &[EmailCode], Some(&[BOUND, SYNCED, Password])),
        (
            two(),
            all(),
            &[Totp, EmailCode],
            Some(&[BOUND, SYNCED, Password]),
        ),
        (two(), all(), &[Password, Totp], None),
        (two(), all(), &[Password, RecoveryCode], None),
        (two(), all(), &[SYNCED], None),
        (
            no_mail(),
            vec![Password, EmailCode, Totp],
            &[Password],
            Some(&[Totp]),
        ),
        (
            no_mail(),
            vec![Password, EmailCode, Totp],
            &[Password, EmailCode],
            Some(&[Totp]),
        ),
        (best(), vec![Password], &[], Some(&[Password])),
        (best(), vec![Password], &[Password], None),
        (best(), vec![Password, EmailCode], &[Password], None),
        (best(), vec![Password, Totp], &[Password], Some(&[Totp])),
        (
            best(),
            vec![Password, Totp, RecoveryCode],
            &[Password],
            Some(&[Totp, RecoveryCode]),
        ),
        (best(), all(), &[Password, Totp], Some(&[BOUND, SYNCED])),
        (best(), all(), &[SYNCED], None),
        (always(), all(), &[Password, Totp], Some(&[BOUND, SYNCED])),
        (hardware(), all(), &[SYNCED], Some(&[BOUND])),
        (hardware(), all(), &[BOUND], None),
        (both(), all(), &[], Some(&[BOUND, SYNCED, Password])),
        (both(), all(), &[BOUND], Some(&[Password])),
        (both(), all(), &[Password, Totp], None),
    ];
    for (require, enrolled, done, next) in table {
        let policy = for_everyone(require.clone());
        let facts = SignInFacts {
            enrolled: enrolled.clone(),
            proved: proved(done),
            ..facts()
        };
        let expected = match next {
            None => Verdict::Allow(rule('e', 0)),
            Some(next) => Verdict::Challenge {
                rule: rule('e', 0),
                next: next.to_vec(),
            },
        };
        assert_eq!(
            verdict(&[&policy], &facts),
            expected,
            "{require:?}, {enrolled:?}, {done:?}"
        );
    }
}

#[test]
fn old_proof_is_asked_for_again() {
    let outcome = |secs| {
        Outcome::Allow(Allow {
            require: Requirement::default(),
            session_age_max_secs: Some(secs),
        })
    };
    let policy = policy('p', vec![(Conditions::default(), outcome(600))]);
    let at = |secs_ago: i64| SignInFacts {
        proved: vec![ProvedAuthenticator {
            kind: Password,
            at: NOW.plus_secs(-secs_ago),
        }],
        ..facts()
    };
    assert_eq!(verdict(&[&policy], &at(600)), Verdict::Allow(rule('p', 0)));
    let evaluation = evaluate(&[&policy], &zones(), &at(601));
    assert_eq!(
        evaluation.verdict,
        Verdict::Challenge {
            rule: rule('p', 0),
            next: vec![Password]
        }
    );
    let finding = &evaluation.trace.first().unwrap().finding;
    assert_eq!(
        *finding,
        Finding::Allows {
            unmet: vec![Unmet::NothingProved],
            outdated: vec![Password]
        }
    );
}

#[test]
fn a_client_can_ask_for_more_and_never_for_less() {
    let open = for_everyone(Requirement::default());
    let strict = for_everyone(Requirement {
        factors: Factors::TwoFactors,
        ..Requirement::default()
    });
    let with = |asked| SignInFacts {
        enrolled: vec![Password, BOUND],
        proved: proved(&[Password]),
        asked,
        ..facts()
    };
    let stronger = Asked {
        requirement: Requirement::for_context(AuthenticationContext::PhishingResistant),
        proved_since: None,
    };
    let fresher = Asked {
        proved_since: Some(NOW.plus_secs(1)),
        ..Asked::default()
    };
    assert_eq!(
        verdict(&[&open], &with(Asked::default())),
        Verdict::Allow(rule('e', 0))
    );
    let challenge = |next: &[AuthenticatorKind]| Verdict::Challenge {
        rule: rule('e', 0),
        next: next.to_vec(),
    };
    assert_eq!(verdict(&[&open], &with(stronger)), challenge(&[BOUND]));
    assert!(matches!(
        verdict(&[&open], &with(fresher)),
        Verdict::Challenge { .. } | Verdict::Deny(_)
    ));
    assert_eq!(
        verdict(&[&strict], &with(Asked::default())),
        challenge(&[BOUND])
    );
}

#[test]
fn both_policies_must_be_satisfied() {
    let org = policy(
        'o',
        vec![(Conditions::default(), allow(Requirement::default()))],
    );
    let resistant = Requirement {
        phishing_resistant: Demand::Always,
        ..Requirement::default()
    };
    let app = policy('a', vec![(Conditions::default(), allow(resistant))]);
    let closed = policy('c', vec![(Conditions::default(), Outcome::Deny)]);
    let facts = |done| SignInFacts {
        enrolled: vec![Password, SYNCED],
        proved: proved(done),
        ..facts()
    };
    let challenge = |letter, next: &[_]| Verdict::Challenge {
        rule: rule(letter, 0),
        next: next.to_vec(),
    };
    assert_eq!(
        verdict(&[&org, &app], &facts(&[])),
        challenge('o', &[SYNCED])
    );
    assert_eq!(
        verdict(&[&org, &app], &facts(&[Password])),
        challenge('a', &[SYNCED])
    );
    assert_eq!(
        verdict(&[&org, &app], &facts(&[SYNCED])),
        Verdict::Allow(rule('a', 0))
    );
    assert_eq!(
        verdict(&[&app, &org], &facts(&[SYNCED])),
        Verdict::Allow(rule('o', 0))
    );
    for chain in [[&org, &closed], [&closed, &org]] {
        assert_eq!(
            verdict(&chain, &facts(&[SYNCED])),
            Verdict::Deny(DenyReason::Rule(rule('c', 0)))
        );
    }
    // Where both refuse, the first is named.
    let empty = policy('n', Vec::new());
    let first = Verdict::Deny(DenyReason::NoRuleMatched(policy_id('n')));
    assert_eq!(verdict(&[&empty, &closed], &facts(&[SYNCED])), first);
}

#[test]
fn enrolment_comes_after_everything_else_was_proved() {
    let policy = for_everyone(Requirement {
        phishing_resistant: Demand::Always,
        ..Requirement::default()
    });
    let challenge = |next: &[_]| Verdict::Challenge {
        rule: rule('e', 0),
        next: next.to_vec(),
    };
    let enroll = |kinds: &[_]| Verdict::Enroll {
        rule: rule('e', 0),
        kinds: kinds.to_vec(),
    };
    let unattainable = Verdict::Deny(DenyReason::Unattainable(rule('e', 0)));
    type Kinds<'t> = &'t [AuthenticatorKind];
    let table: [(Kinds<'_>, Kinds<'_>, Kinds<'_>, Verdict); 8] = [
        // Enrolled, enrollable, proved, verdict.
        (
            &[Password],
            &[BOUND, SYNCED, Totp],
            &[],
            challenge(&[Password]),
        ),
        (
            &[Password],
            &[BOUND, SYNCED, Totp],
            &[Password],
            enroll(&[BOUND, SYNCED]),
        ),
        (
            &[Password, Totp],
            &[SYNCED],
            &[Password],
            challenge(&[Totp]),
        ),
        (
            &[Password, EmailCode],
            &[SYNCED],
            &[Password],
            challenge(&[EmailCode]),
        ),
        (
            &[Password, Totp],
            &[SYNCED],
            &[Password, Totp],
            enroll(&[SYNCED]),
        ),
        (&[Password], &[Totp], &[Password], unattainable.clone()),
        (&[], &[SYNCED], &[], unattainable.clone()),
        (&[Totp], &[SYNCED], &[Totp], unattainable),
    ];
    for (enrolled, enrollable, done, expected) in table {
        let (enrolled, enrollable) = (enrolled.to_vec(), enrollable.to_vec());
        let facts = SignInFacts {
            enrolled,
            enrollable,
            proved: proved(done),
            ..facts()
        };
        assert_eq!(verdict(&[&policy], &facts), expected, "{facts:?}");
    }
}

#[test]
fn what_the_org_takes_no_more_is_no_reason_to_enrol_by_less() {
    let policy = for_everyone(Requirement {
        phishing_resistant: Demand::Always,
        ..Requirement::default()
    });
    let rule = rule('e', 0);
    let unattainable = Verdict::Deny(DenyReason::Unattainable(rule.clone()));
    let challenge = |kind| Verdict::Challenge {
        rule: rule.clone(),
        next: vec![kind],
    };
    let enroll = Verdict::Enroll {
        rule: rule.clone(),
        kinds: vec![SYNCED],
    };
    let table: [(&[_], &[_], &[_], Verdict); 6] = [
        (&[Password], &[], &[Password], enroll.clone()),
        // The password alone was never all that this person had.
        (&[Password], &[Totp], &[Password], unattainable.clone()),
        (&[Password], &[SYNCED], &[], unattainable),
        (
            &[Password, RecoveryCode],
            &[Totp],
            &[Password],
            challenge(RecoveryCode),
        ),
        (
            &[Password, RecoveryCode],
            &[Totp],
            &[Password, RecoveryCode],
            enroll.clone(),
        ),
        // Codes by mail are nothing that somebody set up.
        (&[Password], &[EmailCode], &[Password], enroll),
    ];
    for (enrolled, untaken, done, expected) in table {
        let facts = SignInFacts {
            enrolled: enrolled.to_vec(),
            untaken: untaken.to_vec(),
            enrollable: vec![SYNCED],
            proved: proved(done),
            ..facts()
        };
        assert_eq!(verdict(&[&policy], &facts), expected, "{facts:?}");
    }
}

#[test]
fn enrolment_wants_fresh_proof() {
    let policy = for_everyone(Requirement {
        factors: Factors::TwoFactors,
        ..Requirement::default()
    });
    let old = ProvedAuthenticator {
        kind: Password,
        at: NOW.plus_secs(-901),
    };
    let facts = SignInFacts {
        proved: vec![old],
        ..facts()
    };
    assert_eq!(
        verdict(&[&policy], &facts),
        Verdict::Challenge {
            rule: rule('e', 0),
            next: vec![Password]
        }
    );
}

#[test]
fn the_presets_hold_what_they_promise() {
    let entropy = SeededEntropy::new(5);
    let (_, org) = presets::org_policy(policy_id('o'), &entropy);
    let (_, console) = presets::console_policy(policy_id('c'), &entropy);
    let (_, app) = presets::app_policy(policy_id('a'), &entropy);
    for preset in [&org, &console, &app] {
        assert_eq!(preset.validate(), Ok(()));
    }
    let person = |enrolled: &[_], done: &[_]| SignInFacts {
        enrolled: enrolled.to_vec(),
        proved: proved(done),
        ..facts()
    };
    let allowed = |chain: &[&SignOnPolicy], facts: &SignInFacts| {
        matches!(verdict(chain, facts), Verdict::Allow(_))
    };
    assert!(allowed(&[&org, &app], &person(&[Password], &[Password])));
    assert!(!allowed(
        &[&org, &app],
        &person(&[Password, SYNCED], &[Password])
    ));
    assert!(!allowed(
        &[&org, &app],
        &person(&[Password, Totp], &[Password])
    ));
    assert!(
        !allowed(&[&org, &console], &person(&[BOUND], &[BOUND])),
        "the console is for administrators"
    );

    let administrator = |enrolled: &[_], done: &[_]| SignInFacts {
        is_administrator: true,
        ..person(enrolled, done)
    };
    assert!(!allowed(
        &[&org, &app],
        &administrator(&[Password], &[Password])
    ));
    assert!(!allowed(
        &[&org, &app],
        &administrator(&[Password, EmailCode], &[Password, EmailCode])
    ));
    assert!(allowed(
        &[&org, &console],
        &administrator(&[Password, Totp], &[Password, Totp])
    ));
    assert!(!allowed(
        &[&org, &console],
        &administrator(&[Password, Totp, SYNCED], &[Password, Totp])
    ));
    assert!(allowed(
        &[&org, &console],
        &administrator(&[Password, SYNCED], &[SYNCED])
    ));
}

#[test]
fn claims_of_what_was_proved() {
    let table: [(&[AuthenticatorKind], &[&str], Option<&str>); 9] = [
        (&[], &[], None),
        (&[Password], &["pwd"], Some("urn:testudo:acr:1fa")),
        (&[EmailCode], &["otp"], Some("urn:testudo:acr:1fa")),
        (&[Totp, EmailCode], &["otp"], Some("urn:testudo:acr:1fa")),
        (
            &[Password, Totp],
            &["mfa", "otp", "pwd"],
            Some("urn:testudo:acr:2fa"),
        ),
        (
            &[Password, RecoveryCode],
            &["mfa", "otp", "pwd"],
            Some("urn:testudo:acr:2fa"),
        ),
        (&[SYNCED], &["mfa", "swk", "user"], Some("phr")),
        (&[BOUND], &["hwk", "mfa", "user"], Some("phrh")),
        (
            &[Password, BOUND, SYNCED],
            &["hwk", "mfa", "pwd", "swk", "user"],
            Some("phrh"),
        ),
    ];
    for (kinds, amr, acr) in table {
        assert_eq!(amr_of(kinds), amr, "{kinds:?}");
        assert_eq!(
            AuthenticationContext::of(kinds).map(AuthenticationContext::as_str),
            acr,
            "{kinds:?}"
        );
    }
    for context in AuthenticationContext::ALL {
        assert_eq!(
            AuthenticationContext::from_word(context.as_str()),
            Some(context)
        );
        let requirement = Requirement::for_context(context);
        for kinds in [
            vec![Password],
            vec![Password, Totp],
            vec![SYNCED],
            vec![BOUND],
        ] {
            let reached =
                AuthenticationContext::of(&kinds).is_some_and(|reached| reached >= context);
            assert_eq!(
                requirement.unmet(&kinds, &kinds).is_empty(),
                reached,
                "{context:?} by {kinds:?}"
            );
        }
    }
}
