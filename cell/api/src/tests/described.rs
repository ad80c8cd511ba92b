//! The description is true: a good answer of every operation fits it, every parameter that it names is looked at, and a body
//! may have the fields that it names and no others.

mod hooks;
mod iam;
mod providers;
mod provisioning;
mod role_targets;

use crate::description::parameter::Values;
use crate::description::publish;
use crate::for_tests::described::{body_of, resolve};
use crate::for_tests::{By, Things, World, fill, on_both_engines, operations};
use crate::route::{OPERATIONS, Operation};
use http::{Method, header};
use identity::api_token::allowance::WINDOW_SECS;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What is said of a field that nothing takes.
const UNKNOWN: &str = "it is not supported here";
/// A name that no body and no query has.
const UNHEARD_OF: &str = "unheardOf";
/// A value that is neither a number, nor a moment, a cursor, a filter or one of a few words.
const NONSENSE: &str = "~(";

/// The example of an operation's body, about things that there are.
fn example(operation: &Operation, things: &Things) -> Option<(&'static Value, Value)> {
    let (schema, example) = body_of(operation.method.as_str(), operation.path)?;
    let text = example
        .to_string()
        .replace("00g1a2b3c4d5e6f7g8h9", &things.group)
        .replace("00u1a2b3c4d5e6f7g8h9", &things.user)
        .replace("0oa1a2b3c4d5e6f7g8h9", &things.app);
    Some((schema, serde_json::from_str(&text).unwrap()))
}

async fn every_parameter_of_a_query_is_looked_at(world: &World) {
    let things = world.things(&world.main, "ada").await;
    for operation in operations() {
        // All of this is more than a token may ask at once.
        world.clock.advance_secs(WINDOW_SECS);
        let (method, path) = (operation.method.as_str(), fill(operation, &things));
        let body = example(operation, &things).map(|(_, body)| body);
        let body = body.unwrap_or_default();
        let described = operation.description.query.iter();
        let checked = described.filter(|parameter| !matches!(parameter.values, Values::Text));
        let names = checked.map(|parameter| parameter.name);
        for name in names.chain([UNHEARD_OF]) {
            // An order has a direction, and a direction an order.
            let beside = match (name, operation.path) {
                ("sortOrder", path) if path != "/api/v1/logs" => "&sortBy=id",
                _ => "",
            };
            let address = format!("{path}?{name}={NONSENSE}{beside}");
            let answer = world.call(By::Manager, method, &address, &body).await;
            assert_eq!(answer.status, 400, "{method} {address}: {}", answer.body);
        }
    }
}

/// The shape of an object among those that a schema leaves the choice of.
fn object_of(schema: &Value) -> Option<&Value> {
    let schema = resolve(schema);
    if let Some(shapes) = schema["anyOf"].as_array() {
        return shapes.iter().find_map(object_of);
    }
    schema.get("properties").is_some().then_some(schema)
}

/// Something that a schema takes.
fn sample(schema: &Value) -> Value {
    let schema = resolve(schema);
    if let Some(same) = schema.get("const") {
        return same.clone();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    if let Some(shapes) = schema["anyOf"].as_array() {
        return sample(&shapes[0]);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => &kinds[0],
        kind => kind,
    };
    match kind.as_str() {
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let names = required.filter_map(Value::as_str);
            let fields: Map<String, Value> = names
                .map(|name| (name.to_owned(), sample(&schema["properties"][name])))
                .collect();
            Value::Object(fields)
        }
        _ => json!("x"),
    }
}

