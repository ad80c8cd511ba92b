//! How parts follow the settings, as tables.

use super::{AccessPolicy, PolicyRule, ServerParts, rules_in_force};
use crate::server::{AccessRule, ClaimConfig, ClaimToken, ClaimValue, ScopeConfig, ServerConfig};
use proptest::prelude::{Strategy, any, prop, proptest};
use vocab::entropy::SeededEntropy;
use vocab::id::{PolicyId, RuleId, ServerId};

fn server() -> ServerId {
    ServerId::generate(&SeededEntropy::new(7))
}

fn rule(name: &str, apps: &[&str]) -> AccessRule {
    AccessRule {
        name: name.into(),
        apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        ..AccessRule::default()
    }
}

fn config(rules: &[AccessRule]) -> ServerConfig {
    ServerConfig {
        rules: rules.to_vec(),
        ..ServerConfig::default()
    }
}

fn part(number: u32, name: &str, active: bool) -> PolicyRule {
    PolicyRule {
        id: RuleId::parse(&format!("0pr{number:017}")).unwrap(),
        active,
        rule: rule(name, &[]),
        hook: None,
        created_at: None,
        updated_at: None,
    }
}

fn policy(number: u32, apps: &[&str], active: bool, rules: Vec<PolicyRule>) -> AccessPolicy {
    AccessPolicy {
        id: PolicyId::parse(&format!("00p{number:017}")).unwrap(),
        name: format!("policy {number}"),
        description: String::from("kept"),
        apps: apps.iter().map(|app| (*app).to_owned()).collect(),
        active,
        rules,
        created_at: None,
        updated_at: None,
    }
}

/// The names of the rules of each policy; those at rest in brackets, and a star for a policy that is new.
fn shown(parts: &ServerParts) -> Vec<String> {
    let one = |policy: &AccessPolicy| {
        let rules = policy.rules.iter().map(|rule| {
            let name = &rule.rule.name;
            if rule.active {
                name.clone()
            } else {
                format!("({name})")
            }
        });
        let star = if policy.description == "kept" {
            ""
        } else {
            "*"
        };
        format!("{star}{}", rules.collect::<Vec<_>>().join(" "))
    };
    parts.policies.iter().map(one).collect()
}

/// Policies 1: a, (b), c for everybody; 2: at rest, with d; 3: e for one app; 4: without a rule.
fn former() -> ServerParts {
    let rules = vec![part(1, "a", true), part(2, "b", false), part(3, "c", true)];
    ServerParts {
        policies: vec![
            policy(1, &[], true, rules),
            policy(2, &[], false, vec![part(4, "d", true)]),
            policy(3, &["x"], true, vec![part(5, "e", true)]),
            policy(4, &[], true, Vec::new()),
        ],
        ..ServerParts::default()
    }
}

#[test]
fn rules_that_were_changed_without_their_policies_keep_what_they_can() {
    let (a, c, e) = (rule("a", &[]), rule("c", &[]), rule("e", &["x"]));
    let table: [(&[AccessRule], &[&str]); 9] = [
        (
            &[a.clone(), c.clone(), e.clone()],
            &["a (b) c", "d", "e", ""],
        ),
        // One more comes last.
        (
            &[a.clone(), c.clone(), e.clone(), rule("f", &[])],
            &["a (b) c", "d", "e", "*f", ""],
        ),
        // It joins a policy for the same apps.
        (
            &[a.clone(), c.clone(), e.clone(), rule("f", &["x"])],
            &["a (b) c", "d", "e f", ""],
        ),
        // One goes; a policy that is left with nothing goes with it, unless something is at rest there.
        (&[c.clone(), e.clone()], &["(b) c", "d", "e", ""]),
        (&[a.clone(), c.clone()], &["a (b) c", "d", ""]),
        (std::slice::from_ref(&e), &["(b)", "d", "e", ""]),
        // They change places across policies.
        (
            &[a.clone(), e.clone(), c.clone()],
            &["a (b)", "d", "e", "*c", ""],
        ),
        // One is for another app now.
        (
            &[a.clone(), c.clone(), rule("e", &["y"])],
            &["a (b) c", "d", "e", ""],
        ),
        (&[], &["(b)", "d", ""]),
    ];
    for (rules, expected) in table {
        let parts = former().fitted(&server(), &config(rules));
        assert_eq!(rules_in_force(&parts.policies), rules);
        assert_eq!(shown(&parts), expected, "{rules:?}");
    }
}

#[test]
fn a_rule_that_gets_another_name_in_its_place_keeps_its_id() {
    let rules = [rule("a", &[]), rule("other", &[]), rule("e", &["x"])];
    let parts = former().fitted(&server(), &config(&rules));
    assert_eq!(parts.policies[0].rules[2].id, part(3, "", true).id);
    assert_eq!(parts.policies[0].id, former().policies[0].id);
}

