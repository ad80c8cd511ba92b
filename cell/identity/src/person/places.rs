//! Where the attributes of an org's own schema stand in a SCIM user (RFC 7643): for clients who provision into the org, and for
//! servers that the org provisions to.

use protocol::scim::ENTERPRISE;
use serde_json::{Map, Value, json};

/// A place in a SCIM user that one text of the org's schema fills.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot {
    /// The extension; none for the core schema.
    pub schema: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static str,
    /// Of an attribute with several values, the type of the value.
    pub kind: Option<&'static str>,
    /// The part of the attribute, or of the value.
    pub part: Option<&'static str>,
    /// The attribute of the org's schema.
    pub profile: &'static str,
}

const fn core(attribute: &'static str) -> Slot {
    Slot {
        schema: None,
        attribute,
        kind: None,
        part: None,
        profile: attribute,
    }
}

const fn part_of(attribute: &'static str, part: &'static str) -> Slot {
    Slot {
        part: Some(part),
        profile: part,
        ..core(attribute)
    }
}

const fn value_of(
    attribute: &'static str,
    kind: &'static str,
    part: &'static str,
    profile: &'static str,
) -> Slot {
    Slot {
        kind: Some(kind),
        profile,
        ..part_of(attribute, part)
    }
}

const fn enterprise(attribute: &'static str) -> Slot {
    Slot {
        schema: Some(ENTERPRISE),
        ..core(attribute)
    }
}

/// Every place. The first type of an attribute with several values is the one of a value without a type.
pub const SLOTS: &[Slot] = &[
    core("displayName"),
    core("nickName"),
    core("profileUrl"),
    core("title"),
    core("userType"),
    core("preferredLanguage"),
    core("locale"),
    core("timezone"),
    part_of("name", "middleName"),
    part_of("name", "honorificPrefix"),
    part_of("name", "honorificSuffix"),
    value_of("phoneNumbers", "work", "value", "primaryPhone"),
    value_of("phoneNumbers", "mobile", "value", "mobilePhone"),
    value_of("addresses", "work", "streetAddress", "streetAddress"),
    value_of("addresses", "work", "locality", "city"),
    value_of("addresses", "work", "region", "state"),
    value_of("addresses", "work", "postalCode", "zipCode"),
    value_of("addresses", "work", "country", "countryCode"),
    enterprise("employeeNumber"),
    enterprise("costCenter"),
    enterprise("organization"),
    enterprise("division"),
    enterprise("department"),
    Slot {
        part: Some("value"),
        profile: "managerId",
        ..enterprise("manager")
    },
];

/// Puts a value into a document, at its place.
pub fn put(slot: &Slot, value: &Value, document: &mut Map<String, Value>) {
    let empty = || Value::Object(Map::new());
    let fields = match slot.schema {
        None => document,
        Some(schema) => {
            let inner = document.entry(schema.to_owned()).or_insert_with(empty);
            let Value::Object(inner) = inner else { return };
            inner
        }
    };
    match (slot.kind, slot.part) {
        (None, None) => {
            fields.insert(slot.attribute.to_owned(), value.clone());
        }
        (None, Some(part)) => {
            let inner = fields
                .entry(slot.attribute.to_owned())
                .or_insert_with(empty);
            if let Value::Object(inner) = inner {
                inner.insert(part.to_owned(), value.clone());
            }
        }
        (Some(kind), part) => {
            let list = fields
                .entry(slot.attribute.to_owned())
                .or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = list else { return };
            let is_of_kind = |value: &Value| value["type"] == kind;
            let place = match list.iter().position(is_of_kind) {
                Some(place) => place,
                None => {
                    list.push(json!({ "type": kind }));
                    list.len() - 1
                }
            };
            if let Some(Value::Object(fields)) = list.get_mut(place) {
                fields.insert(part.unwrap_or("value").to_owned(), value.clone());
            }
        }
    }
}
