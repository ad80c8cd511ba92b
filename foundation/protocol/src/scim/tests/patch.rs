//! What patches do to a document, as a table; and what is none.

use super::object;
use crate::scim::patch::apply::{apply, holds};
use crate::scim::patch::{Op, parse_patch};
use crate::scim::problem::Kind;
use crate::scim::{BODY_BYTES_MAX, ENTERPRISE, PATCH_OPERATIONS_MAX, USER};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "userName": "ada",
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [
            { "value": "a@work", "type": "work", "primary": true },
            { "value": "a@home", "type": "home" },
        ],
        (ENTERPRISE): { "department": "D" },
    })
}

fn patched(operations: &Value) -> Result<Value, Kind> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
    });
    let operations = parse_patch(body.to_string().as_bytes()).map_err(|problem| problem.kind)?;
    let mut changed = object(document());
    for operation in &operations {
        apply(&mut changed, operation).map_err(|problem| problem.kind)?;
    }
    Ok(Value::from(changed))
}

/// The document with a value at a place, or with nothing there.
fn with(pointer: &str, value: Value) -> Value {
    let mut changed = document();
    let (parent, name) = pointer.rsplit_once('|').unwrap_or(("", pointer));
    let mut place = &mut changed;
    for part in parent.split('|').filter(|part| !part.is_empty()) {
        place = match part.parse::<usize>() {
            Ok(number) => &mut place[number],
            Err(_) => &mut place[part],
        };
    }
    match (value.is_null(), place.as_object_mut()) {
        (true, Some(fields)) => {
            fields.remove(name);
        }
        (_, Some(fields)) => {
            fields.insert(name.to_owned(), value);
        }
        (_, None) => panic!("{pointer}"),
    }
    changed
}

#[test]
fn operations_do_what_the_standard_says() {
    let department = format!("{ENTERPRISE}:department");
    let manager = format!("{ENTERPRISE}:manager");
    let emails = document()["emails"].clone();
    for (operation, expected) in [
        (
            json!({ "op": "replace", "path": "userName", "value": "b" }),
            with("userName", json!("b")),
        ),
        (
            json!({ "op": "Replace", "path": "USERNAME", "value": "b" }),
            with("userName", json!("b")),
        ),
        (
            json!({ "op": "add", "path": "title", "value": "T" }),
            with("title", json!("T")),
        ),
        (
            json!({ "op": "remove", "path": "userName" }),
            with("userName", Value::Null),
        ),
        (json!({ "op": "remove", "path": "title" }), document()),
        (
            json!({ "op": "replace", "path": "userName", "value": null }),
            with("userName", Value::Null),
        ),
        (
            json!({ "op": "replace", "path": "name.givenName", "value": "B" }),
            with("name|givenName", json!("B")),
        ),
        (
            json!({ "op": "add", "path": "name", "value": { "GivenName": "B" } }),
            with("name|givenName", json!("B")),
        ),
        (
            json!({ "op": "remove", "path": "name.givenName" }),
            with("name|givenName", Value::Null),
        ),
        (
            json!({ "op": "remove", "path": "name" }),
            with("name", Value::Null),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@work" }),
            with("emails|0|value", json!("b@work")),
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"WORK\" and primary eq \"True\"].value", "value": "b@work" }),
            with("emails|0|value", json!("b@work")),
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"other\"].value", "value": "c" }),
            with(
                "emails",
                json!([emails[0], emails[1], { "type": "other", "value": "c" }]),
            ),
        ),
        (
            json!({ "op": "remove", "path": "emails[type eq \"home\"]" }),
            with("emails", json!([emails[0]])),
        ),
        (
            json!({ "op": "remove", "path": "emails[value pr]" }),
            with("emails", Value::Null),
        ),
        (
            json!({ "op": "replace", "path": "emails[not (type eq \"work\")]", "value": { "value": "x" } }),
            with("emails", json!([emails[0], { "value": "x" }])),
        ),
        (
            json!({ "op": "add", "path": "emails", "value": [{ "value": "c" }, { "value": "c" }] }),
            with("emails", json!([emails[0], emails[1], { "value": "c" }])),
        ),
        (
            json!({ "op": "remove", "path": "emails", "value": [{ "value": "a@home" }] }),
            with("emails", json!([emails[0]])),
        ),
        (
            json!({ "op": "replace", "path": "emails", "value": [] }),
            with("emails", json!([])),
        ),
        (
            json!({ "op": "replace", "path": department, "value": "E" }),
            with(&format!("{ENTERPRISE}|department"), json!("E")),
        ),
        (
            json!({ "op": "add", "path": format!("{manager}.value"), "value": "7" }),
            with(&format!("{ENTERPRISE}|manager"), json!({ "value": "7" })),
        ),
        (
            json!({ "op": "remove", "path": department }),
            with(ENTERPRISE, Value::Null),
        ),
        (
            json!({ "op": "remove", "path": ENTERPRISE }),
            with(ENTERPRISE, Value::Null),
        ),
        (
            json!({ "op": "add", "path": ENTERPRISE, "value": { "division": "V", "schemas": [ENTERPRISE] } }),
            with(&format!("{ENTERPRISE}|division"), json!("V")),
        ),
        (
            json!({ "op": "replace", "path": format!("{USER}:userName"), "value": "b" }),
            with("userName", json!("b")),
        ),
    ] {
        assert_eq!(patched(&json!([operation])), Ok(expected), "{operation}");
    }
}

