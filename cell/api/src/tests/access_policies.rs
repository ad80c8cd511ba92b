//! Access policies and their rules: who gets tokens from the next request on, whoever changed them.

use crate::for_tests::{World, on_both_engines};
use crate::tests::authorization_servers::{SERVERS, add, delete, put, served, step};
use identity::access::Permission;
use identity::app::settings::GrantKind;
use identity::server::change::{ServerChange, rule_key};
use identity::server::{AccessQuestion, AccessRule, ServerConfig, decide_access};
use serde_json::{Value, json};
use vocab::id::AppId;

/// The name of the rule by which an app gets a token for itself.
async fn granted(world: &World, id: &str, app: &AppId, scopes: &[&str]) -> Option<String> {
    let server = served(world, id).await.unwrap();
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let question = AccessQuestion {
        app,
        grant: GrantKind::ClientCredentials,
        person: None,
        scopes: &scopes,
    };
    decide_access(&server.config, &question).map(|rule| rule.name.clone())
}

fn policy(name: &str, clients: &Value) -> Value {
    json!({
        "type": "OAUTH_AUTHORIZATION_POLICY", "name": name, "description": "For some",
        "conditions": { "clients": { "include": clients } },
    })
}

fn rule(name: &str, scopes: &Value) -> Value {
    json!({
        "type": "RESOURCE_ACCESS", "name": name,
        "conditions": {
            "people": { "groups": { "include": ["EVERYONE"] } },
            "grantTypes": { "include": ["client_credentials"] },
            "scopes": { "include": scopes },
        },
        "actions": { "token": { "accessTokenLifetimeMinutes": 10 } },
    })
}

async fn policies_and_rules_decide_who_gets_tokens(world: &World) {
    let server = add(world, "Orders").await.id();
    let (one, two) = (
        world.client(&world.main, "One").await,
        world.client(&world.main, "Two").await,
    );
    let scopes = format!("{SERVERS}/{server}/scopes");
    assert_eq!(
        world.post(&scopes, &json!({ "name": "read" })).await.status,
        201
    );
    let path = format!("{SERVERS}/{server}/policies");
    assert_eq!(granted(world, &server, &one, &["read"]).await, None);
    let all = world
        .post(&path, &policy("All", &json!(["ALL_CLIENTS"])))
        .await;
    assert_eq!(
        (all.status.as_u16(), &all.body["priority"]),
        (201, &json!(1))
    );
    let all_rules = format!("{path}/{}/rules", all.id());
    let made = world
        .post(&all_rules, &rule("any scope", &json!(["*"])))
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(
        made.header("location"),
        format!("https://id.example/t/main{all_rules}/{}", made.id())
    );
    assert_eq!(
        granted(world, &server, &two, &["read"]).await.unwrap(),
        "any scope"
    );
    let lifetime = served(world, &server).await.unwrap().config.rules[0].access_token_secs;
    assert_eq!(lifetime, 600);
    // One for an app alone comes before it.
    let mut first = policy("One", &json!([one.as_str()]));
    first["priority"] = json!(1);
    let first = world.post(&path, &first).await;
    let first_path = format!("{path}/{}", first.id());
    let first_rules = format!("{first_path}/rules");
    let own = world
        .post(&first_rules, &rule("only read", &json!(["read"])))
        .await
        .id();
    let order = async || world.get(&path).await.texts("/name");
    assert_eq!(order().await, ["One", "All"]);
    let who = async |app: &AppId| granted(world, &server, app, &["read"]).await.unwrap();
    assert_eq!(
        (who(&one).await, who(&two).await),
        ("only read".into(), "any scope".into())
    );
    // It rests and comes back, as a whole and rule by rule.
    for thing in [first_path.clone(), format!("{first_rules}/{own}")] {
        let rows = world.log_rows(&world.main).await;
        for (name, expected) in [
            ("deactivate", "any scope"),
            ("deactivate", "any scope"),
            ("activate", "only read"),
        ] {
            assert_eq!(
                step(world, &format!("{thing}/lifecycle/{name}")).await.0,
                204
            );
            assert_eq!(who(&one).await, expected);
        }
        assert_eq!(world.log_rows(&world.main).await, rows + 2);
        assert_eq!(world.get(&thing).await.body["status"], "ACTIVE");
    }
    // What was shown is sent back with a change.
    let mut changed = world.get(&first_path).await.body;
    changed["priority"] = json!(2);
    changed["conditions"]["clients"]["include"] = json!(["ALL_CLIENTS"]);
    let replaced = put(world, &first_path, &changed).await;
    assert_eq!(
        (replaced.id(), &replaced.body["priority"]),
        (first.id(), &json!(2))
    );
    assert_eq!(who(&one).await, "any scope");
    assert_eq!(
        delete(world, &format!("{path}/{}", all.id())).await.status,
        204
    );
    assert_eq!(who(&two).await, "only read");
    assert_eq!(
        granted(world, &server, &two, &["read", "openid"]).await,
        None
    );
    let mut wider = world.get(&format!("{first_rules}/{own}")).await.body;
    wider["conditions"]["scopes"]["include"] = json!(["*"]);
    wider["name"] = json!("wide");
    let replaced = put(world, &format!("{first_rules}/{own}"), &wider).await;
    assert_eq!(replaced.id(), own);
    assert_eq!(
        granted(world, &server, &two, &["read", "openid"])
            .await
            .unwrap(),
        "wide"
    );
    assert_eq!(
        delete(world, &format!("{first_rules}/{own}")).await.status,
        204
    );
    assert_eq!(granted(world, &server, &two, &["read"]).await, None);
    assert_eq!(world.get(&first_rules).await.body, json!([]));
}

