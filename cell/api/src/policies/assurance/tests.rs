//! What rules ask for on the wire, as tables.

use super::{
    parse_app_sign_on, parse_duration, parse_sign_on, render_app_sign_on, render_duration,
    render_sign_on,
};
use crate::body::Fields;
use crate::error::ApiError;
use crate::reply::without_nulls;
use identity::org::settings::SessionSettings;
use identity::sign_on::requirement::{Demand, Factors, Requirement};
use identity::sign_on::{Allow, AuthenticatorKind, Outcome};
use serde_json::{Value, json};

fn fields(body: &Value) -> Fields {
    Fields::parse(body.to_string().as_bytes()).unwrap()
}

fn summary(error: &ApiError) -> String {
    error.render("")["errorSummary"].to_string()
}

fn allow(require: Requirement) -> Outcome {
    Outcome::Allow(Allow {
        require,
        session_age_max_secs: Some(7_200),
    })
}

/// All that rules can ask for, of each part each word.
fn every_outcome() -> Vec<Outcome> {
    let mut all = vec![Outcome::Deny];
    for factors in [
        Factors::AnyOne,
        Factors::TwoWhereEnrolled,
        Factors::TwoFactors,
    ] {
        for phishing_resistant in [Demand::No, Demand::WhereEnrolled, Demand::Always] {
            for bits in 0..16_u32 {
                let refused = match bits & 8 {
                    0 => Vec::new(),
                    _ => vec![AuthenticatorKind::EmailCode],
                };
                all.push(allow(Requirement {
                    factors,
                    phishing_resistant,
                    hardware_bound: bits & 1 != 0,
                    possession: bits & 2 != 0,
                    knowledge: bits & 4 != 0,
                    refused,
                }));
            }
        }
    }
    all
}

#[test]
fn what_was_shown_of_any_rule_means_that_rule() {
    let sessions = SessionSettings::default();
    for outcome in every_outcome() {
        let shown = without_nulls(render_app_sign_on(&outcome));
        let read = parse_app_sign_on(fields(&shown), Some(&outcome)).unwrap();
        assert_eq!(read, outcome, "{shown}");
        let shown = without_nulls(render_sign_on(&outcome, &sessions));
        let read = parse_sign_on(fields(&shown), Some(&outcome), &sessions).unwrap();
        assert_eq!(read, outcome, "{shown}");
    }
}

fn app(method: &Value) -> Value {
    json!({ "appSignOn": { "access": "ALLOW", "verificationMethod": method } })
}

#[test]
fn what_is_asked_for_is_asked_for_of_a_new_rule() {
    let full = app(&json!({
        "type": "ASSURANCE", "factorMode": "2FA", "reauthenticateIn": "PT12H",
        "constraints": [{
            "knowledge": { "types": ["PASSWORD"] },
            "possession": {
                "deviceBound": "REQUIRED", "phishingResistant": "REQUIRED", "userPresence": "REQUIRED",
                "userVerification": "REQUIRED", "hardwareProtection": "OPTIONAL", "required": true,
            },
        }],
    }));
    let expected = Outcome::Allow(Allow {
        require: Requirement {
            factors: Factors::TwoFactors,
            phishing_resistant: Demand::Always,
            hardware_bound: true,
            possession: true,
            knowledge: true,
            refused: Vec::new(),
        },
        session_age_max_secs: Some(43_200),
    });
    assert_eq!(parse_app_sign_on(fields(&full), None).unwrap(), expected);
    let plain = app(&json!({ "type": "ASSURANCE", "factorMode": "1FA" }));
    let usual = Outcome::Allow(Allow::default());
    assert_eq!(parse_app_sign_on(fields(&plain), None).unwrap(), usual);
    let deny = json!({ "appSignOn": { "access": "DENY" } });
    assert_eq!(
        parse_app_sign_on(fields(&deny), Some(&usual)).unwrap(),
        Outcome::Deny
    );
}

#[test]
fn a_change_of_one_part_leaves_what_the_wire_has_no_words_for() {
    let before = allow(Requirement {
        factors: Factors::TwoWhereEnrolled,
        phishing_resistant: Demand::WhereEnrolled,
        refused: vec![AuthenticatorKind::EmailCode],
        ..Requirement::default()
    });
    let stricter = app(&json!({
        "factorMode": "2FA", "reauthenticateIn": "PT1H", "constraints": [],
    }));
    let Outcome::Allow(read) = parse_app_sign_on(fields(&stricter), Some(&before)).unwrap() else {
        panic!("it refuses")
    };
    assert_eq!(read.session_age_max_secs, Some(3_600));
    assert_eq!(read.require.factors, Factors::TwoFactors);
    assert_eq!(read.require.phishing_resistant, Demand::WhereEnrolled);
    assert_eq!(read.require.refused, [AuthenticatorKind::EmailCode]);
}

