//! The system log: spans, both directions, filters, and a poll that misses nothing.

use crate::for_tests::{By, World, on_both_engines};
use serde_json::{Value, json};

async fn group(world: &World, name: &str) -> String {
    let body = json!({ "profile": { "name": name } });
    world.post("/api/v1/groups", &body).await.id()
}

async fn a_poll_goes_on_behind_what_it_has_read(world: &World) {
    for number in 0..5 {
        group(world, &format!("g{number}")).await;
    }
    let own = "https://id.example/t/main".len();
    let (mut seen, mut next) = (Vec::new(), String::from("/api/v1/logs?limit=4"));
    let all = usize::try_from(world.log_rows(&world.main).await).unwrap();
    let read = async |path: &str| {
        let page = world.get(path).await;
        let next = page.link("next").expect("a poll has no end")[own..].to_owned();
        (page.texts("/uuid"), next)
    };
    while seen.len() < all {
        let (page, after) = read(&next).await;
        assert!(!page.is_empty());
        seen.extend(page);
        next = after;
    }
    let (empty, again) = read(&next).await;
    assert!(empty.is_empty());
    assert_eq!(again, next, "where nothing is new, it stays where it is");
    group(world, "late").await;
    let (page, _) = read(&again).await;
    assert_eq!(page.len(), 1);
    seen.extend(page);
    // What begins with nothing goes on with what is new, and with nothing older.
    world.clock.advance_secs(5);
    let now = world.cell.now().to_rfc3339_millis();
    let (none, next) = read(&format!("/api/v1/logs?since={now}")).await;
    assert!(none.is_empty());
    group(world, "later").await;
    let (page, _) = read(&next).await;
    assert_eq!(page.len(), 1);
    seen.extend(page);
    let descending = world
        .walk("/api/v1/logs?sortOrder=DESCENDING&limit=7", "/uuid")
        .await;
    seen.reverse();
    assert_eq!(descending, seen);
}

async fn a_span_is_finite_and_filtered(world: &World) {
    let before = world.cell.now().to_rfc3339_millis();
    world.clock.advance_secs(10);
    let eng = group(world, "Eng").await;
    let sales = group(world, "Sales").await;
    let path = format!("/api/v1/groups/{eng}/users/me");
    let added = world.call(By::Manager, "PUT", &path, &Value::Null).await;
    assert_eq!(added.status, 204);
    world.clock.advance_secs(10);
    let now = world.cell.now().to_rfc3339_millis();
    group(world, "Late").await;
    let kinds = async |query: &str| {
        let path = format!("/api/v1/logs?limit=2&since={before}&until={now}{query}");
        let mut kinds = world.walk(&path, "/eventType").await;
        kinds.retain(|kind| kind.starts_with("group."));
        kinds
    };
    let (made, joined) = ("group.lifecycle.create", "group.user_membership.add");
    assert_eq!(kinds("").await, [made, made, joined]);
    assert_eq!(kinds("&sortOrder=DESCENDING").await, [joined, made, made]);
    for (filter, expected) in [
        (format!("eventType+eq+%22{made}%22"), vec![made, made]),
        (format!("target.id+eq+%22{sales}%22"), vec![made]),
        (
            format!("target.id+eq+%22{eng}%22+and+eventType+eq+%22{joined}%22"),
            vec![joined],
        ),
        (String::from("outcome.result+eq+%22FAILURE%22"), vec![]),
        (String::from("eventType+eq+%22nothing%22"), vec![]),
    ] {
        assert_eq!(
            kinds(&format!("&filter={filter}")).await,
            expected,
            "{filter}"
        );
    }
    let events = world
        .get(&format!("/api/v1/logs?since={before}&until={now}"))
        .await;
    let event = &events.body.as_array().unwrap().last().unwrap().clone();
    assert_eq!(event["actor"]["type"], "ApiToken");
    assert_eq!(event["outcome"]["result"], "SUCCESS");
}

async fn keywords_find_what_has_all_of_them(world: &World) {
    let readers = group(world, "Zebra Readers").await;
    let writers = group(world, "Zebra, Writers").await;
    world.person(&world.other, "zebra", "Zebra", "Other").await;
    let found = async |query: &str| {
        let path = format!("/api/v1/logs?sortOrder=DESCENDING&limit=1&{query}");
        world.walk(&path, "/target/0/id").await
    };
    let (readers, writers) = (readers.as_str(), writers.as_str());
    for (query, expected) in [
        ("q=zebra", vec![writers, readers]),
        ("q=READERS+zebra", vec![readers]),
        (
            "q=zebra+group.lifecycle.create+success",
            vec![writers, readers],
        ),
        ("q=zebra+readers+writers", vec![]),
        ("q=zeb", vec![]),
        (
            "q=zebra&filter=eventType+eq+%22group.lifecycle.create%22",
            vec![writers, readers],
        ),
        (
            "q=zebra&filter=eventType+eq+%22group.lifecycle.delete%22",
            vec![],
        ),
        ("q=zebra&since=2100-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    let by_id = found(&format!("q={writers}")).await;
    assert_eq!(by_id, [writers]);
    // A poll by keywords goes on behind what it has looked at.
    let own = "https://id.example/t/main".len();
    let page = world.get("/api/v1/logs?q=zebra").await;
    assert_eq!(page.texts("/target/0/id"), [readers, writers]);
    let next = page.link("next").expect("a poll has no end")[own..].to_owned();
    group(world, "Horse").await;
    let late = group(world, "Late Zebra").await;
    let page = world.get(&next).await;
    assert_eq!(page.texts("/target/0/id"), [late]);
}

async fn the_log_is_of_ones_own_org_and_for_those_who_may(world: &World) {
    let reader = world
        .call(By::Reader, "GET", "/api/v1/logs", &Value::Null)
        .await;
    assert_eq!(reader.status, 200);
    let theirs = world.person(&world.other, "ada", "Ada", "Lovelace").await;
    let path = format!("/api/v1/logs?filter=target.id+eq+%22{theirs}%22");
    assert_eq!(world.get(&path).await.body, json!([]));
    for (query, code) in [
        ("since=yesterday", "E0000001"),
        ("sortOrder=up", "E0000001"),
        ("limit=0", "E0000001"),
        ("q=1+2+3+4+5+6+7+8+9+10+11", "E0000001"),
        ("q=12345678901234567890123456789012345678901", "E0000001"),
        ("q=-", "E0000001"),
        ("after=x", "E0000001"),
        ("filter=eventType+sw+%22user%22", "E0000031"),
        ("filter=published+eq+%22x%22", "E0000031"),
    ] {
        let refused = world.get(&format!("/api/v1/logs?{query}")).await;
        assert_eq!(refused.outcome(), (400, code), "{query}");
    }
}

on_both_engines!(
    a_poll_goes_on_behind_what_it_has_read,
    a_span_is_finite_and_filtered,
    keywords_find_what_has_all_of_them,
    the_log_is_of_ones_own_org_and_for_those_who_may,
);