/// Bodies that differ from one which is taken: by a field that is described, and by one that is not, at every place.
fn variations(schema: &Value, body: &Value) -> Vec<(String, Value, bool)> {
    let mut found = Vec::new();
    let Some(object) = object_of(schema) else {
        return found;
    };
    if object["additionalProperties"] == json!(false) {
        let mut changed = body.clone();
        changed[UNHEARD_OF] = json!(1);
        found.push((UNHEARD_OF.to_owned(), changed, false));
    }
    for (name, field) in object["properties"].as_object().into_iter().flatten() {
        let present = body.get(name).cloned().unwrap_or_else(|| sample(field));
        let mut changed = body.clone();
        changed[name] = present.clone();
        found.push((name.clone(), changed, true));
        let (inner, is_list) = match resolve(field)["items"] {
            Value::Null => (field, false),
            _ => (&resolve(field)["items"], true),
        };
        if object_of(inner).is_none() {
            continue;
        }
        let part = match is_list {
            true => present.get(0).cloned().unwrap_or_else(|| sample(inner)),
            false => present,
        };
        for (place, part, is_described) in variations(inner, &part) {
            let mut changed = body.clone();
            changed[name] = if is_list { json!([part]) } else { part };
            found.push((format!("{name}.{place}"), changed, is_described));
        }
    }
    found
}

/// The path with an authenticator app that this token began to enrol: nobody goes on with what another began.
async fn with_own_factor(world: &World, path: String) -> String {
    let parts = path.split_once("/factors/");
    let parts = parts.and_then(|(user, rest)| Some((user, rest.split_once('/')?.1)));
    let Some((user, rest)) = parts else {
        return path;
    };
    let begun = json!({ "factorType": "token:software:totp", "provider": "GOOGLE" });
    let begun = good(world, "POST", &format!("{user}/factors"), begun).await;
    format!("{user}/factors/{}/{rest}", begun["id"].as_str().unwrap())
}

async fn a_body_has_the_fields_that_are_described_and_no_others(world: &World) {
    let things = world.things(&world.main, "ada").await;
    for operation in operations() {
        let Some((schema, body)) = example(operation, &things) else {
            continue;
        };
        // All of this is more than a token may ask at once.
        world.clock.advance_secs(WINDOW_SECS);
        let path = with_own_factor(world, fill(operation, &things)).await;
        let method = operation.method.as_str();
        for (place, body, is_described) in variations(schema, &body) {
            let answer = world.call(By::Manager, method, &path, &body).await;
            let causes = answer.body["errorCauses"].as_array().into_iter().flatten();
            let mut causes = causes.filter_map(|cause| cause["errorSummary"].as_str());
            let shown = format!("{method} {path} with {place}: {body} {}", answer.body);
            if is_described {
                assert!(!causes.any(|cause| cause.ends_with(UNKNOWN)), "{shown}");
            } else {
                assert_eq!(answer.status, 400, "{shown}");
            }
        }
    }
}

