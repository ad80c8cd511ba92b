//! What the server says of itself is what it does.

use crate::for_tests::{World, on_both_engines};
use protocol::scim::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX, ENTERPRISE, GROUP, PROFILE, USER};
use serde_json::{Value, json};

async fn the_configuration_names_what_is_supported(world: &World) {
    let config = world.get("/scim/v2/ServiceProviderConfig").await.body;
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert_eq!(config[feature]["supported"], true, "{feature}");
    }
    assert_eq!(config["bulk"]["maxOperations"], BULK_OPERATIONS_MAX);
    assert_eq!(config["bulk"]["maxPayloadSize"], BULK_BYTES_MAX);
    assert_eq!(config["pagination"]["cursor"], true);
    assert_eq!(
        config["authenticationSchemes"][0]["type"],
        "oauthbearertoken"
    );
}

/// The names of attributes of a schema, and of their parts.
fn names(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for attribute in schema["attributes"].as_array().unwrap() {
        let name = attribute["name"].as_str().unwrap();
        names.push(name.to_owned());
        for part in attribute["subAttributes"].as_array().into_iter().flatten() {
            names.push(format!("{name}.{}", part["name"].as_str().unwrap()));
        }
    }
    names
}

async fn kinds_and_schemas_are_those_of_the_org(world: &World) {
    let types = world.get("/scim/v2/ResourceTypes").await;
    assert_eq!(types.texts("/id"), ["User", "Group"]);
    assert_eq!(
        types.body["Resources"][0]["schemaExtensions"],
        json!([{ "schema": ENTERPRISE, "required": false }, { "schema": PROFILE, "required": false }])
    );
    let user = world.get("/scim/v2/ResourceTypes/User").await;
    assert_eq!(user.body, types.body["Resources"][0]);
    assert_eq!(
        world.get("/scim/v2/ResourceTypes/Device").await.outcome(),
        (404, "")
    );
    let schemas = world.get("/scim/v2/Schemas").await;
    assert_eq!(schemas.texts("/id"), [USER, ENTERPRISE, GROUP, PROFILE]);
    let own = names(&schemas.body["Resources"][0]);
    for name in [
        "userName",
        "emails.value",
        "title",
        "nickName",
        "phoneNumbers.type",
        "externalId",
    ] {
        assert!(own.iter().any(|known| known == name), "{name}: {own:?}");
    }
    for name in ["locale", "addresses", "photos"] {
        assert!(!own.iter().any(|known| known == name), "{name}");
    }
    let enterprise = names(&schemas.body["Resources"][1]);
    assert_eq!(
        enterprise,
        ["employeeNumber", "department", "manager", "manager.value"]
    );
    assert_eq!(names(&schemas.body["Resources"][3]), ["level", "guest"]);
    let one = world.get(&format!("/scim/v2/Schemas/{USER}")).await;
    assert_eq!(one.body, schemas.body["Resources"][0]);
    let refused = world.get("/scim/v2/Schemas?filter=id+pr").await;
    assert_eq!(refused.outcome(), (403, ""));
}

async fn whatever_is_shown_of_a_user_is_in_a_schema(world: &World) {
    let body = json!({
        "userName": "ada@example.com", "externalId": "E", "name": { "givenName": "A", "familyName": "B" },
        "title": "T", "nickName": "N", "phoneNumbers": [{ "type": "mobile", "value": "1" }],
        (ENTERPRISE): { "department": "D", "employeeNumber": "1", "manager": { "value": "2" } },
        (PROFILE): { "level": 1, "guest": true },
    });
    let added = world.post("/scim/v2/Users", &body).await;
    let path = format!("/scim/v2/Users/{}?attributes=groups", added.id());
    let mut shown = added.body.as_object().cloned().unwrap();
    shown.extend(world.get(&path).await.body.as_object().cloned().unwrap());
    let schemas = world.get("/scim/v2/Schemas").await.body["Resources"].clone();
    let known = |id: &str| {
        let schemas = schemas.as_array().unwrap().iter();
        let mut found = schemas.filter(|schema| schema["id"] == id);
        names(found.next().unwrap())
    };
    for (name, value) in &shown {
        let (schema, fields) = match value {
            Value::Object(fields) if name.starts_with("urn:") => (known(name), fields.clone()),
            value => {
                let fields = serde_json::Map::from_iter([(name.clone(), value.clone())]);
                (known(USER), fields)
            }
        };
        for (attribute, value) in fields {
            if ["schemas", "id", "meta"].contains(&attribute.as_str()) {
                continue;
            }
            let parts: Vec<String> = match &value {
                Value::Object(parts) => parts.keys().cloned().collect(),
                Value::Array(values) => values
                    .iter()
                    .filter_map(Value::as_object)
                    .flat_map(|parts| parts.keys().cloned())
                    .collect(),
                _ => Vec::new(),
            };
            assert!(schema.contains(&attribute), "{attribute}");
            for part in parts {
                let part = format!("{attribute}.{part}");
                assert!(schema.contains(&part), "{part}");
            }
        }
    }
}

on_both_engines!(
    the_configuration_names_what_is_supported,
    kinds_and_schemas_are_those_of_the_org,
    whatever_is_shown_of_a_user_is_in_a_schema,
);
