//! What a person's profile may hold: pure rules.

use crate::fault::Refusal;
use crate::org::settings::{AttributeKind, ProfileAttribute};
use crate::person::Person;
use crate::person::spelling::is_plain;
use crate::problem::{Problem, quoted};
use serde_json::{Map, Value};
use vocab::text::disguises;

/// Longest login and mail address (RFC 5321 section 4.5.3.1.3).
pub const LOGIN_CHARS_MAX: usize = 254;
/// Longest given or family name.
pub const NAME_CHARS_MAX: usize = 100;
/// Longest text attribute.
pub const TEXT_CHARS_MAX: usize = 1_000;
/// Longest name that a provisioning client gives a person or a group.
pub const EXTERNAL_ID_CHARS_MAX: usize = 200;
/// Most words under which a person can be found.
pub const TERMS_MAX: usize = 24;
/// Longest word that is indexed.
pub(crate) const TERM_CHARS_MAX: usize = 64;

/// What is asked to be stored of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileInput {
    /// What the person types to sign in; usually the mail address.
    pub login: String,
    /// Where mail goes.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Further attributes.
    pub attributes: Map<String, Value>,
}

/// Trims and checks the input against the built-in rules and the org's schema.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first field that cannot be used.
pub fn decide_profile(
    input: ProfileInput,
    schema: &[ProfileAttribute],
) -> Result<ProfileInput, Refusal> {
    decide(input, None, schema)
}

/// The same for somebody who is there: a login or an address that was stored before a rule was is kept, so that whatever else
/// is known of them can be changed.
///
/// # Errors
/// As for [`decide_profile`].
pub fn decide_profile_of(
    present: &Person,
    input: ProfileInput,
    schema: &[ProfileAttribute],
) -> Result<ProfileInput, Refusal> {
    decide(input, Some(present), schema)
}

fn decide(
    input: ProfileInput,
    present: Option<&Person>,
    schema: &[ProfileAttribute],
) -> Result<ProfileInput, Refusal> {
    let trimmed = ProfileInput {
        login: input.login.trim().to_owned(),
        email: input.email.trim().to_owned(),
        first_name: input.first_name.trim().to_owned(),
        last_name: input.last_name.trim().to_owned(),
        attributes: input.attributes,
    };
    if present.is_none_or(|person| person.login != trimmed.login) {
        check_login(&trimmed.login)?;
    }
    let is_kept = present.is_some_and(|person| person.email == trimmed.email);
    if !is_kept && !is_mail_address(&trimmed.email) {
        return Err(Refusal::invalid("email", "this is not a mail address"));
    }
    for (field, name) in [
        ("first_name", &trimmed.first_name),
        ("last_name", &trimmed.last_name),
    ] {
        if name.chars().count() > NAME_CHARS_MAX || name.chars().any(disguises) {
            return Err(Refusal::invalid(
                field,
                "use at most 100 characters on one line",
            ));
        }
    }
    check_attributes(&trimmed.attributes, schema)?;
    Ok(trimmed)
}

fn check_login(login: &str) -> Result<(), Refusal> {
    if login.is_empty() || login.chars().count() > LOGIN_CHARS_MAX {
        return Err(Refusal::invalid("login", "use 1 to 254 characters"));
    }
    if login.chars().any(|c| disguises(c) || c.is_whitespace()) {
        return Err(Refusal::invalid(
            "login",
            "it must not contain spaces or control characters",
        ));
    }
    if !is_plain(login) {
        return Err(Refusal::invalid(
            "login",
            "it must not contain characters that are not shown, or that are another form of others",
        ));
    }
    Ok(())
}

/// Checks what a provisioning client calls a person or a group; an empty name is none.
///
/// # Errors
/// [`Refusal::Invalid`] for a name that cannot be used.
pub fn decide_external_id(name: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.chars().count() > EXTERNAL_ID_CHARS_MAX || name.chars().any(disguises) {
        let problem = "use at most 200 characters on one line";
        return Err(Refusal::invalid("externalId", problem));
    }
    Ok(Some(name))
}

