//! What somebody has in an app: seen, and set for whoever it is assigned to. The rules stand in `identity`.

use crate::admin::apps::{draw, load_app, refused_shell};
use crate::admin::caller::{Answer, Detour, administrator, done, found};
use crate::admin::form::problem_of;
use crate::admin::people::profile::schema_field;
use crate::admin::row::{moment, person_link};
use crate::admin::values::ValuesVisit;
use crate::text::Text;
use crate::view::admin::{AppTab, AssignedAttribute, AssignedView};
use crate::view::part::{AttributeKind as ControlKind, Choice};
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::app::App;
use identity::app::assigned::{AppPerson, Way};
use identity::app::assignment::SeenInApp;
use identity::attribute_schema::Owner;
use identity::fault::Refusal;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use serde_json::{Map, Value};
use vocab::id::UserId;

/// A person of an app, with the attributes that there are.
struct Assigned {
    app: App,
    person: AppPerson,
    schema: Vec<ProfileAttribute>,
}

/// `GET /admin/apps/{id}/assignments/people/{user}`.
pub async fn show(Path((id, user)): Path<(String, String)>, visit: Visit) -> Answer {
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let assigned = load(&visit, &reader, (&id, &user)).await?;
    page(&visit, visit.shell(), &reader, &assigned, None).await
}

/// `POST /admin/apps/{id}/assignments/people/{user}`: what the form changed is set, and what it left alone stays, whoever changed it
/// meanwhile. An app that came through a group becomes the person's own.
pub async fn save(
    Path((id, user)): Path<(String, String)>,
    ValuesVisit(visit): ValuesVisit,
) -> Answer {
    let permit = administrator(&visit, Permission::ManageApps).await?;
    let reader = administrator(&visit, Permission::ReadDirectory).await?;
    let assigned = load(&visit, &reader, (&id, &user)).await?;
    let typed = Typed::read(&visit, &assigned.schema);
    // Nobody is given an app by a form that was made when they had it themselves.
    let is_as_seen = match &assigned.person.way {
        Way::Direct => true,
        Way::Group(_) => !visit.field("through").is_empty(),
    };
    let is_as_seen = is_as_seen && is_unchanged(&visit, &assigned, &typed);
    let refusal = match is_as_seen {
        false => Refusal::Changed,
        true => {
            let whose = (&assigned.app.id, &assigned.person.person.id);
            let change = plan_change(&assigned.schema, &typed);
            let seen = SeenInApp {
                way: assigned.person.way.clone(),
                values: values_of(&assigned, &change),
            };
            match visit.cell.change_in_app(&permit, whose, change, seen).await {
                Ok(()) => return Ok(visit.go(&address(&assigned))),
                Err(refusal) => refusal,
            }
        }
    };
    let problem = problem_of(visit.shell().t, &refusal);
    let shell = refused_shell(&visit, refusal)?;
    let again = Some((&typed, problem.as_ref()));
    page(&visit, shell, &reader, &assigned, again).await
}

/// What the person has of the attributes of a change.
fn values_of(assigned: &Assigned, change: &Map<String, Value>) -> Map<String, Value> {
    let stored = assigned.person.attributes.values();
    let has = |name: &String| (name.clone(), stored.get(name).cloned().unwrap_or_default());
    change.keys().map(has).collect()
}

/// Whether what the form changes is still what it was made from.
fn is_unchanged(visit: &Visit, assigned: &Assigned, Typed(now, was): &Typed) -> bool {
    let t = visit.shell().t;
    let stored = assigned.person.attributes.values();
    let mut changed = assigned
        .schema
        .iter()
        .filter(|attribute| now.get(&attribute.name) != was.get(&attribute.name));
    changed.all(|attribute| on_a_line(&control(t, attribute, stored).was) == was_of(was, attribute))
}

fn address(assigned: &Assigned) -> String {
    let (app, person) = (&assigned.app.id, &assigned.person.person.id);
    format!("/admin/apps/{app}/assignments/people/{person}")
}

