//! The rules for new passwords as tables.

use proptest::prelude::{any, proptest};
use vocab::time::Timestamp;

use super::{
    PasswordAge, PasswordFacts, PasswordPolicy, PasswordPolicyError, PasswordProblem, Reuse,
    decide_password, decide_password_age,
};

const FACTS: PasswordFacts<'_> = PasswordFacts {
    login: "ada.lovelace@example.com",
    emails: &["countess-ada@mail.example.org"],
    names: &["Ada", "Lovelace", "Ada Lovelace", "Acme Engines"],
};

fn problems(candidate: &str) -> Vec<PasswordProblem> {
    decide_password(&PasswordPolicy::default(), candidate, &FACTS, Reuse::New)
        .err()
        .unwrap_or_default()
}

#[test]
fn candidates_and_their_problems() {
    let short = PasswordProblem::TooShort { length_min: 12 };
    let table: [(&str, &[PasswordProblem]); 18] = [
        ("quiet ostrich under lamplight", &[]),
        ("vTq8$kd01-mWz", &[]),
        ("ünïcödé ist auch erlaubt", &[]),
        ("привет далёкий сосед", &[]),
        ("kurz9Xw", &[short]),
        ("", &[short]),
        ("zwölf-zeich", &[short]),
        ("zwölf-zeich7", &[]),
        ("Password1234!", &[PasswordProblem::Commonest]),
        ("P@ssw0rd", &[short, PasswordProblem::Commonest]),
        ("qwertyuiop123", &[PasswordProblem::Commonest]),
        ("my lovelace machine 7", &[PasswordProblem::NamePart]),
        ("MYLOVELACEMACHINE7", &[PasswordProblem::NamePart]),
        ("the l0ve1ace engine room", &[PasswordProblem::NamePart]),
        ("a countess and her tea", &[PasswordProblem::NamePart]),
        ("acme widget catalogue 9", &[PasswordProblem::NamePart]),
        // Three letters are too few to call it a part of the name, and the domain is not the person's.
        ("adamant glacier mailbox", &[]),
        (
            "line\nbreak in a phrase",
            &[PasswordProblem::ControlCharacter],
        ),
    ];
    for (candidate, expected) in table {
        assert_eq!(problems(candidate), expected, "{candidate}");
    }
}

#[test]
fn the_upper_bound_counts_bytes() {
    let bytes_max = 256;
    assert_eq!(
        problems(&"é".repeat(129)),
        [PasswordProblem::TooLong { bytes_max }]
    );
    assert!(!problems(&"é".repeat(128)).contains(&PasswordProblem::TooLong { bytes_max }));
}

#[test]
fn former_passwords_count_where_a_history_is_kept() {
    let policy = PasswordPolicy::default();
    let candidate = "quiet ostrich under lamplight";
    let former = decide_password(&policy, candidate, &FACTS, Reuse::Former);
    assert_eq!(
        former,
        Err(vec![PasswordProblem::Former { history_count: 4 }])
    );
    let forgetful = PasswordPolicy {
        history_count: 0,
        ..policy
    };
    assert_eq!(
        decide_password(&forgetful, candidate, &FACTS, Reuse::Former),
        Ok(())
    );
}

#[test]
fn rules_can_be_switched_off() {
    let lenient = PasswordPolicy {
        length_min: 8,
        refuse_commonest: false,
        refuse_name_parts: false,
        ..PasswordPolicy::default()
    };
    assert_eq!(
        decide_password(&lenient, "password", &FACTS, Reuse::New),
        Ok(())
    );
    assert_eq!(
        decide_password(&lenient, "lovelace", &FACTS, Reuse::New),
        Ok(())
    );
}

#[test]
fn age_is_judged_only_where_the_policy_sets_one() {
    let set_at = Timestamp::from_seconds(1_000_000);
    let policy = PasswordPolicy {
        age_max_days: Some(90),
        ..PasswordPolicy::default()
    };
    let days = |days: i64| set_at.plus_secs(days * 86_400);
    assert_eq!(
        decide_password_age(&policy, set_at, days(90)),
        PasswordAge::Current
    );
    assert_eq!(
        decide_password_age(&policy, set_at, days(90).plus_secs(1)),
        PasswordAge::Expired
    );
    assert_eq!(
        decide_password_age(&PasswordPolicy::default(), set_at, days(9_000)),
        PasswordAge::Current
    );
}

#[test]
fn settings_out_of_range_are_named() {
    let with = |change: fn(&mut PasswordPolicy)| {
        let mut policy = PasswordPolicy::default();
        change(&mut policy);
        policy.validate()
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(
        with(|policy| policy.length_min = 7),
        Err(PasswordPolicyError::LengthMin)
    );
    assert_eq!(
        with(|policy| policy.length_min = 65),
        Err(PasswordPolicyError::LengthMin)
    );
    assert_eq!(
        with(|policy| policy.history_count = 25),
        Err(PasswordPolicyError::HistoryCount)
    );
    assert_eq!(
        with(|policy| policy.age_max_days = Some(0)),
        Err(PasswordPolicyError::AgeMaxDays)
    );
}

#[test]
fn documents_may_be_partial_but_not_misspelt() {
    let policy: PasswordPolicy = serde_json::from_str(r#"{"length_min": 15}"#).unwrap();
    assert_eq!(
        policy,
        PasswordPolicy {
            length_min: 15,
            ..PasswordPolicy::default()
        }
    );
    assert!(serde_json::from_str::<PasswordPolicy>(r#"{"min_length": 15}"#).is_err());
}

#[test]
fn every_problem_has_its_own_message() {
    let all = [
        PasswordProblem::TooShort { length_min: 12 },
        PasswordProblem::TooLong { bytes_max: 256 },
        PasswordProblem::ControlCharacter,
        PasswordProblem::Commonest,
        PasswordProblem::NamePart,
        PasswordProblem::Former { history_count: 4 },
    ];
    let keys: std::collections::BTreeSet<_> =
        all.iter().map(|problem| problem.message_key()).collect();
    assert_eq!(keys.len(), all.len());
    let numbers: Vec<_> = all.iter().map(|problem| problem.message_number()).collect();
    assert_eq!(numbers, [Some(12), Some(256), None, None, None, Some(4)]);
}

proptest! {
    #[test]
    fn any_candidate_is_judged(candidate in any::<String>(), login in any::<String>(), name in any::<String>()) {
        let facts = PasswordFacts { login: &login, emails: &[&login], names: &[&name] };
        let _ = decide_password(&PasswordPolicy::default(), &candidate, &facts, Reuse::New);
    }
}
