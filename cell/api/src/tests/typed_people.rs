//! People of types: who is of which, and what follows of it.

use crate::for_tests::{Answered, World, on_both_engines};
use crate::profile_mappings::mapping_id;
use crate::tests::group_rules::{group, rule, walk};
use crate::tests::user_types::{
    FORBIDDEN, INVALID, STAYS, TYPES, USERS, add, cause, delete, make, profile, put, set,
};
use identity::access::custom::Resource;
use identity::access::custom::capability::Capability as To;
use identity::user_type::id_of;
use serde_json::{Value, json};
use vocab::id::AppId;

async fn somebody_becomes_one_of_another_type_by_being_replaced(world: &World) {
    let contractor = make(world, "contractor").await;
    let agency =
        json!({ "agency": { "type": "string", "required": true }, "site": { "type": "string" } });
    set(world, &contractor, &agency).await;
    set(
        world,
        "default",
        &json!({ "grade": { "type": "integer" }, "site": { "type": "string" } }),
    )
    .await;
    let ada = add(world, "ada", "", &json!({ "grade": 3, "site": "BER" })).await;
    let (id, default) = (ada.id(), id_of(&world.main, None));
    let path = format!("{USERS}/{id}");
    let body = |of: &str, attributes: Value| json!({ "type": { "id": of }, "profile": profile("ada", &attributes) });
    let rows = world.log_rows(&world.main).await;
    let partial = world
        .post(&path, &body(&contractor, json!({ "agency": "Acme" })))
        .await;
    assert_eq!(partial.outcome(), INVALID);
    for attributes in [
        json!({}),
        json!({ "agency": "Acme", "grade": 3 }),
        json!({ "site": "BER" }),
    ] {
        let refused = put(world, &path, &body(&contractor, attributes.clone())).await;
        assert_eq!(refused.outcome(), INVALID, "{attributes}");
    }
    let unknown = put(world, &path, &body("oty00000000000000000", json!({}))).await;
    assert_eq!(unknown.outcome(), INVALID);
    assert_eq!(world.log_rows(&world.main).await, rows);
    assert_eq!(world.get(&path).await.body["profile"]["grade"], 3);
    // What names the type that somebody is of changes nothing of it.
    let same = world
        .post(
            &path,
            &json!({ "type": { "id": default }, "profile": { "grade": 4 } }),
        )
        .await;
    assert_eq!(same.body["profile"]["grade"], 4);
    let rows = world.log_rows(&world.main).await;
    let moved = put(
        world,
        &path,
        &body(&contractor, json!({ "agency": "Acme" })),
    )
    .await;
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(
        world.kinds_since(rows).await,
        [
            "user.account.update_profile",
            "user.account.update_user_type"
        ]
    );
    let shown = world.get(&path).await;
    assert_eq!(shown.body["type"]["id"], json!(contractor));
    let expected = json!({ "login": "ada", "email": "ada@example.com", "agency": "Acme" });
    assert_eq!(
        shown.body["profile"], expected,
        "what was not named is gone"
    );
    // Where nothing is said of the type, it stays.
    let kept = json!({ "profile": profile("ada", &json!({ "agency": "Navy", "site": "HAM" })) });
    assert_eq!(
        put(world, &path, &kept).await.body["type"]["id"],
        json!(contractor)
    );
    let kept = world
        .post(&path, &json!({ "profile": { "agency": "Army" } }))
        .await;
    assert_eq!(kept.body["profile"]["agency"], "Army");
    let stale = world.get(&path).await;
    let back = put(world, &path, &body("default", json!({ "grade": 5 }))).await;
    assert_eq!(back.body["type"]["id"], json!(default));
    let tag = stale.header("etag").to_owned();
    assert_ne!(back.header("etag"), tag, "a change of the type is a change");
    // What was held as one of the other type comes back with nothing.
    let again = put(
        world,
        &path,
        &body(&contractor, json!({ "agency": "Acme" })),
    )
    .await;
    assert_eq!(again.body["profile"].get("site"), None);
}

async fn a_type_stays_while_somebody_is_of_it(world: &World) {
    let contractor = make(world, "contractor").await;
    let path = format!("{TYPES}/{contractor}");
    let carl = add(world, "carl", &contractor, &json!({})).await.id();
    let rows = world.log_rows(&world.main).await;
    assert_eq!(delete(world, &path).await.outcome(), STAYS);
    // Somebody who has left is still of it.
    let user = format!("{USERS}/{carl}");
    assert_eq!(delete(world, &user).await.status, 204);
    assert_eq!(delete(world, &path).await.outcome(), STAYS);
    assert!(world.log_rows(&world.main).await > rows);
    assert_eq!(delete(world, &user).await.status, 204);
    assert_eq!(delete(world, &path).await.status, 204);
    let late = add(world, "late", &contractor, &json!({})).await;
    assert_eq!(late.outcome(), INVALID);
    let ada = add(world, "ada", "", &json!({})).await.id();
    let body = json!({ "type": { "id": contractor }, "profile": profile("ada", &json!({})) });
    let late = put(world, &format!("{USERS}/{ada}"), &body).await;
    assert_eq!(late.outcome(), INVALID);
}

