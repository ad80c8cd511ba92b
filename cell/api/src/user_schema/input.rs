//! What a caller may say of the schema of profiles.

use crate::body::Fields;
use crate::error::ApiError;
use crate::reply::without_nulls;
use identity::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
use serde_json::Value;

/// What is shown of a schema, sent back by clients, and not changed by them.
pub(crate) const READ_ONLY: [&str; 9] = [
    "id",
    "$schema",
    "name",
    "title",
    "type",
    "created",
    "lastUpdated",
    "properties",
    "_links",
];
/// Where the attributes of the org stand.
const PLACE: &str = "definitions.custom.properties";

/// What happens to an attribute of the org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is no more.
    Remove,
    /// It is so from now on; whatever is not said stays, or is as it is for a new one.
    Set(Box<Wish>),
}

/// What is said of an attribute. Of what may be taken away by `null`, the inner `None` is that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    kind: Option<AttributeKind>,
    title: Option<String>,
    description: Option<String>,
    required: Option<bool>,
    own: Option<OwnAccess>,
    unique: Option<bool>,
    lengths: Bounds,
    sizes: Bounds,
    choices: Option<Vec<AttributeChoice>>,
}

type Bounds = (Option<Option<i64>>, Option<Option<i64>>);

/// What people may do with their own value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnAccess {
    Hidden,
    Read,
    Write,
}

/// Reads what is to become of which attribute, beside those that are built in.
pub(crate) fn parse_changes(
    bytes: &[u8],
    built_in: Value,
) -> Result<Vec<(String, Change)>, ApiError> {
    let mut fields = Fields::parse(bytes)?;
    fields.ignore_read_only(&READ_ONLY);
    let mut changes = Vec::new();
    if let Some(mut definitions) = fields.take_object("definitions")? {
        if let Some(base) = definitions.take("base")
            && !is_part_of(&without_nulls(base), &without_nulls(built_in))
        {
            let problem = "the built-in attributes cannot be changed";
            return Err(definitions.refusal("base", problem));
        }
        if let Some(mut custom) = definitions.take_object("custom")? {
            custom.ignore_read_only(&["id", "type", "required"]);
            if let Some(properties) = custom.take_object("properties")? {
                for (name, value) in properties.rest() {
                    let change = parse_change(&name, value)?;
                    changes.push((name, change));
                }
            }
            custom.end()?;
        }
        definitions.end()?;
    }
    fields.end()?;
    Ok(changes)
}

/// Whether all that was sent is as it was shown: clients leave out what they have no place for.
fn is_part_of(sent: &Value, shown: &Value) -> bool {
    match (sent, shown) {
        (Value::Object(sent), Value::Object(shown)) => sent
            .iter()
            .all(|(name, sent)| shown.get(name).is_some_and(|shown| is_part_of(sent, shown))),
        _ => sent == shown,
    }
}

fn parse_change(name: &str, value: Value) -> Result<Change, ApiError> {
    let place = format!("{PLACE}.{name}");
    let object = match value {
        Value::Object(object) => object,
        Value::Null => return Ok(Change::Remove),
        _ => return Err(ApiError::invalid(&place, "it must be an object, or null")),
    };
    let mut fields = Fields::at(place, object);
    let kind = match fields.take_text("type")?.as_deref() {
        None => None,
        Some("string") => Some(AttributeKind::Text),
        Some("integer") => Some(AttributeKind::Integer),
        Some("boolean") => Some(AttributeKind::Boolean),
        Some(_) => return Err(fields.refusal("type", "use string, integer or boolean")),
    };
    let wish = Wish {
        kind,
        title: take_line(&mut fields, "title")?,
        description: take_line(&mut fields, "description")?,
        required: fields.take_flag("required")?,
        own: take_permission(&mut fields)?,
        unique: take_cleared(&mut fields, "unique", Fields::take_flag)?
            .map(Option::unwrap_or_default),
        lengths: (
            take_cleared(&mut fields, "minLength", Fields::take_number)?,
            take_cleared(&mut fields, "maxLength", Fields::take_number)?,
        ),
        sizes: (
            take_cleared(&mut fields, "minimum", Fields::take_number)?,
            take_cleared(&mut fields, "maximum", Fields::take_number)?,
        ),
        choices: take_choices(&mut fields)?,
    };
    fields.take_only("scope", &["NONE"], "each name stands once")?;
    fields.take_only(
        "mutability",
        &["READ_WRITE"],
        "administrators change all of them",
    )?;
    if let Some(mut master) = fields.take_object("master")? {
        let words = ["PROFILE_MASTER", "OKTA"];
        master.take_only("type", &words, "a profile has one source")?;
        master.end()?;
    }
    fields.end()?;
    Ok(Change::Set(Box::new(wish)))
}