async fn load(
    visit: &Visit,
    reader: &Permit,
    (id, user): (&str, &str),
) -> Result<Assigned, Detour> {
    let app = load_app(visit, id).await?;
    let user = found(visit, UserId::parse(user).ok())?;
    let person = visit.cell.find_app_person(reader, &app.id, &user).await;
    let owner = Owner::App(app.id.clone());
    let schema = visit.cell.attribute_schema(reader, &owner).await;
    Ok(Assigned {
        person: done(visit, person)?,
        schema: done(visit, schema)?.attributes,
        app,
    })
}

/// The words of a form, by attribute: what it says now, and what it was made from.
struct Typed(Map<String, Value>, Map<String, Value>);

impl Typed {
    fn read(visit: &Visit, schema: &[ProfileAttribute]) -> Self {
        let read = |field: fn(&str) -> String| {
            let words = schema.iter().map(|attribute| {
                let text = visit.field(&field(&attribute.name));
                (attribute.name.clone(), Value::from(on_a_line(text)))
            });
            words.collect()
        };
        Self(read(value_field), read(was_field))
    }
}

fn value_field(name: &str) -> String {
    format!("value-{name}")
}

fn was_field(name: &str) -> String {
    format!("was-{name}")
}

/// A text as the control of one line sends it back.
fn on_a_line(text: &str) -> String {
    let line: String = text
        .chars()
        .filter(|char| !matches!(char, '\r' | '\n'))
        .collect();
    line.trim().to_owned()
}

/// What is to be set: of what the form changed its value, or that there is none any more.
fn plan_change(schema: &[ProfileAttribute], Typed(now, was): &Typed) -> Map<String, Value> {
    let changed = schema
        .iter()
        .filter(|attribute| now.get(&attribute.name) != was.get(&attribute.name));
    changed
        .map(|attribute| {
            let text = now.get(&attribute.name).and_then(Value::as_str);
            let value = parse_value(attribute.kind, text.unwrap_or_default());
            (attribute.name.clone(), value)
        })
        .collect()
}

/// What is no value of the kind stays text, and the rules refuse it by name.
fn parse_value(kind: AttributeKind, text: &str) -> Value {
    match (kind, text) {
        (_, "") => Value::Null,
        (AttributeKind::Boolean, "true") => Value::Bool(true),
        (AttributeKind::Boolean, "false") => Value::Bool(false),
        (AttributeKind::Integer, number) => number
            .parse::<i64>()
            .map_or_else(|_| Value::from(number), Value::from),
        (AttributeKind::Text | AttributeKind::Boolean, text) => Value::from(text),
    }
}

/// What was typed, and what is wrong with it.
type Again<'a> = (&'a Typed, Option<&'a (&'static str, String)>);

async fn page(
    visit: &Visit,
    shell: Shell,
    reader: &Permit,
    assigned: &Assigned,
    again: Option<Again<'_>>,
) -> Answer {
    // A form that was made when they had it themselves stays one, for as long as it shows what was typed.
    let was_own = again.is_some() && visit.field("through").is_empty();
    let through = match &assigned.person.way {
        Way::Direct => None,
        Way::Group(_) if was_own => None,
        Way::Group(group) => {
            let groups = visit
                .cell
                .find_groups(reader, std::slice::from_ref(group))
                .await;
            let name = done(visit, groups)?.remove(group).map(|group| group.name);
            Some(LinkRow {
                id: group.to_string(),
                name: name.unwrap_or_else(|| group.to_string()),
                about: String::new(),
            })
        }
    };
    let t = shell.t;
    let stored = assigned.person.attributes.values();
    let attributes = assigned.schema.iter().map(|attribute| {
        let mut shown = control(t, attribute, stored);
        if let Some((Typed(now, was), problem)) = again {
            was_of(was, attribute).clone_into(&mut shown.was);
            shown.field.input = schema_field(attribute, now, problem).input;
        }
        shown
    });
    let view = AssignedView {
        person: person_link(&assigned.person.person),
        through,
        since: moment(assigned.person.assigned_at),
        attributes: attributes.collect(),
    };
    let tab = AppTab::Assigned(Box::new(view));
    Ok(draw(visit, shell, &assigned.app, tab))
}

