//! A person as a SCIM user.

use crate::attributes::Attributes;
use crate::call::Call;
use identity::group::Group;
use identity::person::Person;
use identity::person::search::PersonRecord;
use protocol::scim::projection::Projection;
use protocol::scim::tag::render_tag;
use protocol::scim::{ENTERPRISE, PROFILE, USER};
use serde_json::{Map, Value, json};

/// What stands for what a user is like now, in entity tags.
#[must_use]
pub fn version_of(person: &Person) -> String {
    person.revision.to_string()
}

/// What a client may say of a user, as it is now: a patch is applied to it. The password is not known.
#[must_use]
pub fn render_document(attributes: &Attributes, person: &Person) -> Map<String, Value> {
    let mut document = Map::new();
    if let Some(external_id) = &person.external_id {
        document.insert("externalId".into(), json!(external_id));
    }
    document.insert("userName".into(), json!(person.login));
    let mut name = Map::new();
    for (part, text) in [
        ("givenName", &person.first_name),
        ("familyName", &person.last_name),
    ] {
        if !text.is_empty() {
            name.insert(part.into(), json!(text));
        }
    }
    if !name.is_empty() {
        document.insert("name".into(), Value::Object(name));
    }
    let email = json!([{ "value": person.email, "type": "work", "primary": true }]);
    document.insert("emails".into(), email);
    document.insert("active".into(), json!(person.status.belongs()));
    attributes.render(&person.profile, &mut document);
    document
}

/// A user, as far as is to be seen.
#[must_use]
pub fn render_user(
    call: &Call,
    record: &PersonRecord,
    groups: Option<&[Group]>,
    projection: &Projection,
) -> Value {
    let person = &record.person;
    let mut document = render_document(call.attributes_of(Some(person)), person);
    if let Some(groups) = groups {
        let groups: Vec<Value> = groups
            .iter()
            .map(|group| {
                json!({
                    "value": group.id.as_str(),
                    "$ref": call.href(&format!("/Groups/{}", group.id)),
                    "display": group.name,
                    "type": "direct",
                })
            })
            .collect();
        document.insert("groups".into(), Value::from(groups));
    }
    let mut schemas = vec![USER];
    for extension in [ENTERPRISE, PROFILE] {
        if document.contains_key(extension) {
            schemas.push(extension);
        }
    }
    let mut resource = Map::new();
    resource.insert("schemas".into(), json!(schemas));
    resource.insert("id".into(), json!(person.id.as_str()));
    resource.extend(document);
    resource.insert(
        "meta".into(),
        json!({
            "resourceType": "User",
            "created": person.created_at.to_rfc3339_millis(),
            "lastModified": person.updated_at.to_rfc3339_millis(),
            "location": call.href(&format!("/Users/{}", person.id)),
            "version": render_tag(&version_of(person)),
        }),
    );
    Value::Object(projection.apply(resource))
}