/// What was said of a field; `null` says that there is to be nothing.
fn take_cleared<T>(
    fields: &mut Fields,
    name: &str,
    take: impl Fn(&mut Fields, &str) -> Result<Option<T>, ApiError>,
) -> Result<Option<Option<T>>, ApiError> {
    let is_named = fields.names(name);
    let value = take(fields, name)?;
    Ok(is_named.then_some(value))
}

fn take_line(fields: &mut Fields, name: &str) -> Result<Option<String>, ApiError> {
    let said = take_cleared(fields, name, Fields::take_text)?;
    Ok(said.map(|text| text.unwrap_or_default().trim().to_owned()))
}

/// What people may do with their own.
fn take_permission(fields: &mut Fields) -> Result<Option<OwnAccess>, ApiError> {
    let Some(mut permissions) = fields.take_objects("permissions")? else {
        return Ok(None);
    };
    let (Some(mut permission), None) = (permissions.pop(), permissions.pop()) else {
        return Err(fields.refusal("permissions", "say what SELF may do, once"));
    };
    permission.take_only("principal", &["SELF"], "it is about SELF")?;
    let own = match permission.take_text("action")?.as_deref() {
        Some("HIDE") => OwnAccess::Hidden,
        Some("READ_ONLY") => OwnAccess::Read,
        Some("READ_WRITE") => OwnAccess::Write,
        _ => return Err(permission.refusal("action", "use HIDE, READ_ONLY or READ_WRITE")),
    };
    permission.end()?;
    Ok(Some(own))
}

/// The values that there are, by `enum`, by `oneOf`, which also says what they are called, or by both in the same order.
fn take_choices(fields: &mut Fields) -> Result<Option<Vec<AttributeChoice>>, ApiError> {
    let is_named = fields.names("enum") || fields.names("oneOf");
    let values = match fields.take("enum") {
        None => None,
        Some(Value::Array(values)) => Some(values),
        Some(_) => return Err(fields.refusal("enum", "it must be a list")),
    };
    let values: Option<Vec<String>> = match values {
        Some(values) => {
            let values: Option<Vec<String>> = values.iter().map(as_choice).collect();
            Some(values.ok_or_else(|| fields.refusal("enum", "name texts or whole numbers"))?)
        }
        None => None,
    };
    let mut titled = Vec::new();
    let titles = fields.take_objects("oneOf")?;
    let has_titles = titles.is_some();
    for mut choice in titles.unwrap_or_default() {
        let value = choice.take("const").as_ref().and_then(as_choice);
        let value =
            value.ok_or_else(|| choice.refusal("const", "name a text or a whole number"))?;
        let title = choice.take_text("title")?.unwrap_or_default();
        let title = title.trim().to_owned();
        titled.push(AttributeChoice {
            // What is called as it is has no other name.
            title: if title == value { String::new() } else { title },
            value,
        });
        choice.end()?;
    }
    match values {
        Some(values) if has_titles => {
            let same = values.len() == titled.len()
                && values
                    .iter()
                    .zip(&titled)
                    .all(|(value, choice)| *value == choice.value);
            let problem = "name the values of enum, in the same order";
            same.then_some(Some(titled))
                .ok_or_else(|| fields.refusal("oneOf", problem))
        }
        Some(values) => Ok(Some(values.into_iter().map(untitled).collect())),
        None => Ok(is_named.then_some(titled)),
    }
}

