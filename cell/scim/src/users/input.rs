//! What a client says of a user, as what identity is asked to store: a pure decision over the document and the person.

use crate::attributes::Attributes;
use identity::person::Person;
use identity::person::profile::{ProfileInput, is_mail_address};
use protocol::scim::body::{Fields, as_flag};
use protocol::scim::problem::{Kind, Problem};
use protocol::scim::{ENTERPRISE, PROFILE};
use serde_json::{Map, Value};
use vocab::secret::Secret;

/// What the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Somebody new.
    Create,
    /// What somebody is to be like, as far as the schemas go that it names: an extension that it does not name is left as
    /// it is, so that a client cannot take away what it does not know.
    Replace,
    /// All of what somebody is to be like: what is not there is no more.
    Whole,
}

/// What is to be stored.
pub struct UserInput {
    /// The profile.
    pub profile: ProfileInput,
    /// What the client calls the user.
    pub external_id: Option<String>,
    /// A new password.
    pub password: Option<Secret<String>>,
    /// Whether the user is to be active, where it is said.
    pub active: Option<bool>,
}

/// Decides what is to be stored.
///
/// # Errors
/// [`Problem`] for a value of the wrong kind, for what is missing, and for what no schema has.
pub fn plan_user(
    attributes: &Attributes,
    present: Option<&Person>,
    document: Map<String, Value>,
    mode: Mode,
) -> Result<UserInput, Problem> {
    let mut fields = Fields::of(document);
    for read_only in ["schemas", "id", "meta", "groups"] {
        fields.take(read_only);
    }
    let mut profile = present
        .map(|person| attributes.known(&person.profile))
        .unwrap_or_default();
    attributes.clear(None, &mut profile);
    let user_name = fields.take_text("userName")?.unwrap_or_default();
    if user_name.trim().is_empty() {
        return Err(missing("userName"));
    }
    let email = take_email(&mut fields)?;
    let email = match email {
        Some(email) => email,
        None if mode == Mode::Create && is_mail_address(user_name.trim()) => user_name.clone(),
        None => return Err(missing("emails")),
    };
    let external_id = match present {
        // Whoever replaces without naming it does not mean to lose the link.
        Some(person) if mode == Mode::Replace && !fields.names("externalId") => {
            person.external_id.clone()
        }
        _ => fields.take_text("externalId")?,
    };
    let active = fields.take_flag("active")?;
    let password = fields.take_text("password")?.map(Secret::new);
    let (mut first_name, mut last_name) = (String::new(), String::new());
    if let Some(mut name) = fields.take_object("name")? {
        first_name = name.take_text("givenName")?.unwrap_or_default();
        last_name = name.take_text("familyName")?.unwrap_or_default();
        attributes.read_name(name, &mut profile)?;
    }
    for schema in [ENTERPRISE, PROFILE] {
        let is_named = fields.names(schema);
        let extension = fields.take_object(schema)?;
        if is_named || mode == Mode::Whole {
            attributes.clear(Some(schema), &mut profile);
        }
        match extension {
            Some(extension) if schema == ENTERPRISE => {
                attributes.read_enterprise(extension, &mut profile)?;
            }
            Some(extension) => attributes.read_profile(extension, &mut profile)?,
            None => {}
        }
    }
    attributes.read_core(fields, &mut profile)?;
    Ok(UserInput {
        profile: ProfileInput {
            login: user_name,
            email,
            first_name,
            last_name,
            attributes: profile,
        },
        external_id,
        password,
        active,
    })
}

fn missing(name: &str) -> Problem {
    Problem::of(Kind::InvalidValue, format!("{name}: it is required"))
}

/// A person has one address: the primary one, else that for work, else the first.
fn take_email(fields: &mut Fields) -> Result<Option<String>, Problem> {
    let mut addresses = Vec::new();
    for value in fields.take_list("emails")?.unwrap_or_default() {
        let mut parts = match value {
            Value::Object(parts) => Fields::of(parts),
            Value::String(text) => {
                addresses.push((false, false, text));
                continue;
            }
            _ => {
                let detail = "emails: each has a value";
                return Err(Problem::of(Kind::InvalidValue, detail));
            }
        };
        let Some(address) = parts.take_text("value")? else {
            continue;
        };
        let is_primary = parts.take("primary").as_ref().and_then(as_flag) == Some(true);
        let kind = parts.take_text("type")?.unwrap_or_default();
        addresses.push((is_primary, kind.eq_ignore_ascii_case("work"), address));
    }
    let primary = addresses.iter().find(|(is_primary, _, _)| *is_primary);
    let for_work = addresses.iter().find(|(_, is_for_work, _)| *is_for_work);
    let chosen = primary.or(for_work).or(addresses.first());
    Ok(chosen.map(|(_, _, address)| address.clone()))
}

