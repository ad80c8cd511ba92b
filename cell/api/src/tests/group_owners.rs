//! Who owns a group: people and groups, who come to nothing by it, and are owners no more when they are no more.

use crate::for_tests::{Answered, By, World, on_both_engines};
use identity::access::custom::Resource;
use identity::access::custom::capability::Capability as To;
use identity::access::{Permission, Role};
use identity::group::owners::OWNERS_MAX;
use serde_json::{Value, json};
use vocab::id::GroupId;

fn of(group: &GroupId) -> String {
    format!("/api/v1/groups/{group}/owners")
}

async fn add(world: &World, by: By, group: &GroupId, owner: (&str, &str)) -> Answered {
    let body = json!({ "type": owner.0, "id": owner.1 });
    world.call(by, "POST", &of(group), &body).await
}

async fn owned(world: &World, group: &GroupId) -> Vec<String> {
    let listed = world.get(&of(group)).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    listed.texts("/id")
}

async fn group(world: &World, name: &str) -> GroupId {
    world.crowd(name, 0).await.0
}

async fn owners_are_added_shown_and_removed(world: &World) {
    let (eng, leads) = (group(world, "eng").await, group(world, "leads").await);
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    assert_eq!(world.get(&of(&eng)).await.body, json!([]));
    let seq = world.log_rows(&world.main).await;
    let now = world.cell.now().to_rfc3339_millis();
    let person = add(world, By::Manager, &eng, ("USER", ada.as_str())).await;
    assert_eq!(person.status, 201, "{}", person.body);
    assert_eq!(
        person.body,
        json!({
            "id": ada.as_str(), "type": "USER", "displayName": "Ada Lovelace", "originType": "OKTA_DIRECTORY",
            "resolved": true, "lastUpdated": now,
        })
    );
    let other = add(world, By::Manager, &eng, ("GROUP", leads.as_str())).await;
    assert_eq!(other.status, 201, "{}", other.body);
    assert_eq!(
        (&other.body["displayName"], &other.body["type"]),
        (&json!("leads"), &json!("GROUP"))
    );
    let mut both = [person.body.clone(), other.body];
    both.sort_by_key(|owner| owner["id"].to_string());
    assert_eq!(world.get(&of(&eng)).await.body, json!(both));
    let events = world.log_since(seq).await;
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["resource.owner.update"; 2]);
    // What was shown may be sent back, and is refused as it is so already; what is none is not taken for one.
    let seq = world.log_rows(&world.main).await;
    let again = world.post(&of(&eng), &person.body).await;
    assert_eq!(again.outcome(), (400, "E0000001"));
    for (kind, id, outcome) in [
        ("USER", leads.as_str(), (404, "E0000007")),
        ("GROUP", ada.as_str(), (404, "E0000007")),
        ("USER", "00uAAAAAAAAAAAAAAAAA", (404, "E0000007")),
        ("GROUP", "00gAAAAAAAAAAAAAAAAA", (404, "E0000007")),
        ("user", ada.as_str(), (400, "E0000001")),
    ] {
        let refused = add(world, By::Manager, &eng, (kind, id)).await;
        assert_eq!(refused.outcome(), outcome, "{kind} {id}");
    }
    let one = format!("{}/{ada}", of(&eng));
    for by in [By::Reader, By::Person] {
        let refused = add(world, by, &eng, ("USER", ada.as_str())).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
        let refused = world.call(by, "DELETE", &one, &Value::Null).await;
        assert_eq!(refused.outcome(), (403, "E0000006"));
    }
    assert_eq!(world.log_rows(&world.main).await, seq);
    let removed = world.call(By::Manager, "DELETE", &one, &Value::Null).await;
    assert_eq!(removed.status, 204);
    assert_eq!(owned(world, &eng).await, [leads.as_str()]);
    let rows = world.log_since(seq).await;
    assert_eq!(rows.len(), 1);
    for gone in [one, format!("{}/none", of(&eng))] {
        let missing = world.call(By::Manager, "DELETE", &gone, &Value::Null).await;
        assert_eq!(missing.outcome(), (404, "E0000007"), "{gone}");
    }
}

