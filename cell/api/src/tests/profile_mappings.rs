//! Mappings of profiles: what people have in an app follows from their profiles, behind whatever was set for them.

use crate::for_tests::{By, Things, World, on_both_engines};
use crate::profile_mappings::mapping_id;
use crate::tests::bearer::prepare;
use identity::access::Role;
use identity::profile_mapping::EXPRESSIONS_BYTES_MAX;
use serde_json::{Value, json};
use vocab::id::AppId;

const MAPPINGS: &str = "/api/v1/mappings";

fn of(app: &str) -> String {
    format!("{MAPPINGS}/{}", mapping_id(&AppId::parse(app).unwrap()))
}

fn push(expression: &str) -> Value {
    json!({ "expression": expression, "pushStatus": "PUSH" })
}

fn once(expression: &str) -> Value {
    json!({ "expression": expression, "pushStatus": "DONT_PUSH" })
}

fn mapped(properties: &Value) -> Value {
    json!({ "properties": properties })
}

async fn add(world: &World, schema: &str, properties: Value) {
    let body = json!({ "definitions": { "custom": { "properties": properties } } });
    let path = format!("/api/v1/meta/schemas/{schema}/default");
    let added = world.post(&path, &body).await;
    assert_eq!(added.status, 200, "{}", added.body);
}

/// An app whose people have a name, a level and a flag there; and people have a department and a level.
async fn prepared(world: &World) -> Things {
    let things = world.things(&world.main, "ada").await;
    let of_app = json!({ "name": { "type": "string", "maxLength": 12 }, "level": { "type": "integer" },
                         "senior": { "type": "boolean" } });
    add(world, &format!("apps/{}", things.app), of_app).await;
    let of_people = json!({ "department": { "type": "string", "title": "Department" },
                            "grade": { "type": "integer", "title": "Grade" } });
    add(world, "user", of_people).await;
    things
}

async fn profile_of(world: &World, app: &str, user: &str) -> Value {
    let shown = world.get(&format!("/api/v1/apps/{app}/users/{user}")).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let listed = world.get(&format!("/api/v1/apps/{app}/users")).await;
    let listed = listed.body.as_array().unwrap().clone();
    let listed = listed.iter().find(|one| one["id"] == json!(user)).unwrap();
    let inside = world
        .get(&format!("/api/v1/apps/{app}?expand=user/{user}"))
        .await;
    let inside = &inside.body["_embedded"]["user"]["profile"];
    assert_eq!(&listed["profile"], &shown.body["profile"]);
    assert_eq!(inside, &shown.body["profile"]);
    shown.body["profile"].clone()
}

