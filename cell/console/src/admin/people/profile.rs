//! A person's profile: the attributes of the schema as a form.

use crate::admin::caller::{Answer, Detour, administrator_over_within, found};
use crate::admin::form::{Shown, is_ticked, problem_of, revision, revision_of};
use crate::admin::people::lifecycle::offered_actions;
use crate::admin::people::types::{chosen_type, type_choices};
use crate::admin::people::{
    draw, load_offered, load_person_within, load_touch, of_readers, refused_shell,
};
use crate::admin::row::moment;
use crate::admin::settings::types::word_of;
use crate::admin::values::ValuesVisit;
use crate::text::Text;
use crate::view::admin::{PersonTab, PersonType, TemporaryPassword};
use crate::view::part::{
    AttributeAccess, AttributeField, AttributeKind as ControlKind, Choice, Input,
};
use crate::view::shell::{Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::Permission;
use identity::access::custom::capability::Capability;
use identity::credential::temporary::may_get_temporary;
use identity::fault::Refusal;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::person::Person;
use identity::person::operations::Retype;
use identity::person::profile::{ProfileInput, known_attributes};
use serde_json::{Map, Value};
use vocab::id::UserTypeId;
use vocab::secret::Secret;

/// A form of the profile, as one of a type.
pub(super) struct Form<'f> {
    shown: Shown,
    input: &'f ProfileInput,
    problem: Option<&'f (&'static str, String)>,
    key: Option<UserTypeId>,
    /// A password that was made just now.
    temporary: Option<Secret<String>>,
}

impl<'f> Form<'f> {
    /// What is stored of somebody of that type.
    fn stored(input: &'f ProfileInput, key: Option<UserTypeId>) -> Self {
        Self {
            shown: Shown::Stored,
            input,
            problem: None,
            key,
            temporary: None,
        }
    }
}

/// `GET /admin/people/{id}`.
pub async fn show(Path(id): Path<String>, visit: Visit) -> Answer {
    let permit = of_readers(&visit).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    let own = person.type_id.as_ref();
    // Whoever sees but some of the people sees their types alone.
    let named = match visit.shell().may(Right::SeeDirectory) {
        true => visit.parameter("type"),
        false => "",
    };
    let key = found(&visit, chosen_type(&visit, named, own))?;
    let input = input_of(&person);
    let form = Form::stored(&input, key);
    page(&visit, visit.shell(), &person, form).await
}

/// `POST /admin/people/{id}`.
pub async fn save(Path(id): Path<String>, ValuesVisit(visit): ValuesVisit) -> Answer {
    let (permission, capability) = (Permission::ManagePeople, Capability::UsersProfile);
    let permit = administrator_over_within(&visit, (&id, ""), permission, capability).await?;
    let person = load_person_within(&visit, &permit, &id).await?;
    let own = person.type_id.as_ref();
    let key = found(&visit, chosen_type(&visit, visit.field("of-type"), own))?;
    let input = read_profile(&visit, schema_of(&visit, key.as_ref()), &person.profile);
    let retype = match key == person.type_id {
        true => Retype::Keep,
        false => Retype::To(key.clone()),
    };
    let seen = (&person.id, revision(&visit));
    let saved = visit
        .cell
        .retype_person(&permit, seen, input.clone(), retype);
    match saved.await {
        Ok(()) => Ok(visit.go(&format!("/admin/people/{id}"))),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = refused_shell(&visit, refusal)?;
            let form = Form {
                shown: Shown::Typed,
                problem: problem.as_ref(),
                ..Form::stored(&input, key)
            };
            page(&visit, shell, &person, form).await
        }
    }
}

/// A page of the profile, with the frame of a refusal where there was one.
async fn page(visit: &Visit, shell: Shell, person: &Person, form: Form<'_>) -> Answer {
    let mut touch = load_touch(visit, person).await?;
    // Whoever may change somebody in some ways alone sets no password of theirs.
    let is_offered = touch.edit && may_get_temporary(person.status);
    let offered = load_offered(visit, person).await?;
    let actions = offered_actions(person, touch, &offered);
    touch.edit |= offered.contains(Capability::UsersProfile);
    touch.help |= !actions.is_empty();
    touch.is_above |= offered.is_above;
    let schema = schema_of(visit, form.key.as_ref());
    let tab = PersonTab::Profile {
        of: type_of(visit, person, form.key.as_ref()).await?,
        revision: revision_of(visit, form.shown, person.revision),
        attributes: attribute_fields(visit, schema, (form.input, form.problem), true),
        actions,
        temporary: TemporaryPassword {
            is_offered,
            fresh: form.temporary.map(|password| password.expose().clone()),
        },
        created: moment(person.created_at),
        last_sign_in: person.last_sign_in_at.map(moment),
    };
    Ok(draw(visit, shell, person, touch, tab))
}

