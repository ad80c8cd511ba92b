//! Access rules on the wire, as tables.

use super::{parse_rule, render_says};
use identity::app::settings::GrantKind;
use identity::server::AccessRule;
use identity::server::parts::PolicyRule;
use identity::server::policies::Force;
use serde_json::{Value, json};
use vocab::id::RuleId;

fn body() -> Value {
    json!({
        "type": "RESOURCE_ACCESS", "name": "All", "priority": 2, "status": "ACTIVE", "system": false,
        "conditions": {
            "people": { "users": { "include": [], "exclude": [] }, "groups": { "include": ["EVERYONE"] } },
            "grantTypes": { "include": ["authorization_code"] },
            "scopes": { "include": ["*"] },
        },
        "actions": { "token": {
            "accessTokenLifetimeMinutes": 30, "refreshTokenLifetimeMinutes": 1_440, "refreshTokenWindowMinutes": 60,
        } },
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut body = body();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn parse(body: &Value) -> Result<super::RuleInput, String> {
    parse_rule(body.to_string().as_bytes(), None).map_err(|error| {
        error.render("")["errorSummary"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}

fn present(rule: AccessRule) -> PolicyRule {
    PolicyRule {
        id: RuleId::parse("0pr00000000000000000").unwrap(),
        active: true,
        rule,
        hook: None,
        created_at: None,
        updated_at: None,
    }
}

#[test]
fn a_rule_is_read_whole() {
    let input = parse(&body()).unwrap();
    assert_eq!((input.force, input.place), (Force::Active, Some(1)));
    let rule = AccessRule {
        name: "All".into(),
        grants: vec![GrantKind::AuthorizationCode, GrantKind::RefreshToken],
        access_token_secs: 1_800,
        refresh_lifetime_secs: 86_400,
        refresh_idle_secs: 3_600,
        ..AccessRule::default()
    };
    assert_eq!(input.says.rule, rule);
    let mut without = body();
    without.as_object_mut().unwrap().remove("actions");
    let usual = AccessRule::default();
    let input = parse(&without).unwrap();
    assert_eq!(input.says.rule.access_token_secs, usual.access_token_secs);
}

#[test]
fn what_nobody_can_carry_out_is_refused_by_its_place() {
    let people = "/conditions/people";
    for (pointer, value, place) in [
        (people, json!({}), "conditions.people"),
        (
            people,
            json!({ "groups": { "include": [] } }),
            "conditions.people",
        ),
        (
            people,
            json!({ "users": { "include": ["00u"], "exclude": ["00u"] } }),
            "conditions.people.users.exclude",
        ),
        (people, json!({ "zones": {} }), "conditions.people.zones"),
        (
            people,
            json!({ "groups": { "include": vec!["00g"; 201] } }),
            "conditions.people.groups.include",
        ),
        (
            "/conditions/grantTypes",
            json!({ "include": [] }),
            "conditions.grantTypes.include",
        ),
        (
            "/conditions/grantTypes",
            json!({ "include": ["password"] }),
            "conditions.grantTypes",
        ),
        (
            "/conditions/scopes",
            json!({ "include": [] }),
            "conditions.scopes.include",
        ),
        ("/conditions/scopes", json!(null), "conditions.scopes"),
        ("/conditions", json!(null), "conditions"),
        (
            "/actions/token",
            json!({ "refreshTokenLifetimeMinutes": 0 }),
            "actions.token.refreshTokenLifetimeMinutes",
        ),
        (
            "/actions/token",
            json!({ "inlineHook": { "id": "cal" } }),
            "actions.token.inlineHook.id",
        ),
        (
            "/actions/token",
            json!({ "other": 1 }),
            "actions.token.other",
        ),
        ("/type", json!("SIGN_ON"), "type"),
        ("/priority", json!(0), "priority"),
        ("/status", json!("GONE"), "status"),
    ] {
        let refused = parse(&changed(pointer, value.clone())).unwrap_err();
        assert_eq!(
            refused,
            format!("Api validation failed: {place}"),
            "{pointer} {value}"
        );
    }
}

#[test]
fn services_sign_nobody_in() {
    let grants = "/conditions/grantTypes/include";
    let mut mixed = changed(grants, json!(["client_credentials", "authorization_code"]));
    assert!(parse(&mixed).is_ok(), "for everyone it is one rule");
    mixed["conditions"]["people"] = json!({ "groups": { "include": ["00g"] } });
    assert_eq!(
        parse(&mixed).unwrap_err(),
        "Api validation failed: conditions.people"
    );
    let mut services = changed(grants, json!(["client_credentials"]));
    services["conditions"]["people"] = json!(null);
    assert_eq!(
        parse(&services).unwrap().says.rule.grants,
        [GrantKind::ClientCredentials]
    );
}

#[test]
fn what_was_shown_of_any_rule_means_that_rule() {
    use GrantKind::{AuthorizationCode, ClientCredentials, DeviceCode, RefreshToken};
    for grants in [
        vec![],
        vec![AuthorizationCode],
        vec![AuthorizationCode, RefreshToken],
        vec![RefreshToken],
        vec![ClientCredentials],
        vec![DeviceCode, ClientCredentials, RefreshToken],
    ] {
        for people in [vec![], vec!["00u".to_owned()]] {
            let rule = AccessRule {
                name: "made elsewhere".into(),
                grants: grants.clone(),
                people,
                scopes: vec!["openid".into()],
                access_token_secs: 90,
                refresh_idle_secs: 100,
                refresh_lifetime_secs: 1_000,
                ..AccessRule::default()
            };
            let shown = render_says(&rule).to_string();
            let read = parse_rule(shown.as_bytes(), Some(&present(rule.clone())));
            assert_eq!(read.unwrap().says.rule, rule, "{shown}");
        }
    }
}

#[test]
fn a_refresh_goes_with_the_sign_in() {
    let shown = |grants: &[GrantKind]| {
        let rule = AccessRule {
            grants: grants.to_vec(),
            ..AccessRule::default()
        };
        render_says(&rule)["conditions"]["grantTypes"]["include"].clone()
    };
    assert_eq!(shown(&[GrantKind::RefreshToken]), json!(["refresh_token"]));
    assert_eq!(
        shown(&[GrantKind::RefreshToken, GrantKind::AuthorizationCode]),
        json!(["authorization_code"])
    );
    let everything = [
        "authorization_code",
        "urn:ietf:params:oauth:grant-type:device_code",
        "client_credentials",
    ];
    assert_eq!(shown(&[]), json!(everything));
}

#[test]
fn a_rule_names_a_hook_keeps_it_and_lets_it_go() {
    let id = "cal00000000000000000";
    let named = changed("/actions/token", json!({ "inlineHook": { "id": id } }));
    let says = parse(&named).unwrap().says;
    assert_eq!(says.hook.as_ref().unwrap().as_str(), id);
    let with_hook = PolicyRule {
        hook: says.hook.clone(),
        ..present(says.rule)
    };
    for (token, expected) in [
        (json!(null), Some(id)),
        (json!({ "accessTokenLifetimeMinutes": 5 }), None),
        (json!({ "inlineHook": { "id": id } }), Some(id)),
        (json!({ "inlineHook": {} }), None),
        (json!({ "inlineHook": { "id": null } }), None),
        (json!({ "inlineHook": null }), None),
    ] {
        let body = changed("/actions/token", token.clone()).to_string();
        let read = parse_rule(body.as_bytes(), Some(&with_hook)).unwrap();
        let hook = read.says.hook.as_ref().map(vocab::id::InlineHookId::as_str);
        assert_eq!(hook, expected, "{token}");
    }
}
