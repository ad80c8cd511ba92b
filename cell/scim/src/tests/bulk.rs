//! Several operations at once.

use crate::for_tests::{Answered, By, CALLS_MAX, World, on_both_engines};
use protocol::scim::BULK_REQUEST;
use serde_json::{Value, json};

const BULK: &str = "/scim/v2/Bulk";

async fn run(world: &World, operations: &Value, fail_on_errors: Option<usize>) -> Answered {
    let mut body = json!({ "schemas": [BULK_REQUEST], "Operations": operations });
    if let Some(count) = fail_on_errors {
        body["failOnErrors"] = json!(count);
    }
    world.post(BULK, &body).await
}

fn statuses(answer: &Answered) -> Vec<String> {
    let done = answer.body["Operations"].as_array();
    let done = done.unwrap_or_else(|| panic!("{}", answer.body));
    done.iter()
        .map(|one| one["status"].as_str().unwrap().to_owned())
        .collect()
}

fn user(name: &str) -> Value {
    let data = json!({ "userName": format!("{name}@example.com"), "active": false });
    json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": data })
}

async fn what_names_another_is_done_after_it(world: &World) {
    let operations = json!([
        {
            "method": "POST", "path": "/Groups", "bulkId": "eng",
            "data": { "displayName": "Eng", "members": [{ "value": "bulkId:ada" }, { "value": "bulkId:bob" }] },
        },
        user("ada"),
        user("bob"),
        {
            "method": "PATCH", "path": "/Groups/bulkId:eng",
            "data": { "Operations": [{ "op": "remove", "path": "members", "value": [{ "value": "bulkId:bob" }] }] },
        },
        { "method": "DELETE", "path": "/Users/bulkId:bob" },
    ]);
    let answer = run(world, &operations, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(statuses(&answer), ["201", "201", "201", "200", "204"]);
    let done = &answer.body["Operations"];
    assert_eq!(
        (&done[1]["bulkId"], &done[1]["method"]),
        (&json!("ada"), &json!("POST"))
    );
    assert_eq!(done[1]["version"], "W/\"1\"");
    let location = done[0]["location"].as_str().unwrap();
    let group = world
        .get(&location["https://id.example/t/main".len()..])
        .await;
    let ada = group.body["members"][0]["value"].as_str().unwrap();
    assert!(done[1]["location"].as_str().unwrap().ends_with(ada));
    assert_eq!(group.body["members"].as_array().unwrap().len(), 1);
}

async fn each_operation_has_an_outcome_of_its_own(world: &World) {
    let operations = json!([
        user("ada"),
        { "method": "POST", "path": "/Users", "bulkId": "again", "data": { "userName": "ADA@example.com" } },
        { "method": "DELETE", "path": "/Users/nobody" },
        { "method": "PUT", "path": "/Users", "data": {} },
        { "method": "POST", "path": "/Nothing", "bulkId": "x", "data": {} },
        { "method": "PATCH", "path": "/Groups/bulkId:missing", "data": {} },
        { "method": "POST", "path": "/Groups", "bulkId": "one", "data": { "displayName": "a", "members": [{ "value": "bulkId:two" }] } },
        { "method": "POST", "path": "/Groups", "bulkId": "two", "data": { "displayName": "b", "members": [{ "value": "bulkId:one" }] } },
        { "method": "POST", "path": "/Groups", "bulkId": "g", "data": { "displayName": "c", "members": [{ "value": "bulkId:again" }] } },
        { "method": "DELETE", "path": "/Users/bulkId:ada", "version": "W/\"9\"" },
        { "method": "DELETE", "path": "/Users/bulkId:ada", "version": "W/\"1\"" },
    ]);
    let answer = run(world, &operations, None).await;
    let seen = statuses(&answer);
    assert_eq!(
        seen,
        [
            "201", "409", "404", "400", "400", "409", "409", "409", "409", "412", "204"
        ],
        "{}",
        answer.body
    );
    let response = &answer.body["Operations"][1]["response"];
    assert_eq!(response["scimType"], "uniqueness");
    assert_eq!(response["status"], "409");
    let groups = world.get("/scim/v2/Groups").await;
    assert_eq!(groups.body["totalResults"], 0, "nothing half done");
}

async fn after_so_many_errors_the_rest_is_left_undone(world: &World) {
    let bad =
        |name: &str| json!({ "method": "POST", "path": "/Users", "bulkId": name, "data": {} });
    let operations = json!([
        user("one"),
        bad("x"),
        user("two"),
        bad("y"),
        user("three"),
        bad("z")
    ]);
    // The second time, the first user is there already.
    for (most, expected) in [
        (1, vec!["201", "400"]),
        (3, vec!["409", "400", "201", "400"]),
    ] {
        let answer = run(world, &operations, Some(most)).await;
        assert_eq!(statuses(&answer), expected, "{most}");
    }
    let three = world
        .get("/scim/v2/Users?filter=userName+eq+%22three@example.com%22")
        .await;
    assert_eq!(three.body["totalResults"], 0);
}

async fn many_people_are_made_by_one_request(world: &World) {
    let many: Vec<Value> = (0..150)
        .map(|number| user(&format!("u{number:03}")))
        .collect();
    let answer = run(world, &json!(many), None).await;
    assert_eq!(statuses(&answer), vec!["201"; 150]);
    let names: Vec<&str> = answer.body["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["bulkId"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted(), "in the order of the request");
    let staged = world
        .get("/scim/v2/Users?filter=userName+sw+%22u%22&count=0")
        .await;
    assert_eq!(staged.body["totalResults"], 150);
}

async fn each_operation_counts_as_a_call_and_needs_its_own_role(world: &World) {
    let forbidden = world
        .call(
            By::Reader,
            "POST",
            BULK,
            &json!({ "Operations": [user("a")] }),
        )
        .await;
    assert_eq!(forbidden.outcome(), (403, ""));
    let most = usize::try_from(CALLS_MAX).unwrap();
    let many = vec![json!({ "method": "DELETE", "path": "/Users/nobody" }); most];
    let answer = run(world, &json!(many), None).await;
    let seen = statuses(&answer);
    assert_eq!(
        seen.iter().filter(|status| *status == "404").count(),
        most - 1
    );
    assert_eq!(seen.last().map(String::as_str), Some("429"));
    assert_eq!(
        run(world, &json!([user("a")]), None).await.outcome(),
        (429, "")
    );
}

async fn what_is_no_request_is_refused_whole(world: &World) {
    let rows = world.log_rows(&world.main).await;
    let many = vec![json!({ "method": "DELETE", "path": "/Users/x" }); 1_001];
    for (operations, kind) in [
        (json!([]), "invalidSyntax"),
        (
            json!([{ "method": "GET", "path": "/Users" }]),
            "invalidSyntax",
        ),
        (json!([user("a"), user("a")]), "invalidValue"),
        (
            json!([user("a"), { "method": "POST", "path": "/Users", "data": {} }]),
            "invalidValue",
        ),
        (json!(many), "tooMany"),
    ] {
        let answer = run(world, &operations, None).await;
        assert_eq!(answer.outcome(), (400, kind));
    }
    assert_eq!(
        run(world, &json!([user("a")]), Some(0)).await.outcome(),
        (400, "invalidValue")
    );
    assert_eq!(world.log_rows(&world.main).await, rows);
}

on_both_engines!(
    what_names_another_is_done_after_it,
    each_operation_has_an_outcome_of_its_own,
    after_so_many_errors_the_rest_is_left_undone,
    many_people_are_made_by_one_request,
    each_operation_counts_as_a_call_and_needs_its_own_role,
    what_is_no_request_is_refused_whole,
);
