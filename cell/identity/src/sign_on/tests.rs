//! Policies as tables: which rule matches, what it asks for, what follows, and what must hold for every policy. The
//! people, places and shorthands that the tables share stand here.

mod conditions;
mod documents;
mod properties;
mod verdicts;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::behavior::detect::BehaviorFacts;
use vocab::id::{GroupId, PolicyId, RuleId, UserId, ZoneId};
use vocab::time::Timestamp;

use super::authenticator::AuthenticatorKind::{self, EmailCode, Password, RecoveryCode, Totp};
use super::authenticator::{AuthenticationContext, PasskeyStorage, ProvedAuthenticator, amr_of};
use super::evaluation::{
    Asked, DenyReason, Finding, Mismatch, RuleRef, SignInFacts, Verdict, evaluate,
};
use super::requirement::{Demand, Factors, Requirement, Unmet};
use super::{
    Allow, Conditions, Membership, Outcome, Rule, SignOnPolicy, Zone, ZoneCondition, presets,
};

const BOUND: AuthenticatorKind = AuthenticatorKind::Passkey(PasskeyStorage::DeviceBound);
const SYNCED: AuthenticatorKind = AuthenticatorKind::Passkey(PasskeyStorage::Synced);
const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn user(letter: char) -> UserId {
    UserId::parse(&format!("00u{}", letter.to_string().repeat(17))).unwrap()
}

fn group(letter: char) -> GroupId {
    GroupId::parse(&format!("00g{}", letter.to_string().repeat(17))).unwrap()
}

fn zone_id(letter: char) -> ZoneId {
    ZoneId::parse(&format!("nzo{}", letter.to_string().repeat(17))).unwrap()
}

fn policy_id(letter: char) -> PolicyId {
    PolicyId::parse(&format!("00p{}", letter.to_string().repeat(17))).unwrap()
}

fn rule_id(number: usize) -> RuleId {
    RuleId::parse(&format!("0pr{number:017}")).unwrap()
}

fn zones() -> Vec<Zone> {
    let zone = |letter, ranges: &str| Zone {
        id: zone_id(letter),
        name: letter.to_string(),
        ranges: super::zone::parse_ranges(ranges).unwrap(),
        blocked: false,
    };
    vec![
        zone('o', "192.0.2.0/24, 2001:db8::/32"),
        zone('v', "198.51.100.7"),
    ]
}

/// A person `u` in group `g`, in the office, who has a password and nothing proved.
fn facts() -> SignInFacts {
    SignInFacts {
        user: user('u'),
        groups: BTreeSet::from([group('g')]),
        is_administrator: false,
        address: address("192.0.2.5"),
        enrolled: vec![Password],
        untaken: Vec::new(),
        enrollable: vec![BOUND, SYNCED, Password, Totp],
        proved: Vec::new(),
        asked: Asked::default(),
        behaviors: BehaviorFacts::default(),
        now: NOW,
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn proved(kinds: &[AuthenticatorKind]) -> Vec<ProvedAuthenticator> {
    kinds
        .iter()
        .map(|kind| ProvedAuthenticator {
            kind: *kind,
            at: NOW,
        })
        .collect()
}

fn allow(require: Requirement) -> Outcome {
    Outcome::Allow(Allow {
        require,
        session_age_max_secs: None,
    })
}

fn policy(letter: char, rules: Vec<(Conditions, Outcome)>) -> SignOnPolicy {
    let rule = |(index, (conditions, outcome))| Rule {
        id: rule_id(index),
        name: format!("rule {index}"),
        conditions,
        outcome,
    };
    SignOnPolicy {
        id: policy_id(letter),
        name: letter.to_string(),
        rules: rules.into_iter().enumerate().map(rule).collect(),
    }
}

fn for_everyone(require: Requirement) -> SignOnPolicy {
    policy('e', vec![(Conditions::default(), allow(require))])
}

fn rule(letter: char, number: usize) -> RuleRef {
    RuleRef {
        policy: policy_id(letter),
        rule: rule_id(number),
    }
}

fn verdict(chain: &[&SignOnPolicy], facts: &SignInFacts) -> Verdict {
    evaluate(chain, &zones(), facts).verdict
}
