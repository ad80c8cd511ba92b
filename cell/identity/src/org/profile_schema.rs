//! What an org may say of the attributes that its people have beyond the built-in ones: pure rules.

use crate::fault::Refusal;
use crate::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
use crate::person::profile::{TEXT_CHARS_MAX, is_within};
use crate::person::unique::UNIQUE_ATTRIBUTES_MAX;
use crate::problem::{Problem, quoted};
use serde_json::Value;
use vocab::text::disguises;

/// Most attributes of an org.
pub const ATTRIBUTES_MAX: usize = 100;
/// Longest title of an attribute, or of a value that it may have.
pub const TITLE_CHARS_MAX: usize = 100;
/// Longest line of help.
pub const DESCRIPTION_CHARS_MAX: usize = 256;
/// Longest key.
const NAME_BYTES_MAX: usize = 40;
/// Most values from which one is chosen.
pub const CHOICES_MAX: usize = 200;
/// Longest value that is chosen from a list.
const CHOICE_CHARS_MAX: usize = 100;

/// What profiles have built in, in forms and on the wire, and what the forms of profiles carry beside the attributes.
const NAMED_OTHERWISE: [&str; 12] = [
    "login",
    "email",
    "first_name",
    "firstName",
    "last_name",
    "lastName",
    "csrf",
    "group",
    "id",
    "password",
    "revision",
    "start",
];

/// Holds the attributes of an org against their bounds.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first attribute that cannot be.
pub fn decide_schema(schema: &[ProfileAttribute]) -> Result<(), Refusal> {
    if schema.iter().filter(|attribute| attribute.unique).count() > UNIQUE_ATTRIBUTES_MAX {
        return Err(Refusal::TooMany {
            what: "attributes without two people of one value",
            max: UNIQUE_ATTRIBUTES_MAX,
        });
    }
    decide_beside(schema, &NAMED_OTHERWISE)
}

/// Holds attributes against their bounds that stand beside others which are built in.
///
/// # Errors
/// [`Refusal::Invalid`] naming the first attribute that cannot be.
pub(crate) fn decide_beside(schema: &[ProfileAttribute], built_in: &[&str]) -> Result<(), Refusal> {
    if schema.len() > ATTRIBUTES_MAX {
        return Err(Refusal::TooMany {
            what: "profile attributes",
            max: ATTRIBUTES_MAX,
        });
    }
    for (index, attribute) in schema.iter().enumerate() {
        let mut earlier = schema.iter().take(index);
        let is_repeated = earlier.any(|earlier| earlier.name == attribute.name);
        let is_reserved = built_in.contains(&attribute.name.as_str());
        decide_attribute(attribute, is_repeated || is_reserved)?;
    }
    Ok(())
}

fn decide_attribute(attribute: &ProfileAttribute, is_named_otherwise: bool) -> Result<(), Refusal> {
    let name = attribute.name.as_str();
    let is_shaped = name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if !is_line(&attribute.title, TITLE_CHARS_MAX) {
        return Err(Refusal::invalid(
            "title",
            "use at most 100 characters on one line",
        ));
    }
    if !is_line(&attribute.description, DESCRIPTION_CHARS_MAX) {
        return Err(Refusal::invalid(
            "description",
            "use at most 256 characters on one line",
        ));
    }
    if !is_shaped || is_named_otherwise {
        let problem = Problem::of(
            "{name}: use a letter, then letters, digits and underscores, each name once",
            [quoted(name)],
        );
        return Err(Refusal::invalid("profile_schema", problem));
    }
    match find_contradiction(attribute) {
        Some(pattern) => {
            let problem = Problem::of(pattern, [quoted(name)]);
            Err(Refusal::invalid("profile_schema", problem))
        }
        None => Ok(()),
    }
}

fn is_line(text: &str, chars_max: usize) -> bool {
    text.chars().count() <= chars_max && !text.chars().any(disguises)
}

/// What two of its rules cannot both mean, or what one of them cannot mean for what it holds.
fn find_contradiction(attribute: &ProfileAttribute) -> Option<&'static str> {
    let (min, max) = (attribute.min, attribute.max);
    let chars_max = i64::try_from(TEXT_CHARS_MAX).unwrap_or(i64::MAX);
    let is_length = |bound: &i64| (0..=chars_max).contains(bound);
    let bounds_fit = match attribute.kind {
        AttributeKind::Text => min.iter().chain(&max).all(is_length),
        AttributeKind::Integer => true,
        AttributeKind::Boolean => min.is_none() && max.is_none(),
    };
    if !bounds_fit || min.zip(max).is_some_and(|(min, max)| min > max) {
        return Some("{name}: the bounds do not fit what it holds");
    }
    if attribute.self_hidden && attribute.self_editable {
        return Some("{name}: nobody changes what they do not see");
    }
    if attribute.unique && attribute.kind == AttributeKind::Boolean {
        return Some("{name}: of two values everybody has one");
    }
    let choices = &attribute.choices;
    let is_each_once = || {
        let values = choices.iter().enumerate();
        values.into_iter().all(|(index, choice)| {
            let mut earlier = choices.iter().take(index);
            earlier.all(|earlier| earlier.value != choice.value)
        })
    };
    if choices.len() > CHOICES_MAX
        || !choices.iter().all(|choice| is_choice(attribute, choice))
        || !is_each_once()
    {
        return Some(
            "{name}: name values of its kind and within its bounds, each once, 200 at most",
        );
    }
    None
}

