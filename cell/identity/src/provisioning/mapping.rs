//! What a peer is told of somebody: a SCIM user with the enterprise extension, made of the profile by one fixed table of places. What the
//! person has in the app under the same name comes before what they have in their own profile. Pure.

use crate::attribute_schema::Attributes;
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::Person;
use crate::person::places::{SLOTS, put};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::scim::{ENTERPRISE, PATCH_OP, USER};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// By which rules is told what is to be sent of somebody. The number rises with each change of them that tells something new of people who did
/// not change; [`changes_by_rules`] says of which apps. The first, 1, came with what people have in the app.
pub const RULES: i64 = 1;

/// Whether the newest rules may tell something new of people who have these attributes in an app.
#[must_use]
pub fn changes_by_rules(of_app: &[ProfileAttribute]) -> bool {
    let mut names = of_app.iter().map(|attribute| attribute.name.as_str());
    names.any(|name| SLOTS.iter().any(|slot| slot.profile == name))
}

/// What is to be sent of somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The resource.
    pub document: Map<String, Value>,
    /// What stands for it.
    pub mark: String,
    /// The paths of what it says, in order, with commas between them.
    pub names: String,
}

/// Renders somebody who is to have an account, with what they have in the app.
#[must_use]
pub fn render_user(person: &Person, schema: &[ProfileAttribute], in_app: &Attributes) -> Rendered {
    let mut document = Map::new();
    document.insert("userName".into(), json!(person.login));
    document.insert("externalId".into(), json!(person.id.as_str()));
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
    document.insert("displayName".into(), json!(person.display_name()));
    if !person.email.is_empty() {
        let email = json!([{ "value": person.email, "type": "work", "primary": true }]);
        document.insert("emails".into(), email);
    }
    for slot in SLOTS {
        let is_text = |attribute: &&ProfileAttribute| {
            attribute.name == slot.profile && attribute.kind == AttributeKind::Text
        };
        let own = person.profile.get(slot.profile);
        let own = own.filter(|_| schema.iter().any(|known| is_text(&known)));
        let is_said = |value: &&Value| matches!(value, Value::String(text) if !text.is_empty());
        // What is said of somebody in the app counts there, also that there is nothing to say.
        let said = in_app.values().get(slot.profile).or(own);
        if let Some(value) = said.filter(is_said) {
            put(slot, value, &mut document);
        }
    }
    document.insert("active".into(), json!(true));
    let mut schemas = vec![USER];
    if document.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    document.insert("schemas".into(), json!(schemas));
    let names: Vec<String> = names_of(&document).into_iter().collect();
    Rendered {
        mark: mark_of(&document),
        names: names.join(","),
        document,
    }
}

fn mark_of(document: &Map<String, Value>) -> String {
    let text = Value::Object(document.clone()).to_string();
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref())
}

/// Every path that one of two texts has.
#[must_use]
pub(crate) fn unite_names(before: &str, now: &str) -> String {
    let names = before.split(',').chain(now.split(','));
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().collect::<Vec<&str>>().join(",")
}

