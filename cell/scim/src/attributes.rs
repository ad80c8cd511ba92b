//! Where the attributes of the org's own schema stand in a SCIM user: those with a name that SCIM knows stand where SCIM
//! has them, all others in an extension of ours. What the org's schema does not have has no place.

use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::person::places::{SLOTS, Slot, put};
use identity::person::profile::known_attributes;
use protocol::scim::body::{Fields, as_flag, find_name};
use protocol::scim::path::AttributePath;
use protocol::scim::problem::{Kind, Problem};
use protocol::scim::{ENTERPRISE, PROFILE, USER};
use serde_json::{Map, Value, json};

/// What a core user has besides, by RFC 7643 section 4.1: known, and without a place here.
const KNOWN_CORE: &[&str] = &["ims", "photos", "entitlements", "roles", "x509Certificates"];
/// The type of a value that is named by none.
const TYPE_DEFAULT: &str = "work";

/// The places that the org's schema fills.
#[derive(Debug)]
pub struct Attributes {
    /// Those that SCIM has a name for.
    pub slots: Vec<&'static Slot>,
    /// Those that stand in the extension of ours.
    pub others: Vec<ProfileAttribute>,
}

impl Attributes {
    /// The places for a schema.
    #[must_use]
    pub fn of(schema: &[ProfileAttribute]) -> Self {
        let has_text = |name: &str| {
            let mut known = schema.iter();
            known.any(|attribute| attribute.name == name && attribute.kind == AttributeKind::Text)
        };
        let slots: Vec<&'static Slot> =
            SLOTS.iter().filter(|slot| has_text(slot.profile)).collect();
        let others = schema
            .iter()
            .filter(|attribute| !slots.iter().any(|slot| slot.profile == attribute.name))
            .cloned()
            .collect();
        Self { slots, others }
    }

    /// What of a stored profile the org's schema still has: what it has no more is nobody's.
    #[must_use]
    pub fn known(&self, profile: &Map<String, Value>) -> Map<String, Value> {
        let mut known = known_attributes(profile, &self.others);
        for slot in &self.slots {
            if let Some(text @ Value::String(_)) = profile.get(slot.profile) {
                known.insert(slot.profile.to_owned(), text.clone());
            }
        }
        known
    }

    /// Puts what the profile holds into a document, each at its place.
    pub fn render(&self, profile: &Map<String, Value>, document: &mut Map<String, Value>) {
        for slot in &self.slots {
            if let Some(value) = profile.get(slot.profile) {
                put(slot, value, document);
            }
        }
        let others: Map<String, Value> = self
            .others
            .iter()
            .filter_map(|attribute| {
                let value = profile.get(&attribute.name)?;
                Some((attribute.name.clone(), value.clone()))
            })
            .collect();
        if !others.is_empty() {
            document.insert(PROFILE.to_owned(), Value::Object(others));
        }
    }

    /// Reads the places that the core schema has, of which nothing else may be left.
    ///
    /// # Errors
    /// [`Problem`] for a value of the wrong kind, and for what no user has.
    pub fn read_core(
        &self,
        mut fields: Fields,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let mut core: Vec<&str> = SLOTS
            .iter()
            .filter(|slot| slot.schema.is_none() && slot.attribute != "name")
            .map(|slot| slot.attribute)
            .collect();
        core.dedup();
        for attribute in core {
            let value = fields.take(attribute);
            self.read(None, attribute, value, profile)?;
        }
        for known in KNOWN_CORE {
            fields.take(known);
        }
        refuse_rest(fields.rest())
    }

