//! The profile: what apps may see of a person, and which of it the person may change.

use crate::account::caller::own;
use crate::account::said::{Said, go_saying, page, shell};
use crate::admin::caller::{Answer, done};
use crate::admin::form::{Shown, problem_of, revision, revision_of, shell_after};
use crate::admin::people::profile::{attribute_fields, input_of, read_profile};
use crate::admin::values::OwnValuesVisit;
use crate::view::account::ProfilePage;
use crate::view::part::{AttributeAccess, AttributeField};
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::org::settings::ProfileAttribute;
use identity::person::Person;
use identity::person::profile::ProfileInput;

const PAGE: &str = "/account";

/// `GET /account`.
pub async fn show(visit: Visit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let person = &own.signed_in.person;
    let stored = (Shown::Stored, &input_of(person));
    Ok(draw(&visit, shell(&visit), person, stored, None))
}

/// `POST /account`. What only others may set is kept by the operation, whatever the form says.
pub async fn save(OwnValuesVisit(visit): OwnValuesVisit) -> Answer {
    let own = own(&visit, PAGE).await?;
    let person = &own.signed_in.person;
    let schema = visit.snapshot.schemas().of_person(person);
    let input = read_own(&visit, schema, person);
    let saved = visit
        .cell
        .update_person(&own.permit, &person.id, revision(&visit), input.clone())
        .await;
    match saved {
        Ok(()) => Ok(go_saying(&visit, PAGE, Said::Saved)),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(&visit, shell_after(&visit, refusal))?;
            let typed = (Shown::Typed, &input);
            Ok(draw(&visit, shell, person, typed, problem.as_ref()))
        }
    }
}

/// The profile that the form sends. What the person may not change is not sent, and stays as it is.
fn read_own(visit: &Visit, schema: &[ProfileAttribute], person: &Person) -> ProfileInput {
    let mut input = ProfileInput {
        login: person.login.clone(),
        email: person.email.clone(),
        ..read_profile(visit, schema, &person.profile)
    };
    for attribute in schema.iter().filter(|attribute| !attribute.self_editable) {
        match person.profile.get(&attribute.name) {
            Some(value) => input
                .attributes
                .insert(attribute.name.clone(), value.clone()),
            None => input.attributes.remove(&attribute.name),
        };
    }
    input
}

fn draw(
    visit: &Visit,
    shell: Shell,
    person: &Person,
    (shown, input): (Shown, &ProfileInput),
    problem: Option<&(&'static str, String)>,
) -> Response {
    let schema = visit.snapshot.schemas().of_person(person);
    let attributes = attribute_fields(visit, schema, (input, problem), false)
        .into_iter()
        .filter(|field| is_shown(field, schema))
        .map(|field| as_own(field, schema))
        .collect();
    page(
        visit,
        &ProfilePage {
            shell,
            revision: revision_of(visit, shown, person.revision),
            name: person.display_name(),
            login: person.login.clone(),
            attributes,
        },
    )
}

/// Whether its own person sees a field at all.
fn is_shown(field: &AttributeField, schema: &[ProfileAttribute]) -> bool {
    let mut hidden = schema.iter().filter(|attribute| attribute.self_hidden);
    !hidden.any(|attribute| attribute.name == field.name)
}

/// A field as its own person sees it: the names and what the schema lets may be changed, the rest is shown.
fn as_own(field: AttributeField, schema: &[ProfileAttribute]) -> AttributeField {
    let autocomplete = match field.name.as_str() {
        "first_name" => "given-name",
        "last_name" => "family-name",
        "email" => "email",
        _ => "off",
    };
    let is_name = matches!(field.name.as_str(), "first_name" | "last_name");
    let is_editable = is_name
        || schema
            .iter()
            .any(|attribute| attribute.name == field.name && attribute.self_editable);
    AttributeField {
        access: if is_editable {
            field.access
        } else {
            AttributeAccess::Read
        },
        autocomplete: autocomplete.to_owned(),
        ..field
    }
}

#[cfg(test)]
mod tests {
    use super::{as_own, is_shown};
    use crate::view::part::{AttributeAccess, AttributeField, AttributeKind, Input};
    use identity::org::settings::ProfileAttribute;

    #[test]
    fn people_see_and_change_what_the_schema_lets_them() {
        let field = |name: &str| AttributeField {
            name: name.to_owned(),
            label: String::new(),
            hint: String::new(),
            kind: AttributeKind::Text,
            access: AttributeAccess::Write,
            autocomplete: String::new(),
            input: Input::of(""),
        };
        let attribute = |name: &str, self_editable, self_hidden| ProfileAttribute {
            name: name.to_owned(),
            self_editable,
            self_hidden,
            ..ProfileAttribute::default()
        };
        let schema = [
            attribute("nickname", true, false),
            attribute("level", false, false),
            attribute("grade", false, true),
        ];
        for (name, expected) in [
            ("first_name", Some(AttributeAccess::Write)),
            ("login", Some(AttributeAccess::Read)),
            ("nickname", Some(AttributeAccess::Write)),
            ("level", Some(AttributeAccess::Read)),
            ("grade", None),
        ] {
            let own = Some(field(name)).filter(|field| is_shown(field, &schema));
            let access = own.map(|field| as_own(field, &schema).access);
            assert_eq!(access, expected, "{name}");
        }
    }
}