fn was_of<'w>(was: &'w Map<String, Value>, attribute: &ProfileAttribute) -> &'w str {
    let was = was.get(&attribute.name).and_then(Value::as_str);
    was.unwrap_or_default()
}

/// The control of an attribute, whose field cannot be taken for another one of the form. Yes and no are chosen, since there may be
/// neither; and what is no choice any more stands among them, so that it is not lost unseen.
fn control(
    t: &'static Text,
    attribute: &ProfileAttribute,
    stored: &Map<String, Value>,
) -> AssignedAttribute {
    let mut field = schema_field(attribute, stored, None);
    if attribute.kind == AttributeKind::Boolean {
        let value = stored.get(&attribute.name).and_then(Value::as_bool);
        field.input.value = value.map(|is| is.to_string()).unwrap_or_default();
        field.kind = ControlKind::OneOf(vec![
            Choice::new("", "–"),
            Choice::new("true", t.common.yes),
            Choice::new("false", t.common.no),
        ]);
    }
    let value = field.input.value.clone();
    if let ControlKind::OneOf(choices) = &mut field.kind
        && choices.iter().all(|choice| choice.value != value)
    {
        choices.push(Choice::new(value.clone(), value.clone()));
    }
    field.name = value_field(&attribute.name);
    AssignedAttribute {
        field,
        was_name: was_field(&attribute.name),
        was: value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Typed, control, on_a_line, plan_change};
    use crate::text::en::TEXT;
    use crate::view::part::AttributeKind as ControlKind;
    use identity::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
    use serde_json::{Map, Value, json};

    fn of(name: &str, kind: AttributeKind) -> ProfileAttribute {
        ProfileAttribute {
            name: name.to_owned(),
            kind,
            ..ProfileAttribute::default()
        }
    }

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn what_a_form_left_alone_is_not_set() {
        let schema = [
            of("site", AttributeKind::Text),
            of("level", AttributeKind::Integer),
            of("lead", AttributeKind::Boolean),
        ];
        let typed = |site: &str, level: &str, lead: &str| json!({ "site": site, "level": level, "lead": lead });
        let was = typed("Berlin", "3", "true");
        for (now, expected) in [
            (typed("Berlin", "3", "true"), json!({})),
            (typed("Kos", "3", "true"), json!({ "site": "Kos" })),
            (
                typed("", "4", "false"),
                json!({ "site": null, "level": 4, "lead": false }),
            ),
            (
                typed("Berlin", "four", ""),
                json!({ "level": "four", "lead": null }),
            ),
        ] {
            let planned = plan_change(&schema, &Typed(map(&now), map(&was)));
            assert_eq!(planned, map(&expected), "{now}");
        }
        assert_eq!(on_a_line(" two\r\n lines "), "two lines");
    }

    #[test]
    fn what_is_no_choice_any_more_is_still_there_to_be_kept() {
        let site = ProfileAttribute {
            choices: vec![AttributeChoice {
                value: "BER".into(),
                title: "Berlin".into(),
            }],
            ..of("site", AttributeKind::Text)
        };
        for (stored, expected) in [
            (json!({}), vec!["", "BER"]),
            (json!({ "site": "BER" }), vec!["", "BER"]),
            (json!({ "site": "MUC" }), vec!["", "BER", "MUC"]),
        ] {
            let shown = control(&TEXT, &site, &map(&stored));
            let ControlKind::OneOf(choices) = &shown.field.kind else {
                panic!("{:?}", shown.field.kind)
            };
            let values: Vec<&str> = choices.iter().map(|one| one.value.as_str()).collect();
            assert_eq!(values, expected);
            assert_eq!(shown.was, shown.field.input.value);
            assert_eq!(
                (shown.field.name.as_str(), shown.was_name.as_str()),
                ("value-site", "was-site")
            );
        }
    }
}
