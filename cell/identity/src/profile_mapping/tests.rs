//! What may be mapped, and what somebody has by it, as tables.

use super::{
    Change, Ends, Mapped, MappingRefusal, Overrun, PERSON_BYTES_MAX, Properties, Property,
    PushStatus, decide_mapping,
};
use crate::attribute_schema::Attributes;
use crate::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
use crate::person::profile::ProfileInput;
use crate::person::{Person, PersonStatus};
use crate::user_type::schemas::ProfileSchemas;
use serde_json::{Map, Value, json};
use vocab::entropy::SeededEntropy;
use vocab::id::{OrgId, UserId};
use vocab::time::Timestamp;

fn attribute(name: &str, kind: AttributeKind) -> ProfileAttribute {
    ProfileAttribute {
        name: name.into(),
        kind,
        ..ProfileAttribute::default()
    }
}

fn ends() -> Ends {
    let choice = |value: &str| AttributeChoice {
        value: value.into(),
        title: String::new(),
    };
    Ends {
        of_people: vec![
            attribute("title", AttributeKind::Text),
            attribute("level", AttributeKind::Integer),
        ],
        of_app: vec![
            ProfileAttribute {
                max: Some(12),
                ..attribute("name", AttributeKind::Text)
            },
            ProfileAttribute {
                choices: vec![choice("lead"), choice("staff")],
                ..attribute("role", AttributeKind::Text)
            },
            attribute("rank", AttributeKind::Integer),
            attribute("senior", AttributeKind::Boolean),
        ],
    }
}

/// Everybody is of the type that every org has.
fn of_people(of_default: &[ProfileAttribute]) -> ProfileSchemas<'_> {
    ProfileSchemas {
        of_default,
        of_types: &[],
    }
}

fn property(expression: &str, push: PushStatus) -> Property {
    Property {
        expression: expression.into(),
        push,
    }
}

fn person(attributes: Value) -> Person {
    let entropy = SeededEntropy::new(7);
    let profile = ProfileInput {
        login: "ada".into(),
        email: "ada@example.com".into(),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        attributes: attributes.as_object().cloned().unwrap(),
    };
    let (org, id) = (OrgId::generate(&entropy), UserId::generate(&entropy));
    let status = PersonStatus::Active;
    Person::new(&org, &id, status, &profile, Timestamp::from_seconds(0))
}

fn stored(values: Value) -> Attributes {
    let values: Map<String, Value> = values.as_object().cloned().unwrap();
    Attributes::decide(values, &ends().of_app).unwrap()
}

#[test]
fn what_is_mapped_is_a_value_of_its_kind_about_the_person_alone() {
    for (name, expression, is_good) in [
        ("name", "user.firstName + ' ' + user.lastName", true),
        ("name", "user.title", true),
        ("name", "null", true),
        ("rank", "user.level + 1", true),
        ("rank", "String.len(user.login)", true),
        ("senior", "user.level > 3", true),
        ("name", "user.level", false),
        ("rank", "user.title", false),
        ("senior", "user.title", false),
        ("name", "user.shoeSize", false),
        ("name", "user.title +", false),
        ("name", "{'a'}", false),
        ("senior", "isMemberOfGroupName('Staff')", false),
        ("name", "isMemberOfGroup('00g') ? 'a' : 'b'", false),
        ("site", "user.title", false),
        ("userName", "user.login", false),
    ] {
        let property = Some(property(expression, PushStatus::Push));
        let change = Change::from([(name.to_owned(), property)]);
        let decided = decide_mapping(&Properties::new(), change, &ends());
        assert_eq!(decided.is_ok(), is_good, "{name} {expression}");
        if let Err(MappingRefusal::Misfit(misfit)) = decided {
            assert_eq!(misfit.name, name);
        }
    }
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let push = |expression| property(expression, PushStatus::Push);
    let present = Properties::from([
        ("name".into(), push("user.title")),
        ("rank".into(), push("user.level")),
        // The schema has it no more.
        ("gone".into(), push("user.title")),
    ]);
    let change = Change::from([
        ("name".into(), None),
        ("unheardOf".into(), None),
        ("senior".into(), Some(push("true"))),
    ]);
    let planned = decide_mapping(&present, change, &ends()).unwrap();
    let names: Vec<&str> = planned.keys().map(String::as_str).collect();
    assert_eq!(names, ["gone", "rank", "senior"]);
}