/// Holds values against the attributes of a schema.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first that cannot be, or that is missing.
pub(crate) fn check_attributes(
    attributes: &Map<String, Value>,
    schema: &[ProfileAttribute],
) -> Result<(), Refusal> {
    for (name, value) in attributes {
        let known = schema.iter().find(|attribute| attribute.name == *name);
        let Some(attribute) = known else {
            return Err(Refusal::invalid(
                "profile",
                Problem::of("the schema has no attribute {name}", [quoted(name)]),
            ));
        };
        if let Some(pattern) = find_misfit(attribute, value) {
            let problem = Problem::of(pattern, [quoted(name)]);
            return Err(Refusal::invalid("profile", problem));
        }
    }
    let missing = schema
        .iter()
        .find(|attribute| attribute.required && !attributes.contains_key(&attribute.name));
    match missing {
        Some(attribute) => Err(Refusal::invalid(
            "profile",
            Problem::of("{name} is required", [quoted(&attribute.name)]),
        )),
        None => Ok(()),
    }
}

/// Whether a value can be one of an attribute.
pub(crate) fn is_fit(attribute: &ProfileAttribute, value: &Value) -> bool {
    find_misfit(attribute, value).is_none()
}

/// What is wrong with a value of an attribute.
fn find_misfit(attribute: &ProfileAttribute, value: &Value) -> Option<&'static str> {
    if !is_of_kind(attribute.kind, value) {
        return Some("the value of {name} has the wrong type or length");
    }
    if !is_within(attribute, value) {
        return Some("the value of {name} is not within its bounds");
    }
    let choices = &attribute.choices;
    let is_chosen = |text: &str| choices.iter().any(|choice| choice.value == text);
    let is_one = match value {
        _ if choices.is_empty() => true,
        Value::String(text) => is_chosen(text),
        other => is_chosen(&other.to_string()),
    };
    (!is_one).then_some("the value of {name} is none of those that there are")
}

fn is_of_kind(kind: AttributeKind, value: &Value) -> bool {
    match kind {
        AttributeKind::Text => value
            .as_str()
            .is_some_and(|text| text.chars().count() <= TEXT_CHARS_MAX),
        AttributeKind::Integer => value.is_i64(),
        AttributeKind::Boolean => value.is_boolean(),
    }
}

/// Whether a value of the right kind is within the bounds of its attribute: a text by its characters, a number by itself.
#[must_use]
pub fn is_within(attribute: &ProfileAttribute, value: &Value) -> bool {
    let measure = match value {
        Value::String(text) => i64::try_from(text.chars().count()).ok(),
        other => other.as_i64(),
    };
    measure.is_none_or(|measure| {
        attribute.min.is_none_or(|min| min <= measure)
            && attribute.max.is_none_or(|max| measure <= max)
    })
}

