//! What a caller may say of a person.

use crate::body::Fields;
use crate::error::ApiError;
use identity::person::profile::ProfileInput;
use serde_json::{Map, Value};
use vocab::secret::Secret;

/// What the body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Somebody new.
    Create,
    /// What is named changes.
    Update,
    /// What is not named goes.
    Replace,
}

/// What is shown of a person, sent back by clients, and not changed by them here.
pub(crate) const READ_ONLY: [&str; 11] = [
    "id",
    "status",
    "created",
    "activated",
    "statusChanged",
    "lastLogin",
    "lastUpdated",
    "passwordChanged",
    "transitioningToStatus",
    "_links",
    "_embedded",
];

/// The one provider of credentials there is, by its word on the wire.
pub(crate) const PROVIDER: &str = "OKTA";

/// The hook that is asked about passwords of another system: an organisation has but one.
pub(crate) const HOOK: &str = "default";

/// The body of a change.
pub struct UserInput {
    /// The attributes that are named.
    pub profile: Option<Map<String, Value>>,
    /// A new password.
    pub password: Option<Secret<String>>,
    /// Whether another system knows the first password.
    pub is_imported: bool,
    /// The first groups.
    pub groups: Option<Vec<String>>,
    /// The type that is named.
    pub type_id: Option<String>,
}

/// Reads a body.
///
/// # Errors
/// [`ApiError`] for what is malformed or means nothing here.
pub fn parse_user(bytes: &[u8], mode: Mode) -> Result<UserInput, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let profile = fields.take_object("profile")?.map(Fields::rest);
    let (password, is_imported) = match fields.take_object("credentials")? {
        Some(credentials) => parse_credentials(credentials, mode)?,
        None => (None, false),
    };
    let groups = match mode {
        Mode::Create => fields.take_texts("groupIds")?,
        Mode::Update | Mode::Replace => None,
    };
    let type_id = match fields.take_object("type")? {
        Some(mut named) => {
            // Its links are shown in some places, and sent back.
            named.ignore_read_only(&["_links"]);
            let id = named.take_text("id")?;
            named.end()?;
            id
        }
        None => None,
    };
    fields.end()?;
    Ok(UserInput {
        type_id,
        profile,
        password,
        is_imported,
        groups,
    })
}

/// A password, or that another system knows it.
type Password = (Option<Secret<String>>, bool);

fn parse_credentials(mut credentials: Fields, mode: Mode) -> Result<Password, ApiError> {
    let password = match credentials.take_object("password")? {
        // An empty object is how a person is shown who has a password.
        Some(mut password) => {
            let value = password.take_text("value")?;
            let is_imported = match password.take_object("hook")? {
                Some(_) if mode != Mode::Create => {
                    let problem = "another system is asked about the first password alone";
                    return Err(password.refusal("hook", problem));
                }
                Some(_) if value.is_some() => {
                    return Err(password.refusal("hook", "there is a password already"));
                }
                Some(mut hook) => {
                    let kind = hook.take_text("type")?;
                    if kind.as_deref() != Some(HOOK) {
                        return Err(hook.refusal("type", "use default"));
                    }
                    hook.end()?;
                    true
                }
                None => false,
            };
            password.end()?;
            (value.map(Secret::new), is_imported)
        }
        None => (None, false),
    };
    if let Some(mut provider) = credentials.take_object("provider")? {
        for field in ["type", "name"] {
            if provider
                .take_text(field)?
                .is_some_and(|word| word != PROVIDER)
            {
                return Err(ApiError::not_supported("credentials.provider"));
            }
        }
        provider.end()?;
    }
    credentials.end()?;
    Ok(password)
}

