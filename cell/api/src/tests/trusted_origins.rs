//! Trusted origins: what is written is what the next request of a page is held against.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::Role;
use identity::trusted_origin::{ORIGINS_MAX, TrustedUse, is_trusted};
use serde_json::{Value, json};

const ORIGINS: &str = "/api/v1/trustedOrigins";
const SHOP: &str = "https://shop.example";

fn body(name: &str, origin: &str, scopes: &[&str]) -> Value {
    let scopes: Vec<Value> = scopes.iter().map(|word| json!({ "type": word })).collect();
    json!({ "name": name, "origin": origin, "scopes": scopes })
}

async fn call(world: &World, method: &str, path: &str, body: &Value) -> Answered {
    world.call(By::Manager, method, path, body).await
}

/// What the next request of a page of the shop is held against: whether it may read, and be where a browser is sent.
async fn trusted(world: &World) -> (bool, bool) {
    let snapshot = world.cell.snapshot(&world.main).await.unwrap().unwrap();
    let ask = |wanted| is_trusted(&snapshot.origins, SHOP, wanted);
    (ask(TrustedUse::Cors), ask(TrustedUse::Redirect))
}

async fn an_origin_is_trusted_from_its_answer_on_and_no_longer(world: &World) {
    let rows = world.log_rows(&world.main).await;
    assert_eq!(trusted(world).await, (false, false));
    let made = world
        .post(ORIGINS, &body("Shop", "https://SHOP.example/", &["CORS"]))
        .await;
    let path = format!("{ORIGINS}/{}", made.id());
    let now = world.cell.now().to_rfc3339_millis();
    let href = format!("https://id.example/t/main{path}");
    assert_eq!(
        (made.status.as_u16(), &made.body),
        (
            200,
            &json!({
                "id": made.id(),
                "name": "Shop",
                "origin": SHOP,
                "scopes": [{ "type": "CORS" }],
                "status": "ACTIVE",
                "created": now,
                "lastUpdated": now,
                "_links": {
                    "self": { "href": href, "hints": { "allow": ["GET", "PUT", "DELETE"] } },
                    "deactivate": {
                        "href": format!("{href}/lifecycle/deactivate"),
                        "hints": { "allow": ["POST"] },
                    },
                },
            })
        )
    );
    assert!(made.id().starts_with("tos"));
    assert_eq!(world.get(&path).await.body, made.body);
    assert_eq!(trusted(world).await, (true, false));
    world.clock.advance_secs(60);
    // Whatever is shown can be sent back.
    let mut whole = made.body.clone();
    whole["scopes"] = json!([{ "type": "REDIRECT" }, { "type": "CORS" }]);
    let changed = call(world, "PUT", &path, &whole).await;
    assert_eq!(changed.body["scopes"].as_array().unwrap().len(), 2);
    assert_ne!(changed.body["lastUpdated"], now);
    assert_eq!(trusted(world).await, (true, true));
    let off = call(
        world,
        "POST",
        &format!("{path}/lifecycle/deactivate"),
        &Value::Null,
    )
    .await;
    assert_eq!(off.body["status"], "INACTIVE");
    assert!(off.body["_links"]["activate"].is_object());
    assert_eq!(trusted(world).await, (false, false));
    let again = call(
        world,
        "POST",
        &format!("{path}/lifecycle/deactivate"),
        &Value::Null,
    )
    .await;
    assert_eq!(again.body, off.body, "nothing more is to be done");
    let on = call(
        world,
        "POST",
        &format!("{path}/lifecycle/activate"),
        &Value::Null,
    )
    .await;
    assert_eq!(on.body["status"], "ACTIVE");
    assert_eq!(trusted(world).await, (true, true));
    assert_eq!(call(world, "DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(trusted(world).await, (false, false));
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", whole),
        ("DELETE", Value::Null),
    ] {
        let gone = call(world, method, &path, &body).await;
        assert_eq!(gone.outcome(), (404, "E0000007"), "{method}");
    }
    let kinds = world.kinds_since(rows).await;
    assert_eq!(
        kinds,
        [
            "security.trusted_origin.create",
            "security.trusted_origin.update",
            "security.trusted_origin.deactivate",
            "security.trusted_origin.activate",
            "security.trusted_origin.delete",
        ]
    );
}

async fn what_cannot_be_trusted_is_told(world: &World) {
    let made = world.post(ORIGINS, &body("Shop", SHOP, &["CORS"])).await;
    let other = world
        .post(ORIGINS, &body("Other", "https://other.example", &["CORS"]))
        .await;
    let other = format!("{ORIGINS}/{}", other.id());
    let rows = world.log_rows(&world.main).await;
    let with = |field: &str, value: Value| {
        let mut body = body("New", "https://new.example", &["CORS"]);
        body[field] = value;
        body
    };
    for (body, field) in [
        (body("shop", "https://new.example", &["CORS"]), "name"),
        (body("New", SHOP, &["CORS"]), "origin"),
        (body("", "https://new.example", &["CORS"]), "name"),
        (body("New", "http://new.example", &["CORS"]), "origin"),
        (body("New", "https://new.example/x", &["CORS"]), "origin"),
        (body("New", "https://*.example", &["CORS"]), "origin"),
        (body("New", "https://new.example", &[]), "scopes"),
        (
            body("New", "https://new.example", &["IFRAME_EMBED"]),
            "scopes.type",
        ),
        (with("status", json!("INACTIVE")), "status"),
        (with("secret", json!(1)), "secret"),
        (with("name", json!(1)), "name"),
        (with("origin", Value::Null), "origin"),
    ] {
        let summary = format!("Api validation failed: {field}");
        let refused = world.post(ORIGINS, &body).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{body}");
        assert_eq!(refused.body["errorSummary"], summary, "{body}");
        if field != "status" {
            let refused = call(world, "PUT", &other, &body).await;
            assert_eq!(refused.body["errorSummary"], summary, "PUT {body}");
        }
    }
    for id in ["nothing", "tos00000000000000000", &made.id().to_lowercase()] {
        let missing = world.get(&format!("{ORIGINS}/{id}")).await;
        assert_eq!(missing.outcome(), (404, "E0000007"), "{id}");
    }
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(trusted(world).await, (true, false));
}

async fn only_super_administrators_trust(world: &World) {
    world.administrator(Role::OrgAdmin).await;
    for by in [By::Reader, By::Of(Role::OrgAdmin), By::Person] {
        let refused = world
            .call(by, "POST", ORIGINS, &body("Shop", SHOP, &["CORS"]))
            .await;
        assert_eq!(refused.outcome(), (403, "E0000006"), "{by:?}");
    }
    assert_eq!(trusted(world).await, (false, false));
}

async fn origins_are_listed_searched_and_paged(world: &World) {
    for (name, origin, scopes) in [
        ("Blog", "https://blog.example", &["REDIRECT"][..]),
        ("Shop", SHOP, &["CORS"][..]),
        ("Wiki", "https://wiki.test", &["CORS"][..]),
    ] {
        assert_eq!(
            world
                .post(ORIGINS, &body(name, origin, scopes))
                .await
                .status,
            200
        );
    }
    let listed = world.get(ORIGINS).await;
    assert_eq!(listed.texts("/name"), ["Blog", "Shop", "Wiki"]);
    let wiki = listed.texts("/id")[2].clone();
    call(
        world,
        "POST",
        &format!("{ORIGINS}/{wiki}/lifecycle/deactivate"),
        &Value::Null,
    )
    .await;
    for (query, expected) in [
        ("q=.EXAMPLE", &["Blog", "Shop"][..]),
        ("q=wik", &["Wiki"]),
        ("q=none", &[]),
        ("filter=name+eq+%22shop%22", &["Shop"]),
        ("filter=status+eq+%22INACTIVE%22", &["Wiki"]),
        (
            "filter=origin+sw+%22https%3A%2F%2Fb%22+or+name+eq+%22Wiki%22",
            &["Blog", "Wiki"],
        ),
        ("filter=not+%28name+eq+%22Shop%22%29&q=example", &["Blog"]),
    ] {
        let found = world.get(&format!("{ORIGINS}?{query}")).await;
        assert_eq!(found.texts("/name"), expected, "{query}");
    }
    let walked = world.walk(&format!("{ORIGINS}?limit=2"), "/name").await;
    assert_eq!(walked, ["Blog", "Shop", "Wiki"]);
    for (query, code) in [
        ("filter=scopes+eq+%22CORS%22", "E0000031"),
        ("filter=name", "E0000031"),
        ("after=x", "E0000001"),
        ("sortBy=name", "E0000001"),
    ] {
        let refused = world.get(&format!("{ORIGINS}?{query}")).await;
        assert_eq!(refused.outcome(), (400, code), "{query}");
    }
}

async fn there_are_only_so_many(world: &World) {
    for n in 0..ORIGINS_MAX {
        let one = body(
            &format!("n{n}"),
            &format!("https://n{n}.example"),
            &["CORS"],
        );
        assert_eq!(world.post(ORIGINS, &one).await.status, 200, "{n}");
    }
    let refused = world.post(ORIGINS, &body("Shop", SHOP, &["CORS"])).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    assert_eq!(trusted(world).await, (false, false));
}

on_both_engines!(
    an_origin_is_trusted_from_its_answer_on_and_no_longer,
    what_cannot_be_trusted_is_told,
    only_super_administrators_trust,
    origins_are_listed_searched_and_paged,
    there_are_only_so_many,
);