fn as_choice(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        _ => None,
    }
}

const fn untitled(value: String) -> AttributeChoice {
    AttributeChoice {
        value,
        title: String::new(),
    }
}

/// The attributes as the changes leave them; new ones are like that one but for what is said of them. What an attribute holds
/// stays, since values depend on it.
pub(crate) fn plan_schema(
    present: &[ProfileAttribute],
    changes: &[(String, Change)],
    new: &ProfileAttribute,
) -> Result<Vec<ProfileAttribute>, ApiError> {
    let mut planned = present.to_vec();
    for (name, change) in changes {
        let place = planned.iter().position(|attribute| attribute.name == *name);
        match (change, place) {
            (Change::Remove, Some(place)) => {
                planned.remove(place);
            }
            (Change::Remove, None) => {
                let field = format!("{PLACE}.{name}");
                return Err(ApiError::invalid(&field, "there is no such attribute"));
            }
            (Change::Set(wish), Some(place)) => {
                if let Some(attribute) = planned.get_mut(place) {
                    set(attribute, wish)?;
                }
            }
            (Change::Set(wish), None) => {
                let mut attribute = ProfileAttribute {
                    name: name.clone(),
                    kind: wish.kind.ok_or_else(|| {
                        ApiError::invalid(&format!("{PLACE}.{name}.type"), "it is required")
                    })?,
                    ..new.clone()
                };
                set(&mut attribute, wish)?;
                planned.push(attribute);
            }
        }
    }
    Ok(planned)
}