/// The paths of what a document says: attributes, parts of the name, and attributes of the extension.
fn names_of(document: &Map<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, value) in document {
        match (name.as_str(), value) {
            ("schemas", _) => {}
            ("name", Value::Object(parts)) => {
                names.extend(parts.keys().map(|part| format!("name.{part}")));
            }
            (ENTERPRISE, Value::Object(parts)) => {
                names.extend(parts.keys().map(|part| format!("{ENTERPRISE}:{part}")));
            }
            (name, _) => {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// What was said before and is said no more.
fn lost<'n>(before: &'n str, rendered: &Rendered) -> Vec<&'n str> {
    let now: BTreeSet<&str> = rendered.names.split(',').collect();
    let before = before.split(',').filter(|name| !name.is_empty());
    before.filter(|name| !now.contains(name)).collect()
}

/// The patch that makes an account like the person, however it is now; of what was said before, what is said no more is taken away.
#[must_use]
pub fn render_update(rendered: &Rendered, names_before: &str) -> Value {
    let mut core = rendered.document.clone();
    core.remove("schemas");
    let extension = core.remove(ENTERPRISE);
    let mut operations = vec![json!({ "op": "replace", "value": core })];
    if let Some(Value::Object(parts)) = extension {
        operations.extend(parts.into_iter().map(|(part, value)| {
            json!({ "op": "replace", "path": format!("{ENTERPRISE}:{part}"), "value": value })
        }));
    }
    let lost = lost(names_before, rendered).into_iter();
    operations.extend(lost.map(|path| json!({ "op": "remove", "path": path })));
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// The patch that switches an account off.
#[must_use]
pub fn render_deactivation() -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": [{ "op": "replace", "value": { "active": false } }] })
}

/// The whole resource that makes an account like the person: what is there already and is not ours stays.
#[must_use]
pub fn merge_update(
    present: Map<String, Value>,
    rendered: &Rendered,
    names_before: &str,
) -> Map<String, Value> {
    let mut merged = present;
    merged.remove("meta");
    for path in lost(names_before, rendered) {
        match path
            .strip_prefix(ENTERPRISE)
            .and_then(|rest| rest.strip_prefix(':'))
        {
            Some(part) => remove_part(&mut merged, ENTERPRISE, part),
            None => match path.split_once('.') {
                Some((attribute, part)) => remove_part(&mut merged, attribute, part),
                None => {
                    merged.remove(path);
                }
            },
        }
    }
    for (name, value) in &rendered.document {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(there)), Value::Object(ours)) => {
                there.extend(ours.clone());
            }
            (Some(Value::Array(there)), Value::Array(ours)) if name == "schemas" => {
                let missing: Vec<Value> = ours
                    .iter()
                    .filter(|one| !there.contains(one))
                    .cloned()
                    .collect();
                there.extend(missing);
            }
            _ => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    merged
}

fn remove_part(document: &mut Map<String, Value>, attribute: &str, part: &str) {
    if let Some(Value::Object(parts)) = document.get_mut(attribute) {
        parts.remove(part);
    }
}

#[cfg(test)]
mod tests {
    use super::{Rendered, changes_by_rules, merge_update, render_update};
    use crate::attribute_schema::Attributes;
    use crate::org::settings::{AttributeKind, ProfileAttribute};
    use crate::person::profile::ProfileInput;
    use crate::person::{Person, PersonStatus};
    use protocol::scim::ENTERPRISE;
    use serde_json::{Map, Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserId};
    use vocab::time::Timestamp;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn person(attributes: Value) -> Person {
        let entropy = SeededEntropy::new(4);
        let profile = ProfileInput {
            login: "ada".into(),
            email: "ada@example.com".into(),
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            attributes: object(attributes),
        };
        let (org, id) = (OrgId::generate(&entropy), UserId::generate(&entropy));
        Person::new(
            &org,
            &id,
            PersonStatus::Active,
            &profile,
            Timestamp::from_seconds(0),
        )
    }

    /// Somebody who has nothing in the app.
    fn render_user(person: &Person, schema: &[ProfileAttribute]) -> Rendered {
        super::render_user(person, schema, &Attributes::default())
    }

    fn schema() -> Vec<ProfileAttribute> {
        let text = |name: &str| ProfileAttribute {
            name: name.into(),
            kind: AttributeKind::Text,
            ..ProfileAttribute::default()
        };
        [
            "title",
            "department",
            "mobilePhone",
            "middleName",
            "managerId",
        ]
        .map(text)
        .to_vec()
    }