async fn owners_are_few_and_found(world: &World) {
    let eng = group(world, "eng").await;
    let (crowd, people) = world.crowd("samos", OWNERS_MAX).await;
    add(world, By::Manager, &eng, ("GROUP", crowd.as_str())).await;
    for person in &people[1..] {
        let added = add(world, By::Manager, &eng, ("USER", person.as_str())).await;
        assert_eq!(added.status, 201, "{}", added.body);
    }
    let seq = world.log_rows(&world.main).await;
    let beyond = add(world, By::Manager, &eng, ("USER", people[0].as_str())).await;
    assert_eq!(beyond.outcome(), (400, "E0000001"), "{}", beyond.body);
    assert_eq!(world.log_rows(&world.main).await, seq);
    let all = owned(world, &eng).await;
    assert_eq!(all.len(), OWNERS_MAX);
    let pages = world.walk(&format!("{}?limit=7", of(&eng)), "/id").await;
    assert_eq!(pages, all);
    // A page goes on behind an owner that is none any more.
    let page = world.get(&format!("{}?limit=2", of(&eng))).await;
    let next = page.link("next").unwrap();
    let last = format!("{}/{}", of(&eng), all[1]);
    let removed = world.call(By::Manager, "DELETE", &last, &Value::Null).await;
    assert_eq!(removed.status, 204);
    let rest = &next["https://id.example/t/main".len()..];
    assert_eq!(world.walk(rest, "/id").await, all[2..]);
    for (search, count) in [
        ("type+eq+%22GROUP%22", 1),
        ("type+eq+%22USER%22", OWNERS_MAX - 2),
        ("displayName+sw+%22samos%22", OWNERS_MAX - 1),
        ("type+eq+%22GROUP%22+or+id+pr", OWNERS_MAX - 1),
        ("lastUpdated+gt+%222099-01-01T00:00:00.000Z%22", 0),
    ] {
        let path = format!("{}?limit=5&search={search}", of(&eng));
        assert_eq!(world.walk(&path, "/id").await.len(), count, "{search}");
    }
    for search in ["type+eq+1", "status+eq+%22ACTIVE%22", "type"] {
        let refused = world.get(&format!("{}?search={search}", of(&eng))).await;
        assert_eq!(refused.outcome(), (400, "E0000031"), "{search}");
    }
}

