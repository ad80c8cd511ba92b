//! Whether whoever changes what decides who gets in could still get in afterwards.
//!
//! The next sign-in of the person who saves is simulated before and after the change, in its transaction: from the same
//! address, with all that the person can prove. A change that shuts a door which was open is refused. It never refuses
//! a person whom the door was shut to before, who may be about to open it, nor the operator, who needs no door.
//!
//! A token stands for who made it. Where that person sits is not known, and where the program runs says nothing: the door is open if
//! it is from anywhere. An app is nobody who signs in, and is not watched.

use crate::access::Permit;
use crate::access::ceiling::load_standing;
use crate::behavior::BehaviorKind;
use crate::behavior::detect::BehaviorFacts;
use crate::behavior::store as behaviors;
use crate::credential::attestation::may_sign_in;
use crate::credential::store::{StoredPasskey, load_passkeys};
use crate::fault::{Fault, Refusal};
use crate::org::settings::{OrgSettings, PasskeySettings};
use crate::person::{Person, store as people};
use crate::problem::{Problem, quoted};
use crate::sign_in::evaluate::{load_enrolled, plan_enrollable};
use crate::sign_on::evaluation::{Asked, DenyReason, RuleRef};
use crate::sign_on::store::{Policies, load_policies, load_zones};
use crate::sign_on::zone::find_block;
use crate::sign_on::{
    AuthenticatorKind, PasskeyStorage, ProvedAuthenticator, SignInFacts, SignOnPolicy, Verdict,
    Zone, evaluate,
};
use database::{ReadTx, WriteTx};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use vocab::id::UserId;
use vocab::time::Timestamp;

/// How a door stands to the person who saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Door {
    /// The person gets in, perhaps by setting something up on the way.
    Open,
    /// The person's address lies in a blocked zone of this name.
    Blocked(String),
    /// A rule of this name refuses the person.
    Refused(String),
    /// No rule of the policy of this name fits the person.
    Unmatched(String),
    /// The rule of this name asks for what the person cannot prove.
    Unproved(String),
}

/// The person who saves, and how the door stood before.
pub(crate) struct DoorWatch {
    saver: Option<UserId>,
    now: Timestamp,
}

impl DoorWatch {
    /// Looks at the door before the change.
    pub(crate) async fn begin(
        tx: &mut WriteTx,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let saver = match permit.own_user().or(permit.acting_person()) {
            Some(saver) if look(tx, permit, saver, now).await? == Door::Open => Some(saver.clone()),
            _ => None,
        };
        Ok(Self { saver, now })
    }

    /// Looks again after it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for the field, if the change has shut the door to the person who saves.
    pub(crate) async fn end(
        self,
        tx: &mut WriteTx,
        permit: &Permit,
        field: &'static str,
    ) -> Result<(), Refusal> {
        let Some(saver) = self.saver else {
            return Ok(());
        };
        let door = look(tx, permit, &saver, self.now).await?;
        match explain_shut(&door, &permit.client().ip) {
            Some(problem) => Err(Refusal::invalid(field, problem)),
            None => Ok(()),
        }
    }
}

/// Why the change is refused; nothing for a door that is open.
fn explain_shut(door: &Door, address: &str) -> Option<Problem> {
    let (pattern, name) = match door {
        Door::Open => return None,
        Door::Blocked(zone) => (
            "this would shut you out: your own address, {address}, lies in the blocked zone {name}. \
             If it is meant, let an administrator do it who could still sign in",
            zone,
        ),
        Door::Refused(rule) => (
            "this would shut you out: the rule {name} would refuse you. \
             If it is meant, let an administrator do it who could still sign in",
            rule,
        ),
        Door::Unmatched(policy) => (
            "this would shut you out: no rule of the policy {name} would fit you. \
             If it is meant, let an administrator do it who could still sign in",
            policy,
        ),
        Door::Unproved(rule) => (
            "this would shut you out: the rule {name} would ask you for proof that you do not have. \
             If it is meant, let an administrator do it who could still sign in",
            rule,
        ),
    };
    let words = [quoted(name), ("address", address.to_owned())];
    Some(Problem::of(pattern, words))
}

async fn look(
    tx: &mut ReadTx,
    permit: &Permit,
    saver: &UserId,
    now: Timestamp,
) -> Result<Door, Fault> {
    let org = permit.org();
    let (Some(person), Some(settings)) = (
        people::load(tx, org, saver).await?,
        crate::org::store::load(tx, org)
            .await?
            .map(|org| org.settings),
    ) else {
        return Ok(Door::Open);
    };
    let (policies, zones) = (load_policies(tx, org).await?, load_zones(tx, org).await?);
    let facts = load_facts(tx, permit, &person, (&policies, &settings), now).await?;
    if permit.own_user().is_some() {
        return Ok(decide_door(&policies, &zones, &facts, &permit.client().ip));
    }
    Ok(decide_door_from_anywhere(&policies, &zones, facts))
}