    /// Reads the parts of a name beyond the given and the family name.
    ///
    /// # Errors
    /// As [`Attributes::read_core`].
    pub fn read_name(
        &self,
        mut parts: Fields,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        parts.take("formatted");
        let value = Value::Object(parts.rest());
        self.read(None, "name", Some(value.clone()), profile)?;
        let known = SLOTS.iter().filter(|slot| slot.attribute == "name");
        let mut rest = Fields::of(match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        });
        for slot in known {
            rest.take(slot.part.unwrap_or_default());
        }
        refuse_rest(rest.rest())
    }

    /// Reads the enterprise extension.
    ///
    /// # Errors
    /// As [`Attributes::read_core`].
    pub fn read_enterprise(
        &self,
        mut fields: Fields,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        fields.take("schemas");
        for slot in SLOTS.iter().filter(|slot| slot.schema.is_some()) {
            let mut value = fields.take(slot.attribute);
            // Some clients send the manager's id alone.
            if slot.part.is_some()
                && let Some(Value::String(text)) = &value
            {
                value = Some(json!({ "value": text }));
            }
            self.read(Some(ENTERPRISE), slot.attribute, value, profile)?;
        }
        refuse_rest(fields.rest())
    }

    /// Reads the extension of ours.
    ///
    /// # Errors
    /// As [`Attributes::read_core`].
    pub fn read_profile(
        &self,
        mut fields: Fields,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        fields.take("schemas");
        for attribute in &self.others {
            let Some(value) = fields.take(&attribute.name) else {
                continue;
            };
            let value = match (attribute.kind, as_flag(&value)) {
                (AttributeKind::Boolean, Some(flag)) => Value::Bool(flag),
                _ => value,
            };
            profile.insert(attribute.name.clone(), value);
        }
        refuse_rest(fields.rest())
    }

    /// Takes away what a schema says of a person: what is not said again is no more.
    pub fn clear(&self, schema: Option<&str>, profile: &mut Map<String, Value>) {
        if schema == Some(PROFILE) {
            for attribute in &self.others {
                profile.remove(&attribute.name);
            }
            return;
        }
        for slot in self.slots.iter().filter(|slot| slot.schema == schema) {
            profile.remove(slot.profile);
        }
    }

    /// The attribute of the org's schema that a path names.
    #[must_use]
    pub fn find(&self, path: &AttributePath) -> Option<&str> {
        let schema = path.schema.as_deref().filter(|schema| *schema != USER);
        if schema == Some(PROFILE) {
            let mut others = self.others.iter();
            return others
                .find(|attribute| attribute.name.eq_ignore_ascii_case(&path.attribute))
                .map(|attribute| attribute.name.as_str());
        }
        let part = path.part.as_deref();
        let is_named = |slot: &&&Slot| {
            slot.schema == schema
                && slot.kind.is_none()
                && slot.attribute.eq_ignore_ascii_case(&path.attribute)
                && match (slot.part, part) {
                    (None, None) => true,
                    (Some(own), Some(named)) => own.eq_ignore_ascii_case(named),
                    _ => false,
                }
        };
        self.slots.iter().find(is_named).map(|slot| slot.profile)
    }

    /// Reads what stands under an attribute into every slot of it.
    fn read(
        &self,
        schema: Option<&str>,
        attribute: &str,
        value: Option<Value>,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let Some(value) = value else {
            return Ok(());
        };
        let slots = self.slots.iter();
        for slot in slots.filter(|slot| slot.schema == schema && slot.attribute == attribute) {
            let is_shaped = match (slot.kind, slot.part) {
                (None, None) => true,
                (None, Some(_)) => value.is_object(),
                (Some(_), _) => value.is_object() || value.is_array(),
            };
            if !is_shaped {
                let detail = format!("{attribute}: it must have its parts");
                return Err(Problem::of(Kind::InvalidValue, detail));
            }
            if let Some(found) = find_value(slot, &value) {
                profile.insert(
                    slot.profile.to_owned(),
                    Value::String(as_text(slot, found)?),
                );
            }
        }
        Ok(())
    }
}

fn refuse_rest(rest: Map<String, Value>) -> Result<(), Problem> {
    match rest.keys().next() {
        Some(name) => {
            let detail = format!("{name}: no schema has it");
            Err(Problem::of(Kind::InvalidSyntax, detail))
        }
        None => Ok(()),
    }
}

fn find_value<'v>(slot: &Slot, value: &'v Value) -> Option<&'v Value> {
    let found = match (slot.kind, slot.part) {
        (None, None) => Some(value),
        (None, Some(part)) => member(value, part),
        (Some(kind), part) => {
            let values = match value {
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let is_of_kind = |value: &&Value| {
                let named = member(value, "type").and_then(Value::as_str);
                named.unwrap_or(TYPE_DEFAULT).eq_ignore_ascii_case(kind)
            };
            let chosen = values.iter().find(is_of_kind)?;
            member(chosen, part.unwrap_or("value"))
        }
    };
    found.filter(|value| !value.is_null())
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    fields.get(&find_name(fields, name)?)
}