/// The type of a person, and that of the form.
async fn type_of(
    visit: &Visit,
    person: &Person,
    key: Option<&UserTypeId>,
) -> Result<PersonType, Detour> {
    let choices = type_choices(visit).await?;
    let own = word_of(person.type_id.as_ref());
    let name = choices.iter().find(|choice| choice.value == own);
    let name = name.map(|choice| choice.label.clone());
    let after = schema_of(visit, key);
    let present = known_attributes(&person.profile, visit.snapshot.schemas().of_person(person));
    let dropped = present.into_iter().map(|(name, _)| name);
    let dropped = dropped.filter(|name| !after.iter().any(|kept| kept.name == *name));
    Ok(PersonType {
        word: Input::of(word_of(key)),
        name: name.unwrap_or_default(),
        choices,
        is_changing: key != person.type_id.as_ref(),
        dropped: dropped.collect(),
    })
}

/// The attributes of a type; none but the built-in ones of one that is no more.
#[must_use]
pub fn schema_of<'v>(visit: &'v Visit, key: Option<&UserTypeId>) -> &'v [ProfileAttribute] {
    visit.snapshot.schemas().of(key).unwrap_or_default()
}

/// What is stored of a person, as a form would send it.
#[must_use]
pub fn input_of(person: &Person) -> ProfileInput {
    ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        attributes: person.profile.clone(),
    }
}

/// The profile that a form sends. Attributes that the schema no longer has are left out.
#[must_use]
pub fn read_profile(
    visit: &Visit,
    schema: &[ProfileAttribute],
    stored: &Map<String, Value>,
) -> ProfileInput {
    let mut attributes = Map::new();
    for attribute in schema {
        if let Some(value) = read_attribute(visit, attribute, stored) {
            attributes.insert(attribute.name.clone(), value);
        }
    }
    ProfileInput {
        login: visit.field("login").to_owned(),
        email: visit.field("email").to_owned(),
        first_name: visit.field("first_name").to_owned(),
        last_name: visit.field("last_name").to_owned(),
        attributes,
    }
}

/// What a form sends of an attribute of a schema.
#[must_use]
pub fn read_attribute(
    visit: &Visit,
    attribute: &ProfileAttribute,
    stored: &Map<String, Value>,
) -> Option<Value> {
    let text = visit.field(&attribute.name).trim();
    match attribute.kind {
        // An unticked box is not sent: it means no where there was an answer, or must be one.
        AttributeKind::Boolean => {
            let is_on = is_ticked(visit, &attribute.name);
            let has_answer = is_on || attribute.required || stored.contains_key(&attribute.name);
            has_answer.then_some(Value::Bool(is_on))
        }
        _ if text.is_empty() => None,
        AttributeKind::Text => Some(Value::from(text)),
        // What is no number stays text, and the rules of profiles refuse it by name.
        AttributeKind::Integer => Some(
            text.parse::<i64>()
                .map_or_else(|_| Value::from(text), Value::from),
        ),
    }
}