fn set(attribute: &mut ProfileAttribute, wish: &Wish) -> Result<(), ApiError> {
    let refusal = |field: &str, problem: &str| {
        let field = format!("{PLACE}.{}.{field}", attribute.name);
        Err(ApiError::invalid(&field, problem))
    };
    if wish.kind.is_some_and(|kind| kind != attribute.kind) {
        let problem = "what an attribute holds stays; remove it and add another";
        return refusal("type", problem);
    }
    let is_said = |bounds: &Bounds| {
        let mut bounds = [bounds.0, bounds.1].into_iter().flatten();
        bounds.any(|bound| bound.is_some())
    };
    let (minimum, maximum) = match attribute.kind {
        AttributeKind::Text if is_said(&wish.sizes) => {
            return refusal("minimum", "a text has minLength and maxLength");
        }
        AttributeKind::Integer | AttributeKind::Boolean if is_said(&wish.lengths) => {
            return refusal("minLength", "only a text has a length");
        }
        AttributeKind::Text => wish.lengths,
        AttributeKind::Integer | AttributeKind::Boolean => wish.sizes,
    };
    attribute.min = minimum.unwrap_or(attribute.min);
    attribute.max = maximum.unwrap_or(attribute.max);
    for (place, said) in [
        (&mut attribute.title, &wish.title),
        (&mut attribute.description, &wish.description),
    ] {
        if let Some(text) = said {
            place.clone_from(text);
        }
    }
    attribute.required = wish.required.unwrap_or(attribute.required);
    attribute.unique = wish.unique.unwrap_or(attribute.unique);
    if let Some(own) = wish.own {
        attribute.self_hidden = own == OwnAccess::Hidden;
        attribute.self_editable = own == OwnAccess::Write;
    }
    if let Some(choices) = &wish.choices {
        attribute.choices.clone_from(choices);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{parse_changes, plan_schema};
    use crate::reply::without_nulls;
    use crate::user_schema::render::{render_base, render_own};
    use identity::org::settings::{AttributeChoice, AttributeKind, ProfileAttribute};
    use serde_json::{Value, json};

    fn team() -> ProfileAttribute {
        ProfileAttribute {
            name: "team".into(),
            title: "Team".into(),
            self_editable: true,
            max: Some(9),
            ..ProfileAttribute::default()
        }
    }

    fn planned(properties: &Value) -> Option<Vec<ProfileAttribute>> {
        let body = json!({ "definitions": { "custom": { "properties": properties } } });
        let changes = parse_changes(body.to_string().as_bytes(), render_base()).ok()?;
        plan_schema(&[team()], &changes, &ProfileAttribute::default()).ok()
    }

    #[test]
    fn attributes_are_added_changed_and_removed_by_name() {
        let self_may = |action: &str| json!([{ "principal": "SELF", "action": action }]);
        for (properties, expected) in [
            (json!({}), vec![team()]),
            (json!({ "team": null }), vec![]),
            (
                json!({ "team": { "required": true, "minLength": 2 } }),
                vec![ProfileAttribute {
                    required: true,
                    min: Some(2),
                    ..team()
                }],
            ),
            (
                json!({ "team": { "title": " Crew ", "type": "string", "maxLength": null,
                    "permissions": self_may("READ_ONLY") } }),
                vec![ProfileAttribute {
                    title: "Crew".into(),
                    self_editable: false,
                    max: None,
                    ..team()
                }],
            ),
            (
                json!({ "team": { "permissions": self_may("HIDE") } }),
                vec![ProfileAttribute {
                    self_editable: false,
                    self_hidden: true,
                    ..team()
                }],
            ),
            (
                json!({ "level": { "type": "integer", "scope": "NONE", "unique": true, "minimum": -1,
                    "master": { "type": "PROFILE_MASTER" }, "enum": [1, 2],
                    "oneOf": [{ "const": 1, "title": "One" }, { "const": "2", "title": "2" }] } }),
                vec![
                    team(),
                    ProfileAttribute {
                        name: "level".into(),
                        kind: AttributeKind::Integer,
                        unique: true,
                        min: Some(-1),
                        choices: [("1", "One"), ("2", "")]
                            .map(|(value, title)| AttributeChoice {
                                value: value.into(),
                                title: title.into(),
                            })
                            .into(),
                        ..ProfileAttribute::default()
                    },
                ],
            ),
        ] {
            assert_eq!(planned(&properties), Some(expected), "{properties}");
        }
    }

    #[test]
    fn what_means_nothing_here_is_refused() {
        for properties in [
            json!({ "team": { "type": "integer" } }),
            json!({ "team": { "minimum": 1 } }),
            json!({ "gone": null }),
            json!({ "team": "string" }),
            json!({ "x": { "title": "no type" } }),
            json!({ "x": { "type": "array" } }),
            json!({ "x": { "type": "integer", "maxLength": 3 } }),
            json!({ "x": { "type": "string", "pattern": "a+" } }),
            json!({ "x": { "type": "string", "default": "a" } }),
            json!({ "x": { "type": "string", "externalName": "a" } }),
            json!({ "x": { "type": "string", "scope": "SELF" } }),
            json!({ "x": { "type": "string", "mutability": "IMMUTABLE" } }),
            json!({ "x": { "type": "string", "unique": "UNIQUE_VALIDATED" } }),
            json!({ "x": { "type": "string", "permissions": [] } }),
            json!({ "x": { "type": "string", "enum": [true] } }),
            json!({ "x": { "type": "string", "enum": ["a"], "oneOf": [{ "const": "b", "title": "B" }] } }),
            json!({ "x": { "type": "string", "permissions": [{ "principal": "SELF", "action": "WRITE" }] } }),
        ] {
            assert_eq!(planned(&properties), None, "{properties}");
        }
    }

    #[test]
    fn whatever_is_shown_can_be_sent_back() {
        let shown = json!({ "team": render_own(&team()) });
        assert_eq!(planned(&without_nulls(shown)), Some(vec![team()]));
        let base = |base: Value| {
            let body = json!({ "definitions": { "base": base } });
            parse_changes(body.to_string().as_bytes(), render_base()).is_ok()
        };
        assert!(base(render_base()));
        assert!(base(
            json!({ "properties": { "login": { "title": "Username" } } })
        ));
        assert!(!base(
            json!({ "properties": { "firstName": { "required": true } } })
        ));
        assert!(!base(
            json!({ "properties": { "mobilePhone": { "type": "string" } } })
        ));
    }
}