#[test]
fn what_somebody_has_is_what_was_set_and_else_what_is_pushed() {
    use PushStatus::{DontPush, Push};
    for (mapped, of_person, set, expected) in [
        (
            vec![("name", "user.title", Push), ("rank", "user.level", Push)],
            json!({ "title": "Countess", "level": 7 }),
            json!({}),
            json!({ "name": "Countess", "rank": 7 }),
        ),
        (
            vec![("name", "user.title", Push)],
            json!({ "title": "Countess" }),
            json!({ "name": "Ada", "senior": false }),
            json!({ "name": "Ada", "senior": false }),
        ),
        // Nothing is made of nothing, and an empty text is nothing.
        (
            vec![
                ("name", "user.title", Push),
                ("rank", "user.level + 1", Push),
            ],
            json!({ "title": "" }),
            json!({}),
            json!({}),
        ),
        // Too long, and none of the choices.
        (
            vec![("name", "user.title", Push), ("role", "user.title", Push)],
            json!({ "title": "Countess of Lovelace" }),
            json!({}),
            json!({}),
        ),
        (
            vec![("role", "user.level > 3 ? 'lead' : 'staff'", Push)],
            json!({ "level": 4 }),
            json!({}),
            json!({ "role": "lead" }),
        ),
        // What cannot be read any more.
        (
            vec![
                ("name", "user.shoeSize", Push),
                ("gone", "user.title", Push),
            ],
            json!({ "title": "Countess" }),
            json!({}),
            json!({}),
        ),
        (
            vec![("name", "user.title", DontPush)],
            json!({ "title": "Countess" }),
            json!({}),
            json!({}),
        ),
    ] {
        let text = format!("{mapped:?}");
        let properties = mapped.into_iter();
        let properties = properties
            .map(|(name, expression, push)| (name.to_owned(), property(expression, push)));
        let ends = ends();
        let mapped = Mapped::read(
            &properties.collect(),
            of_people(&ends.of_people),
            ends.of_app,
        );
        let person = person(of_person);
        let shown = mapped.complete(&person, &stored(set)).unwrap();
        assert_eq!(Value::Object(shown.values().clone()), expected, "{text}");
    }
}

#[test]
fn somebody_begins_with_what_is_not_pushed() {
    let properties = Properties::from([
        ("name".into(), property("user.title", PushStatus::DontPush)),
        ("rank".into(), property("user.level", PushStatus::Push)),
    ]);
    let ends = ends();
    let mapped = Mapped::read(&properties, of_people(&ends.of_people), ends.of_app);
    let begun = mapped.begin(&person(json!({ "title": "Countess", "level": 7 })));
    let begun = begun.unwrap();
    assert_eq!(
        Value::Object(begun.values().clone()),
        json!({ "name": "Countess" })
    );
    let begun = mapped.begin(&person(json!({})));
    assert_eq!(begun, Ok(Attributes::default()));
}

/// A mapping of so many numbers, each of which makes 40,000 bytes of text of a title of a thousand signs.
fn large(count: usize, push: PushStatus) -> Mapped {
    let names = (0..count).map(|number| format!("n{number:03}"));
    let of_app = names.clone();
    let of_app = of_app.map(|name| attribute(&name, AttributeKind::Integer));
    let by = "y".repeat(40);
    let long = format!("String.len(String.replace(user.title, 'x', '{by}'))");
    let properties = names.map(|name| (name, property(&long, push)));
    Mapped::read(
        &properties.collect(),
        of_people(&ends().of_people),
        of_app.collect(),
    )
}

#[test]
fn all_of_a_mapping_takes_no_more_for_one_person_than_it_may() {
    let writer = person(json!({ "title": "x".repeat(1_000) }));
    let other = person(json!({ "title": "xx" }));
    let set = Attributes::default();
    for (count, fits) in [(3, true), (4, false), (100, false)] {
        assert_eq!(count * 41_000 <= PERSON_BYTES_MAX, fits);
        let pushed = large(count, PushStatus::Push);
        let complete = pushed.complete(&writer, &set);
        assert_eq!(complete.is_ok(), fits, "{count}");
        // Of such a person what was set is shown, and nobody else is touched by it.
        let shown = pushed.shown(&writer, &set);
        assert_eq!(shown.values().len(), if fits { count } else { 0 });
        assert_eq!(pushed.shown(&other, &set).values().len(), count);
        let begun = large(count, PushStatus::DontPush).begin(&writer);
        assert_eq!(begun.err(), (!fits).then_some(Overrun), "{count}");
    }
}

#[test]
fn what_was_read_can_be_written_again_and_sets_nothing() {
    let push = |expression| property(expression, PushStatus::Push);
    let properties = Properties::from([
        ("name".into(), push("user.title")),
        ("rank".into(), push("user.level")),
    ]);
    let ends = ends();
    let mapped = Mapped::read(&properties, of_people(&ends.of_people), ends.of_app);
    let ada = person(json!({ "title": "Countess", "level": 7 }));
    for (set, change, expected) in [
        (
            json!({}),
            json!({ "name": "Countess", "rank": 7 }),
            json!({}),
        ),
        (
            json!({}),
            json!({ "name": "Ada", "rank": 7, "senior": true }),
            json!({ "name": "Ada", "senior": true }),
        ),
        // Whoever has it set says by it what it is to be from now on.
        (
            json!({ "name": "Ada" }),
            json!({ "name": "Countess", "rank": 7 }),
            json!({ "name": "Countess" }),
        ),
        (
            json!({ "name": "Countess" }),
            json!({ "name": null, "rank": null }),
            json!({ "name": null, "rank": null }),
        ),
    ] {
        let change = change.as_object().cloned().unwrap();
        let left = mapped.to_set(&ada, &stored(set.clone()), change);
        assert_eq!(Value::Object(left), expected, "{set}");
    }
}
