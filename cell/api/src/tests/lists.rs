//! Lists: pages without a gap or a repetition, filters, orders, and cursors of other lists.

use crate::for_tests::{By, World, on_both_engines};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PEOPLE: usize = 25;

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

/// The logins of all pages of a search, which never show anybody twice.
async fn search(world: &World, filter: &str, more: &str) -> Vec<String> {
    let path = format!("/api/v1/users?search={}&limit=4{more}", encode(filter));
    let logins = world.walk(&path, "/profile/login").await;
    let once: BTreeSet<&String> = logins.iter().collect();
    assert_eq!(once.len(), logins.len(), "{filter}: {logins:?}");
    logins
}

fn numbered(fits: impl Fn(usize) -> bool) -> Vec<String> {
    (0..PEOPLE)
        .filter(|number| fits(*number))
        .map(|number| format!("p{number:02}"))
        .collect()
}

async fn pages_show_everybody_once(world: &World) {
    crowd(world).await;
    for limit in [1, 7, 28, 29, 200] {
        let path = format!("/api/v1/users?limit={limit}");
        let ids = world.walk(&path, "/id").await;
        assert_eq!(ids.len(), PEOPLE + 3, "{limit}");
        assert!(ids.is_sorted(), "{limit}");
    }
    let page = world.get("/api/v1/users?limit=2").await;
    let own = page.link("self").unwrap();
    assert_eq!(own, "https://id.example/t/main/api/v1/users?limit=2");
    let next = page.link("next").unwrap();
    let begins = "https://id.example/t/main/api/v1/users?limit=2&after=";
    assert!(next.starts_with(begins) && !next.contains(','), "{next}");
    let listed = page.body[0]["_links"].as_object().unwrap();
    assert_eq!(listed.len(), 1, "a list shows no steps");
}

async fn orders_are_kept_over_pages(world: &World) {
    crowd(world).await;
    let walk = async |query: &str| {
        let path = format!("/api/v1/users?limit=6&{query}");
        world.walk(&path, "/profile/login").await
    };
    let up = walk("sortBy=profile.login").await;
    assert!(up.is_sorted() && up.len() == PEOPLE + 3);
    for (query, newest_first) in [
        ("sortBy=created&sortOrder=desc", true),
        ("sortBy=lastUpdated&sortOrder=desc", true),
        ("sortBy=lastUpdated&sortOrder=asc", false),
    ] {
        let mut logins = walk(query).await;
        logins.retain(|login| login.starts_with('p') && login.len() == 3);
        let mut expected = numbered(|_| true);
        if newest_first {
            expected.reverse();
        }
        assert_eq!(logins, expected, "{query}");
    }
    let mut down = walk("sortBy=profile.login&sortOrder=desc").await;
    down.reverse();
    assert_eq!(down, up);
    let ids = world
        .walk("/api/v1/users?limit=5&sortBy=id&sortOrder=desc", "/id")
        .await;
    assert!(ids.is_sorted_by(|a, b| a > b) && ids.len() == PEOPLE + 3);
}