#[test]
fn an_object_without_a_path_names_its_paths_itself() {
    let operation = json!({ "op": "Add", "value": {
        "userName": "b",
        "name.givenName": "B",
        "emails[type eq \"work\"].value": "b@work",
        (format!("{ENTERPRISE}:department")): "E",
        (ENTERPRISE): { "division": "V" },
        "schemas": ["x"],
    } });
    let mut expected = with("userName", json!("b"));
    expected["name"]["givenName"] = json!("B");
    expected["emails"][0]["value"] = json!("b@work");
    expected[ENTERPRISE] = json!({ "department": "E", "division": "V" });
    assert_eq!(patched(&json!([operation])), Ok(expected));
}

#[test]
fn what_is_no_patch_is_told_by_its_kind() {
    let many = vec![json!({ "op": "add", "path": "a", "value": 1 }); PATCH_OPERATIONS_MAX + 1];
    for (operations, kind) in [
        (json!([]), Kind::InvalidSyntax),
        (json!(3), Kind::InvalidValue),
        (json!([3]), Kind::InvalidSyntax),
        (
            json!([{ "op": "move", "path": "a", "value": 1 }]),
            Kind::InvalidSyntax,
        ),
        (json!([{ "op": "add", "path": "a" }]), Kind::InvalidValue),
        (json!([{ "op": "add", "value": 1 }]), Kind::InvalidValue),
        (json!([{ "op": "add", "value": {} }]), Kind::InvalidValue),
        (
            json!([{ "op": "replace", "value": { "schemas": [USER] } }]),
            Kind::InvalidValue,
        ),
        (
            json!([{ "op": "add", "path": "userName", "value": "b" }, { "op": "add", "value": {} }]),
            Kind::InvalidValue,
        ),
        (json!([{ "op": "remove" }]), Kind::NoTarget),
        (
            json!([{ "op": "remove", "value": { "a": 1 } }]),
            Kind::NoTarget,
        ),
        (
            json!([{ "op": "add", "path": "a b", "value": 1 }]),
            Kind::InvalidPath,
        ),
        (
            json!([{ "op": "add", "path": 7, "value": 1 }]),
            Kind::InvalidValue,
        ),
        (
            json!([{ "op": "add", "value": { "a b": 1 } }]),
            Kind::InvalidPath,
        ),
        (
            json!([{ "op": "replace", "path": "emails[type eq \"x\"].value", "value": 1 }]),
            Kind::NoTarget,
        ),
        (
            json!([{ "op": "remove", "path": "emails[type eq \"x\"]" }]),
            Kind::NoTarget,
        ),
        (
            json!([{ "op": "add", "path": "emails[type sw \"x\"].value", "value": 1 }]),
            Kind::NoTarget,
        ),
        (
            json!([{ "op": "add", "path": "userName[a pr]", "value": 1 }]),
            Kind::InvalidPath,
        ),
        (
            json!([{ "op": "add", "path": "userName.part", "value": 1 }]),
            Kind::InvalidPath,
        ),
        (
            json!([{ "op": "add", "path": ENTERPRISE, "value": 1 }]),
            Kind::InvalidValue,
        ),
        (json!(many), Kind::TooMany),
    ] {
        assert_eq!(patched(&operations), Err(kind), "{operations}");
    }
    let other = json!({ "schemas": ["urn:other"], "Operations": [{ "op": "add", "path": "a", "value": 1 }] });
    assert!(parse_patch(other.to_string().as_bytes()).is_err());
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    assert!(parse_patch(long.as_bytes()).is_err());
    let plain = json!({ "operations": [{ "OP": "ADD", "Path": "a", "Value": 1 }] });
    let read = parse_patch(plain.to_string().as_bytes()).unwrap();
    assert_eq!(read[0].op, Op::Add);
}

#[test]
fn a_list_does_not_grow_without_end() {
    let values: Vec<Value> = (0..=crate::scim::VALUES_MAX).map(Value::from).collect();
    let operations = json!([
        { "op": "add", "path": "tags", "value": [] },
        { "op": "add", "path": "tags", "value": values },
    ]);
    assert_eq!(patched(&operations), Err(Kind::TooMany));
}

#[test]
fn filters_hold_for_values_by_their_parts() {
    let value = json!({ "value": "Ada", "count": 3, "primary": "True", "none": null });
    for (text, expected) in [
        ("value eq \"ADA\"", true),
        ("value ne \"ada\"", false),
        ("VALUE sw \"a\" and value ew \"a\" and value co \"d\"", true),
        ("count gt 2 and count le 3", true),
        ("count lt 3 or count ge 4", false),
        ("primary eq true", true),
        ("primary ne true", false),
        ("none pr", false),
        ("other pr or not (other eq \"x\")", true),
        ("other ne \"x\"", true),
        ("value eq 3", false),
        ("value gt \"abc\"", true),
    ] {
        let filter = crate::filter::Filter::parse_within(text).unwrap();
        assert_eq!(holds(&filter, &value), expected, "{text}");
    }
    let simple = crate::filter::Filter::parse_within("value eq \"x\"").unwrap();
    assert!(holds(&simple, &json!("x")) && !holds(&simple, &json!("y")));
}