async fn of_a_removal_and_of_people_who_come_one_is_first(world: &World) {
    for round in 0..6 {
        let of = make(world, &format!("type{round}")).await;
        let path = format!("{TYPES}/{of}");
        let (one, two) = (format!("one{round}"), format!("two{round}"));
        let none = json!({});
        let (first, removed, second) = tokio::join!(
            add(world, &one, &of, &none),
            delete(world, &path),
            add(world, &two, &of, &none),
        );
        let added: Vec<&Answered> = [&first, &second]
            .into_iter()
            .filter(|answer| answer.status == 200)
            .collect();
        let is_gone = world.get(&path).await.status == 404;
        assert_eq!(removed.status == 204, is_gone);
        match is_gone {
            true => assert!(added.is_empty(), "somebody is of a type that is gone"),
            false => {
                assert_eq!(removed.outcome(), STAYS);
                assert!(!added.is_empty());
            }
        }
        for answer in added {
            let shown = world.get(&format!("{USERS}/{}", answer.id())).await;
            assert_eq!(shown.body["type"]["id"], json!(of));
        }
    }
}

async fn people_are_found_by_their_type(world: &World) {
    let contractor = make(world, "contractor").await;
    let guest = make(world, "guest").await;
    for login in ["c3", "c1", "c2"] {
        add(world, login, &contractor, &json!({})).await;
    }
    for login in ["d1", "d2"] {
        add(world, login, "", &json!({})).await;
    }
    let found = async |words: &str| {
        let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
        world
            .walk(&format!("{USERS}?search={words}&limit=2"), "/profile/login")
            .await
    };
    let of = |id: &str| format!("type.id eq \"{id}\"");
    assert_eq!(found(&of(&contractor)).await, ["c1", "c2", "c3"]);
    assert!(found(&of(&guest)).await.is_empty());
    assert!(found(&of("oty00000000000000000")).await.is_empty());
    let default = found(&of(&id_of(&world.main, None))).await;
    assert!(default.contains(&"d1".to_owned()) && default.contains(&"d2".to_owned()));
    assert!(!default.iter().any(|login| login.starts_with('c')));
    let staged = found(&format!("{} and status eq \"STAGED\"", of(&contractor))).await;
    assert_eq!(staged, ["c1", "c2", "c3"]);
    let begins = format!("{} and profile.login sw \"c2\"", of(&contractor));
    assert_eq!(found(&begins).await, ["c2"]);
    let others = format!("profile.login sw \"d\" and not ({})", of(&contractor));
    assert_eq!(found(&others).await, ["d1", "d2"]);
    let either = format!("{} or profile.login eq \"d1\"", of(&contractor));
    assert_eq!(found(&either).await, ["c1", "c2", "c3", "d1"]);
    let down = format!(
        "{USERS}?search=type.id+eq+%22{contractor}%22&sortBy=profile.login&sortOrder=desc&limit=2"
    );
    assert_eq!(
        world.walk(&down, "/profile/login").await,
        ["c3", "c2", "c1"]
    );
}

