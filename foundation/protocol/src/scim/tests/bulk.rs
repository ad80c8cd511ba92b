//! Bulk requests: what is one, in which order it is done, and what stands for what is not made yet.

use crate::scim::bulk::{BulkOperation, Method, Turn, parse_bulk, plan_turns, references, resolve};
use crate::scim::problem::Kind;
use crate::scim::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn parse(operations: &Value) -> Result<Vec<BulkOperation>, Kind> {
    let body = json!({ "Operations": operations }).to_string();
    let request = parse_bulk(body.as_bytes()).map_err(|problem| problem.kind)?;
    Ok(request.operations)
}

fn post(name: &str, needs: &[&str]) -> Value {
    let members: Vec<Value> = needs
        .iter()
        .map(|need| json!({ "value": format!("bulkId:{need}") }))
        .collect();
    json!({ "method": "POST", "path": "/Groups", "bulkId": name, "data": { "members": members } })
}

#[test]
fn requests_are_read_within_their_bounds() {
    let whole = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "failOnErrors": 2,
        "Operations": [
            { "method": "post", "path": "/Users", "bulkId": "a", "data": { "userName": "a" } },
            { "method": "DELETE", "path": "/Users/1", "version": "W/\"3\"" },
        ],
    });
    let request = parse_bulk(whole.to_string().as_bytes()).unwrap();
    assert_eq!(request.fail_on_errors, Some(2));
    let methods: Vec<Method> = request.operations.iter().map(|one| one.method).collect();
    assert_eq!(methods, [Method::Post, Method::Delete]);
    assert_eq!(request.operations[1].version.as_deref(), Some("W/\"3\""));
    let many = vec![json!({ "method": "DELETE", "path": "/Users/1" }); BULK_OPERATIONS_MAX + 1];
    for (operations, kind) in [
        (json!([]), Kind::InvalidSyntax),
        (json!([1]), Kind::InvalidSyntax),
        (
            json!([{ "method": "GET", "path": "/Users" }]),
            Kind::InvalidSyntax,
        ),
        (
            json!([{ "method": "POST", "path": "/Users" }]),
            Kind::InvalidValue,
        ),
        (
            json!([{ "method": "POST", "path": "/Users", "bulkId": "" }]),
            Kind::InvalidValue,
        ),
        (json!([post("a", &[]), post("a", &[])]), Kind::InvalidValue),
        (
            json!([{ "method": "PUT", "path": "/Users/1", "data": 1 }]),
            Kind::InvalidSyntax,
        ),
        (json!(many), Kind::TooMany),
    ] {
        assert_eq!(parse(&operations), Err(kind), "{operations}");
    }
    for bad in [
        json!({ "failOnErrors": 0, "Operations": [post("a", &[])] }),
        json!({}),
    ] {
        assert!(parse_bulk(bad.to_string().as_bytes()).is_err());
    }
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(BULK_BYTES_MAX));
    assert!(parse_bulk(long.as_bytes()).is_err());
}

#[test]
fn whoever_names_another_comes_after_it() {
    use Turn::{Do, Refuse};
    for (operations, turns) in [
        (vec![post("a", &[]), post("b", &[])], vec![Do(0), Do(1)]),
        (vec![post("a", &["b"]), post("b", &[])], vec![Do(1), Do(0)]),
        (
            vec![post("a", &["b", "c"]), post("b", &["c"]), post("c", &[])],
            vec![Do(2), Do(1), Do(0)],
        ),
        (vec![post("a", &["a"])], vec![Refuse(0)]),
        (
            vec![post("a", &["b"]), post("b", &["a"]), post("c", &[])],
            vec![Refuse(1), Refuse(0), Do(2)],
        ),
        (vec![post("a", &["nobody"])], vec![Refuse(0)]),
        (
            vec![
                json!({ "method": "PATCH", "path": "/Groups/bulkId:a", "data": {} }),
                post("a", &[]),
            ],
            vec![Do(1), Do(0)],
        ),
    ] {
        let planned = plan_turns(&parse(&json!(operations)).unwrap());
        assert_eq!(planned, turns, "{operations:?}");
    }
    let chain: Vec<Value> = (0..BULK_OPERATIONS_MAX)
        .map(|place| post(&format!("n{place}"), &[&format!("n{}", place + 1)]))
        .collect();
    let turns = plan_turns(&parse(&json!(chain)).unwrap());
    assert_eq!(turns.len(), BULK_OPERATIONS_MAX);
    assert!(turns.iter().all(|turn| matches!(turn, Refuse(_))));
}

#[test]
fn names_are_replaced_by_ids_at_any_depth() {
    let operations = parse(&json!([{
        "method": "PATCH", "path": "/Groups/bulkId:g",
        "data": { "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "bulkId:u" }, { "value": "00u" }] }] },
    }]));
    let operation = operations.unwrap().remove(0);
    let named: Vec<String> = references(&operation).into_iter().collect();
    assert_eq!(named, ["g", "u"]);
    let ids = BTreeMap::from([
        ("g".to_owned(), "00g1".to_owned()),
        ("u".to_owned(), "00u1".to_owned()),
    ]);
    let resolved = resolve(&operation, &ids);
    assert_eq!(resolved.path, "/Groups/00g1");
    assert_eq!(
        resolved.data["Operations"][0]["value"],
        json!([{ "value": "00u1" }, { "value": "00u" }])
    );
    assert!(references(&resolved).is_empty());
}
