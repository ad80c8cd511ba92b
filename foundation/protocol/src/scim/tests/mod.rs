//! Paths, tags, searches and what is shown, as tables. Patches and bulk requests have files of their own.

mod bulk;
mod patch;

use super::body::{Fields, as_flag, parse_object};
use super::path::{AttributePath, PatchPath};
use super::problem::{Kind, render_error};
use super::projection::Projection;
use super::search::{SortOrder, Start, parse_body, parse_query};
use super::tag::{Condition, parse_condition, render_tag};
use super::{BODY_DEPTH_MAX, SHOWN_MAX};
use proptest::prelude::{any, prop, prop_assert, proptest};
use serde_json::{Map, Value, json};

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other}"),
    }
}

#[test]
fn paths_are_read_into_their_one_spelling() {
    const ENTERPRISE: &str = super::ENTERPRISE;
    for (text, spelling) in [
        ("userName", "userName"),
        ("name.givenName", "name.givenName"),
        (
            "emails[type eq \"work\"].value",
            "emails[type eq \"work\"].value",
        ),
        ("members[ value EQ \"00u\" ]", "members[value eq \"00u\"]"),
        (
            &format!("{ENTERPRISE}:department"),
            &format!("{ENTERPRISE}:department"),
        ),
        (
            &format!("{}:manager.value", ENTERPRISE.to_uppercase()),
            &format!("{ENTERPRISE}:manager.value"),
        ),
        (ENTERPRISE, ENTERPRISE),
        ("urn:example:other:attribute", "urn:example:other:attribute"),
        ("members.$ref", "members.$ref"),
    ] {
        let path = PatchPath::parse(text).unwrap();
        assert_eq!(path.to_string(), spelling, "{text}");
        assert_eq!(PatchPath::parse(spelling).unwrap(), path, "{text}");
    }
    for bad in [
        "",
        ".",
        "a.",
        "a.b.c",
        "a b",
        "a:b",
        "1a",
        "emails[",
        "emails[type eq \"work\"",
        "emails[]",
        "emails[type eq \"work\"]value",
        "emails.value[type eq \"work\"]",
        "[type eq \"work\"]",
        "emails[a[b pr]]",
        "urn:example:",
        "é",
        &"x".repeat(2_000),
    ] {
        assert!(PatchPath::parse(bad).is_err(), "{bad}");
    }
    assert!(AttributePath::parse("a[b pr]").is_err());
}

#[test]
fn tags_stand_for_versions() {
    let one_of = |tags: &[&str]| {
        let tags = tags.iter().map(|tag| (*tag).to_owned());
        Some(Condition::OneOf(tags.collect()))
    };
    for (text, expected) in [
        ("*", Some(Condition::Any)),
        ("W/\"3\"", one_of(&["3"])),
        ("\"3.17\"", one_of(&["3.17"])),
        ("W/\"3\", \"4\"", one_of(&["3", "4"])),
        ("3", None),
        ("\"\"", None),
        ("\"a b\"", None),
        ("", None),
        (&vec!["\"1\""; 17].join(","), None),
    ] {
        assert_eq!(parse_condition(text), expected, "{text}");
    }
    let either = parse_condition("W/\"3\", \"4\"").unwrap();
    assert!(either.holds("4") && !either.holds("5") && Condition::Any.holds("5"));
    assert_eq!(parse_condition(&render_tag("7.1")), one_of(&["7.1"]));
}