async fn unique_values_are_those_of_all_types_in_which_they_are(world: &World) {
    let (contractor, guest) = (make(world, "contractor").await, make(world, "guest").await);
    let unique = json!({ "badge": { "type": "string", "unique": true } });
    let plain = json!({ "badge": { "type": "string" } });
    set(world, "default", &unique).await;
    set(world, &contractor, &unique).await;
    set(world, &guest, &plain).await;
    let badge = |value: &str| json!({ "badge": value });
    let taken = "profile: somebody else has this value of \"badge\"";
    let ada = add(world, "ada", "", &badge("A1")).await.id();
    let carl = add(world, "carl", &contractor, &badge("a1 ")).await;
    assert_eq!((carl.outcome(), cause(&carl)), (INVALID, taken));
    let carl = add(world, "carl", &contractor, &badge("C1")).await.id();
    assert_eq!(cause(&add(world, "eve", "", &badge("c1")).await), taken);
    // In the type where it is not unique the value is anybody's.
    for login in ["gus", "gwen"] {
        assert_eq!(add(world, login, &guest, &badge("A1")).await.status, 200);
    }
    let refused = set(world, &guest, &unique).await;
    assert_eq!(refused.outcome(), INVALID);
    // Whoever becomes one of such a type takes the value, and whoever leaves it gives it up.
    let retype = async |user: &str, login: &str, of: &str, value: &str| {
        let body = json!({ "type": { "id": of }, "profile": profile(login, &badge(value)) });
        put(world, &format!("{USERS}/{user}"), &body).await
    };
    let gus = world.get(&format!("{USERS}/gus")).await.id();
    assert_eq!(cause(&retype(&gus, "gus", &contractor, "A1").await), taken);
    assert_eq!(retype(&ada, "ada", &guest, "A1").await.status, 200);
    assert_eq!(retype(&gus, "gus", &contractor, "A1").await.status, 200);
    assert_eq!(cause(&retype(&ada, "ada", "default", "A1").await), taken);
    // What is unique no more for the people of a type is anybody's, what becomes so again is not.
    assert_eq!(set(world, &contractor, &plain_again()).await.status, 200);
    assert_eq!(
        add(world, "cleo", &contractor, &badge("C1")).await.status,
        200
    );
    assert_eq!(add(world, "dora", "", &badge("C1")).await.status, 200);
    assert_eq!(retype(&ada, "ada", "default", "A1").await.status, 200);
    let refused = set(world, &contractor, &unique_again()).await;
    assert_eq!(
        cause(&refused),
        "definitions.custom: two people have the same value of \"badge\""
    );
    assert_eq!(retype(&carl, "carl", &contractor, "C2").await.status, 200);
    assert_eq!(retype(&gus, "gus", &contractor, "C3").await.status, 200);
    let cleo = world.get(&format!("{USERS}/cleo")).await.id();
    assert_eq!(retype(&cleo, "cleo", &contractor, "C4").await.status, 200);
    assert_eq!(set(world, &contractor, &unique_again()).await.status, 200);
    assert_eq!(cause(&add(world, "emil", "", &badge("c2")).await), taken);
    assert_eq!(
        cause(&add(world, "emil", &contractor, &badge("a1")).await),
        taken
    );
}

fn plain_again() -> Value {
    json!({ "badge": { "unique": false } })
}

fn unique_again() -> Value {
    json!({ "badge": { "unique": true } })
}

async fn rules_and_mappings_know_the_attributes_of_every_type(world: &World) {
    let contractor = make(world, "contractor").await;
    set(
        world,
        &contractor,
        &json!({ "agency": { "type": "string" } }),
    )
    .await;
    let group = world
        .post("/api/v1/groups", &json!({ "profile": { "name": "Acme" } }))
        .await
        .id();
    let rule = |expression: &str| {
        json!({
            "type": "group_rule",
            "name": "Those of Acme",
            "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": expression } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } },
        })
    };
    let unknown = world
        .post("/api/v1/groups/rules", &rule("user.agent==\"Acme\""))
        .await;
    assert_eq!(unknown.outcome(), INVALID);
    let made = world
        .post("/api/v1/groups/rules", &rule("user.agency==\"Acme\""))
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let activate = format!("/api/v1/groups/rules/{}/lifecycle/activate", made.id());
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
    let carl = add(world, "carl", &contractor, &json!({ "agency": "Acme" }))
        .await
        .id();
    let ada = add(world, "ada", "", &json!({})).await.id();
    let members = async || {
        world
            .get(&format!("/api/v1/groups/{group}/users"))
            .await
            .texts("/id")
    };
    assert_eq!(members().await, std::slice::from_ref(&carl));
    let things = world.things(&world.main, "eve").await;
    let of_app =
        json!({ "definitions": { "custom": { "properties": { "firm": { "type": "string" } } } } });
    world
        .post(
            &format!("/api/v1/meta/schemas/apps/{}/default", things.app),
            &of_app,
        )
        .await;
    let mapping = format!(
        "/api/v1/mappings/{}",
        mapping_id(&AppId::parse(&things.app).unwrap())
    );
    let firm =
        json!({ "properties": { "firm": { "expression": "user.agency", "pushStatus": "PUSH" } } });
    let mapped = world.post(&mapping, &firm).await;
    assert_eq!(mapped.status, 200, "{}", mapped.body);
    for (user, expected) in [(&carl, json!({ "firm": "Acme" })), (&ada, json!({}))] {
        let path = format!("/api/v1/apps/{}/users", things.app);
        let assigned = world.post(&path, &json!({ "id": user })).await;
        assert_eq!(assigned.body["profile"], expected, "{}", assigned.body);
        let shown = world.get(&format!("{path}/{user}")).await;
        assert_eq!(shown.body["profile"], expected);
    }
    // Whoever becomes one of another type is in no group by what they had before.
    let body = json!({ "type": { "id": "default" }, "profile": profile("carl", &json!({})) });
    assert_eq!(
        put(world, &format!("{USERS}/{carl}"), &body).await.status,
        200
    );
    assert!(members().await.is_empty());
    let path = format!("/api/v1/apps/{}/users/{carl}", things.app);
    assert_eq!(world.get(&path).await.body["profile"], json!({}));
}

