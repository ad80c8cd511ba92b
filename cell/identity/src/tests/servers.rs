//! Authorization servers: what is changed is seen at once.

use crate::access::Permission;
use crate::attribute_schema::{AttributeSchema, store as attributes};
use crate::fault::Refusal;
use crate::for_tests::{World, on_both_engines};
use crate::org::settings::AttributeKind;
use crate::server::change::{ServerChange, part_key};
use crate::server::policies::{Force, PolicyChange, PolicySettings, RuleChange};
use crate::server::{
    AccessRule, AuthorizationServer, ClaimConfig, ClaimToken, ClaimValue, DEFAULT_SERVER_NAME,
    ScopeConfig, ServerConfig,
};
use crate::tests::store::{forget_parts, reconfigure_without_parts};
use crate::tests::typed_rules::{contractors, set};
use keys::{KeyPhase, ServerKeyScope};
use protocol::jose::algorithm::Algorithm;
use std::sync::Arc;
use vocab::id::{OrgId, PolicyId, RuleId, ServerId};

async fn a_server_is_made_changed_and_switched_off(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    world.cell.snapshot(&org).await.unwrap().unwrap();
    let made = world
        .cell
        .create_server(&permit, " Orders ", ServerConfig::default())
        .await
        .unwrap();
    let seen = async || {
        world
            .cell
            .snapshot(&org)
            .await
            .unwrap()
            .unwrap()
            .server(made.id.as_str())
            .unwrap()
    };
    assert_eq!(
        (seen().await.name.as_str(), seen().await.active),
        ("Orders", true)
    );
    let taken = world
        .cell
        .create_server(&permit, "ORDERS", ServerConfig::default())
        .await
        .unwrap_err();
    assert!(matches!(taken, Refusal::Taken { field: "name" }));
    let config = ServerConfig {
        audience: "api://orders".into(),
        ..ServerConfig::default()
    };
    world
        .cell
        .update_server(&permit, &made.id, made.revision, "Orders", config.clone())
        .await
        .unwrap();
    assert_eq!(seen().await.config, config);
    let stale = world
        .cell
        .update_server(&permit, &made.id, made.revision, "Orders", config.clone())
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed));
    let bad = ServerConfig {
        audience: String::new(),
        ..config
    };
    let refused = world
        .cell
        .update_server(&permit, &made.id, 2, "Orders", bad)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Refusal::Invalid {
            field: "audience",
            ..
        }
    ));
    world
        .cell
        .deactivate_server(&permit, &made.id)
        .await
        .unwrap();
    assert!(!seen().await.active);
    let rows = world.log_rows(&org).await;
    world
        .cell
        .deactivate_server(&permit, &made.id)
        .await
        .unwrap();
    assert_eq!(world.log_rows(&org).await, rows);
    world.cell.activate_server(&permit, &made.id).await.unwrap();
    assert!(seen().await.active);
}

async fn the_preset_server_keeps_its_name(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let preset = world
        .cell
        .snapshot(&org)
        .await
        .unwrap()
        .unwrap()
        .server(DEFAULT_SERVER_NAME)
        .unwrap();
    let config = ServerConfig {
        description: "for all".into(),
        ..ServerConfig::default()
    };
    let renamed = world
        .cell
        .update_server(&permit, &preset.id, 1, "Main", config.clone())
        .await
        .unwrap_err();
    assert!(matches!(renamed, Refusal::Invalid { field: "name", .. }));
    world
        .cell
        .update_server(&permit, &preset.id, 1, DEFAULT_SERVER_NAME, config)
        .await
        .unwrap();
}

async fn a_server_is_changed_part_by_part(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let cell = &world.cell;
    let made = cell
        .create_server(&permit, "Orders", ServerConfig::default())
        .await
        .unwrap();
    let scope = ScopeConfig {
        name: "orders:read".into(),
        ..ScopeConfig::default()
    };
    cell.change_server(
        &permit,
        &made.id,
        ServerChange::PutScope(None, scope.clone()),
    )
    .await
    .unwrap();
    // What cannot be is refused as by any other way, and nothing of it stays.
    let twice = ServerChange::PutScope(None, scope.clone());
    let refused = cell
        .change_server(&permit, &made.id, twice)
        .await
        .unwrap_err();
    assert!(
        matches!(
            refused,
            Refusal::Invalid {
                field: "scopes",
                ..
            }
        ),
        "{refused}"
    );
    let rule = AccessRule {
        name: "Readers".into(),
        scopes: vec!["orders:read".into()],
        ..AccessRule::default()
    };
    cell.change_server(&permit, &made.id, ServerChange::PutRule(None, rule))
        .await
        .unwrap();
    let renamed = ScopeConfig {
        name: "orders:view".into(),
        ..scope.clone()
    };
    let key = part_key(&scope);
    let change = ServerChange::PutScope(Some(key.clone()), renamed);
    cell.change_server(&permit, &made.id, change).await.unwrap();
    let again = ServerChange::RemoveScope(key);
    let stale = cell
        .change_server(&permit, &made.id, again)
        .await
        .unwrap_err();
    assert!(matches!(stale, Refusal::Changed), "{stale}");
    let server = cell.snapshot(&org).await.unwrap().unwrap();
    let config = server.server(made.id.as_str()).unwrap().config.clone();
    assert_eq!(config.scopes.len(), 1);
    assert_eq!(config.rules[1].scopes, ["orders:view"]);
    let reader = world.permit(&org, Permission::ReadDirectory);
    let refused = cell
        .change_server(&reader, &made.id, ServerChange::RemoveScope(String::new()))
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden));
}