async fn what_a_policy_cannot_say_is_refused(world: &World) {
    let server = world.server(&world.main, "Orders").await;
    let foreign = world.client(&world.other, "Theirs").await;
    let stranger = world.person(&world.other, "eve", "Eve", "X").await;
    let path = format!("{SERVERS}/{}/policies", server.id);
    let made = &server.parts.policies[0];
    let rules = format!("{path}/{}/rules", made.id);
    let rows = world.log_rows(&world.main).await;
    for clients in [json!([]), json!([foreign.as_str()]), json!(["nothing"])] {
        let refused = world.post(&path, &policy("P", &clients)).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{clients}");
    }
    for (pointer, value) in [
        (
            "/conditions/people",
            json!({ "users": { "include": [stranger.as_str()] } }),
        ),
        ("/conditions/grantTypes/include", json!(["password"])),
        ("/conditions/scopes/include", json!(["no:such:scope"])),
        ("/actions/token/accessTokenLifetimeMinutes", json!(0)),
        ("/actions/token/accessTokenLifetimeMinutes", json!(100_000)),
        ("/name", json!("")),
    ] {
        let mut body = rule("R", &json!(["*"]));
        *body.pointer_mut(pointer).unwrap() = value;
        if pointer == "/conditions/people" {
            body["conditions"]["grantTypes"]["include"] = json!(["authorization_code"]);
        }
        let refused = world.post(&rules, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{pointer}");
        body["status"] = json!("INACTIVE");
        let rests = world.post(&rules, &body).await;
        assert_eq!(rests.outcome(), (400, "E0000001"), "at rest, {pointer}");
    }
    for missing in [
        format!("{path}/00p00000000000000000"),
        format!("{path}/nothing/rules"),
        format!("{rules}/0pr00000000000000000"),
    ] {
        assert_eq!(
            world.get(&missing).await.outcome(),
            (404, "E0000007"),
            "{missing}"
        );
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
}

async fn the_console_and_the_api_see_the_same_rules(world: &World) {
    let server = world.server(&world.main, "Orders").await;
    let path = format!("{SERVERS}/{}/policies", server.id);
    let policy_id = server.parts.policies[0].id.to_string();
    let rules = format!("{path}/{policy_id}/rules");
    let added = world
        .post(&rules, &rule("by api", &json!(["*"])))
        .await
        .id();
    let resting = json!({ "status": "INACTIVE" });
    let mut rests = rule("at rest", &json!(["orders:read"]));
    rests
        .as_object_mut()
        .unwrap()
        .extend(resting.as_object().unwrap().clone());
    assert_eq!(world.post(&rules, &rests).await.status, 201);
    let permit = world.permit(&world.main, Permission::ManageServers);
    let change = async |change: ServerChange| {
        let changed = world.cell.change_server(&permit, &server.id, change);
        changed.await.unwrap();
    };
    // As the console does it: a rule at the end, one renamed, a scope renamed.
    let by_console = AccessRule {
        name: "by console".into(),
        ..AccessRule::default()
    };
    change(ServerChange::PutRule(None, by_console)).await;
    let config = served(world, server.id.as_str())
        .await
        .unwrap()
        .config
        .clone();
    let names: Vec<&str> = config.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["Everyone", "by api", "by console"]);
    let renamed = AccessRule {
        name: "renamed".into(),
        ..config.rules[1].clone()
    };
    let key = rule_key(1, &config.rules[1]);
    change(ServerChange::PutRule(Some(key), renamed)).await;
    let listed = world.get(&rules).await;
    assert_eq!(
        listed.texts("/name"),
        ["Everyone", "renamed", "at rest", "by console"]
    );
    assert_eq!(listed.texts("/id")[1], added, "it is the same rule");
    // A declaration says all of it, without policies.
    let declared = ServerConfig {
        audience: "api://declared".into(),
        ..config
    };
    let revision = served(world, server.id.as_str()).await.unwrap().revision;
    let updated = world
        .cell
        .update_server(&permit, &server.id, revision, "Orders", declared);
    updated.await.unwrap();
    let listed = world.get(&rules).await;
    assert_eq!(
        listed.texts("/name"),
        ["Everyone", "by api", "at rest", "by console"]
    );
    assert_eq!(listed.texts("/id")[1], added);
    assert_eq!(world.get(&path).await.texts("/id"), [policy_id.as_str()]);
    let scope = format!(
        "{SERVERS}/{}/scopes/{}",
        server.id, server.parts.scopes[0].id
    );
    let refused = delete(world, &scope).await;
    assert_eq!(
        refused.outcome(),
        (400, "E0000001"),
        "a rule at rest names it"
    );
}

on_both_engines!(
    policies_and_rules_decide_who_gets_tokens,
    what_a_policy_cannot_say_is_refused,
    the_console_and_the_api_see_the_same_rules,
);