/// What of somebody's attributes the schema has, in the kind in which it has it. A value of an attribute that was removed
/// stays stored until the profile is next saved, and is nobody's any more; one of the same name may hold something else.
#[must_use]
pub fn known_attributes(
    attributes: &Map<String, Value>,
    schema: &[ProfileAttribute],
) -> Map<String, Value> {
    let is_known = |name: &str, value: &Value| {
        let mut named = schema.iter().filter(|attribute| attribute.name == name);
        named.any(|attribute| is_of_kind(attribute.kind, value))
    };
    attributes
        .iter()
        .filter(|(name, value)| is_known(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A practical shape: one `@`, a local part, a dotted or single-label domain, nothing that could break a mail header, and nothing
/// that would let it be taken for another.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // White space and what is not shown are no plain text.
    let clean =
        |part: &str| !part.is_empty() && part.chars().all(|c| !"<>()[],;:\\\"@".contains(c));
    text.len() <= LOGIN_CHARS_MAX
        && is_plain(text)
        && local.len() <= 64
        && clean(local)
        && clean(domain)
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
}

/// The form in which logins, addresses and names are compared: lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The words under which a person is found: prefixes of any of them match.
#[must_use]
pub fn search_terms(profile: &ProfileInput) -> Vec<String> {
    let full_name = format!("{} {}", profile.first_name, profile.last_name);
    let whole = [
        &profile.login,
        &profile.email,
        &full_name,
        &profile.first_name,
        &profile.last_name,
    ];
    let words = full_name.split(|c: char| c.is_whitespace() || c == '-');
    let mut terms: Vec<String> = Vec::new();
    // The whole fields first, so that no number of words pushes one of them out.
    for text in whole.into_iter().map(String::as_str).chain(words) {
        let term: String = fold(text).chars().take(TERM_CHARS_MAX).collect();
        if !term.is_empty() && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms.truncate(TERMS_MAX);
    terms
}

/// The first text that no longer begins with `prefix`, for a range over an index.
#[must_use]
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

#[cfg(test)]
mod tests {
    use super::{
        ProfileInput, TERMS_MAX, decide_profile, decide_profile_of, is_mail_address,
        known_attributes, search_terms,
    };
    use crate::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
    use crate::person::{Person, PersonStatus};
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};
    use vocab::entropy::SeededEntropy;
    use vocab::id::{OrgId, UserId};
    use vocab::time::Timestamp;

    fn ada() -> ProfileInput {
        ProfileInput {
            login: " ada@example.com ".into(),
            email: "ada@example.com".into(),
            first_name: "Ada".into(),
            last_name: "Lovelace-King".into(),
            attributes: serde_json::Map::new(),
        }
    }

    #[test]
    fn a_good_profile_is_trimmed_and_found_by_each_of_its_words() {
        let profile = decide_profile(ada(), &[]).unwrap();
        assert_eq!(profile.login, "ada@example.com");
        let terms = search_terms(&profile);
        for word in [
            "ada@example.com",
            "ada",
            "lovelace",
            "king",
            "ada lovelace-king",
            "lovelace-king",
        ] {
            assert!(terms.iter().any(|term| term == word), "{word} in {terms:?}");
        }
    }

    #[test]
    fn many_short_words_push_no_whole_field_out() {
        let words = |from: char| -> String {
            let letters = (from..).take(24).map(String::from);
            letters.collect::<Vec<_>>().join(" ")
        };
        let profile = ProfileInput {
            first_name: words('a'),
            last_name: words('b'),
            ..decide_profile(ada(), &[]).unwrap()
        };
        let terms = search_terms(&profile);
        assert_eq!(terms.len(), TERMS_MAX);
        for whole in ["ada@example.com", &profile.first_name, &profile.last_name] {
            assert!(terms.iter().any(|term| term == whole), "{whole}");
        }
    }

    #[test]
    fn bad_fields_are_named() {
        let cases = [
            (
                "login",
                ProfileInput {
                    login: String::new(),
                    ..ada()
                },
            ),
            (
                "login",
                ProfileInput {
                    login: "a b".into(),
                    ..ada()
                },
            ),
            (
                "email",
                ProfileInput {
                    email: "nobody".into(),
                    ..ada()
                },
            ),
            (
                "email",
                ProfileInput {
                    email: "a@b>\r\nBcc: x".into(),
                    ..ada()
                },
            ),
            (
                "first_name",
                ProfileInput {
                    first_name: "x".repeat(101),
                    ..ada()
                },
            ),
            (
                "last_name",
                ProfileInput {
                    last_name: "a\nb".into(),
                    ..ada()
                },
            ),
        ];
        for (field, input) in cases {
            let text = decide_profile(input, &[]).unwrap_err().to_string();
            assert!(text.starts_with(field), "{text}");
        }
    }

    /// Each looks like `ada@example.com`, or shows as something else than what it is.
    const TWINS: [&str; 10] = [
        "ada\u{200b}@example.com",
        "ada\u{ad}@example.com",
        "ada@example.com\u{feff}",
        "\u{feff}ada@example.com",
        "\u{ff41}da@example.com",
        "ada\u{ff20}example.com",
        "ada@example\u{202e}.com",
        "ada\u{fe0f}@example.com",
        "ada\u{e000}@example.com",
        "ada\u{378}@example.com",
    ];

    #[test]
    fn what_looks_like_another_login_or_address_is_neither() {
        for twin in TWINS {
            for (field, input) in [
                (
                    "login",
                    ProfileInput {
                        login: twin.into(),
                        ..ada()
                    },
                ),
                (
                    "email",
                    ProfileInput {
                        email: twin.into(),
                        ..ada()
                    },
                ),
            ] {
                let text = decide_profile(input, &[]).unwrap_err().to_string();
                assert!(text.starts_with(field), "{} {text}", twin.escape_unicode());
            }
        }
    }

    #[test]
    fn what_was_stored_before_is_kept_and_nothing_such_is_taken_anew() {
        let entropy = SeededEntropy::new(1);
        let [twin, other, ..] = TWINS;
        let stored = ProfileInput {
            login: twin.into(),
            email: twin.into(),
            ..ada()
        };
        let (org, id) = (OrgId::generate(&entropy), UserId::generate(&entropy));
        let now = Timestamp::from_micros(0);
        let person = Person::new(&org, &id, PersonStatus::Active, &stored, now);
        let renamed = ProfileInput {
            last_name: "King".into(),
            ..stored.clone()
        };
        let kept = decide_profile_of(&person, renamed, &[]).unwrap();
        assert_eq!((&*kept.login, &*kept.last_name), (twin, "King"));
        assert!(decide_profile_of(&person, ada(), &[]).is_ok());
        for (field, input) in [
            (
                "login",
                ProfileInput {
                    login: other.into(),
                    ..stored.clone()
                },
            ),
            (
                "email",
                ProfileInput {
                    email: other.into(),
                    ..stored.clone()
                },
            ),
        ] {
            let text = decide_profile_of(&person, input, &[]).unwrap_err();
            assert!(text.to_string().starts_with(field), "{text}");
        }
    }

    #[test]
    fn attributes_follow_the_schema() {
        let attribute = ProfileAttribute {
            name: "level".into(),
            title: String::new(),
            kind: AttributeKind::Integer,
            required: true,
            self_editable: false,
            ..ProfileAttribute::default()
        };
        let with = |value: serde_json::Value| {
            let mut input = ada();
            input.attributes.insert("level".into(), value);
            decide_profile(input, std::slice::from_ref(&attribute))
        };
        assert!(with(3.into()).is_ok());
        assert!(with("3".into()).is_err());
        assert!(decide_profile(ada(), std::slice::from_ref(&attribute)).is_err());
        let mut unknown = ada();
        unknown.attributes.insert("other".into(), 1.into());
        assert!(decide_profile(unknown, &[]).is_err());
    }

    #[test]
    fn values_are_within_bounds_and_one_of_those_that_there_are() {
        let with = |attribute: ProfileAttribute, value: Value| {
            let named = ProfileAttribute {
                name: "it".into(),
                ..attribute
            };
            let mut input = ada();
            input.attributes.insert("it".into(), value);
            decide_profile(input, &[named]).is_ok()
        };
        let of = |kind, min: Option<i64>, max: Option<i64>, values: &[&str]| ProfileAttribute {
            kind,
            min,
            max,
            choices: values
                .iter()
                .map(|value| AttributeChoice {
                    value: (*value).to_owned(),
                    title: String::new(),
                })
                .collect(),
            ..ProfileAttribute::default()
        };
        use AttributeKind::{Integer, Text};
        for (attribute, value, is_good) in [
            (of(Text, Some(2), Some(3), &[]), json!("äö"), true),
            (of(Text, Some(2), None, &[]), json!("ä"), false),
            (of(Text, None, Some(3), &[]), json!("äöüß"), false),
            (of(Integer, Some(-1), Some(1), &[]), json!(-1), true),
            (of(Integer, Some(-1), None, &[]), json!(-2), false),
            (of(Integer, None, Some(1), &[]), json!(2), false),
            (of(Text, None, None, &["red"]), json!("red"), true),
            (of(Text, None, None, &["red"]), json!("Red"), false),
            (of(Integer, None, None, &["7"]), json!(7), true),
            (of(Integer, None, None, &["7"]), json!(8), false),
        ] {
            let seen = with(attribute.clone(), value.clone());
            assert_eq!(seen, is_good, "{attribute:?} {value}");
        }
    }

    #[test]
    fn what_was_removed_from_the_schema_or_held_something_else_is_nobodys() {
        let stored = json!({ "gone": "x", "level": "three", "team": "a" });
        let attribute = |name: &str, kind| ProfileAttribute {
            name: name.into(),
            kind,
            ..ProfileAttribute::default()
        };
        let schema = [
            attribute("level", AttributeKind::Integer),
            attribute("team", AttributeKind::Text),
        ];
        let known = known_attributes(stored.as_object().unwrap(), &schema);
        assert_eq!(Value::Object(known), json!({ "team": "a" }));
    }

    #[test]
    fn names_of_provisioning_clients_are_kept_as_they_are_within_a_bound() {
        for (name, kept) in [
            (None, Some(None)),
            (Some(""), Some(None)),
            (Some(" Ab "), Some(Some(" Ab "))),
            (Some("a\nb"), None),
            (Some(&*"x".repeat(201)), None),
        ] {
            let seen = super::decide_external_id(name.map(str::to_owned)).ok();
            assert_eq!(seen, kept.map(|kept| kept.map(str::to_owned)), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_address_can_break_a_header(text in any::<String>()) {
            if is_mail_address(&text) {
                assert!(!text.contains(['\r', '\n', '<', '>', ',']));
            }
        }
    }
}