async fn a_server_is_deleted_with_its_keys_once_it_is_off(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let cell = &world.cell;
    let made = cell
        .create_server(&permit, "Orders", ServerConfig::default())
        .await
        .unwrap();
    let scope = ServerKeyScope::Custom(made.id.clone());
    cell.signing_keys
        .ensure_signer(&org, &scope, Algorithm::Es256)
        .await
        .unwrap();
    let early = cell.delete_server(&permit, &made.id).await.unwrap_err();
    assert!(matches!(early, Refusal::WrongState(_)), "{early}");
    cell.deactivate_server(&permit, &made.id).await.unwrap();
    cell.delete_server(&permit, &made.id).await.unwrap();
    let snapshot = cell.snapshot(&org).await.unwrap().unwrap();
    assert!(snapshot.server(made.id.as_str()).is_none());
    assert!(cell.signing_keys.list(&org).await.unwrap().is_empty());
    let twice = cell.delete_server(&permit, &made.id).await.unwrap_err();
    assert!(matches!(twice, Refusal::NotFound));
    let preset = snapshot.server(DEFAULT_SERVER_NAME).unwrap();
    cell.deactivate_server(&permit, &preset.id).await.unwrap();
    let kept = cell.delete_server(&permit, &preset.id).await.unwrap_err();
    assert!(matches!(kept, Refusal::WrongState(_)), "{kept}");
}

async fn seen(world: &World, org: &OrgId, id: &ServerId) -> Arc<AuthorizationServer> {
    let snapshot = world.cell.snapshot(org).await.unwrap().unwrap();
    snapshot.server(id.as_str()).unwrap()
}

fn names(server: &AuthorizationServer) -> Vec<&str> {
    let rules = server.config.rules.iter();
    rules.map(|rule| rule.name.as_str()).collect()
}

async fn access_policies_are_what_is_in_force(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let cell = &world.cell;
    let made = cell
        .create_server(&permit, "Orders", ServerConfig::default())
        .await
        .unwrap();
    let preset = made.parts.policies[0].id.clone();
    let (policy, rule) = (
        PolicyId::generate(cell.entropy()),
        RuleId::generate(cell.entropy()),
    );
    let settings = PolicySettings {
        name: "Services".into(),
        description: "Without people".into(),
        apps: Vec::new(),
    };
    let says = AccessRule {
        name: "all".into(),
        ..AccessRule::default()
    };
    let change =
        async |change: PolicyChange| cell.change_access_policies(&permit, &made.id, change).await;
    let rows = world.log_rows(&org).await;
    change(PolicyChange::Add(
        policy.clone(),
        settings,
        Force::Active,
        Some(0),
    ))
    .await
    .unwrap();
    let add = RuleChange::Add(says.clone().into(), Force::Active, None);
    change(PolicyChange::Rule(policy.clone(), rule.clone(), add))
        .await
        .unwrap();
    assert_eq!(
        names(&*seen(world, &org, &made.id).await),
        ["all", "Everyone"]
    );
    change(PolicyChange::Switch(preset, Force::Resting))
        .await
        .unwrap();
    assert_eq!(names(&*seen(world, &org, &made.id).await), ["all"]);
    assert_eq!(world.log_rows(&org).await, rows + 3);
    // What is at rest must be able to be in force.
    let unknown = AccessRule {
        scopes: vec!["no:such".into()],
        ..says
    };
    let add = RuleChange::Add(unknown.into(), Force::Resting, None);
    let refused = change(PolicyChange::Rule(
        policy,
        RuleId::generate(cell.entropy()),
        add,
    ))
    .await;
    assert!(matches!(
        refused,
        Err(Refusal::Invalid { field: "rules", .. })
    ));
    assert_eq!(world.log_rows(&org).await, rows + 3);
    let reader = world.permit(&org, Permission::ReadDirectory);
    let gone = PolicyChange::Remove(PolicyId::generate(cell.entropy()));
    let forbidden = cell
        .change_access_policies(&reader, &made.id, gone.clone())
        .await;
    assert!(matches!(forbidden, Err(Refusal::Forbidden)));
    assert!(matches!(change(gone).await, Err(Refusal::NotFound)));
}