/// Another type has an attribute of the name, so that rules and mappings can still be read.
async fn what_a_type_has_no_more_counts_in_no_rule_and_no_mapping(world: &World) {
    let contractor = make(world, "contractor").await;
    let agency = json!({ "agency": { "type": "string" } });
    for of in ["default", contractor.as_str()] {
        assert_eq!(set(world, of, &agency).await.status, 200);
    }
    let acme = json!({ "agency": "Acme" });
    let ada = add(world, "ada", "", &acme).await.id();
    let carl = add(world, "carl", &contractor, &acme).await.id();
    let firms = group(world, "Acme").await;
    let made = rule("Those of Acme", "user.agency==\"Acme\"", &[&firms]);
    let made = world.post("/api/v1/groups/rules", &made).await.id();
    let activate = format!("/api/v1/groups/rules/{made}/lifecycle/activate");
    assert_eq!(world.post(&activate, &Value::Null).await.status, 204);
    let things = world.things(&world.main, "eve").await;
    let of_app =
        json!({ "definitions": { "custom": { "properties": { "firm": { "type": "string" } } } } });
    let schema = format!("/api/v1/meta/schemas/apps/{}/default", things.app);
    assert_eq!(world.post(&schema, &of_app).await.status, 200);
    let mapping = mapping_id(&AppId::parse(&things.app).unwrap());
    let firm =
        json!({ "properties": { "firm": { "expression": "user.agency", "pushStatus": "PUSH" } } });
    let mapping = format!("/api/v1/mappings/{mapping}");
    assert_eq!(world.post(&mapping, &firm).await.status, 200);
    let people = format!("/api/v1/apps/{}/users", things.app);
    for user in [&ada, &carl] {
        let assigned = world.post(&people, &json!({ "id": user })).await;
        assert_eq!(assigned.status, 200, "{}", assigned.body);
    }
    let seen = async || {
        walk(world).await;
        let members = world.get(&format!("/api/v1/groups/{firms}/users")).await;
        let mut firms = Vec::new();
        for user in [&ada, &carl] {
            let shown = world.get(&format!("{people}/{user}")).await;
            firms.push(shown.body["profile"].clone());
        }
        (members.texts("/id"), firms)
    };
    let (has, has_not) = (json!({ "firm": "Acme" }), json!({}));
    let mut both = vec![ada.clone(), carl.clone()];
    both.sort();
    assert_eq!(seen().await, (both, vec![has.clone(), has.clone()]));
    let none = json!({ "agency": null });
    assert_eq!(set(world, &contractor, &none).await.status, 200);
    let one = (vec![ada.clone()], vec![has.clone(), has_not.clone()]);
    assert_eq!(seen().await, one);
    // A change of something else brings nothing back.
    let activate = format!("{USERS}/{carl}/lifecycle/activate");
    assert_eq!(world.post(&activate, &Value::Null).await.status, 200);
    assert_eq!(seen().await, one);
    assert_eq!(set(world, &contractor, &agency).await.status, 200);
    assert_eq!(set(world, "default", &none).await.status, 200);
    assert_eq!(seen().await, (vec![carl.clone()], vec![has_not, has]));
}

/// The type decides what a profile holds, so that whoever may change a profile alone does not change the type.
async fn types_are_given_by_who_may_manage(world: &World) {
    let contractor = make(world, "contractor").await;
    let (samos, members) = world.crowd("samos", 1).await;
    let people = [Resource::UsersOf(samos)];
    world
        .let_desk("profiles", &[To::UsersProfile], &people)
        .await;
    let path = format!("users/{}", members[0]);
    let shown = world.get(&format!("{USERS}/{}", members[0])).await;
    let of = |id: &str| json!({ "type": { "id": id }, "profile": shown.body["profile"] });
    let kept = world.asks("PUT", &path, &of("default")).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let refused = world.asks("PUT", &path, &of(&contractor)).await;
    assert_eq!(refused.outcome(), FORBIDDEN);
    world.let_desk("all", &[To::UsersManage], &people).await;
    let changed = world.asks("PUT", &path, &of(&contractor)).await;
    assert_eq!(changed.body["type"]["id"], json!(contractor));
}

on_both_engines!(
    somebody_becomes_one_of_another_type_by_being_replaced,
    a_type_stays_while_somebody_is_of_it,
    of_a_removal_and_of_people_who_come_one_is_first,
    people_are_found_by_their_type,
    unique_values_are_those_of_all_types_in_which_they_are,
    rules_and_mappings_know_the_attributes_of_every_type,
    what_a_type_has_no_more_counts_in_no_rule_and_no_mapping,
    types_are_given_by_who_may_manage,
);
