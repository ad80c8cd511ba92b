//! Relations between people: somebody has one primary in each, a primary has many, and nobody is linked who is no more.

use crate::for_tests::{By, World, on_both_engines};
use identity::access::Permission;
use identity::linked_object::RELATIONS_MAX;
use identity::person::lifecycle::LifecycleAction;
use serde_json::{Value, json};
use vocab::id::UserId;

const RELATIONS: &str = "/api/v1/meta/schemas/user/linkedObjects";
const DAY_SECS: i64 = 24 * 60 * 60;

fn relation(primary: &str, associated: &str) -> Value {
    let end = |name: &str| json!({ "name": name, "title": name, "type": "USER" });
    json!({ "primary": end(primary), "associated": end(associated) })
}

fn of(user: &UserId, name: &str) -> String {
    format!("/api/v1/users/{user}/linkedObjects/{name}")
}

async fn linked(world: &World, user: &UserId, name: &str) -> Vec<String> {
    let listed = world.get(&of(user, name)).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let hrefs = listed.texts("/_links/self/href").into_iter();
    let prefix = "https://id.example/t/main/api/v1/users/";
    hrefs.map(|href| href[prefix.len()..].to_owned()).collect()
}

async fn link(world: &World, user: &UserId, primary: &UserId) -> (u16, String) {
    let path = format!("{}/{primary}", of(user, "manager"));
    let answer = world.call(By::Manager, "PUT", &path, &Value::Null).await;
    let code = answer.body["errorCode"].as_str().unwrap_or_default();
    (answer.status.as_u16(), code.to_owned())
}

async fn remove(world: &World, user: &UserId) {
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let gone = world
        .cell
        .change_person_status(&permit, user, LifecycleAction::Deactivate);
    gone.await.unwrap();
    world.cell.delete_person(&permit, user).await.unwrap();
}

async fn relations_are_added_shown_and_removed_by_either_name(world: &World) {
    assert_eq!(world.get(RELATIONS).await.body, json!([]));
    let made = world
        .post(RELATIONS, &relation("manager", "subordinate"))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    for name in ["manager", "subordinate"] {
        let shown = world.get(&format!("{RELATIONS}/{name}")).await;
        assert_eq!(shown.body, made.body);
    }
    assert_eq!(world.get(RELATIONS).await.body, json!([made.body]));
    // A name is one end's alone, whichever.
    for taken in [
        ("manager", "x"),
        ("x", "manager"),
        ("subordinate", "y"),
        ("y", "subordinate"),
    ] {
        let refused = world.post(RELATIONS, &relation(taken.0, taken.1)).await;
        assert_eq!(refused.outcome(), (400, "E0000001"), "{taken:?}");
    }
    // One of two names that is taken leaves the other free.
    let other = world.post(RELATIONS, &relation("x", "y")).await;
    assert_eq!(other.status, 201, "{}", other.body);
    for wrong in [
        relation("a", "a"),
        relation("1a", "b"),
        json!({ "primary": {} }),
    ] {
        assert_eq!(
            world.post(RELATIONS, &wrong).await.outcome(),
            (400, "E0000001")
        );
    }
    for by in [By::Reader, By::Person] {
        let refused = world.call(by, "POST", RELATIONS, &relation("p", "q")).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
    }
    let gone = format!("{RELATIONS}/subordinate");
    assert_eq!(
        world
            .call(By::Reader, "DELETE", &gone, &Value::Null)
            .await
            .status,
        403
    );
    assert_eq!(
        world
            .call(By::Manager, "DELETE", &gone, &Value::Null)
            .await
            .status,
        204
    );
    for name in ["manager", "subordinate"] {
        let missing = world.get(&format!("{RELATIONS}/{name}")).await;
        assert_eq!(missing.outcome(), (404, "E0000007"));
    }
    assert_eq!(world.get(RELATIONS).await.body, json!([other.body]));
}