async fn a_release_that_knows_no_parts_may_change_the_same_server(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let cell = &world.cell;
    let config = ServerConfig {
        scopes: vec![ScopeConfig {
            name: "read".into(),
            unlisted: true,
            ..ScopeConfig::default()
        }],
        ..ServerConfig::default()
    };
    let made = cell
        .create_server(&permit, "Orders", config.clone())
        .await
        .unwrap();
    assert!(seen(world, &org, &made.id).await.config.scopes[0].unlisted);
    let mut older = config.clone();
    older.rules.push(AccessRule {
        name: "by the older release".into(),
        ..AccessRule::default()
    });
    older.scopes.push(ScopeConfig {
        name: "write".into(),
        ..ScopeConfig::default()
    });
    let (stored, written) = (made.clone(), older.clone());
    let changed = world.write(move |tx| {
        Box::pin(async move { reconfigure_without_parts(tx, &stored, &written).await })
    });
    assert_eq!(changed.await, 1);
    cell.forget_org(&org);
    let server = seen(world, &org, &made.id).await;
    assert_eq!(server.config, older, "what discovery leaves out is kept");
    assert_eq!(server.parts.scopes[0], made.parts.scopes[0]);
    assert_eq!(server.parts.policies[0].id, made.parts.policies[0].id);
    assert_eq!(server.parts.policies[0].rules.len(), 2);
    // What was stored before there were parts has them, the same each time it is read.
    let id = org.clone();
    world
        .write(move |tx| Box::pin(async move { forget_parts(tx, &id).await }))
        .await;
    cell.forget_org(&org);
    let first = seen(world, &org, &made.id).await;
    cell.forget_org(&org);
    assert_eq!(seen(world, &org, &made.id).await.parts, first.parts);
    let key = part_key(&first.config.scopes[1]);
    cell.change_server(&permit, &made.id, ServerChange::RemoveScope(key))
        .await
        .unwrap();
    let after = seen(world, &org, &made.id).await;
    assert_eq!(after.parts.scopes, first.parts.scopes[..1]);
    assert_eq!(after.parts.policies, first.parts.policies);
}

async fn keys_are_rotated_and_revoked_where_there_are_any(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageKeys);
    let cell = &world.cell;
    let none = cell
        .rotate_signing_key(&permit, &ServerKeyScope::Org, Algorithm::Es256)
        .await
        .unwrap_err();
    assert!(matches!(none, Refusal::NotFound));
    cell.signing_keys
        .ensure_signer(&org, &ServerKeyScope::Org, Algorithm::Es256)
        .await
        .unwrap();
    let rows = world.log_rows(&org).await;
    let from = cell
        .rotate_signing_key(&permit, &ServerKeyScope::Org, Algorithm::Es256)
        .await
        .unwrap();
    let handover = cell.signing_keys.schedule().handover_secs();
    assert_eq!(from.secs_since(cell.now()), handover);
    assert_eq!(world.log_rows(&org).await, rows + 1);
    let keys = cell.signing_keys.list(&org).await.unwrap();
    let phases: Vec<KeyPhase> = keys.iter().map(|key| key.phase).collect();
    assert_eq!(phases, [KeyPhase::Signing, KeyPhase::Next]);
    let other = world.org("other").await;
    let foreign = world.permit(&other, Permission::ManageKeys);
    let refused = cell
        .revoke_signing_key(&foreign, &ServerKeyScope::Org, &keys[0].kid)
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::NotFound));
    cell.revoke_signing_key(&permit, &ServerKeyScope::Org, &keys[0].kid)
        .await
        .unwrap();
    let keys = cell.signing_keys.list(&org).await.unwrap();
    assert!(keys.iter().any(|key| key.phase == KeyPhase::Signing));
    let reader = world.permit(&org, Permission::ReadDirectory);
    let refused = cell
        .rotate_signing_key(&reader, &ServerKeyScope::Org, Algorithm::Es256)
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden));
}