fn is_choice(attribute: &ProfileAttribute, choice: &AttributeChoice) -> bool {
    let value = match attribute.kind {
        AttributeKind::Text if choice.value.is_empty() => return false,
        AttributeKind::Text => Value::from(choice.value.as_str()),
        AttributeKind::Integer => match choice.value.parse::<i64>() {
            // It is compared as text: `007` would be no value that anybody can have.
            Ok(number) if number.to_string() == choice.value => Value::from(number),
            _ => return false,
        },
        AttributeKind::Boolean => return false,
    };
    is_line(&choice.value, CHOICE_CHARS_MAX)
        && is_line(&choice.title, TITLE_CHARS_MAX)
        && is_within(attribute, &value)
}

#[cfg(test)]
mod tests {
    use super::{CHOICES_MAX, decide_schema};
    use crate::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};

    fn of(kind: AttributeKind) -> ProfileAttribute {
        ProfileAttribute {
            name: "level".into(),
            kind,
            ..ProfileAttribute::default()
        }
    }

    fn choices(values: &[&str]) -> Vec<AttributeChoice> {
        let choice = |value: &&str| AttributeChoice {
            value: (*value).to_owned(),
            title: String::new(),
        };
        values.iter().map(choice).collect()
    }

    #[test]
    fn what_is_said_of_an_attribute_fits_what_it_holds() {
        use AttributeKind::{Boolean, Integer, Text};
        let bounded = |kind, min: Option<i64>, max: Option<i64>| ProfileAttribute {
            min,
            max,
            ..of(kind)
        };
        let chosen = |kind, values: &[&str]| ProfileAttribute {
            choices: choices(values),
            ..of(kind)
        };
        let many: Vec<String> = (0..=CHOICES_MAX).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (attribute, is_good) in [
            (of(Text), true),
            (bounded(Text, Some(0), Some(1_000)), true),
            (bounded(Text, Some(-1), None), false),
            (bounded(Text, None, Some(1_001)), false),
            (bounded(Text, Some(3), Some(2)), false),
            (bounded(Integer, Some(-5), Some(-5)), true),
            (bounded(Integer, Some(1), Some(0)), false),
            (bounded(Boolean, Some(0), None), false),
            (chosen(Text, &["red", "Red"]), true),
            (chosen(Text, &["red", "red"]), false),
            (chosen(Text, &[""]), false),
            (chosen(Text, &["a\nb"]), false),
            (chosen(Integer, &["1", "-2"]), true),
            (chosen(Integer, &["one"]), false),
            (chosen(Integer, &["007"]), false),
            (chosen(Boolean, &["true"]), false),
            (chosen(Integer, &many), false),
            (
                ProfileAttribute {
                    max: Some(2),
                    ..chosen(Text, &["red"])
                },
                false,
            ),
            (
                ProfileAttribute {
                    self_hidden: true,
                    self_editable: true,
                    ..of(Text)
                },
                false,
            ),
            (
                ProfileAttribute {
                    unique: true,
                    ..of(Boolean)
                },
                false,
            ),
            (
                ProfileAttribute {
                    description: "x".repeat(257),
                    ..of(Text)
                },
                false,
            ),
            (
                ProfileAttribute {
                    name: "firstName".into(),
                    ..of(Text)
                },
                false,
            ),
        ] {
            let seen = decide_schema(std::slice::from_ref(&attribute)).is_ok();
            assert_eq!(seen, is_good, "{attribute:?}");
        }
    }

    #[test]
    fn a_few_attributes_are_unique() {
        let schema = |count: usize| -> Vec<ProfileAttribute> {
            let unique = |number: usize| ProfileAttribute {
                name: format!("number{number}"),
                unique: true,
                ..ProfileAttribute::default()
            };
            (0..count).map(unique).collect()
        };
        assert!(decide_schema(&schema(5)).is_ok());
        assert!(decide_schema(&schema(6)).is_err());
    }

    #[test]
    fn what_is_not_said_is_not_written_down() {
        let plain = serde_json::to_value(of(AttributeKind::Text)).unwrap();
        let known = ["kind", "name", "required", "self_editable", "title"];
        let written: Vec<&str> = plain
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(written, known);
    }
}
