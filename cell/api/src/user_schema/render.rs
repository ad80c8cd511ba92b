//! The schema of profiles as the API shows it.

use crate::call::Call;
use crate::shown::text;
use crate::user_schema::Shown;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::person::profile::{LOGIN_CHARS_MAX, NAME_CHARS_MAX};
use identity::user_type::{id_of, schema_id_of};
use serde_json::{Map, Value, json};
use vocab::id::{OrgId, UserTypeId};

/// What every profile has: name, title, its most characters, whether it must be there, and whether people change their own.
const BASE: [(&str, &str, usize, bool, bool); 4] = [
    ("login", "Username", LOGIN_CHARS_MAX, true, false),
    ("email", "Primary email", LOGIN_CHARS_MAX, true, false),
    ("firstName", "First name", NAME_CHARS_MAX, false, true),
    ("lastName", "Last name", NAME_CHARS_MAX, false, true),
];

/// The schema.
pub(super) fn render_schema(call: &Call, shown: &Shown) -> Value {
    let (org, key) = (&call.context.org, shown.key());
    let href = schema_href(call, org, key);
    json!({
        "id": href,
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": shown.name,
        "title": shown.title,
        "type": "object",
        "created": shown.created.to_rfc3339_millis(),
        "lastUpdated": shown.updated.to_rfc3339_millis(),
        "definitions": {
            "custom": render_custom(shown.attributes()),
            "base": render_base(),
        },
        "properties": render_whole(),
        "_links": {
            "self": { "href": href, "hints": { "allow": ["GET", "POST"] } },
            "type": { "href": type_href(call, org, key) },
        },
    })
}

/// What makes a whole profile.
pub(crate) fn render_whole() -> Value {
    json!({ "profile": { "allOf": [
        { "$ref": "#/definitions/custom" },
        { "$ref": "#/definitions/base" },
    ] } })
}

/// The attributes that the organisation added.
pub(crate) fn render_custom(own: &[ProfileAttribute]) -> Value {
    let properties: Map<String, Value> = own
        .iter()
        .map(|attribute| (attribute.name.clone(), render_own(attribute)))
        .collect();
    let required = own.iter().filter(|attribute| attribute.required);
    let required: Vec<&str> = required.map(|attribute| attribute.name.as_str()).collect();
    json!({
        "id": "#custom",
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

/// The built-in attributes.
pub(super) fn render_base() -> Value {
    let attributes = BASE.map(|(name, title, chars_max, required, editable)| {
        let built_in = ProfileAttribute {
            title: title.to_owned(),
            required,
            self_editable: editable,
            unique: name == "login",
            max: i64::try_from(chars_max).ok(),
            ..ProfileAttribute::default()
        };
        (name.to_owned(), render_own(&built_in))
    });
    let required = BASE.into_iter().filter(|(_, _, _, required, _)| *required);
    let required: Vec<&str> = required.map(|(name, ..)| name).collect();
    json!({
        "id": "#base",
        "type": "object",
        "properties": Map::from_iter(attributes),
        "required": required,
    })
}

/// An attribute; what is not said of it is not shown.
pub(crate) fn render_own(attribute: &ProfileAttribute) -> Value {
    let (kind, [lower, upper]) = match attribute.kind {
        AttributeKind::Text => ("string", ["minLength", "maxLength"]),
        AttributeKind::Integer => ("integer", ["minimum", "maximum"]),
        AttributeKind::Boolean => ("boolean", ["minimum", "maximum"]),
    };
    let action = match (attribute.self_hidden, attribute.self_editable) {
        (true, _) => "HIDE",
        (false, true) => "READ_WRITE",
        (false, false) => "READ_ONLY",
    };
    let has_choices = !attribute.choices.is_empty();
    let choices: Vec<(Value, &str)> = attribute
        .choices
        .iter()
        .map(|choice| {
            let value = match (attribute.kind, choice.value.parse::<i64>()) {
                (AttributeKind::Integer, Ok(number)) => Value::from(number),
                _ => Value::from(choice.value.as_str()),
            };
            let title = text(&choice.title).unwrap_or(&choice.value);
            (value, title)
        })
        .collect();
    let values: Vec<&Value> = choices.iter().map(|(value, _)| value).collect();
    // Clients in the field read what a value is called as text, and so the value beside it.
    let titled = attribute.choices.iter().zip(&choices);
    let titled: Vec<Value> = titled
        .map(|(choice, (_, title))| json!({ "const": choice.value, "title": title }))
        .collect();
    json!({
        "title": text(&attribute.title).unwrap_or(&attribute.name),
        "description": text(&attribute.description),
        "type": kind,
        "required": attribute.required,
        "unique": attribute.unique.then_some(true),
        lower: attribute.min,
        upper: attribute.max,
        "enum": has_choices.then_some(values),
        "oneOf": has_choices.then_some(titled),
        "mutability": "READ_WRITE",
        "scope": "NONE",
        "permissions": [{ "principal": "SELF", "action": action }],
        "master": { "type": "PROFILE_MASTER" },
    })
}

/// Where the schema of a type stands.
pub(crate) fn schema_href(call: &Call, org: &OrgId, key: Option<&UserTypeId>) -> String {
    call.href(&format!(
        "/api/v1/meta/schemas/user/{}",
        schema_id_of(org, key)
    ))
}

/// Where a type stands.
pub(crate) fn type_href(call: &Call, org: &OrgId, key: Option<&UserTypeId>) -> String {
    call.href(&format!("/api/v1/meta/types/user/{}", id_of(org, key)))
}
