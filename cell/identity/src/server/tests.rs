//! The access rules of a server, as a table.

use super::{AccessQuestion, AccessRule, ServerConfig, decide_access};
use crate::app::settings::GrantKind;
use vocab::entropy::SeededEntropy;
use vocab::id::{AppId, GroupId, UserId};

fn config(rules: Vec<AccessRule>) -> ServerConfig {
    ServerConfig {
        rules,
        ..ServerConfig::default()
    }
}

#[test]
fn the_first_matching_rule_decides_and_no_match_refuses() {
    let entropy = SeededEntropy::new(5);
    let (app, other_app) = (AppId::generate(&entropy), AppId::generate(&entropy));
    let user = UserId::generate(&entropy);
    let group = GroupId::generate(&entropy);
    let scopes = [String::from("read")];
    let rules = config(vec![
        AccessRule {
            name: "by app".into(),
            apps: vec![app.to_string()],
            grants: vec![GrantKind::ClientCredentials],
            ..AccessRule::default()
        },
        AccessRule {
            name: "by group".into(),
            groups: vec![group.to_string()],
            scopes: vec!["read".into()],
            ..AccessRule::default()
        },
    ]);
    let ask = |app, grant, person, scopes| {
        decide_access(
            &rules,
            &AccessQuestion {
                app,
                grant,
                person,
                scopes,
            },
        )
        .map(|rule| rule.name.as_str())
    };
    let groups = [group];
    let write = [String::from("write")];
    assert_eq!(
        ask(&app, GrantKind::ClientCredentials, None, &scopes),
        Some("by app")
    );
    assert_eq!(
        ask(&other_app, GrantKind::ClientCredentials, None, &scopes),
        None
    );
    assert_eq!(
        ask(
            &app,
            GrantKind::AuthorizationCode,
            Some((&user, &groups[..])),
            &scopes
        ),
        Some("by group")
    );
    assert_eq!(
        ask(
            &app,
            GrantKind::AuthorizationCode,
            Some((&user, &[])),
            &scopes
        ),
        None
    );
    assert_eq!(
        ask(
            &app,
            GrantKind::AuthorizationCode,
            Some((&user, &groups[..])),
            &write
        ),
        None
    );
}

#[test]
fn a_server_without_rules_issues_nothing() {
    let app = AppId::generate(&SeededEntropy::new(6));
    let question = AccessQuestion {
        app: &app,
        grant: GrantKind::ClientCredentials,
        person: None,
        scopes: &[],
    };
    assert!(decide_access(&config(Vec::new()), &question).is_none());
}