    #[test]
    fn a_person_is_a_core_user_with_the_extension() {
        let person = person(json!({
            "title": "Countess", "department": "Engines", "mobilePhone": "1", "middleName": "K", "managerId": "7",
            "unknown": "x", "empty": "",
        }));
        let rendered = render_user(&person, &schema());
        let expected = json!({
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ],
            "externalId": person.id.as_str(), "userName": "ada", "displayName": "Ada Lovelace", "active": true,
            "name": { "givenName": "Ada", "familyName": "Lovelace", "middleName": "K" },
            "emails": [{ "value": "ada@example.com", "type": "work", "primary": true }],
            "title": "Countess", "phoneNumbers": [{ "type": "mobile", "value": "1" }],
            (ENTERPRISE): { "department": "Engines", "manager": { "value": "7" } },
        });
        assert_eq!(Value::Object(rendered.document.clone()), expected);
        assert_eq!(rendered, render_user(&person, &schema()));
        let mut other = person.clone();
        other.last_name = "King".into();
        assert_ne!(rendered.mark, render_user(&other, &schema()).mark);
    }

    #[test]
    fn what_somebody_has_in_the_app_comes_before_their_profile() {
        let person = person(json!({ "title": "Countess", "department": "Engines" }));
        let text = |name: &str| ProfileAttribute {
            name: name.into(),
            ..ProfileAttribute::default()
        };
        let of_app = ["title", "costCenter", "displayName", "shoeSize"].map(text);
        let values = object(json!({
            "title": "Analyst", "costCenter": "7", "displayName": "Ada King", "shoeSize": "38",
        }));
        let in_app = Attributes::decide(values, &of_app).unwrap();
        let rendered = super::render_user(&person, &schema(), &in_app);
        let document = Value::Object(rendered.document);
        assert_eq!(document["title"], "Analyst");
        assert_eq!(document["displayName"], "Ada King");
        let expected = json!({ "department": "Engines", "costCenter": "7" });
        assert_eq!(document[ENTERPRISE], expected);
        assert!(!rendered.names.contains("shoeSize"));
    }

    #[test]
    fn what_is_said_no_more_is_taken_away() {
        let schema = schema();
        let before = render_user(
            &person(json!({ "title": "T", "department": "D", "middleName": "K" })),
            &schema,
        );
        let now = render_user(&person(json!({ "department": "E" })), &schema);
        let patch = render_update(&now, &before.names);
        let operations = patch["Operations"].as_array().unwrap();
        assert_eq!(operations.len(), 4, "{patch}");
        assert_eq!(operations[0]["value"]["userName"], "ada");
        assert_eq!(
            operations[1],
            json!({ "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "E" })
        );
        assert_eq!(
            operations[2],
            json!({ "op": "remove", "path": "name.middleName" })
        );
        assert_eq!(operations[3], json!({ "op": "remove", "path": "title" }));
        let there = json!({
            "id": "7", "meta": {}, "title": "T", "nickName": "stays", "schemas": ["x"],
            "name": { "middleName": "K", "formatted": "stays" }, (ENTERPRISE): { "costCenter": "stays" },
        });
        let merged = merge_update(object(there), &now, &before.names);
        let merged = Value::Object(merged);
        for (pointer, expected) in [
            ("/id", json!("7")),
            ("/meta", Value::Null),
            ("/title", Value::Null),
            ("/nickName", json!("stays")),
            ("/name/middleName", Value::Null),
            ("/name/formatted", json!("stays")),
            ("/name/givenName", json!("Ada")),
            ("/schemas/0", json!("x")),
        ] {
            assert_eq!(
                merged.pointer(pointer).unwrap_or(&Value::Null),
                &expected,
                "{pointer}"
            );
        }
        assert_eq!(
            merged[ENTERPRISE],
            json!({ "costCenter": "stays", "department": "E" })
        );
    }

    #[test]
    fn what_has_a_place_at_the_peer_may_be_new_there() {
        let of = |name: &str| ProfileAttribute {
            name: name.into(),
            ..ProfileAttribute::default()
        };
        for (names, expected) in [
            (&["title"][..], true),
            (&["site", "department"], true),
            (&["site", "Title"], false),
            (&[], false),
        ] {
            let of_app: Vec<_> = names.iter().map(|name| of(name)).collect();
            assert_eq!(changes_by_rules(&of_app), expected, "{names:?}");
        }
    }
}