/// Calls what must go well.
async fn good(world: &World, method: &str, path: &str, body: Value) -> Value {
    let answer = world.call(By::Manager, method, path, &body).await;
    assert!(
        answer.status.is_success(),
        "{method} {path}: {} {}",
        answer.status,
        answer.body
    );
    answer.body
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

async fn get(world: &World, path: &str) -> Value {
    good(world, "GET", path, Value::Null).await
}

async fn post(world: &World, path: &str, body: Value) -> Value {
    good(world, "POST", path, body).await
}

async fn delete(world: &World, path: &str) {
    good(world, "DELETE", path, Value::Null).await;
}

/// The example of an operation, about things that there are.
fn body(method: &str, path: &str, things: &Things) -> Value {
    let mut all = operations();
    let found = all.find(|one| one.method.as_str() == method && one.path == path);
    let found = found.unwrap_or_else(|| panic!("there is no {method} {path}"));
    example(found, things)
        .map(|(_, body)| body)
        .unwrap_or_default()
}

/// Lets what reads be read, by its example.
async fn look_at_everything(world: &World, things: &Things) {
    let looks = operations().filter(|operation| operation.method == Method::GET);
    for operation in looks {
        get(world, &fill(operation, things)).await;
    }
}

async fn people(world: &World, things: &Things) {
    let users = "/api/v1/users";
    let made = post(world, users, body("POST", users, things)).await;
    let one = format!("{users}/{}", id(&made));
    good(
        world,
        "POST",
        &one,
        body("POST", "/api/v1/users/{id}", things),
    )
    .await;
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/users/{id}", things),
    )
    .await;
    for step in ["reactivate", "deactivate", "activate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    let known = json!({
        "profile": { "login": "grace@example.com", "email": "grace@example.com" },
        "credentials": { "password": { "value": "correct horse battery" } },
    });
    let known = post(world, users, known).await;
    let known = format!("{users}/{}", id(&known));
    let change = json!({
        "oldPassword": { "value": "correct horse battery" },
        "newPassword": { "value": "staple battery horse" },
    });
    post(
        world,
        &format!("{known}/credentials/change_password"),
        change,
    )
    .await;
    let role = post(
        world,
        &format!("{known}/roles"),
        body("POST", "/api/v1/users/{id}/roles", things),
    )
    .await;
    get(world, &format!("{known}/roles/{}", id(&role))).await;
    delete(world, &format!("{known}/roles/{}", id(&role))).await;
    for step in [
        "suspend",
        "unsuspend",
        "reset_factors",
        "expire_password",
        "reset_password",
    ] {
        post(world, &format!("{known}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &format!("{known}/sessions")).await;
    delete(world, &known).await;
    let session = format!("/api/v1/sessions/{}", things.session);
    post(world, &format!("{session}/lifecycle/refresh"), Value::Null).await;
    delete(world, &session).await;
}

async fn groups(world: &World, things: &Things) {
    let (groups, rules) = ("/api/v1/groups", "/api/v1/groups/rules");
    let made = post(world, groups, body("POST", groups, things)).await;
    let one = format!("{groups}/{}", id(&made));
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/groups/{id}", things),
    )
    .await;
    for method in ["PUT", "DELETE"] {
        good(
            world,
            method,
            &format!("{one}/users/{}", things.user),
            Value::Null,
        )
        .await;
    }
    let owners = format!("{one}/owners");
    for (kind, owner) in [("USER", &things.user), ("GROUP", &things.group)] {
        post(world, &owners, json!({ "id": owner, "type": kind })).await;
    }
    get(world, &owners).await;
    delete(world, &format!("{owners}/{}", things.user)).await;
    delete(world, &one).await;
    let made = post(world, rules, body("POST", rules, things)).await;
    let one = format!("{rules}/{}", id(&made));
    get(world, &format!("{one}?expand=groupIdToGroupNameMap")).await;
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/groups/rules/{id}", things),
    )
    .await;
    for step in ["activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
}

async fn apps(world: &World, things: &Things) {
    let apps = "/api/v1/apps";
    let made = post(world, apps, body("POST", apps, things)).await;
    let one = format!("{apps}/{}", id(&made));
    good(world, "PUT", &one, body("PUT", "/api/v1/apps/{id}", things)).await;
    let (users, groups) = (format!("{one}/users"), format!("{one}/groups"));
    post(
        world,
        &users,
        body("POST", "/api/v1/apps/{id}/users", things),
    )
    .await;
    let user = format!("{users}/{}", things.user);
    post(
        world,
        &user,
        body("POST", "/api/v1/apps/{id}/users/{user}", things),
    )
    .await;
    delete(world, &user).await;
    let group = format!("{groups}/{}", things.group);
    good(world, "PUT", &group, json!({ "priority": 0 })).await;
    delete(world, &group).await;
    let secrets = format!("{one}/credentials/secrets");
    let secret = post(world, &secrets, Value::Null).await;
    let secret = format!("{secrets}/{}", id(&secret));
    for step in ["deactivate", "activate", "deactivate"] {
        post(world, &format!("{secret}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &secret).await;
    let keys = format!("{one}/credentials/jwks");
    let path = "/api/v1/apps/{id}/credentials/jwks";
    let key = post(world, &keys, body("POST", path, things)).await;
    delete(world, &format!("{keys}/{}", id(&key))).await;
    for step in ["deactivate", "activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
    let grants = format!("{apps}/{}/grants", things.service);
    let grant = post(
        world,
        &grants,
        body("POST", "/api/v1/apps/{id}/grants", things),
    )
    .await;
    delete(world, &format!("{grants}/{}", id(&grant))).await;
    let roles = format!("/oauth2/v1/clients/{}/roles", things.service);
    let path = "/oauth2/v1/clients/{id}/roles";
    let role = post(world, &roles, body("POST", path, things)).await;
    delete(world, &format!("{roles}/{}", id(&role))).await;
}

async fn servers(world: &World, things: &Things) {
    let servers = "/api/v1/authorizationServers";
    let made = post(world, servers, body("POST", servers, things)).await;
    let (one, base) = (
        format!("{servers}/{}", id(&made)),
        format!("{servers}/{{id}}"),
    );
    good(world, "PUT", &one, body("PUT", &base, things)).await;
    for (part, name) in [("scopes", "{scope}"), ("claims", "{claim}")] {
        let (list, path) = (format!("{one}/{part}"), format!("{base}/{part}"));
        let made = post(world, &list, body("POST", &path, things)).await;
        let thing = format!("{list}/{}", id(&made));
        get(world, &thing).await;
        good(
            world,
            "PUT",
            &thing,
            body("PUT", &format!("{path}/{name}"), things),
        )
        .await;
        delete(world, &thing).await;
    }
    let path = format!("{base}/policies");
    let policy = post(
        world,
        &format!("{one}/policies"),
        body("POST", &path, things),
    )
    .await;
    let policy = format!("{one}/policies/{}", id(&policy));
    let path = format!("{path}/{{policy}}");
    good(world, "PUT", &policy, body("PUT", &path, things)).await;
    let rule = post(
        world,
        &format!("{policy}/rules"),
        body("POST", &format!("{path}/rules"), things),
    )
    .await;
    let rule = format!("{policy}/rules/{}", id(&rule));
    get(world, &rule).await;
    good(
        world,
        "PUT",
        &rule,
        body("PUT", &format!("{path}/rules/{{rule}}"), things),
    )
    .await;
    for thing in [&rule, &policy, &one] {
        for step in ["deactivate", "activate"] {
            post(world, &format!("{thing}/lifecycle/{step}"), Value::Null).await;
        }
    }
    delete(world, &rule).await;
    delete(world, &policy).await;
    let rotate = format!("{one}/credentials/lifecycle/keyRotate");
    post(world, &rotate, json!({ "use": "sig" })).await;
    get(world, &one).await;
    post(world, &format!("{one}/lifecycle/deactivate"), Value::Null).await;
    delete(world, &one).await;
}

async fn policies(world: &World, things: &Things) {
    let policies = "/api/v1/policies";
    let made = post(world, policies, body("POST", policies, things)).await;
    let one = format!("{policies}/{}", id(&made));
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/policies/{id}", things),
    )
    .await;
    let path = "/api/v1/policies/{id}/rules";
    let rule = post(world, &format!("{one}/rules"), body("POST", path, things)).await;
    let rule = format!("{one}/rules/{}", id(&rule));
    let path = "/api/v1/policies/{id}/rules/{rule}";
    good(world, "PUT", &rule, body("PUT", path, things)).await;
    for step in ["deactivate", "activate"] {
        post(world, &format!("{rule}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &rule).await;
    let path = "/api/v1/policies/{id}/mappings";
    let mapping = post(
        world,
        &format!("{one}/mappings"),
        body("POST", path, things),
    )
    .await;
    delete(world, &format!("{one}/mappings/{}", id(&mapping))).await;
    let governs = format!("/api/v1/apps/{}/policies/{}", things.app, id(&made));
    good(world, "PUT", &governs, Value::Null).await;
    delete(world, &format!("{one}/mappings/{}", id(&mapping))).await;
    for step in ["deactivate", "activate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
    let question = body("POST", "/api/v1/policies/simulate", things);
    let simulate = format!("{policies}/simulate?expand=EVALUATED,RULE");
    post(world, &simulate, question.clone()).await;
    post(world, &simulate, json!([question])).await;
    // Each type has its own shape, and so have its rules.
    for policy in get(world, policies).await.as_array().unwrap() {
        let shown = get(world, &format!("{policies}/{}", id(policy))).await;
        good(world, "PUT", &format!("{policies}/{}", id(policy)), shown).await;
        for rule in get(world, &format!("{policies}/{}/rules", id(policy)))
            .await
            .as_array()
            .unwrap()
        {
            let place = format!("{policies}/{}/rules/{}", id(policy), id(rule));
            good(world, "PUT", &place, rule.clone()).await;
        }
    }
}

async fn settings(world: &World, things: &Things) {
    for (list, has_put) in [
        ("/api/v1/zones", true),
        ("/api/v1/behaviors", true),
        ("/api/v1/trustedOrigins", true),
        ("/api/v1/api-tokens", false),
    ] {
        let made = post(world, list, body("POST", list, things)).await;
        let one = format!("{list}/{}", id(&made));
        get(world, &one).await;
        if has_put {
            good(
                world,
                "PUT",
                &one,
                body("PUT", &format!("{list}/{{id}}"), things),
            )
            .await;
            for step in ["deactivate", "activate"] {
                post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
            }
        }
        delete(world, &one).await;
    }
}

/// What the other tests of this crate reach: a person who types a code or whose account is locked, a delivery that is
/// repeated, the token that gives itself up.
const ELSEWHERE: [(&str, &str); 8] = [
    ("POST", "/api/v1/sessions"),
    ("POST", "/api/v1/users/{id}/factors"),
    (
        "POST",
        "/api/v1/users/{id}/factors/{factor}/lifecycle/activate",
    ),
    ("POST", "/api/v1/users/{id}/factors/{factor}/verify"),
    ("DELETE", "/api/v1/users/{id}/factors/{factor}"),
    ("POST", "/api/v1/users/{id}/lifecycle/unlock"),
    (
        "POST",
        "/api/v1/eventHooks/{id}/deliveries/{delivery}/redeliver",
    ),
    ("DELETE", "/api/v1/api-tokens/current"),
];

/// What the organisation is called, its schema, where its log flows to, and what apps hold of a person.
async fn organisation(world: &World, things: &Things) {
    for (method, path) in [
        ("PUT", "/api/v1/authenticators/{id}"),
        ("POST", "/api/v1/authenticators/{id}/lifecycle/deactivate"),
        ("POST", "/api/v1/authenticators/{id}/lifecycle/activate"),
        ("PUT", "/api/v1/authenticators/{id}/methods/{method}"),
        (
            "POST",
            "/api/v1/authenticators/{id}/methods/{method}/lifecycle/deactivate",
        ),
        (
            "POST",
            "/api/v1/authenticators/{id}/methods/{method}/lifecycle/activate",
        ),
        ("POST", "/api/v1/features/{id}/{lifecycle}"),
        ("POST", "/api/v1/threats/configuration"),
        ("POST", "/api/v1/org"),
        ("PUT", "/api/v1/org"),
        ("POST", "/api/v1/meta/schemas/user/{schema}"),
        ("POST", "/api/v1/meta/schemas/group/default"),
        ("POST", "/api/v1/meta/schemas/apps/{id}/default"),
        ("POST", "/api/v1/mappings/{mapping}"),
        ("POST", "/api/v1/meta/schemas/user/linkedObjects"),
        ("PUT", "/api/v1/users/{id}/linkedObjects/{name}/{primary}"),
        ("DELETE", "/api/v1/users/{id}/linkedObjects/{name}"),
        ("DELETE", "/api/v1/meta/schemas/user/linkedObjects/{name}"),
        (
            "POST",
            "/api/v1/users/{id}/lifecycle/expire_password_with_temp_password",
        ),
        ("POST", "/api/v1/users/{id}/credentials/forgot_password"),
        ("DELETE", "/api/v1/apps/{id}/tokens/{token}"),
        ("DELETE", "/api/v1/apps/{id}/tokens"),
        (
            "DELETE",
            "/api/v1/authorizationServers/{id}/clients/{client}/tokens/{token}",
        ),
        (
            "DELETE",
            "/api/v1/authorizationServers/{id}/clients/{client}/tokens",
        ),
        (
            "DELETE",
            "/api/v1/users/{id}/clients/{client}/tokens/{token}",
        ),
        ("DELETE", "/api/v1/users/{id}/clients/{client}/tokens"),
        ("DELETE", "/api/v1/users/{id}/grants/{grant}"),
        ("DELETE", "/api/v1/users/{id}/clients/{client}/grants"),
        ("DELETE", "/api/v1/users/{id}/grants"),
    ] {
        let mut all = operations();
        let operation = all.find(|one| one.method.as_str() == method && one.path == path);
        let address = fill(operation.unwrap(), things);
        good(world, method, &address, body(method, path, things)).await;
    }
    let streams = "/api/v1/logStreams";
    let made = post(world, streams, body("POST", streams, things)).await;
    let one = format!("{streams}/{}", id(&made));
    good(
        world,
        "PUT",
        &one,
        body("PUT", "/api/v1/logStreams/{id}", things),
    )
    .await;
    post(world, &format!("{one}/test"), Value::Null).await;
    post(world, &format!("{one}/credentials/secret"), Value::Null).await;
    for step in ["deactivate", "activate", "deactivate"] {
        post(world, &format!("{one}/lifecycle/{step}"), Value::Null).await;
    }
    delete(world, &one).await;
}

async fn types_of_people(world: &World, things: &Things) {
    let types = "/api/v1/meta/types/user";
    let made = post(world, types, body("POST", types, things)).await;
    let one = format!("{types}/{}", id(&made));
    for method in ["POST", "PUT"] {
        let change = body(method, "/api/v1/meta/types/user/{type}", things);
        good(world, method, &one, change).await;
    }
    delete(world, &one).await;
}

async fn a_good_answer_of_every_operation_fits_its_description(world: &World) {
    let things = world.things(&world.main, "ada").await;
    look_at_everything(world, &things).await;
    organisation(world, &things).await;
    types_of_people(world, &things).await;
    people(world, &things).await;
    groups(world, &things).await;
    apps(world, &things).await;
    servers(world, &things).await;
    policies(world, &things).await;
    settings(world, &things).await;
    hooks::of_events(world, &things).await;
    hooks::inline(world, &things).await;
    hooks::keys(world, &things).await;
    iam::custom(world, &things).await;
    role_targets::targets(world, &things).await;
    providers::all(world, &things).await;
    provisioning::all(world, &things).await;
    let known: BTreeSet<(String, &str)> = world.answered_well();
    let missing: Vec<String> = OPERATIONS
        .iter()
        .map(|operation| (operation.method.to_string(), operation.path))
        .filter(|place| !known.contains(place))
        .filter(|(method, path)| !ELSEWHERE.contains(&(method.as_str(), *path)))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    assert!(missing.is_empty(), "call them here: {missing:#?}");
}

async fn the_document_is_served_to_whoever_asks(world: &World) {
    let ask = async |headers: &[(&str, String)]| {
        world
            .send("GET", publish::PATH, headers, String::new())
            .await
    };
    let first = ask(&[]).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.body["servers"][0]["url"], "https://id.example/t/main");
    assert_eq!(first.header("content-type"), "application/json");
    assert!(first.header("cache-control").contains("max-age"));
    let flows = "/components/securitySchemes/oauth2/flows/clientCredentials/tokenUrl";
    let issuer = first.body.pointer(flows).unwrap();
    assert_eq!(issuer, "https://id.example/t/main/oauth2/v1/token");
    let tag = first.header("etag").to_owned();
    let again = ask(&[(header::IF_NONE_MATCH.as_str(), tag.clone())]).await;
    assert_eq!(
        (again.status.as_u16(), again.header("etag")),
        (304, tag.as_str())
    );
    assert_eq!(again.body, Value::Null);
    let posted = world
        .call(By::Manager, "POST", publish::PATH, &Value::Null)
        .await;
    assert_eq!(posted.outcome(), (405, "E0000022"));
}

on_both_engines!(
    every_parameter_of_a_query_is_looked_at,
    a_body_has_the_fields_that_are_described_and_no_others,
    a_good_answer_of_every_operation_fits_its_description,
    the_document_is_served_to_whoever_asks,
);