async fn filters_find_exactly_those(world: &World) {
    crowd(world).await;
    let sorted = async |filter: &str| {
        let mut found = search(world, filter, "").await;
        found.sort();
        found
    };
    let lovelace = numbered(|number| number % 3 == 0);
    let lo = numbered(|number| number % 3 != 1);
    let some = vec![String::from("p04"), String::from("p07")];
    for (filter, expected) in [
        (r#"profile.lastName eq "LOVELACE""#, &lovelace),
        (r#"profile.lastName sw "Lo""#, &lo),
        (
            r#"profile.lastName sw "Lo" and profile.firstName eq "Ada""#,
            &lovelace,
        ),
        (
            r#"profile.lastName sw "Lo" and not (profile.firstName co "lan")"#,
            &lovelace,
        ),
        (
            r#"profile.lastName sw "Lo" or profile.firstName sw "Ada""#,
            &lo,
        ),
        (
            r#"profile.login eq "p04" or profile.email eq "P07@example.com""#,
            &some,
        ),
        (
            r#"profile.login eq "p04" or profile.login eq "p07" or id eq "none""#,
            &some,
        ),
        (
            r#"status eq "ACTIVE" and (profile.login eq "p04" or profile.login eq "p07")"#,
            &some,
        ),
        (r#"status eq "SUSPENDED""#, &Vec::new()),
        (r#"status eq "NONSENSE""#, &Vec::new()),
    ] {
        assert_eq!(&sorted(filter).await, expected, "{filter}");
    }
    let active = sorted(r#"status eq "ACTIVE""#).await;
    assert_eq!(active.len(), PEOPLE + 3);
    let filtered = world
        .get("/api/v1/users?filter=status+eq+%22ACTIVE%22")
        .await;
    assert_eq!(filtered.texts("/id").len(), PEOPLE + 3);
}

async fn spans_of_time_are_exact(world: &World) {
    crowd(world).await;
    let moment = |number: usize| async move {
        let person = world.get(&format!("/api/v1/users/p{number:02}")).await;
        person.body["lastUpdated"].as_str().unwrap().to_owned()
    };
    let (from, to) = (moment(10).await, moment(20).await);
    let own = |logins: Vec<String>| -> Vec<String> {
        let is_of_crowd = |login: &String| login.starts_with('p') && login.len() == 3;
        logins.into_iter().filter(is_of_crowd).collect()
    };
    for (filter, first, last) in [
        (format!("lastUpdated gt \"{from}\""), 11, PEOPLE - 1),
        (format!("lastUpdated ge \"{from}\""), 10, PEOPLE - 1),
        (format!("lastUpdated lt \"{from}\""), 0, 9),
        (
            format!("lastUpdated ge \"{from}\" and lastUpdated le \"{to}\""),
            10,
            20,
        ),
        (format!("created eq \"{from}\""), 10, 10),
        (
            format!("lastUpdated gt \"{from}\" and lastUpdated lt \"{from}\""),
            1,
            0,
        ),
    ] {
        let found = own(search(world, &filter, "").await);
        assert_eq!(
            found,
            numbered(|number| number >= first && number <= last),
            "{filter}"
        );
    }
    let newest = search(
        world,
        &format!("lastUpdated ge \"{from}\""),
        "&sortBy=lastUpdated&sortOrder=desc",
    )
    .await;
    assert_eq!(newest.first().map(String::as_str), Some("p24"));
}

async fn a_search_sees_what_was_just_written(world: &World) {
    world.person(&world.main, "ada", "Ada", "Lovelace").await;
    let found = async |filter: &str| search(world, filter, "").await;
    let named = json!({ "profile": { "lastName": "King" } });
    assert_eq!(world.post("/api/v1/users/ada", &named).await.status, 200);
    assert_eq!(found(r#"profile.lastName eq "King""#).await, ["ada"]);
    assert!(found(r#"profile.lastName eq "Lovelace""#).await.is_empty());
    let path = "/api/v1/users/ada/lifecycle/suspend";
    assert_eq!(world.post(path, &Value::Null).await.status, 200);
    assert_eq!(found(r#"status eq "SUSPENDED""#).await, ["ada"]);
    let both = r#"status eq "SUSPENDED" and profile.firstName sw "A""#;
    assert_eq!(found(both).await, ["ada"]);
}

async fn by_beginning_finds_who_is_here(world: &World) {
    crowd(world).await;
    let lovelaces = world.get("/api/v1/users?q=lovel").await;
    assert_eq!(lovelaces.texts("/id").len(), 9);
    let some = world.get("/api/v1/users?q=p&limit=3").await;
    assert_eq!(some.texts("/id").len(), 3);
    assert_eq!(some.link("next"), None, "there is no second page");
    let all = world.get("/api/v1/users?q=p").await;
    assert_eq!(all.texts("/id").len(), 10);
    let leave = "/api/v1/users/p00/lifecycle/deactivate";
    assert_eq!(world.post(leave, &Value::Null).await.status, 200);
    let left = world.get("/api/v1/users?q=lovel").await;
    assert_eq!(left.texts("/id").len(), 8);
    let listed = world.walk("/api/v1/users?limit=10", "/id").await;
    assert_eq!(
        listed.len(),
        PEOPLE + 2,
        "whoever has left is found by a filter alone"
    );
    let gone = search(world, r#"status eq "DEPROVISIONED""#, "").await;
    assert_eq!(gone, ["p00"]);
    assert_eq!(world.get("/api/v1/users?q=nobody").await.body, json!([]));
}

async fn what_no_index_answers_is_refused(world: &World) {
    for (query, code) in [
        ("search=profile.email+co+%22a%22", "E0000031"),
        ("search=status+ne+%22ACTIVE%22", "E0000031"),
        ("search=profile.team+eq+%22a%22", "E0000031"),
        ("search=profile.login+eq", "E0000031"),
        ("search=nothing+eq+%22a%22", "E0000031"),
        ("filter=lastUpdated+gt+%22yesterday%22", "E0000031"),
        (
            "search=status+eq+%22ACTIVE%22&sortBy=lastUpdated",
            "E0000031",
        ),
        ("sortBy=profile.team", "E0000031"),
        ("search=id+pr&filter=id+pr", "E0000033"),
        ("limit=0", "E0000001"),
        ("sortOrder=desc", "E0000001"),
        ("after=x", "E0000001"),
    ] {
        let refused = world.get(&format!("/api/v1/users?{query}")).await;
        assert_eq!(refused.outcome(), (400, code), "{query}");
    }
}

async fn a_cursor_is_of_one_list_of_one_org(world: &World) {
    crowd(world).await;
    let after = |link: String| link.split_once("after=").unwrap().1.to_owned();
    let cursor = after(
        world
            .get("/api/v1/users?limit=2")
            .await
            .link("next")
            .unwrap(),
    );
    for (path, outcome) in [
        (format!("/api/v1/users?limit=5&after={cursor}"), (200, "")),
        (
            format!("/api/v1/users?sortBy=created&after={cursor}"),
            (400, "E0000001"),
        ),
        (format!("/api/v1/groups?after={cursor}"), (400, "E0000001")),
        (format!("/api/v1/users?after={cursor}x"), (400, "E0000001")),
    ] {
        assert_eq!(world.get(&path).await.outcome(), outcome, "{path}");
    }
    // Whoever makes one up begins somewhere else, and sees nothing but the own org.
    let mark = identity::cursor::mark(
        &world.main,
        "/api/v1/users",
        &[("sortBy".into(), "created".into())],
    );
    for (alternative, key) in [(0, "x"), (9, "1")] {
        let place = identity::condition::Place {
            alternative,
            key: key.into(),
            id: String::new(),
        };
        let made_up = identity::cursor::render(&mark, &place);
        let path = format!("/api/v1/users?sortBy=created&after={made_up}");
        assert_eq!(world.get(&path).await.outcome(), (400, "E0000001"));
    }
    let refused = world
        .call(By::Person, "GET", "/api/v1/users", &Value::Null)
        .await;
    assert_eq!(refused.outcome(), (403, "E0000006"));
}

on_both_engines!(
    pages_show_everybody_once,
    orders_are_kept_over_pages,
    filters_find_exactly_those,
    spans_of_time_are_exact,
    a_search_sees_what_was_just_written,
    by_beginning_finds_who_is_here,
    what_no_index_answers_is_refused,
    a_cursor_is_of_one_list_of_one_org,
);