/// A number where a text belongs is its digits: employees are numbered.
fn as_text(slot: &Slot, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => {
            let detail = format!("{}: it must be a text", slot.attribute);
            Err(Problem::of(Kind::InvalidValue, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Attributes;
    use identity::org::settings::{AttributeKind, ProfileAttribute};
    use identity::person::places::SLOTS;
    use protocol::scim::body::Fields;
    use protocol::scim::path::AttributePath;
    use protocol::scim::{ENTERPRISE, PROFILE};
    use serde_json::{Map, Value, json};
    use std::collections::BTreeSet;

    fn attribute(name: &str, kind: AttributeKind) -> ProfileAttribute {
        ProfileAttribute {
            name: name.into(),
            title: String::new(),
            kind,
            required: false,
            self_editable: false,
            ..ProfileAttribute::default()
        }
    }

    fn every() -> Attributes {
        let mut schema: Vec<ProfileAttribute> = SLOTS
            .iter()
            .map(|slot| attribute(slot.profile, AttributeKind::Text))
            .collect();
        schema.push(attribute("level", AttributeKind::Integer));
        schema.push(attribute("guest", AttributeKind::Boolean));
        Attributes::of(&schema)
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    /// As an operation reads a document that it was shown.
    fn read(attributes: &Attributes, document: &Value) -> Map<String, Value> {
        let mut profile = Map::new();
        let mut fields = Fields::of(object(document.clone()));
        if let Some(name) = fields.take_object("name").unwrap() {
            attributes.read_name(name, &mut profile).unwrap();
        }
        if let Some(part) = fields.take_object(ENTERPRISE).unwrap() {
            attributes.read_enterprise(part, &mut profile).unwrap();
        }
        if let Some(part) = fields.take_object(PROFILE).unwrap() {
            attributes.read_profile(part, &mut profile).unwrap();
        }
        attributes.read_core(fields, &mut profile).unwrap();
        profile
    }

    #[test]
    fn each_attribute_has_one_place_and_comes_back_from_it() {
        let names: BTreeSet<&str> = SLOTS.iter().map(|slot| slot.profile).collect();
        assert_eq!(names.len(), SLOTS.len());
        let attributes = every();
        let mut profile: Map<String, Value> = SLOTS
            .iter()
            .map(|slot| {
                (
                    slot.profile.to_owned(),
                    json!(format!("of {}", slot.profile)),
                )
            })
            .collect();
        profile.insert("level".into(), json!(3));
        profile.insert("guest".into(), json!(true));
        let mut document = Map::new();
        attributes.render(&profile, &mut document);
        let document = Value::from(document);
        assert_eq!(document["phoneNumbers"][1]["value"], "of mobilePhone");
        assert_eq!(document[ENTERPRISE]["manager"]["value"], "of managerId");
        assert_eq!(document[PROFILE], json!({ "level": 3, "guest": true }));
        assert_eq!(read(&attributes, &document), profile);
        for schema in [None, Some(ENTERPRISE), Some(PROFILE)] {
            attributes.clear(schema, &mut profile);
        }
        assert!(profile.is_empty(), "{profile:?}");
    }

    #[test]
    fn what_the_org_does_not_have_is_left_out_and_what_nobody_has_is_refused() {
        let none = Attributes::of(&[attribute("title", AttributeKind::Integer)]);
        let document = json!({
            "title": "T", "photos": [], "name": { "middleName": "M", "formatted": "F" },
            "phoneNumbers": [{ "value": "1" }], (ENTERPRISE): { "department": "D", "manager": "7" },
            (PROFILE): { "title": 7 },
        });
        assert_eq!(read(&none, &document), object(json!({ "title": 7 })));
        let mut profile = Map::new();
        let wrong = |value: Value| Fields::of(object(value));
        assert!(
            none.read_core(wrong(json!({ "tittle": "T" })), &mut profile)
                .is_err()
        );
        assert!(
            none.read_name(wrong(json!({ "first": "T" })), &mut profile)
                .is_err()
        );
        assert!(
            none.read_enterprise(wrong(json!({ "team": "T" })), &mut profile)
                .is_err()
        );
        assert!(
            none.read_profile(wrong(json!({ "team": "T" })), &mut profile)
                .is_err()
        );
        assert!(
            every()
                .read_core(wrong(json!({ "title": true })), &mut profile)
                .is_err()
        );
        assert!(profile.is_empty());
    }

    #[test]
    fn values_are_told_apart_by_their_type() {
        let attributes = every();
        let document = json!({
            "phoneNumbers": [{ "type": "Mobile", "value": "2" }, { "value": "1" }, { "type": "fax", "value": "3" }],
            (ENTERPRISE): { "employeeNumber": 701, "manager": "00u7" },
        });
        assert_eq!(
            read(&attributes, &document),
            object(
                json!({ "primaryPhone": "1", "mobilePhone": "2", "employeeNumber": "701", "managerId": "00u7" })
            )
        );
    }

    #[test]
    fn paths_name_attributes_of_the_org() {
        let attributes = every();
        for (text, name) in [
            ("title", Some("title")),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:Title",
                Some("title"),
            ),
            ("name.middleName", Some("middleName")),
            (&format!("{ENTERPRISE}:department"), Some("department")),
            (&format!("{ENTERPRISE}:manager.value"), Some("managerId")),
            (&format!("{PROFILE}:Level"), Some("level")),
            ("department", None),
            ("phoneNumbers.value", None),
            ("level", None),
        ] {
            let path = AttributePath::parse(text).unwrap();
            assert_eq!(attributes.find(&path), name, "{text}");
        }
    }
}
