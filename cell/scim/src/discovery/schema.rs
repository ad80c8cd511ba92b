//! The schemas of an org (RFC 7643 section 7): exactly the attributes that its people and groups have. Whatever stands
//! here is stored and shown; whatever does not is not.

use crate::attributes::Attributes;
use crate::call::Call;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::person::places::{SLOTS, Slot};
use protocol::scim::{ENTERPRISE, GROUP, PROFILE, SCHEMA, USER};
use serde_json::{Map, Value, json};

/// An attribute that is a text, may be changed and is shown.
fn text(name: &str, description: &str) -> Value {
    json!({
        "name": name,
        "type": "string",
        "multiValued": false,
        "description": description,
        "required": false,
        "caseExact": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    })
}

/// The same with some of its characteristics changed.
fn with(mut attribute: Value, changes: &Value) -> Value {
    if let (Value::Object(fields), Value::Object(changes)) = (&mut attribute, changes) {
        fields.extend(changes.clone());
        // Of what is neither text nor reference there is no case (RFC 7643 section 7).
        let kind = fields.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "reference")) {
            fields.remove("caseExact");
        }
    }
    attribute
}

fn complex(name: &str, description: &str, parts: Vec<Value>, changes: &Value) -> Value {
    let complex = json!({ "type": "complex", "subAttributes": parts });
    with(with(text(name, description), &complex), changes)
}

/// The attributes that the org's schema adds to a schema: each at its place.
fn slots(attributes: &Attributes, schema: Option<&str>) -> Vec<Value> {
    let chosen = |attribute: &str| -> Vec<&Slot> {
        let own = attributes.slots.iter();
        own.filter(|slot| slot.schema == schema && slot.attribute == attribute)
            .copied()
            .collect()
    };
    let mut names: Vec<&str> = SLOTS
        .iter()
        .filter(|slot| slot.schema == schema && slot.attribute != "name")
        .map(|slot| slot.attribute)
        .collect();
    names.dedup();
    let rendered = names.into_iter().filter_map(|name| {
        let chosen = chosen(name);
        let first = chosen.first()?;
        Some(match (first.kind, first.part) {
            (None, None) => text(name, "An attribute of the organisation's profile"),
            (None, Some(_)) => {
                let parts = chosen.iter().filter_map(|slot| slot.part);
                let parts = parts.map(|part| text(part, "A part of it")).collect();
                complex(name, "A value with parts", parts, &json!({}))
            }
            (Some(_), _) => several(name, &chosen),
        })
    });
    rendered.collect()
}

fn several(name: &str, slots: &[&Slot]) -> Value {
    let (mut kinds, mut parts): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for slot in slots {
        if let Some(kind) = slot.kind
            && !kinds.contains(&kind)
        {
            kinds.push(kind);
        }
        if let Some(part) = slot.part
            && !parts.contains(&part)
        {
            parts.push(part);
        }
    }
    let kinds = json!({ "canonicalValues": kinds });
    let mut described: Vec<Value> = parts
        .into_iter()
        .map(|part| text(part, "A part of the value"))
        .collect();
    described.push(with(text("type", "Which value it is"), &kinds));
    let changes = json!({ "multiValued": true });
    complex(name, "One value of each type", described, &changes)
}

fn external_id() -> Value {
    let own = json!({ "caseExact": true, "uniqueness": "server" });
    with(
        text("externalId", "What the provisioning client calls it"),
        &own,
    )
}