/// How the door stands to somebody of whom it is not known where they are: as it does from where it is open, if that is
/// anywhere.
fn decide_door_from_anywhere(policies: &Policies, zones: &[Zone], mut facts: SignInFacts) -> Door {
    let within = zones.iter().filter_map(|zone| zone.ranges.first());
    let addresses =
        std::iter::once(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).chain(within.map(ipnet::IpNet::addr));
    let mut shut = None;
    for address in addresses {
        facts.address = address;
        match decide_door(policies, zones, &facts, &address.to_string()) {
            Door::Open => return Door::Open,
            door => shut = shut.or(Some(door)),
        }
    }
    shut.unwrap_or(Door::Open)
}

async fn load_facts(
    tx: &mut ReadTx,
    permit: &Permit,
    person: &Person,
    (policies, settings): (&Policies, &OrgSettings),
    now: Timestamp,
) -> Result<SignInFacts, Fault> {
    let mut groups = BTreeSet::new();
    let chain = [&policies.org, &policies.console];
    for group in chain.iter().flat_map(|policy| policy.named_groups()) {
        if crate::group::store::is_member(tx, &person.org_id, group, &person.id).await? {
            groups.insert(group.clone());
        }
    }
    let standing = load_standing(tx, &person.org_id, &person.id).await?;
    let mut enrolled = load_enrolled(tx, person).await?;
    let untaken = settings.untaken_means.take_out(&mut enrolled);
    let passkeys = load_passkeys(tx, &person.org_id, &person.id).await?;
    let usable = enrolled
        .iter()
        .filter(|kind| is_usable(**kind, &passkeys, &settings.passkey))
        .map(|kind| ProvedAuthenticator {
            kind: *kind,
            at: now,
        })
        .collect();
    Ok(SignInFacts {
        user: person.id.clone(),
        groups,
        is_administrator: standing.is_administrator(),
        address: permit
            .client()
            .ip
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        enrolled,
        untaken,
        enrollable: plan_enrollable(&settings.untaken_means),
        proved: usable,
        asked: Asked::default(),
        behaviors: load_behaviors(tx, person).await?,
        now,
    })
}

/// The behaviours of the org for somebody whom nothing is known of: everything is unusual.
async fn load_behaviors(tx: &mut ReadTx, person: &Person) -> Result<BehaviorFacts, Fault> {
    Ok(BehaviorFacts {
        known: behaviors::load_known(tx, &person.org_id).await?,
        address_told: true,
        ..BehaviorFacts::default()
    })
}

/// A passkey that the org takes no more proves nothing, though it is enrolled.
fn is_usable(
    kind: AuthenticatorKind,
    passkeys: &[StoredPasskey],
    settings: &PasskeySettings,
) -> bool {
    let AuthenticatorKind::Passkey(storage) = kind else {
        return true;
    };
    passkeys.iter().any(|passkey| {
        passkey.device_bound == (storage == PasskeyStorage::DeviceBound)
            && may_sign_in(settings, passkey.attested_aaguid)
    })
}

/// How the door stands to a person who proves all that there is: what is unusual of their next sign-in nobody knows, so that it must be open
/// whatever it is.
fn decide_door(policies: &Policies, zones: &[Zone], facts: &SignInFacts, address: &str) -> Door {
    let unusual = decide_one_door(policies, zones, facts, address);
    if unusual != Door::Open || facts.behaviors.known.is_empty() {
        return unusual;
    }
    let kinds = BehaviorKind::ALL;
    let mut doors = (1..1_u32 << kinds.len()).map(|usual| {
        let mut facts = facts.clone();
        for behavior in &mut facts.behaviors.known {
            let place = kinds.iter().position(|kind| *kind == behavior.kind);
            let is_usual = place.is_some_and(|place| usual & (1 << place) != 0);
            behavior.active &= !is_usual;
        }
        decide_one_door(policies, zones, &facts, address)
    });
    doors.find(|door| *door != Door::Open).unwrap_or(Door::Open)
}