async fn describe(world: &World, user: &str, profile: Value) {
    let path = format!("/api/v1/users/{user}");
    let changed = world.post(&path, &json!({ "profile": profile })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

async fn each_app_has_a_mapping(world: &World) {
    let things = prepared(world).await;
    let listed = world.get(&format!("{MAPPINGS}?limit=200")).await;
    let apps = world.get("/api/v1/apps").await;
    assert_eq!(listed.texts("/target/id"), apps.texts("/id"));
    let walked = world.walk(&format!("{MAPPINGS}?limit=1"), "/id").await;
    assert_eq!(walked, listed.texts("/id"));
    let types = world.get("/api/v1/meta/types/user").await;
    let source = types.body[0]["id"].as_str().unwrap();
    let shown = world.get(&of(&things.app)).await;
    assert_eq!(shown.body["properties"], json!({}));
    assert_eq!(shown.body["source"]["id"], json!(source));
    assert_eq!(shown.body["target"]["id"], json!(things.app));
    for link in [
        "/source/_links/self",
        "/source/_links/schema",
        "/target/_links/self",
        "/_links/self",
    ] {
        let href = shown.body.pointer(link).unwrap()["href"].as_str().unwrap();
        let path = href.strip_prefix("https://id.example/t/main").unwrap();
        assert_eq!(world.get(path).await.status, 200, "{href}");
    }
    let mut expected = shown.body.clone();
    expected.as_object_mut().unwrap().remove("properties");
    for (query, found) in [
        (format!("targetId={}", things.app), json!([expected])),
        (
            format!("sourceId={source}&targetId={}", things.app),
            json!([expected]),
        ),
        (format!("sourceId={}", things.app), json!([])),
        (format!("targetId={source}"), json!([])),
        ("sourceId=oty0".to_owned(), json!([])),
    ] {
        let filtered = world.get(&format!("{MAPPINGS}?{query}")).await;
        assert_eq!(filtered.body, found, "{query}");
    }
    for limit in ["0", "-1", "x"] {
        let refused = world.get(&format!("{MAPPINGS}?limit={limit}")).await;
        assert_eq!(refused.outcome(), (400, "E0000001"));
    }
}

async fn a_change_is_held_against_both_schemas(world: &World) {
    let things = prepared(world).await;
    let path = of(&things.app);
    let rows = world.log_rows(&world.main).await;
    let good = mapped(
        &json!({ "name": push("String.toUpperCase(user.login)"), "level": once("user.grade + 1"),
                               "senior": push("user.grade > 5") }),
    );
    let changed = world.post(&path, &good).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["properties"], good["properties"]);
    assert_eq!(world.get(&path).await.body, changed.body);
    // What was shown can be sent back, and then nothing is done.
    assert_eq!(world.post(&path, &changed.body).await.body, changed.body);
    let log = world.log_since(rows).await;
    let kinds: Vec<&str> = log.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["directory.mapping.update"]);
    for (name, expression, cause) in [
        (
            "name",
            "user.grade",
            "properties.name: column 1: this must be a text",
        ),
        (
            "name",
            "user.",
            "properties.name: column 6: a value is missing",
        ),
        ("name", "", "properties.name: column 1: a value is missing"),
        (
            "name",
            "user.team",
            "properties.name: column 1: there is no user.team",
        ),
        (
            "level",
            "user.login",
            "properties.level: column 1: this must be a number",
        ),
        (
            "senior",
            "7",
            "properties.senior: column 1: this must be true or false",
        ),
        (
            "senior",
            "isMemberOfGroupName('Everyone')",
            "properties.senior: a mapping cannot ask about groups",
        ),
        (
            "site",
            "user.login",
            "properties.site: the schema has no attribute \"site\"",
        ),
    ] {
        let wrong = json!({ "level": null, name: push(expression) });
        let refused = world.post(&path, &mapped(&wrong)).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{expression}");
        let causes = json!([{ "errorSummary": cause }]);
        assert_eq!(refused.body["errorCauses"], causes);
    }
    let long = format!("user.login{}", " + 'x'".repeat(500));
    let long = mapped(&json!({ "name": push(&long) }));
    assert_eq!(world.post(&path, &long).await.status, 200);
    let names: Vec<String> = (0..5).map(|number| format!("more{number}")).collect();
    for name in &names {
        add(
            world,
            &format!("apps/{}", things.app),
            json!({ name: { "type": "string" } }),
        )
        .await;
    }
    let text = format!("'{}'", "x".repeat(4_000));
    let many = names.iter().map(|name| (name.clone(), push(&text)));
    let many = Value::Object(many.collect());
    assert!(text.len() * names.len() > EXPRESSIONS_BYTES_MAX);
    let refused = world.post(&path, &mapped(&many)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let fewer = mapped(&json!({ "name": null, "level": null, "unheard_of": null }));
    let fewer = world.post(&path, &fewer).await;
    assert_eq!(
        fewer.body["properties"],
        json!({ "senior": push("user.grade > 5") })
    );
}

async fn what_is_pushed_follows_the_person_behind_what_was_set(world: &World) {
    let things = prepared(world).await;
    let (app, user) = (things.app.as_str(), things.user.as_str());
    let all = mapped(
        &json!({ "name": push("String.toUpperCase(user.login)"), "level": push("user.grade + 1"),
                              "senior": push("user.grade > 5") }),
    );
    assert_eq!(world.post(&of(app), &all).await.status, 200);
    let expected = json!({ "name": "ADA", "senior": false });
    assert_eq!(profile_of(world, app, user).await, expected);
    describe(world, user, json!({ "grade": 6 })).await;
    let expected = json!({ "name": "ADA", "level": 7, "senior": true });
    assert_eq!(profile_of(world, app, user).await, expected);
    let place = format!("/api/v1/apps/{app}/users/{user}");
    let set = json!({ "profile": { "name": "Countess", "senior": false } });
    let set = world.post(&place, &set).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let expected = json!({ "name": "Countess", "level": 7, "senior": false });
    assert_eq!(set.body["profile"], expected);
    assert_eq!(profile_of(world, app, user).await, expected);
    let unset = json!({ "profile": { "name": null, "senior": null } });
    let unset = world.post(&place, &unset).await;
    let expected = json!({ "name": "ADA", "level": 7, "senior": true });
    assert_eq!(unset.body["profile"], expected);
    // What was read is written again, with one value that is another: that one alone is set, and the others follow the person.
    let rows = world.log_rows(&world.main).await;
    let again = world.post(&place, &unset.body).await;
    assert_eq!(again.body["profile"], expected);
    assert_eq!(world.log_rows(&world.main).await, rows, "nothing was set");
    let mut other = again.body.clone();
    other["profile"]["name"] = json!("Ada");
    assert_eq!(world.post(&place, &other).await.status, 200);
    describe(world, user, json!({ "grade": 2 })).await;
    let expected = json!({ "name": "Ada", "level": 3, "senior": false });
    assert_eq!(profile_of(world, app, user).await, expected);
    let unset = json!({ "profile": { "name": null } });
    assert_eq!(world.post(&place, &unset).await.status, 200);
    // What does not fit the attribute is nothing, and so is what is made of an attribute that is no more.
    let long = mapped(
        &json!({ "name": push("user.login + user.login + user.login + user.login + user.login") }),
    );
    assert_eq!(world.post(&of(app), &long).await.status, 200);
    add(world, "user", json!({ "grade": null })).await;
    assert_eq!(profile_of(world, app, user).await, json!({}));
    let shown = world.get(&of(app)).await;
    assert_eq!(shown.body["properties"]["level"], push("user.grade + 1"));
    // An attribute that is removed from the app is mapped no more, and one of that name that comes later is another one.
    for level in [Value::Null, json!({ "type": "integer" })] {
        add(world, &format!("apps/{app}"), json!({ "level": level })).await;
        let shown = world.get(&of(app)).await;
        assert_eq!(shown.body["properties"].get("level"), None);
    }
}

async fn what_is_not_pushed_is_set_when_the_app_is_assigned(world: &World) {
    let things = prepared(world).await;
    let app = things.app.as_str();
    let all = mapped(&json!({ "name": once("user.login"), "level": push("user.grade") }));
    assert_eq!(world.post(&of(app), &all).await.status, 200);
    // Whoever has the app already begins with nothing.
    assert_eq!(profile_of(world, app, &things.user).await, json!({}));
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    describe(world, grace.as_str(), json!({ "grade": 3 })).await;
    let users = format!("/api/v1/apps/{app}/users");
    let assigned = world.post(&users, &json!({ "id": grace.as_str() })).await;
    let expected = json!({ "name": "grace", "level": 3 });
    assert_eq!(assigned.body["profile"], expected);
    assert_eq!(profile_of(world, app, grace.as_str()).await, expected);
    let login = json!({ "login": "hopper", "grade": 4 });
    describe(world, grace.as_str(), login).await;
    let expected = json!({ "name": "grace", "level": 4 });
    assert_eq!(profile_of(world, app, grace.as_str()).await, expected);
    // To assign it once more changes nothing; what is named comes before.
    let again = world.post(&users, &json!({ "id": grace.as_str() })).await;
    assert_eq!(again.body["profile"], expected);
    let eve = world.person(&world.main, "eve", "Eve", "Moneypenny").await;
    let named = json!({ "id": eve.as_str(), "profile": { "name": "E" } });
    let assigned = world.post(&users, &named).await;
    assert_eq!(assigned.body["profile"], json!({ "name": "E" }));
    // Through a group there is nothing to set it in.
    let bob = world.person(&world.main, "bob", "Bob", "Noyce").await;
    describe(world, bob.as_str(), json!({ "grade": 9 })).await;
    let member = format!("/api/v1/groups/{}/users/{bob}", things.group);
    let joined = world.call(By::Manager, "PUT", &member, &Value::Null).await;
    assert_eq!(joined.status, 204);
    assert_eq!(
        profile_of(world, app, bob.as_str()).await,
        json!({ "level": 9 })
    );
}

async fn what_takes_too_much_for_one_person_counts_for_nothing_of_them(world: &World) {
    let things = prepared(world).await;
    let (app, user) = (things.app.as_str(), things.user.as_str());
    let names: Vec<String> = (0..4).map(|number| format!("long{number}")).collect();
    let numbers = names.iter();
    let numbers = numbers.map(|name| (name.clone(), json!({ "type": "integer" })));
    add(
        world,
        &format!("apps/{app}"),
        Value::Object(numbers.collect()),
    )
    .await;
    let by = "y".repeat(40);
    let long = format!("String.len(String.replace(user.department, 'x', '{by}'))");
    let change = |property: fn(&str) -> Value| {
        let all = names.iter().map(|name| (name.clone(), property(&long)));
        mapped(&Value::Object(all.collect()))
    };
    assert_eq!(world.post(&of(app), &change(push)).await.status, 200);
    let all = json!({ "long0": 80, "long1": 80, "long2": 80, "long3": 80 });
    describe(world, user, json!({ "department": "xx" })).await;
    assert_eq!(profile_of(world, app, user).await, all);
    describe(world, user, json!({ "department": "x".repeat(1_000) })).await;
    assert_eq!(profile_of(world, app, user).await, json!({}));
    // What is to be stored at the beginning is not begun with a part.
    assert_eq!(world.post(&of(app), &change(once)).await.status, 200);
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    let users = format!("/api/v1/apps/{app}/users");
    let rows = world.log_rows(&world.main).await;
    describe(
        world,
        grace.as_str(),
        json!({ "department": "x".repeat(1_000) }),
    )
    .await;
    let assigned = world.post(&users, &json!({ "id": grace.as_str() })).await;
    assert_eq!(assigned.outcome(), (400, "E0000001"));
    let cause = assigned.body["errorCauses"][0]["errorSummary"].as_str();
    assert!(cause.unwrap().contains("131072 bytes"), "{}", assigned.body);
    assert_eq!(world.log_rows(&world.main).await, rows + 1);
    let missing = world.get(&format!("{users}/{grace}")).await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    describe(world, grace.as_str(), json!({ "department": "xx" })).await;
    let assigned = world.post(&users, &json!({ "id": grace.as_str() })).await;
    assert_eq!(assigned.body["profile"], all);
}

async fn whoever_may_not_reach_an_app_learns_nothing_of_its_mapping(world: &World) {
    let (above, _) = prepare(world, &["okta.users.manage"], &[Role::OrgAdmin]).await;
    let path = of(above.as_str());
    let app = format!("apps/{above}");
    add(world, &app, json!({ "name": { "type": "string" } })).await;
    let present = mapped(&json!({ "name": push("user.login") }));
    assert_eq!(world.post(&path, &present).await.status, 200);
    world.administrator(Role::AppAdmin).await;
    let rows = world.log_rows(&world.main).await;
    for change in [
        json!({}),
        json!({ "name": push("user.login") }),
        json!({ "name": push("user.email") }),
        json!({ "name": push("user.") }),
        json!({ "other": push("user.login") }),
        json!({ "name": null }),
    ] {
        let (by, body) = (By::Of(Role::AppAdmin), mapped(&change));
        let refused = world.call(by, "POST", &path, &body).await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{change}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(
        world.get(&path).await.body["properties"],
        present["properties"]
    );
}

async fn mappings_are_of_one_org_and_of_those_who_may_change_apps(world: &World) {
    let things = prepared(world).await;
    let other = world.things(&world.other, "eve").await;
    let change = mapped(&json!({ "name": push("user.login") }));
    for id in [
        of(&other.app),
        format!("{MAPPINGS}/prm00000000000000000"),
        format!("{MAPPINGS}/{}", things.app),
    ] {
        assert_eq!(world.get(&id).await.outcome(), (404, "E0000007"), "{id}");
        assert_eq!(
            world.post(&id, &change).await.outcome(),
            (404, "E0000007"),
            "{id}"
        );
    }
    let filtered = world
        .get(&format!("{MAPPINGS}?targetId={}", other.app))
        .await;
    assert_eq!(filtered.body, json!([]));
    let path = of(&things.app);
    for by in [By::Reader, By::Person] {
        let refused = world.call(by, "POST", &path, &change).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
    }
    assert_eq!(
        world
            .call(By::Reader, "GET", &path, &Value::Null)
            .await
            .status,
        200
    );
    let refused = world.call(By::Person, "GET", &path, &Value::Null).await;
    assert_eq!(refused.status, 403);
    world.administrator(Role::AppAdmin).await;
    let by = By::Of(Role::AppAdmin);
    assert_eq!(world.call(by, "POST", &path, &change).await.status, 200);
    // With the app goes its mapping.
    let app = AppId::parse(&things.app).unwrap();
    world.remove_app(&app).await;
    assert_eq!(world.get(&path).await.outcome(), (404, "E0000007"));
}

on_both_engines!(
    each_app_has_a_mapping,
    a_change_is_held_against_both_schemas,
    what_is_pushed_follows_the_person_behind_what_was_set,
    what_is_not_pushed_is_set_when_the_app_is_assigned,
    what_takes_too_much_for_one_person_counts_for_nothing_of_them,
    whoever_may_not_reach_an_app_learns_nothing_of_its_mapping,
    mappings_are_of_one_org_and_of_those_who_may_change_apps,
);