/// A claim of what nobody can have would give nothing. What was there before its attribute went stays, until it is changed itself.
async fn a_claim_names_what_people_of_some_type_have(world: &World) {
    let org = world.org("acme").await;
    let permit = world.permit(&org, Permission::ManageServers);
    let cell = &world.cell;
    let claim = |name: &str, attribute: &str| ClaimConfig {
        name: name.into(),
        token: ClaimToken::IdToken,
        value: ClaimValue::Attribute(attribute.into()),
        scopes: vec!["read".into()],
    };
    let scope = |name: &str| ScopeConfig {
        name: name.into(),
        ..ScopeConfig::default()
    };
    let config = |claims: Vec<ClaimConfig>| ServerConfig {
        scopes: vec![scope("read")],
        claims,
        ..ServerConfig::default()
    };
    let is_refused = |outcome: Result<(), Refusal>, attribute: &str| {
        let said = outcome.unwrap_err().to_string();
        let part = format!("people have no attribute {attribute:?}");
        assert!(
            said.starts_with("claims: ") && said.ends_with(&part),
            "{said}"
        );
    };
    let unknown = config(vec![claim("mail", "email"), claim("grade", "grade")]);
    let made = cell.create_server(&permit, "Bad", unknown.clone()).await;
    is_refused(made.map(drop), "grade");
    let known = config(vec![claim("mail", "email")]);
    let made = cell.create_server(&permit, "Orders", known).await.unwrap();
    let change = async |change| cell.change_server(&permit, &made.id, change).await;
    let put = async |key, claim| change(ServerChange::PutClaim(key, claim)).await;
    let save = async |config: ServerConfig| {
        let revision = seen(world, &org, &made.id).await.revision;
        let saved = cell.update_server(&permit, &made.id, revision, "Orders", config);
        saved.await
    };
    let rows = world.log_rows(&org).await;
    is_refused(save(unknown.clone()).await, "grade");
    is_refused(put(None, claim("grade", "grade")).await, "grade");
    let key = part_key(&claim("mail", "email"));
    is_refused(
        put(Some(key), claim("mail", "user.email")).await,
        "user.email",
    );
    assert_eq!(world.log_rows(&org).await, rows);
    // One type that has it is enough; another org's is not.
    let other = world.org("globex").await;
    set(world, &other, None, &[("grade", AttributeKind::Text)]).await;
    is_refused(put(None, claim("grade", "grade")).await, "grade");
    let contractor = contractors(world, &org).await;
    let grade = [("grade", AttributeKind::Text)];
    set(world, &org, Some(&contractor), &grade).await;
    put(None, claim("grade", "grade")).await.unwrap();
    set(world, &org, Some(&contractor), &[]).await;
    // Neither what is changed beside it nor the scope that it names is held against it.
    let renamed = ServerChange::PutScope(Some(part_key(&scope("read"))), scope("look"));
    change(renamed).await.unwrap();
    let mut kept = seen(world, &org, &made.id).await.config.clone();
    assert_eq!(kept.claims[1].scopes, ["look"]);
    kept.description = "Of both shops".into();
    save(kept.clone()).await.unwrap();
    let present = kept.claims[1].clone();
    put(Some(part_key(&present)), present.clone())
        .await
        .unwrap();
    let called = ClaimConfig {
        name: "level".into(),
        ..present.clone()
    };
    is_refused(put(Some(part_key(&present)), called).await, "grade");
    change(ServerChange::RemoveClaim(part_key(&present)))
        .await
        .unwrap();
    is_refused(save(kept).await, "grade");
    // What there is counts as it is stored, not as it was last heard of here.
    set(world, &org, Some(&contractor), &grade).await;
    cell.snapshot(&org).await.unwrap().unwrap();
    let (of, now) = (org.clone(), cell.now());
    let removed = cell.database.write(move |tx| {
        Box::pin(async move {
            let seen = attributes::load(tx, &of, contractor.as_str()).await?;
            let none = AttributeSchema {
                attributes: Vec::new(),
                ..seen
            };
            attributes::put(tx, &of, contractor.as_str(), &none, now).await
        })
    });
    removed.await.unwrap();
    is_refused(put(None, claim("grade", "grade")).await, "grade");
    is_refused(save(unknown.clone()).await, "grade");
    let made = cell.create_server(&permit, "Bad", unknown).await;
    is_refused(made.map(drop), "grade");
}

on_both_engines!(
    a_claim_names_what_people_of_some_type_have,
    access_policies_are_what_is_in_force,
    a_release_that_knows_no_parts_may_change_the_same_server,
    a_server_is_changed_part_by_part,
    a_server_is_deleted_with_its_keys_once_it_is_off,
    keys_are_rotated_and_revoked_where_there_are_any,
    a_server_is_made_changed_and_switched_off,
    the_preset_server_keeps_its_name
);