fn user(attributes: &Attributes) -> Vec<Value> {
    let read_only = json!({ "mutability": "readOnly" });
    let mut name = vec![
        text("givenName", "The given name"),
        text("familyName", "The family name"),
    ];
    let parts = attributes.slots.iter();
    name.extend(
        parts
            .filter(|slot| slot.attribute == "name")
            .filter_map(|slot| slot.part)
            .map(|part| text(part, "A further part of the name")),
    );
    let email = vec![
        with(text("value", "The address"), &json!({ "required": true })),
        with(
            text("type", "Always that for work"),
            &json!({ "canonicalValues": ["work"] }),
        ),
        with(text("primary", "Always so"), &json!({ "type": "boolean" })),
    ];
    let group = vec![
        with(text("value", "The id of the group"), &read_only),
        with(
            text("$ref", "The address of the group"),
            &json!({ "mutability": "readOnly", "type": "reference", "referenceTypes": ["Group"] }),
        ),
        with(text("display", "Its name"), &read_only),
        with(
            text("type", "How the user belongs to it"),
            &json!({ "mutability": "readOnly", "canonicalValues": ["direct"] }),
        ),
    ];
    let mut described = vec![
        external_id(),
        with(
            text("userName", "What the user types to sign in"),
            &json!({ "required": true, "uniqueness": "server" }),
        ),
        complex("name", "The name", name, &json!({})),
        complex(
            "emails",
            "Where mail goes: one address, the primary one of those that are sent",
            email,
            &json!({ "multiValued": true, "required": true }),
        ),
        with(
            text("active", "Whether the user belongs to the organisation"),
            &json!({ "type": "boolean" }),
        ),
        with(
            text("password", "A new password"),
            &json!({ "caseExact": true, "mutability": "writeOnly", "returned": "never" }),
        ),
        complex(
            "groups",
            "The groups of the user, shown only if they are asked for",
            group,
            &json!({ "multiValued": true, "mutability": "readOnly", "returned": "request" }),
        ),
    ];
    described.extend(slots(attributes, None));
    described
}

fn group() -> Vec<Value> {
    let member = vec![
        with(
            text("value", "The id of the user"),
            &json!({ "mutability": "immutable", "required": true, "caseExact": true }),
        ),
        with(
            text("$ref", "The address of the user"),
            &json!({ "mutability": "immutable", "type": "reference", "referenceTypes": ["User"] }),
        ),
        with(
            text("type", "What it is"),
            &json!({ "mutability": "immutable", "canonicalValues": ["User"] }),
        ),
    ];
    vec![
        external_id(),
        with(
            text("displayName", "The name"),
            &json!({ "required": true, "uniqueness": "server" }),
        ),
        complex(
            "members",
            "Who belongs to the group; left out in lists unless it is asked for, and where there are too many",
            member,
            &json!({ "multiValued": true }),
        ),
    ]
}

fn other(attribute: &ProfileAttribute) -> Value {
    let kind = match attribute.kind {
        AttributeKind::Text => "string",
        AttributeKind::Integer => "integer",
        AttributeKind::Boolean => "boolean",
    };
    let title = match attribute.title.as_str() {
        "" => attribute.name.as_str(),
        title => title,
    };
    let mut changes = json!({ "type": kind, "required": attribute.required });
    if attribute.unique {
        changes["uniqueness"] = json!("server");
    }
    // RFC 7643 section 7 names such values as texts alone.
    if !attribute.choices.is_empty() && attribute.kind == AttributeKind::Text {
        let values = attribute.choices.iter().map(|choice| choice.value.as_str());
        changes["canonicalValues"] = values.collect();
    }
    with(text(&attribute.name, title), &changes)
}

/// The schemas of the org.
#[must_use]
pub fn render_schemas(call: &Call) -> Vec<Value> {
    let attributes = &call.attributes;
    let schema = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        let mut schema = Map::new();
        schema.insert("schemas".into(), json!([SCHEMA]));
        schema.insert("id".into(), json!(id));
        schema.insert("name".into(), json!(name));
        schema.insert("description".into(), json!(description));
        schema.insert("attributes".into(), Value::from(attributes));
        schema.insert(
            "meta".into(),
            json!({
                "resourceType": "Schema",
                "location": call.href(&format!("/Schemas/{id}")),
            }),
        );
        Value::Object(schema)
    };
    let enterprise = slots(attributes, Some(ENTERPRISE));
    let others: Vec<Value> = attributes.others.iter().map(other).collect();
    let mut schemas = vec![
        schema(USER, "User", "A person", user(attributes)),
        schema(
            ENTERPRISE,
            "EnterpriseUser",
            "What an enterprise knows of a person",
            enterprise,
        ),
        schema(GROUP, "Group", "A group of people", group()),
    ];
    if !others.is_empty() {
        let description = "Further attributes of the organisation's profile";
        schemas.push(schema(PROFILE, "Profile", description, others));
    }
    schemas
}