/// The profile with what is named; `null` takes a value away.
///
/// # Errors
/// [`ApiError`] for a built-in attribute that is no text.
pub fn apply_profile(
    mut profile: ProfileInput,
    named: Map<String, Value>,
) -> Result<ProfileInput, ApiError> {
    for (name, value) in named {
        let built_in = match name.as_str() {
            "login" => Some(&mut profile.login),
            "email" => Some(&mut profile.email),
            "firstName" => Some(&mut profile.first_name),
            "lastName" => Some(&mut profile.last_name),
            _ => None,
        };
        match (built_in, value) {
            (Some(place), Value::String(text)) => *place = text,
            (Some(place), Value::Null) => place.clear(),
            (Some(_), _) => return Err(ApiError::invalid(&name, "it must be a text")),
            (None, Value::Null) => {
                profile.attributes.remove(&name);
            }
            (None, value) => {
                profile.attributes.insert(name, value);
            }
        }
    }
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use super::{Mode, apply_profile, parse_user};
    use crate::error::ErrorCode;
    use identity::person::profile::ProfileInput;
    use serde_json::{Value, json};

    fn parse(body: &Value, mode: Mode) -> Result<super::UserInput, ErrorCode> {
        parse_user(body.to_string().as_bytes(), mode).map_err(|error| error.code())
    }

    #[test]
    fn what_was_shown_may_be_sent_back() {
        let shown = json!({
            "id": "00u", "status": "ACTIVE", "created": "x", "lastLogin": null, "_links": {},
            "profile": { "login": "ada" },
            "credentials": { "password": {}, "provider": { "type": "OKTA", "name": "OKTA" } },
        });
        let input = parse(&shown, Mode::Replace).ok().unwrap();
        assert!(input.password.is_none() && input.profile.is_some());
    }

    #[test]
    fn another_system_may_know_the_first_password() {
        let hooked =
            |password: Value| json!({ "profile": {}, "credentials": { "password": password } });
        let body = hooked(json!({ "hook": { "type": "default" } }));
        let input = parse(&body, Mode::Create).ok().unwrap();
        assert!(input.is_imported && input.password.is_none());
        for mode in [Mode::Update, Mode::Replace] {
            assert_eq!(parse(&body, mode).err(), Some(ErrorCode::Validation));
        }
        for password in [
            json!({ "hook": { "type": "other" } }),
            json!({ "hook": {} }),
            json!({ "hook": "default" }),
            json!({ "hook": { "type": "default", "id": "cal" } }),
            json!({ "hook": { "type": "default" }, "value": "x" }),
        ] {
            let refused = parse(&hooked(password), Mode::Create).err();
            assert_eq!(refused, Some(ErrorCode::Validation));
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for body in [
            json!({ "profile": {}, "realmId": "guo" }),
            json!({ "profile": {}, "type": { "id": 1 } }),
            json!({ "profile": {}, "type": "oty" }),
            json!({ "credentials": { "recovery_question": { "question": "?", "answer": "!" } } }),
            json!({ "credentials": { "password": { "hash": { "algorithm": "BCRYPT" } } } }),
            json!({ "credentials": { "provider": { "type": "FEDERATION" } } }),
            json!({ "credentials": { "password": "secret" } }),
            json!({ "profile": "ada" }),
        ] {
            let seen = parse(&body, Mode::Create).err();
            assert_eq!(seen, Some(ErrorCode::Validation), "{body}");
        }
        let grouped = json!({ "groupIds": ["00g"] });
        assert!(parse(&grouped, Mode::Create).is_ok());
        assert!(parse(&grouped, Mode::Update).is_err());
    }

    #[test]
    fn null_takes_away_and_others_stay() {
        let mut present = ProfileInput {
            login: "ada".into(),
            last_name: "Byron".into(),
            ..ProfileInput::default()
        };
        present.attributes.insert("level".into(), json!(3));
        present.attributes.insert("guest".into(), json!(true));
        let named = json!({ "lastName": null, "firstName": "Ada", "level": null, "team": "x" });
        let Value::Object(named) = named else {
            panic!("no object")
        };
        let profile = apply_profile(present, named).unwrap();
        assert_eq!(
            (&*profile.login, &*profile.first_name, &*profile.last_name),
            ("ada", "Ada", "")
        );
        let attributes = json!(profile.attributes);
        assert_eq!(attributes, json!({ "guest": true, "team": "x" }));
    }
}