#[test]
fn what_nobody_has_stored_has_the_same_ids_each_time() {
    let config = ServerConfig {
        scopes: vec![scope("read"), scope("write")],
        claims: vec![claim(ClaimToken::AccessToken), claim(ClaimToken::IdToken)],
        rules: vec![rule("a", &[]), rule("a", &[]), rule("b", &["x"])],
        ..ServerConfig::default()
    };
    let (first, again) = (
        ServerParts::default().fitted(&server(), &config),
        ServerParts::default().fitted(&server(), &config),
    );
    assert_eq!(first, again);
    assert_eq!(first.clone().fitted(&server(), &config), first);
    assert_eq!(shown(&first), ["*a a", "*b"]);
    assert_ne!(first.policies[0].rules[0].id, first.policies[0].rules[1].id);
    assert_ne!(first.claims[0].id, first.claims[1].id);
    let other = ServerId::generate(&SeededEntropy::new(8));
    let other = ServerParts::default().fitted(&other, &config);
    assert_ne!(first.scopes[0].id, other.scopes[0].id);
}

fn scope(name: &str) -> ScopeConfig {
    ScopeConfig {
        name: name.into(),
        ..ScopeConfig::default()
    }
}

fn claim(token: ClaimToken) -> ClaimConfig {
    ClaimConfig {
        name: "team".into(),
        token,
        value: ClaimValue::Constant("x".into()),
        scopes: Vec::new(),
    }
}

#[test]
fn a_scope_keeps_its_id_under_another_name_and_rules_at_rest_follow() {
    let before = ServerConfig {
        scopes: vec![scope("read"), scope("write")],
        ..config(&[rule("a", &[])])
    };
    let mut parts = ServerParts::default().fitted(&server(), &before);
    parts.policies[0].rules.push(PolicyRule {
        rule: AccessRule {
            scopes: vec!["read".into(), "write".into()],
            ..rule("b", &[])
        },
        ..part(9, "b", false)
    });
    let after = ServerConfig {
        scopes: vec![scope("view"), scope("write")],
        ..before
    };
    let renamed = parts.clone().fitted(&server(), &after);
    assert_eq!(renamed.scopes[0].id, parts.scopes[0].id);
    assert_eq!(renamed.policies[0].rules[1].rule.scopes, ["view", "write"]);
    let fewer = ServerConfig {
        scopes: vec![scope("write")],
        ..after
    };
    let fewer = renamed.clone().fitted(&server(), &fewer);
    assert_eq!(fewer.scopes, renamed.scopes[1..]);
}

#[test]
fn what_discovery_leaves_out_is_kept_beside_the_settings() {
    let unlisted = ScopeConfig {
        unlisted: true,
        ..scope("read")
    };
    let config = ServerConfig {
        scopes: vec![unlisted, scope("write")],
        ..config(&[])
    };
    let parts = ServerParts::default().fitted(&server(), &config);
    let text = serde_json::to_string(&config).unwrap();
    assert!(
        !text.contains("unlisted"),
        "an older release could not read it"
    );
    let mut read: ServerConfig = serde_json::from_str(&text).unwrap();
    assert!(!read.scopes[0].unlisted);
    parts.mark_unlisted(&mut read);
    assert_eq!(read, config);
}

fn any_rule() -> impl Strategy<Value = AccessRule> {
    (prop::sample::select(vec!["a", "b", "c"]), any::<bool>())
        .prop_map(|(name, all)| rule(name, if all { &[] } else { &["x"] }))
}

fn any_rules() -> impl Strategy<Value = Vec<AccessRule>> {
    prop::collection::vec(any_rule(), 0..8)
}

proptest! {
    /// However often the settings change without the parts, the rules in force are those of the settings, all ids differ,
    /// and nothing at rest is lost.
    #[test]
    fn parts_follow_whatever_was_done(
        start in any_rules(),
        changes in prop::collection::vec(any_rules(), 1..5),
        rest in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut parts = ServerParts::default().fitted(&server(), &config(&start));
        let rules = parts.policies.iter_mut().flat_map(|policy| &mut policy.rules);
        let mut resting = 0;
        for (rule, rests) in rules.zip(rest) {
            rule.active = !rests;
            resting += usize::from(rests);
        }
        for rules in changes {
            parts = parts.fitted(&server(), &config(&rules));
            assert_eq!(rules_in_force(&parts.policies), rules);
            let all = || parts.policies.iter().flat_map(|policy| &policy.rules);
            let ids: std::collections::BTreeSet<_> = all().map(|rule| &rule.id).collect();
            assert_eq!(ids.len(), all().count());
            assert_eq!(all().filter(|rule| !rule.active).count(), resting);
            let policies: std::collections::BTreeSet<_> =
                parts.policies.iter().map(|policy| &policy.id).collect();
            assert_eq!(policies.len(), parts.policies.len());
        }
    }
}