fn decide_one_door(
    policies: &Policies,
    zones: &[Zone],
    facts: &SignInFacts,
    address: &str,
) -> Door {
    if let Some(zone) = find_block(zones, address) {
        return Door::Blocked(zone.name.clone());
    }
    let chain: [&SignOnPolicy; 2] = [&policies.org, &policies.console];
    let rule_name = |of: &RuleRef| {
        let mut rules = chain.iter().flat_map(|policy| &policy.rules);
        rules
            .find(|rule| rule.id == of.rule)
            .map_or_else(|| of.rule.to_string(), |rule| rule.name.clone())
    };
    match evaluate(&chain, zones, facts).verdict {
        Verdict::Allow(_) | Verdict::Enroll { .. } => Door::Open,
        // Everything that there is was proved just now: more is asked for than that.
        Verdict::Challenge { rule, .. } | Verdict::Deny(DenyReason::Unattainable(rule)) => {
            Door::Unproved(rule_name(&rule))
        }
        Verdict::Deny(DenyReason::Rule(rule)) => Door::Refused(rule_name(&rule)),
        Verdict::Deny(DenyReason::NoRuleMatched(id)) => {
            let policy = chain.iter().find(|policy| policy.id == id);
            Door::Unmatched(policy.map_or_else(|| id.to_string(), |policy| policy.name.clone()))
        }
        Verdict::Deny(DenyReason::NoPolicy) => Door::Unmatched(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Door, decide_door, explain_shut};
    use crate::behavior::detect::BehaviorFacts;
    use crate::behavior::{Behavior, BehaviorKind};
    use crate::sign_on::requirement::{Demand, Factors};
    use crate::sign_on::store::Policies;
    use crate::sign_on::zone::parse_ranges;
    use crate::sign_on::{
        Allow, AuthenticatorKind, Conditions, Membership, Outcome, PasskeyStorage,
        ProvedAuthenticator, Requirement, Rule, SignInFacts, SignOnPolicy, Zone, ZoneCondition,
    };
    use std::collections::{BTreeSet, HashMap};
    use std::sync::Arc;
    use vocab::entropy::SeededEntropy;
    use vocab::id::{BehaviorId, PolicyId, RuleId, UserId, ZoneId};
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const PASSKEY: AuthenticatorKind = AuthenticatorKind::Passkey(PasskeyStorage::Synced);

    fn policy(name: &str, conditions: Conditions, outcome: Outcome) -> Arc<SignOnPolicy> {
        let entropy = SeededEntropy::new(name.len() as u64);
        Arc::new(SignOnPolicy {
            id: PolicyId::generate(&entropy),
            name: name.into(),
            rules: vec![Rule {
                id: RuleId::generate(&entropy),
                name: format!("rule of {name}"),
                conditions,
                outcome,
            }],
        })
    }

    fn allow(require: Requirement) -> Outcome {
        Outcome::Allow(Allow {
            require,
            session_age_max_secs: None,
        })
    }

    fn facts(enrolled: &[AuthenticatorKind], usable: &[AuthenticatorKind]) -> SignInFacts {
        let proof = |kind: &AuthenticatorKind| ProvedAuthenticator {
            kind: *kind,
            at: NOW,
        };
        SignInFacts {
            user: UserId::generate(&SeededEntropy::new(1)),
            groups: BTreeSet::new(),
            is_administrator: true,
            address: "192.0.2.5".parse().unwrap(),
            enrolled: enrolled.to_vec(),
            untaken: Vec::new(),
            enrollable: vec![PASSKEY, AuthenticatorKind::Totp],
            proved: usable.iter().map(proof).collect(),
            asked: crate::sign_on::evaluation::Asked::default(),
            behaviors: BehaviorFacts::default(),
            now: NOW,
        }
    }

    fn door(console: Arc<SignOnPolicy>, zones: &[Zone], facts: &SignInFacts) -> Door {
        let policies = Policies {
            org: policy("org", Conditions::default(), allow(Requirement::default())),
            console,
            apps: HashMap::new(),
        };
        decide_door(&policies, zones, facts, "192.0.2.5")
    }

    #[test]
    fn the_door_is_shut_by_what_the_saver_cannot_do() {
        let entropy = SeededEntropy::new(7);
        let zone = |ranges: &str, blocked| Zone {
            id: ZoneId::generate(&entropy),
            name: "Elsewhere".into(),
            ranges: parse_ranges(ranges).unwrap(),
            blocked,
        };
        let elsewhere = zone("198.51.100.0/24", true);
        let here = zone("192.0.2.0/24", true);
        let everyone = Conditions::default;
        let others = Conditions {
            people: Membership {
                include: vec![UserId::generate(&entropy)],
                exclude: Vec::new(),
            },
            ..Conditions::default()
        };
        let from_elsewhere = Conditions {
            zones: ZoneCondition::In(vec![elsewhere.id.clone()]),
            ..Conditions::default()
        };
        let resistant = || Requirement {
            phishing_resistant: Demand::Always,
            ..Requirement::default()
        };
        let two = || Requirement {
            factors: Factors::TwoFactors,
            ..Requirement::default()
        };
        let password = [AuthenticatorKind::Password];
        let both = [AuthenticatorKind::Password, PASSKEY];
        let console = |conditions, outcome| policy("console", conditions, outcome);
        let named = || String::from("rule of console");
        let zones = [elsewhere.clone()];
        let table = [
            (
                console(everyone(), allow(two())),
                facts(&both, &both),
                Door::Open,
            ),
            // What is missing can be set up on the way.
            (
                console(everyone(), allow(resistant())),
                facts(&password, &password),
                Door::Open,
            ),
            // The passkey is there, but the org takes its model no more.
            (
                console(everyone(), allow(resistant())),
                facts(&both, &password),
                Door::Unproved(named()),
            ),
            (
                console(everyone(), Outcome::Deny),
                facts(&both, &both),
                Door::Refused(named()),
            ),
            (
                console(others, allow(two())),
                facts(&both, &both),
                Door::Unmatched("console".into()),
            ),
            (
                console(from_elsewhere, allow(two())),
                facts(&both, &both),
                Door::Unmatched("console".into()),
            ),
        ];
        for (console, facts, expected) in table {
            assert_eq!(door(console, &zones, &facts), expected);
        }
        let open = console(everyone(), allow(two()));
        assert_eq!(
            door(open, &[elsewhere, here], &facts(&both, &both)),
            Door::Blocked("Elsewhere".into())
        );
    }

    /// Whether their next sign-in is unusual nobody knows.
    #[test]
    fn the_door_is_open_both_to_who_is_as_usual_and_to_who_is_not() {
        let both = [AuthenticatorKind::Password, PASSKEY];
        let behavior = |active| Behavior {
            id: BehaviorId::generate(&SeededEntropy::new(3)),
            name: "New Device".into(),
            kind: BehaviorKind::AnomalousDevice,
            events_max: 20,
            events_min: 0,
            active,
        };
        let shut = |unusual: Outcome, usual: Outcome, active: bool| {
            let named = Conditions {
                behaviors: vec![behavior(active).id],
                ..Conditions::default()
            };
            let mut console = SignOnPolicy::clone(&policy("console", named, unusual));
            let rest = policy("console", Conditions::default(), usual);
            console.rules.extend(rest.rules.clone());
            let mut facts = facts(&both, &both);
            facts.behaviors.known = vec![behavior(active)];
            facts.behaviors.address_told = true;
            door(Arc::new(console), &[], &facts) != Door::Open
        };
        let allowed = || allow(Requirement::default());
        assert!(!shut(allowed(), allowed(), true));
        assert!(shut(Outcome::Deny, allowed(), true));
        assert!(shut(allowed(), Outcome::Deny, true));
        assert!(!shut(Outcome::Deny, allowed(), false), "it is never found");
    }

    /// Somebody at home with a new browser is shut out by the second rule here, though neither who is unusual in all nor who is in nothing is.
    #[test]
    fn the_door_is_open_whichever_of_two_is_unusual() {
        let both = [AuthenticatorKind::Password, PASSKEY];
        let behavior = |seed, kind| Behavior {
            id: BehaviorId::generate(&SeededEntropy::new(seed)),
            name: format!("{kind:?}"),
            kind,
            events_max: 20,
            events_min: 0,
            active: true,
        };
        let address = behavior(3, BehaviorKind::AnomalousIp);
        let device = behavior(4, BehaviorKind::AnomalousDevice);
        let named = |behavior: &Behavior| Conditions {
            behaviors: vec![behavior.id.clone()],
            ..Conditions::default()
        };
        let allowed = || allow(Requirement::default());
        let is_open = |of_device: Outcome| {
            let mut console = SignOnPolicy::clone(&policy("console", named(&address), allowed()));
            for (conditions, outcome) in [
                (named(&device), of_device),
                (Conditions::default(), allowed()),
            ] {
                let next = policy("console", conditions, outcome);
                console.rules.extend(next.rules.clone());
            }
            let mut facts = facts(&both, &both);
            facts.behaviors.known = vec![address.clone(), device.clone()];
            facts.behaviors.address_told = true;
            door(Arc::new(console), &[], &facts) == Door::Open
        };
        assert!(is_open(allowed()));
        assert!(!is_open(Outcome::Deny));
    }

    #[test]
    fn what_is_refused_says_what_would_shut_the_saver_out() {
        assert_eq!(explain_shut(&Door::Open, "192.0.2.5"), None);
        let said = |door: &Door| explain_shut(door, "192.0.2.5").unwrap().to_string();
        let blocked = said(&Door::Blocked("Bad".into()));
        assert!(blocked.contains("192.0.2.5") && blocked.contains("\"Bad\""));
        for door in [
            Door::Refused("Only Eve".into()),
            Door::Unmatched("Only Eve".into()),
            Door::Unproved("Only Eve".into()),
        ] {
            assert!(said(&door).contains("\"Only Eve\""));
        }
    }
}