async fn somebody_has_one_primary_and_a_primary_has_many(world: &World) {
    world
        .post(RELATIONS, &relation("manager", "subordinate"))
        .await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    let mut others = Vec::new();
    for number in 0..3 {
        let login = format!("person{number}");
        others.push(world.person(&world.main, &login, "A", "B").await);
    }
    others.sort();
    for other in &others {
        assert_eq!(link(world, other, &ada).await.0, 204);
        assert_eq!(linked(world, other, "manager").await, [ada.to_string()]);
    }
    let all: Vec<String> = others.iter().map(ToString::to_string).collect();
    assert_eq!(linked(world, &ada, "subordinate").await, all);
    assert_eq!(linked(world, &ada, "manager").await, Vec::<String>::new());
    let pages = world
        .walk(
            &format!("{}?limit=1", of(&ada, "subordinate")),
            "/_links/self/href",
        )
        .await;
    assert_eq!(pages.len(), 3);
    // Linked once more, nothing happens, and nothing is in the log.
    let rows = world.log_rows(&world.main).await;
    assert_eq!(link(world, &others[0], &ada).await.0, 204);
    assert_eq!(world.log_rows(&world.main).await, rows);
    // Another primary takes the place of the first.
    assert_eq!(link(world, &others[0], &grace).await.0, 204);
    assert_eq!(
        linked(world, &others[0], "manager").await,
        [grace.to_string()]
    );
    assert_eq!(linked(world, &ada, "subordinate").await, all[1..]);
    let unlink = of(&others[1], "manager");
    for _ in 0..2 {
        let done = world
            .call(By::Manager, "DELETE", &unlink, &Value::Null)
            .await;
        assert_eq!(done.status, 204);
    }
    assert_eq!(
        linked(world, &others[1], "manager").await,
        Vec::<String>::new()
    );

    assert_eq!(link(world, &ada, &ada).await, (400, "E0000001".into()));
    let other_end = format!("{}/{grace}", of(&ada, "subordinate"));
    let refused = world
        .call(By::Manager, "PUT", &other_end, &Value::Null)
        .await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    let unheard = format!("{}/{grace}", of(&ada, "mentor"));
    let missing = world.call(By::Manager, "PUT", &unheard, &Value::Null).await;
    assert_eq!(missing.outcome(), (404, "E0000007"));
    let foreign = world.person(&world.other, "eve", "Eve", "X").await;
    assert_eq!(link(world, &ada, &foreign).await, (404, "E0000007".into()));
    assert_eq!(link(world, &foreign, &ada).await, (404, "E0000007".into()));
    let path = format!("{}/{grace}", of(&ada, "manager"));
    for by in [By::Reader, By::Person] {
        assert_eq!(world.call(by, "PUT", &path, &Value::Null).await.status, 403);
    }
    assert_eq!(linked(world, &ada, "manager").await, Vec::<String>::new());
}

async fn nobody_is_linked_who_is_no_more(world: &World) {
    world
        .post(RELATIONS, &relation("manager", "subordinate"))
        .await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let grace = world.person(&world.main, "grace", "Grace", "Hopper").await;
    let alan = world.person(&world.main, "alan", "Alan", "Turing").await;
    assert_eq!(link(world, &grace, &ada).await.0, 204);
    assert_eq!(link(world, &alan, &grace).await.0, 204);
    remove(world, &alan).await;
    assert_eq!(
        linked(world, &grace, "subordinate").await,
        Vec::<String>::new()
    );
    remove(world, &ada).await;
    // At once, and the row that is left goes in its time.
    assert_eq!(linked(world, &grace, "manager").await, Vec::<String>::new());
    world.cell.remove_ended().await.unwrap();
    world.clock.advance_secs(2 * DAY_SECS);
    world.cell.remove_ended().await.unwrap();
    assert_eq!(linked(world, &grace, "manager").await, Vec::<String>::new());
    // What was removed comes back as something new.
    let alan = world.person(&world.main, "alan", "Alan", "Turing").await;
    assert_eq!(link(world, &grace, &alan).await.0, 204);
    let gone = format!("{RELATIONS}/manager");
    world.call(By::Manager, "DELETE", &gone, &Value::Null).await;
    world
        .post(RELATIONS, &relation("manager", "subordinate"))
        .await;
    assert_eq!(linked(world, &grace, "manager").await, Vec::<String>::new());
    assert_eq!(
        linked(world, &alan, "subordinate").await,
        Vec::<String>::new()
    );
    world.cell.remove_ended().await.unwrap();
    assert_eq!(link(world, &grace, &alan).await.0, 204);
    assert_eq!(
        linked(world, &alan, "subordinate").await,
        [grace.to_string()]
    );
}

async fn an_organisation_has_a_bounded_number_of_relations(world: &World) {
    for number in 0..RELATIONS_MAX {
        let made = relation(&format!("p{number}"), &format!("a{number}"));
        assert_eq!(world.post(RELATIONS, &made).await.status, 201);
    }
    let refused = world.post(RELATIONS, &relation("p", "a")).await;
    assert_eq!(refused.outcome(), (400, "E0000001"));
    assert_eq!(
        world.get(RELATIONS).await.body.as_array().unwrap().len(),
        RELATIONS_MAX
    );
}

on_both_engines!(
    relations_are_added_shown_and_removed_by_either_name,
    somebody_has_one_primary_and_a_primary_has_many,
    nobody_is_linked_who_is_no_more,
    an_organisation_has_a_bounded_number_of_relations,
);