async fn nobody_owns_a_group_who_is_no_more(world: &World) {
    let (eng, leads) = (group(world, "eng").await, group(world, "leads").await);
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    for owner in [("USER", ada.as_str()), ("GROUP", leads.as_str())] {
        assert_eq!(add(world, By::Manager, &eng, owner).await.status, 201);
    }
    assert_eq!(
        add(world, By::Manager, &leads, ("GROUP", eng.as_str()))
            .await
            .status,
        201
    );
    let user = format!("/api/v1/users/{ada}");
    for _ in 0..2 {
        let gone = world.call(By::Manager, "DELETE", &user, &Value::Null).await;
        assert_eq!(gone.status, 204, "{}", gone.body);
    }
    assert_eq!(owned(world, &eng).await, [leads.as_str()]);
    let path = format!("/api/v1/groups/{leads}");
    let gone = world.call(By::Manager, "DELETE", &path, &Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    assert_eq!(owned(world, &eng).await, Vec::<String>::new());
    assert_eq!(world.get(&of(&leads)).await.outcome(), (404, "E0000007"));
    // Of another organisation there is neither group nor owner.
    let stranger = world.person(&world.other, "eve", "Eve", "Other").await;
    let groups = world.permit(&world.other, Permission::ManageGroups);
    let strange = world.cell.create_group(&groups, "strange", "").await;
    let strange = strange.unwrap().id;
    for owner in [("USER", stranger.as_str()), ("GROUP", strange.as_str())] {
        let refused = add(world, By::Manager, &eng, owner).await;
        assert_eq!(refused.outcome(), (404, "E0000007"), "{owner:?}");
        let refused = add(world, By::Manager, &strange, owner).await;
        assert_eq!(refused.outcome(), (404, "E0000007"), "{owner:?}");
    }
}

async fn owning_a_group_gives_nothing(world: &World) {
    let (eng, members) = world.crowd("eng", 1).await;
    let desk = world.desk().await;
    world.join(&group(world, "leads").await, &desk).await;
    let added = add(world, By::Manager, &eng, ("USER", desk.as_str())).await;
    assert_eq!(added.status, 201, "{}", added.body);
    for (method, path) in [
        ("GET", format!("groups/{eng}")),
        ("GET", format!("groups/{eng}/owners")),
        ("GET", format!("groups/{eng}/users")),
        ("PUT", format!("groups/{eng}/users/{desk}")),
        ("DELETE", format!("groups/{eng}/users/{}", members[0])),
        ("DELETE", format!("groups/{eng}")),
    ] {
        let seen = world.does(method, &path).await;
        assert_eq!(seen, (403, "E0000006".into()), "{method} {path}");
    }
}

async fn owners_of_administrators_are_named_by_those_above(world: &World) {
    let (eng, _) = world.crowd("eng", 0).await;
    let ada = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let role = Role::UserAdmin;
    world.administrator(role).await;
    let owner = ("USER", ada.as_str());
    assert_eq!(add(world, By::Of(role), &eng, owner).await.status, 201);
    let one = format!("{}/{ada}", of(&eng));
    let remove = async |by| world.call(by, "DELETE", &one, &Value::Null).await;
    assert_eq!(remove(By::Of(role)).await.status, 204);
    let held = json!({ "type": "READ_ONLY_ADMIN" });
    let path = format!("/api/v1/groups/{eng}/roles");
    assert_eq!(world.post(&path, &held).await.status, 201);
    let refused = add(world, By::Of(role), &eng, owner).await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
    assert_eq!(add(world, By::Manager, &eng, owner).await.status, 201);
    assert_eq!(remove(By::Of(role)).await.outcome(), (403, "E0000006"));
    assert_eq!(owned(world, &eng).await, [ada.as_str()]);
    // Who owns it has no role by that.
    let roles = world.get(&format!("/api/v1/users/{ada}/roles")).await;
    assert_eq!(roles.body, json!([]));
}

async fn whoever_sees_a_part_sees_the_owners_within(world: &World) {
    let (eng, members) = world.crowd("eng", 1).await;
    let outside = world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let leads = group(world, "leads").await;
    for owner in [
        ("USER", members[0].as_str()),
        ("USER", outside.as_str()),
        ("GROUP", leads.as_str()),
        ("GROUP", eng.as_str()),
    ] {
        assert_eq!(add(world, By::Manager, &eng, owner).await.status, 201);
    }
    let resources = [Resource::Group(eng.clone()), Resource::UsersOf(eng.clone())];
    let path = format!("groups/{eng}/owners");
    let binding = world
        .let_desk("groups", &[To::GroupsRead], &resources)
        .await;
    assert_eq!(world.sees(&path).await, [eng.as_str()]);
    world.unbind(&binding).await;
    world
        .let_desk("both", &[To::GroupsManage, To::UsersRead], &resources)
        .await;
    let mut within = [members[0].as_str(), eng.as_str()];
    within.sort_unstable();
    assert_eq!(world.sees(&path).await, within);
    assert_eq!(world.sees(&format!("{path}?limit=1")).await, within);
    let other = format!("groups/{leads}/owners");
    assert_eq!(world.does("GET", &other).await, (404, "E0000007".into()));
    // Owners are named by whoever runs every group.
    let one = format!("{path}/{}", members[0]);
    assert_eq!(world.does("DELETE", &one).await, (403, "E0000006".into()));
}

on_both_engines!(
    owners_are_added_shown_and_removed,
    owners_are_few_and_found,
    nobody_owns_a_group_who_is_no_more,
    owning_a_group_gives_nothing,
    owners_of_administrators_are_named_by_those_above,
    whoever_sees_a_part_sees_the_owners_within,
);