#[cfg(test)]
mod tests {
    use super::{Mode, UserInput, plan_user};
    use crate::attributes::Attributes;
    use identity::org::settings::{AttributeKind, ProfileAttribute};
    use protocol::scim::problem::Kind;
    use protocol::scim::{ENTERPRISE, PROFILE};
    use serde_json::{Value, json};

    fn attributes() -> Attributes {
        let attribute = |name: &str, kind| ProfileAttribute {
            name: name.into(),
            title: String::new(),
            kind,
            required: false,
            self_editable: false,
            ..ProfileAttribute::default()
        };
        Attributes::of(&[
            attribute("title", AttributeKind::Text),
            attribute("department", AttributeKind::Text),
            attribute("guest", AttributeKind::Boolean),
        ])
    }

    fn plan(document: &Value) -> Result<UserInput, Kind> {
        let document = document.as_object().cloned().unwrap();
        plan_user(&attributes(), None, document, Mode::Create).map_err(|problem| problem.kind)
    }

    #[test]
    fn a_whole_user_is_understood() {
        let input = plan(&json!({
            "schemas": ["x"], "id": "ignored", "meta": {}, "groups": [{ "value": "ignored" }],
            "USERNAME": "ada", "externalId": "E1", "active": "False", "password": "secret",
            "name": { "givenName": "Ada", "familyName": "Byron", "formatted": "ignored", "middleName": "King" },
            "emails": [{ "value": "a@home", "type": "home" }, { "value": "a@work", "type": "work" }],
            "title": "Countess", "nickName": "no place",
            (ENTERPRISE): { "department": "D", "division": "no place" },
            (PROFILE): { "guest": "true" },
        }));
        let input = input.ok().unwrap();
        let profile = &input.profile;
        assert_eq!((&*profile.login, &*profile.email), ("ada", "a@work"));
        assert_eq!(
            (&*profile.first_name, &*profile.last_name),
            ("Ada", "Byron")
        );
        assert_eq!(input.external_id.as_deref(), Some("E1"));
        assert_eq!(input.active, Some(false));
        assert!(input.password.is_some());
        assert_eq!(
            Value::from(profile.attributes.clone()),
            json!({ "title": "Countess", "department": "D", "guest": true })
        );
    }

    #[test]
    fn the_address_is_the_primary_one_or_that_for_work_or_the_first() {
        for (emails, expected) in [
            (json!([{ "value": "a@b" }]), Some("a@b")),
            (json!(["a@b"]), Some("a@b")),
            (json!({ "value": "a@b" }), Some("a@b")),
            (
                json!([{ "value": "a@b" }, { "value": "c@d", "type": "WORK" }]),
                Some("c@d"),
            ),
            (
                json!([{ "value": "a@b", "type": "work" }, { "value": "c@d", "primary": "True" }]),
                Some("c@d"),
            ),
            (json!([{ "type": "work" }]), Some("ada@example.com")),
            (json!([]), Some("ada@example.com")),
            (Value::Null, Some("ada@example.com")),
            (json!([3]), None),
            (json!("a@b"), None),
        ] {
            let input = plan(&json!({ "userName": "ada@example.com", "emails": emails }));
            let seen = input.ok().map(|input| input.profile.email);
            assert_eq!(seen.as_deref(), expected, "{emails}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_told() {
        for (document, kind) in [
            (json!({}), Kind::InvalidValue),
            (json!({ "userName": " " }), Kind::InvalidValue),
            (json!({ "userName": "ada" }), Kind::InvalidValue),
            (json!({ "userName": 3 }), Kind::InvalidValue),
            (
                json!({ "userName": "a@b", "active": "maybe" }),
                Kind::InvalidValue,
            ),
            (
                json!({ "userName": "a@b", "name": "Ada" }),
                Kind::InvalidValue,
            ),
            (
                json!({ "userName": "a@b", "user": "x" }),
                Kind::InvalidSyntax,
            ),
            (
                json!({ "userName": "a@b", (ENTERPRISE): { "x": 1 } }),
                Kind::InvalidSyntax,
            ),
            (
                json!({ "userName": "a@b", "urn:other": {} }),
                Kind::InvalidSyntax,
            ),
        ] {
            assert_eq!(plan(&document).err(), Some(kind), "{document}");
        }
    }
}
