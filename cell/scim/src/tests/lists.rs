//! Lists: pages by index and by cursor without a gap or a repetition, filters, orders, and cursors of other lists.

use crate::for_tests::{By, World, on_both_engines};
use crate::limits::{INDEX_DEPTH_MAX, PAGE_MAX};
use identity::access::Permission;
use identity::person::profile::ProfileInput;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PEOPLE: usize = 25;
/// Those to whom the tokens belong.
const OWNERS: usize = 3;

async fn crowd(world: &World) {
    for number in 0..PEOPLE {
        world.clock.advance_secs(1);
        let (first, last) = match number % 3 {
            0 => ("Ada", "Lovelace"),
            1 => ("Grace", "Hopper"),
            _ => ("Alan", "Lorenz"),
        };
        let login = format!("p{number:02}");
        world.person(&world.main, &login, first, last).await;
    }
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn names(world: &World, filter: &str) -> Vec<String> {
    let path = format!("/scim/v2/Users?count=4&filter={}", encode(filter));
    let mut found = world.walk(&path, "/userName").await;
    let once: BTreeSet<&String> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "{filter}: {found:?}");
    found.sort();
    let index = format!("/scim/v2/Users?filter={}", encode(filter));
    let page = world.get(&index).await;
    assert_eq!(page.body["totalResults"], found.len(), "{filter}");
    found
}

fn numbered(fits: impl Fn(usize) -> bool) -> Vec<String> {
    (0..PEOPLE)
        .filter(|number| fits(*number))
        .map(|number| format!("p{number:02}"))
        .collect()
}

async fn pages_show_everybody_once(world: &World) {
    crowd(world).await;
    let all = PEOPLE + OWNERS;
    for count in [1, 7, 27, 28, 29, 200] {
        let ids = world
            .walk(&format!("/scim/v2/Users?count={count}"), "/id")
            .await;
        assert_eq!(ids.len(), all, "{count}");
        assert!(ids.is_sorted(), "{count}");
        let mut by_index = Vec::new();
        while by_index.len() < all {
            let start = by_index.len() + 1;
            let page = world
                .get(&format!("/scim/v2/Users?count={count}&startIndex={start}"))
                .await;
            assert_eq!(page.body["totalResults"], all);
            assert_eq!(page.body["startIndex"], start);
            let found = page.texts("/id");
            assert_eq!(page.body["itemsPerPage"], found.len());
            assert!(!found.is_empty() && found.len() <= count);
            by_index.extend(found);
        }
        assert_eq!(by_index, ids, "{count}");
    }
    for (query, items) in [
        ("", all),
        ("count=0", 0),
        ("count=-1", 0),
        ("startIndex=-5", all),
        ("startIndex=29", 0),
        ("startIndex=28", 1),
        ("count=0&cursor=", 0),
    ] {
        let page = world.get(&format!("/scim/v2/Users?{query}")).await;
        assert_eq!(page.body["totalResults"], all, "{query}");
        assert_eq!(page.body["itemsPerPage"], items, "{query}");
    }
}

async fn orders_are_kept_over_pages(world: &World) {
    crowd(world).await;
    let of_crowd = |names: Vec<String>| -> Vec<String> {
        let mut names = names;
        names.retain(|name| name.starts_with('p') && name.len() == 3);
        names
    };
    let mut down = numbered(|_| true);
    down.reverse();
    for (query, expected) in [
        ("sortBy=userName", numbered(|_| true)),
        ("sortBy=username&sortOrder=descending", down.clone()),
        ("sortBy=meta.created&sortOrder=descending", down.clone()),
        ("sortBy=meta.lastModified", numbered(|_| true)),
    ] {
        let found = world
            .walk(&format!("/scim/v2/Users?count=6&{query}"), "/userName")
            .await;
        assert_eq!(of_crowd(found), expected, "{query}");
        let page = world.get(&format!("/scim/v2/Users?{query}")).await;
        assert_eq!(of_crowd(page.texts("/userName")), expected, "{query}");
    }
}