#[test]
fn what_cannot_be_carried_out_is_refused_by_its_place() {
    let with = |field: &str, value: Value| {
        let mut method = json!({ "type": "ASSURANCE", "factorMode": "1FA" });
        method[field] = value;
        app(&method)
    };
    let possession = |field: &str, value: Value| {
        with("constraints", json!([{ "possession": { field: value } }]))
    };
    for (body, place) in [
        (json!({}), "appSignOn"),
        (json!({ "appSignOn": { "access": "MAYBE" } }), "access"),
        (
            json!({ "appSignOn": { "access": "ALLOW" } }),
            "verificationMethod",
        ),
        (
            json!({ "appSignOn": { "access": "DENY", "verificationMethod": {} } }),
            "verificationMethod",
        ),
        (
            json!({ "appSignOn": { "access": "DENY", "keepMeSignedIn": {} } }),
            "keepMeSignedIn",
        ),
        (with("type", json!("AUTH_METHOD_CHAIN")), "type"),
        (with("factorMode", json!("3FA")), "factorMode"),
        (with("reauthenticateIn", json!("PT0S")), "reauthenticateIn"),
        (
            with("reauthenticateIn", json!("2 hours")),
            "reauthenticateIn",
        ),
        (with("inactivityPeriod", json!("PT1H")), "inactivityPeriod"),
        (with("constraints", json!([{}, {}])), "constraints"),
        (
            with("constraints", json!([{ "inherence": {} }])),
            "inherence",
        ),
        (
            with(
                "constraints",
                json!([{ "knowledge": { "types": ["SECURITY_QUESTION"] } }]),
            ),
            "types",
        ),
        (
            with(
                "constraints",
                json!([{ "knowledge": { "required": false } }]),
            ),
            "required",
        ),
        (
            possession("hardwareProtection", json!("REQUIRED")),
            "hardwareProtection",
        ),
        (
            possession("userVerification", json!("REQUIRED")),
            "userVerification",
        ),
        (
            possession("phishingResistant", json!("YES")),
            "phishingResistant",
        ),
        (possession("methods", json!(["SMS"])), "methods"),
        (
            possession("excludedAuthenticationMethods", json!([])),
            "excludedAuthenticationMethods",
        ),
    ] {
        let refused = summary(&parse_app_sign_on(fields(&body), None).unwrap_err());
        assert!(refused.contains(place), "{body}: {refused}");
    }
}

#[test]
fn a_rule_for_every_sign_in_says_only_what_is_done() {
    let sessions = SessionSettings::default();
    let parse = |signon: &Value| {
        parse_sign_on(fields(&json!({ "signon": signon })), None, &sessions)
            .map_err(|error| summary(&error))
    };
    let two = parse(&json!({
        "access": "ALLOW", "requireFactor": true, "factorPromptMode": "ALWAYS", "primaryFactor": "PASSWORD_IDP",
        "session": { "maxSessionIdleMinutes": 120, "maxSessionLifetimeMinutes": 720, "usePersistentCookie": false },
    }));
    let expected = Outcome::Allow(Allow {
        require: Requirement {
            factors: Factors::TwoFactors,
            knowledge: true,
            ..Requirement::default()
        },
        session_age_max_secs: None,
    });
    assert_eq!(two.unwrap(), expected);
    // What clients send by themselves.
    let deny =
        json!({ "access": "DENY", "requireFactor": false, "rememberDeviceByDefault": false });
    assert_eq!(parse(&deny).unwrap(), Outcome::Deny);
    for (field, value) in [
        ("factorPromptMode", json!("DEVICE")),
        ("factorLifetime", json!(15)),
        ("rememberDeviceByDefault", json!(true)),
        ("primaryFactor", json!("ANY")),
        ("session", json!({ "maxSessionIdleMinutes": 5 })),
        ("session", json!({ "maxSessionLifetimeMinutes": 0 })),
        ("session", json!({ "usePersistentCookie": true })),
        ("other", json!(1)),
    ] {
        let refused = parse(&json!({ "access": "ALLOW", field: value })).unwrap_err();
        assert!(refused.contains(field), "{refused}");
    }
    assert!(parse(&json!({ "access": "DENY", "requireFactor": true })).is_err());
}

#[test]
fn durations_are_read_as_they_are_written() {
    for (text, secs) in [
        ("PT2H", Some(7_200)),
        ("PT43800H", Some(157_680_000)),
        ("P1D", Some(86_400)),
        ("P1DT1H1M1S", Some(90_061)),
        ("PT90M", Some(5_400)),
        ("PT0S", Some(0)),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P1Y", None),
        ("P1M", None),
        ("PT1M1H", None),
        ("PT1H1H", None),
        ("PTH", None),
        ("PT1", None),
        ("PT1.5H", None),
        ("PT-1H", None),
        ("PT9999999999S", None),
        ("P999999999D", None),
        ("2H", None),
        ("", None),
    ] {
        assert_eq!(parse_duration(text), secs, "{text}");
    }
    for secs in [60, 61, 3_600, 5_400, 86_400] {
        assert_eq!(parse_duration(&render_duration(secs)), Some(secs));
    }
}