#[test]
fn lists_are_asked_for_by_query_or_by_body_alike() {
    let query = parse_query(
        "filter=userName+eq+%22a%22&sortBy=userName&sortOrder=descending&startIndex=11&count=10&attributes=userName,emails.value",
    );
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName eq \"a\"", "sortBy": "userName", "sortOrder": "descending",
        "startIndex": 11, "count": 10, "attributes": ["userName", "emails.value"],
    });
    let request = query.unwrap();
    assert_eq!(parse_body(body.to_string().as_bytes()).unwrap(), request);
    assert_eq!(request.sort_order, SortOrder::Descending);
    assert_eq!((request.start, request.count), (Start::Index(11), Some(10)));
    for (query, start, count) in [
        ("", Start::Index(1), None),
        ("startIndex=0&count=-5", Start::Index(1), Some(0)),
        ("startIndex=-3", Start::Index(1), None),
        ("cursor", Start::Cursor(String::new()), None),
        ("cursor=&count=2", Start::Cursor(String::new()), Some(2)),
        ("CURSOR=abc&filter=", Start::Cursor("abc".into()), None),
    ] {
        let request = parse_query(query).unwrap();
        assert_eq!((request.start, request.count), (start, count), "{query}");
        assert_eq!(request.filter, None, "{query}");
    }
    for (query, kind) in [
        ("count=many", Kind::InvalidCount),
        ("startIndex=x", Kind::InvalidValue),
        ("sortOrder=up", Kind::InvalidValue),
        ("cursor=a&startIndex=1", Kind::InvalidCursor),
        ("count=1&count=2", Kind::InvalidValue),
        ("limit=3", Kind::InvalidValue),
        ("filter=%00", Kind::InvalidValue),
        ("attributes=a&excludedAttributes=b", Kind::InvalidValue),
        ("attributes=a..b", Kind::InvalidPath),
    ] {
        assert_eq!(parse_query(query).unwrap_err().kind, kind, "{query}");
    }
    for body in [
        json!({ "count": "3" }),
        json!({ "attributes": [1] }),
        json!({ "limit": 1 }),
        json!({ "schemas": ["urn:x"] }),
        json!([]),
    ] {
        assert!(parse_body(body.to_string().as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn what_is_named_is_shown_or_left_out() {
    let resource = json!({
        "schemas": ["s"], "id": "1", "userName": "ada", "active": true,
        "name": { "givenName": "Ada", "familyName": "Byron" },
        "emails": [{ "value": "a@b", "type": "work" }],
        (super::ENTERPRISE): { "department": "D", "manager": { "value": "7" } },
    });
    let department = format!("{}:department", super::ENTERPRISE);
    let enterprise = super::ENTERPRISE.to_owned();
    for (only, without, expected) in [
        ("", "", resource.clone()),
        (
            "USERNAME,name.givenName",
            "",
            json!({ "schemas": ["s"], "id": "1", "userName": "ada", "name": { "givenName": "Ada" } }),
        ),
        (
            "emails.value",
            "",
            json!({ "schemas": ["s"], "id": "1", "emails": [{ "value": "a@b" }] }),
        ),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:active,emails",
            "",
            json!({ "schemas": ["s"], "id": "1", "active": true, "emails": [{ "value": "a@b", "type": "work" }] }),
        ),
        (
            &department,
            "",
            json!({ "schemas": ["s"], "id": "1", (super::ENTERPRISE): { "department": "D" } }),
        ),
        (
            &enterprise,
            "",
            json!({ "schemas": ["s"], "id": "1", (super::ENTERPRISE): { "department": "D", "manager": { "value": "7" } } }),
        ),
        (
            "",
            &format!("id,emails,name.familyName,active,{enterprise}"),
            json!({ "schemas": ["s"], "id": "1", "userName": "ada", "name": { "givenName": "Ada" } }),
        ),
        ("nothing", "", json!({ "schemas": ["s"], "id": "1" })),
    ] {
        let projection = Projection::parse(only.split(','), without.split(',')).unwrap();
        let shown = projection.apply(object(resource.clone()));
        assert_eq!(Value::from(shown), expected, "{only} {without}");
    }
    let wanted = Projection::parse(["groups.value"], []).unwrap();
    assert!(wanted.wants_on_request("groups") && !wanted.wants("emails"));
    let unwanted = Projection::parse([], ["members"]).unwrap();
    assert!(!unwanted.wants("members") && unwanted.wants("emails"));
    assert!(Projection::parse(vec!["a"; SHOWN_MAX], []).is_ok());
    assert!(Projection::parse(vec!["a"; SHOWN_MAX + 1], []).is_err());
}

#[test]
fn bodies_are_objects_within_bounds_and_names_have_no_case() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse_object(deep(BODY_DEPTH_MAX - 1).as_bytes()).is_ok());
    for bad in [
        "",
        "[]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":1}x",
        &deep(BODY_DEPTH_MAX),
    ] {
        assert!(parse_object(bad.as_bytes()).is_err(), "{bad}");
    }
    let mut fields = Fields::of(object(json!({
        "UserName": "ada", "ACTIVE": "True", "name": null, "list": { "value": 1 }, "odd": 3,
    })));
    assert!(fields.names("name") && !fields.names("other"));
    assert_eq!(
        fields.take_text("userName").unwrap().as_deref(),
        Some("ada")
    );
    assert_eq!(fields.take_flag("active").unwrap(), Some(true));
    assert_eq!(fields.take_object("name").unwrap(), None);
    assert_eq!(
        fields.take_list("list").unwrap(),
        Some(vec![json!({ "value": 1 })])
    );
    let wrong = fields.take_text("odd").unwrap_err();
    assert_eq!(wrong.to_string(), "invalidValue: odd: it must be a text");
    for (value, flag) in [
        (json!(false), Some(false)),
        (json!("FALSE"), Some(false)),
        (json!("yes"), None),
        (json!(1), None),
    ] {
        assert_eq!(as_flag(&value), flag, "{value}");
    }
}