/// The controls of a profile. A new person's login is asked for apart.
#[must_use]
pub fn attribute_fields(
    visit: &Visit,
    schema: &[ProfileAttribute],
    (input, problem): (&ProfileInput, Option<&(&'static str, String)>),
    with_login: bool,
) -> Vec<AttributeField> {
    let t = visit.shell().t;
    let mut fields = built_in_fields(t, input, problem);
    if !with_login {
        fields.retain(|field| field.name != "login");
    }
    fields.extend(
        schema
            .iter()
            .map(|attribute| schema_field(attribute, &input.attributes, problem)),
    );
    fields
}

fn built_in_fields(
    t: &'static Text,
    input: &ProfileInput,
    problem: Option<&(&'static str, String)>,
) -> Vec<AttributeField> {
    let rows = [
        (
            "login",
            t.people.login,
            &input.login,
            AttributeAccess::Required,
        ),
        (
            "first_name",
            t.common.given_name,
            &input.first_name,
            AttributeAccess::Write,
        ),
        (
            "last_name",
            t.common.family_name,
            &input.last_name,
            AttributeAccess::Write,
        ),
        (
            "email",
            t.common.email,
            &input.email,
            AttributeAccess::Required,
        ),
    ];
    rows.into_iter()
        .map(|(name, label, value, access)| AttributeField {
            name: name.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            kind: if name == "email" {
                ControlKind::Email
            } else {
                ControlKind::Text
            },
            access,
            autocomplete: String::from("off"),
            input: Input {
                value: value.clone(),
                error: error_of(name, problem),
            },
        })
        .collect()
}

/// The control of an attribute of a schema.
#[must_use]
pub fn schema_field(
    attribute: &ProfileAttribute,
    values: &Map<String, Value>,
    problem: Option<&(&'static str, String)>,
) -> AttributeField {
    let value = match values.get(&attribute.name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(is_on)) => String::from(if *is_on { "on" } else { "" }),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    // The rules of profiles name an attribute in quotation marks.
    let quoted = format!("{:?}", attribute.name);
    let error = problem.filter(|(field, text)| *field == "profile" && text.contains(&quoted));
    let is_flag = attribute.kind == AttributeKind::Boolean;
    AttributeField {
        name: attribute.name.clone(),
        label: if attribute.title.is_empty() {
            attribute.name.clone()
        } else {
            attribute.title.clone()
        },
        hint: attribute.description.clone(),
        kind: match attribute.kind {
            _ if !attribute.choices.is_empty() => ControlKind::OneOf(choices_of(attribute, &value)),
            AttributeKind::Text => ControlKind::Text,
            AttributeKind::Integer => ControlKind::Number,
            AttributeKind::Boolean => ControlKind::Flag,
        },
        // A box that must be answered may still be left unticked.
        access: if attribute.required && !is_flag {
            AttributeAccess::Required
        } else {
            AttributeAccess::Write
        },
        autocomplete: String::from("off"),
        input: Input {
            value,
            error: error.map(|(_, text)| text.clone()),
        },
    }
}

/// The values that there are. Whoever needs none has an empty one before them, and so has whoever's value is none of them:
/// a form must not choose the first one by itself.
fn choices_of(attribute: &ProfileAttribute, value: &str) -> Vec<Choice> {
    let is_one = attribute.choices.iter().any(|choice| choice.value == value);
    let none = (!attribute.required || !is_one).then(|| Choice::new("", "–"));
    let named = attribute.choices.iter().map(|choice| {
        let label = if choice.title.is_empty() {
            &choice.value
        } else {
            &choice.title
        };
        Choice::new(choice.value.as_str(), label.as_str())
    });
    none.into_iter().chain(named).collect()
}

fn error_of(name: &str, problem: Option<&(&'static str, String)>) -> Option<String> {
    problem
        .filter(|(field, _)| *field == name)
        .map(|(_, text)| text.clone())
}

/// Shows the profile again with a refusal above it.
pub(super) async fn show_refusal(visit: &Visit, person: &Person, refusal: Refusal) -> Answer {
    let shell = refused_shell(visit, refusal)?;
    let input = input_of(person);
    let form = Form::stored(&input, person.type_id.clone());
    page(visit, shell, person, form).await
}

/// Shows the profile with a password that was made just now.
pub(super) async fn show_temporary(
    visit: &Visit,
    shell: Shell,
    person: &Person,
    password: Secret<String>,
) -> Answer {
    let input = input_of(person);
    let form = Form {
        temporary: Some(password),
        ..Form::stored(&input, person.type_id.clone())
    };
    page(visit, shell, person, form).await
}

#[cfg(test)]
mod tests {
    use super::schema_field;
    use crate::view::part::{AttributeAccess, AttributeKind as ControlKind};
    use identity::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
    use serde_json::Map;

    #[test]
    fn a_control_offers_what_the_schema_allows() {
        let site = |required| ProfileAttribute {
            name: "site".into(),
            description: "Where the desk is".into(),
            required,
            choices: [("BER", "Berlin"), ("HAM", "")]
                .map(|(value, title)| AttributeChoice {
                    value: value.into(),
                    title: title.into(),
                })
                .into(),
            ..ProfileAttribute::default()
        };
        let mut values = Map::new();
        values.insert("site".into(), "HAM".into());
        for (required, expected) in [
            (false, vec![("", "–"), ("BER", "Berlin"), ("HAM", "HAM")]),
            (true, vec![("BER", "Berlin"), ("HAM", "HAM")]),
        ] {
            let field = schema_field(&site(required), &values, None);
            let ControlKind::OneOf(choices) = &field.kind else {
                panic!("{:?}", field.kind)
            };
            let offered: Vec<(&str, &str)> = choices
                .iter()
                .map(|choice| (choice.value.as_str(), choice.label.as_str()))
                .collect();
            assert_eq!(offered, expected);
            assert_eq!(field.input.value, "HAM");
            assert_eq!(field.hint, "Where the desk is");
            assert_eq!(field.access == AttributeAccess::Required, required);
        }
        values.insert("site".into(), "MUC".into());
        let strange = schema_field(&site(true), &values, None);
        let ControlKind::OneOf(choices) = &strange.kind else {
            panic!("{:?}", strange.kind)
        };
        assert_eq!(choices.len(), 3, "nothing is chosen for her");
        let level = ProfileAttribute {
            name: "level".into(),
            kind: AttributeKind::Integer,
            ..ProfileAttribute::default()
        };
        assert_eq!(
            schema_field(&level, &values, None).kind,
            ControlKind::Number
        );
    }
}