async fn filters_find_exactly_those(world: &World) {
    crowd(world).await;
    let leave = world
        .get("/scim/v2/Users?filter=userName+eq+%22p00%22")
        .await;
    let path = format!("/scim/v2/Users/{}", leave.texts("/id")[0]);
    let left = world
        .patch(
            &path,
            &json!([{ "op": "replace", "path": "active", "value": false }]),
        )
        .await;
    assert_eq!(left.status, 200);
    let some = vec![String::from("p04"), String::from("p07")];
    for (filter, expected) in [
        (
            r#"name.familyName eq "LOVELACE""#,
            numbered(|number| number % 3 == 0),
        ),
        (
            r#"name.familyName sw "Lo" and active eq true"#,
            numbered(|number| number % 3 != 1 && number > 0),
        ),
        (r#"active eq false"#, numbered(|number| number == 0)),
        (
            r#"userName eq "p04" or emails.value eq "P07@example.com""#,
            some.clone(),
        ),
        (
            r#"userName eq "p04" or emails[type eq "work" and value eq "p07@example.com"]"#,
            some.clone(),
        ),
        (
            r#"userName sw "p0" and not (name.givenName eq "Ada")"#,
            numbered(|number| number < 10 && number % 3 != 0),
        ),
        (r#"userName eq "nobody""#, Vec::new()),
    ] {
        assert_eq!(names(world, filter).await, expected, "{filter}");
    }
    let seen = world.get(&path).await;
    let since = format!(
        "meta.lastModified ge \"{}\"",
        seen.body["meta"]["lastModified"].as_str().unwrap()
    );
    assert_eq!(
        names(world, &since).await,
        [String::from("p00"), String::from("p24")]
    );
}

async fn what_no_index_answers_is_refused(world: &World) {
    for (path, kind) in [
        ("Users?filter=userName+co+%22a%22", "invalidFilter"),
        ("Users?filter=userName+eq", "invalidFilter"),
        ("Users?filter=nothing+eq+%22a%22", "invalidFilter"),
        ("Users?filter=title+eq+%22a%22", "invalidFilter"),
        (
            "Users?filter=active+eq+true&sortBy=userName",
            "invalidFilter",
        ),
        ("Users?sortBy=title", "invalidValue"),
        ("Users?sortOrder=up", "invalidValue"),
        ("Users?count=many", "invalidCount"),
        ("Users?cursor=x", "invalidCursor"),
        ("Users?cursor=&startIndex=1", "invalidCursor"),
        ("Users?limit=1", "invalidValue"),
        ("Groups?filter=displayName+co+%22a%22", "invalidFilter"),
        ("Groups?sortBy=members", "invalidValue"),
    ] {
        let refused = world.get(&format!("/scim/v2/{path}")).await;
        assert_eq!(refused.outcome(), (400, kind), "{path}");
    }
}

async fn a_cursor_is_of_one_list_of_one_org(world: &World) {
    crowd(world).await;
    let first = world.get("/scim/v2/Users?count=2&cursor=").await;
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let unreserved = |sign: char| sign.is_ascii_alphanumeric() || "-._~".contains(sign);
    assert!(cursor.chars().all(unreserved), "{cursor}");
    for (path, outcome) in [
        (format!("Users?count=5&cursor={cursor}"), (200, "")),
        (
            format!("Users?sortBy=userName&cursor={cursor}"),
            (400, "invalidCursor"),
        ),
        (format!("Groups?cursor={cursor}"), (400, "invalidCursor")),
        (format!("Users?cursor={cursor}x"), (400, "invalidCursor")),
    ] {
        let path = format!("/scim/v2/{path}");
        assert_eq!(world.get(&path).await.outcome(), outcome, "{path}");
    }
    let refused = world
        .call(By::Person, "GET", "/scim/v2/Users", &Value::Null)
        .await;
    assert_eq!(refused.outcome(), (403, ""));
}

async fn groups_are_found_by_name_link_and_member(world: &World) {
    let member = world.person(&world.main, "m0", "A", "B").await.to_string();
    let mut ids = Vec::new();
    for name in ["Alpha", "Beta", "Eng", "Engineers"] {
        world.clock.advance_secs(1);
        let body = json!({ "displayName": name, "externalId": format!("G-{name}") });
        ids.push(world.post("/scim/v2/Groups", &body).await.id());
    }
    world.clock.advance_secs(1);
    let before = world.cell.now().to_rfc3339_millis();
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }]);
    for id in [&ids[0], &ids[2]] {
        assert_eq!(
            world
                .patch(&format!("/scim/v2/Groups/{id}"), &join)
                .await
                .status,
            200
        );
    }
    for (filter, expected) in [
        (r#"displayName eq "ENG""#.to_owned(), vec!["Eng"]),
        (
            r#"displayName sw "eng""#.to_owned(),
            vec!["Eng", "Engineers"],
        ),
        (r#"externalId eq "G-Beta""#.to_owned(), vec!["Beta"]),
        (r#"externalId eq "g-beta""#.to_owned(), vec![]),
        (
            format!(r#"members.value eq "{member}""#),
            vec!["Alpha", "Eng"],
        ),
        (
            format!(r#"id eq "{}" and members eq "{member}""#, ids[2]),
            vec!["Eng"],
        ),
        (
            format!(r#"id eq "{}" and members eq "{member}""#, ids[1]),
            vec![],
        ),
        (
            format!(r#"meta.lastModified ge "{before}""#),
            vec!["Alpha", "Eng"],
        ),
        (
            format!(r#"meta.lastModified lt "{before}" and displayName sw "b""#),
            vec!["Beta"],
        ),
    ] {
        let path = format!("/scim/v2/Groups?count=1&filter={}", encode(&filter));
        let mut found = world.walk(&path, "/displayName").await;
        found.sort();
        assert_eq!(found, expected, "{filter}");
        let total = &world.get(&path).await.body["totalResults"];
        assert_eq!(total, expected.len(), "{filter}");
    }
    let listed = world
        .get("/scim/v2/Groups?sortBy=displayName&sortOrder=descending")
        .await;
    assert_eq!(
        listed.texts("/displayName"),
        ["Engineers", "Eng", "Beta", "Alpha"]
    );
    assert!(listed.body["Resources"][0].get("members").is_none());
    let asked = world
        .get("/scim/v2/Groups?sortBy=displayName&attributes=members")
        .await;
    assert_eq!(asked.body["Resources"][0]["members"][0]["value"], member);
    let in_group = world
        .get(&format!(
            "/scim/v2/Users?filter=groups.value+eq+%22{}%22",
            ids[0]
        ))
        .await;
    assert_eq!(in_group.texts("/id"), [member]);
}

async fn a_search_by_post_finds_the_same(world: &World) {
    crowd(world).await;
    let group = world
        .post("/scim/v2/Groups", &json!({ "displayName": "Eng" }))
        .await
        .id();
    let search = |more: Value| {
        let mut body = json!({ "schemas": [protocol::scim::SEARCH_REQUEST] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let found = world
        .post(
            "/scim/v2/Users/.search",
            &search(json!({ "filter": "userName eq \"p04\"", "attributes": ["userName"] })),
        )
        .await;
    assert_eq!(found.texts("/userName"), ["p04"]);
    assert!(found.body["Resources"][0].get("emails").is_none());
    let all = world
        .post("/scim/v2/.search", &search(json!({ "count": 200 })))
        .await;
    assert_eq!(all.body["totalResults"], PEOPLE + OWNERS + 1);
    assert_eq!(all.texts("/id").last(), Some(&group));
    let (mut walked, mut cursor) = (Vec::new(), json!(""));
    while cursor.is_string() {
        let page = world
            .post(
                "/scim/v2/.search",
                &search(json!({ "count": 4, "cursor": cursor })),
            )
            .await;
        walked.extend(page.texts("/id"));
        cursor = page.body["nextCursor"].clone();
    }
    assert_eq!(walked, all.texts("/id"));
    let page = world
        .post(
            "/scim/v2/.search",
            &search(json!({ "count": 2, "startIndex": PEOPLE + OWNERS })),
        )
        .await;
    assert_eq!(page.texts("/id"), walked[PEOPLE + OWNERS - 1..]);
    let eng = search(json!({ "filter": "displayName eq \"Eng\"" }));
    assert_eq!(
        world.post("/scim/v2/.search", &eng).await.texts("/id"),
        [group]
    );
    let only = search(json!({ "filter": "meta.resourceType eq \"Group\"" }));
    assert_eq!(
        world.post("/scim/v2/.search", &only).await.body["totalResults"],
        1
    );
    let sorted = search(json!({ "sortBy": "id" }));
    let refused = world.post("/scim/v2/.search", &sorted).await;
    assert_eq!(refused.outcome(), (400, "invalidValue"));
}

/// An index goes so deep, and says so; a cursor goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_ends_at_its_depth_and_a_cursor_does_not() {
    let world = World::on_sqlite().await;
    let permit = world.permit(&world.main, Permission::ManagePeople);
    let made = (0..INDEX_DEPTH_MAX).map(|number| {
        let profile = ProfileInput {
            login: format!("p{number:05}"),
            email: "p@example.com".into(),
            ..ProfileInput::default()
        };
        world.cell.create_person(&permit, profile)
    });
    let mut made: Vec<_> = made.collect();
    while !made.is_empty() {
        let rest = made.split_off(made.len().min(500));
        for outcome in futures_util::future::join_all(made).await {
            outcome.unwrap();
        }
        made = rest;
    }
    let page = async |query: String| world.get(&format!("/scim/v2/Users?{query}")).await;
    let last = page(format!("startIndex={}&count=5", INDEX_DEPTH_MAX - 4)).await;
    assert_eq!(last.texts("/id").len(), 5);
    assert_eq!(
        last.body["totalResults"],
        INDEX_DEPTH_MAX + 1,
        "there are more"
    );
    for beyond in [INDEX_DEPTH_MAX + 1, 10 * INDEX_DEPTH_MAX] {
        let deep = page(format!("startIndex={beyond}&count=5")).await;
        assert_eq!(deep.outcome(), (400, "tooMany"), "{beyond}");
    }
    // Nobody is so, and it cannot be told without a look at everybody.
    let none = encode(r#"userName sw "p" and name.givenName co "x""#);
    let none = page(format!("filter={none}")).await;
    assert_eq!(none.outcome(), (400, "tooMany"));
    let ids = world
        .walk(&format!("/scim/v2/Users?count={PAGE_MAX}"), "/id")
        .await;
    assert_eq!(ids.len(), INDEX_DEPTH_MAX + OWNERS);
    assert!(ids.is_sorted());
}

on_both_engines!(
    pages_show_everybody_once,
    orders_are_kept_over_pages,
    filters_find_exactly_those,
    what_no_index_answers_is_refused,
    a_cursor_is_of_one_list_of_one_org,
    groups_are_found_by_name_link_and_member,
    a_search_by_post_finds_the_same,
);