#[test]
fn an_error_has_its_status_as_a_text() {
    assert_eq!(
        render_error(400, Some(Kind::InvalidPath), "no"),
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "400", "scimType": "invalidPath", "detail": "no",
        })
    );
    assert_eq!(render_error(404, None, "no").get("scimType"), None);
    let words: std::collections::BTreeSet<&str> =
        Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(words.len(), Kind::ALL.len());
}

proptest! {
    #[test]
    fn any_bytes_are_a_path_with_one_spelling_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        words in "(urn:|a|emails|2\\.0:|:User|\\.|\\[|\\]|value| eq |\"x\"|\\$ref){0,12}",
    ) {
        prop_assert!(crate::properties::check_scim_path(&bytes).is_ok());
        prop_assert!(crate::properties::check_scim_path(words.as_bytes()).is_ok());
    }

    #[test]
    fn any_patch_leaves_a_document_or_is_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        op in "(add|Remove|REPLACE|x)",
        path in "(userName|name|name\\.givenName|emails|emails\\[type eq \"work\"\\](\\.value)?|emails\\.value|urn:ietf:params:scim:schemas:extension:enterprise:2\\.0:User(:department|:manager\\.value)?|tags|tags\\.x|)",
        value in "(\"a\"|true|null|\\{\"givenName\":\"B\"\\}|\\[\\{\"value\":\"c\"\\}\\]|\\[1,1\\]|\\{\"emails\":3\\})",
    ) {
        prop_assert!(crate::properties::check_scim_patch(&bytes).is_ok());
        let text = format!(
            "{{\"Operations\":[{{\"op\":{},\"path\":{},\"value\":{value}}}]}}",
            json!(op),
            json!(path)
        );
        prop_assert!(crate::properties::check_scim_patch(text.as_bytes()).is_ok(), "{text}");
    }

    #[test]
    fn any_bulk_request_is_planned_whole(
        links in prop::collection::vec((0_usize..12, 0_usize..14), 0..30),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(crate::properties::check_scim_bulk(&bytes).is_ok());
        let operations: Vec<Value> = (0..12)
            .map(|place| {
                let needs = links.iter().filter(|(from, _)| *from == place);
                let members: Vec<Value> = needs
                    .map(|(_, to)| json!({ "value": format!("bulkId:n{to}") }))
                    .collect();
                json!({ "method": "POST", "path": "/Groups", "bulkId": format!("n{place}"), "data": { "members": members } })
            })
            .collect();
        let text = json!({ "Operations": operations }).to_string();
        prop_assert!(crate::properties::check_scim_bulk(text.as_bytes()).is_ok(), "{text}");
    }
}
