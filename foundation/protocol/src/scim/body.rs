//! Bodies: an object whose names do not depend on case (RFC 7643 section 2.1), taken apart field by field.

use crate::json::{self, JsonError};
use crate::scim::problem::{Kind, Problem};
use crate::scim::{BODY_DEPTH_MAX, BULK_BYTES_MAX};
use serde_json::{Map, Value};

/// An object whose fields are taken one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    place: String,
    fields: Map<String, Value>,
}

/// The object that a body is.
///
/// # Errors
/// [`Problem`] for anything else, and for U+0000, which no store takes.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match json::parse_value_within(bytes, BULK_BYTES_MAX, BODY_DEPTH_MAX) {
        Ok(Value::Object(fields)) if fields.iter().all(is_storable) => Ok(fields),
        Ok(_) => Err(Problem::of(
            Kind::InvalidSyntax,
            "the body must be an object without U+0000",
        )),
        Err(JsonError::TooLarge) => Err(Problem::of(Kind::InvalidSyntax, "the body is too large")),
        Err(_) => Err(Problem::of(
            Kind::InvalidSyntax,
            "the body is no JSON, too deep, or names a member twice",
        )),
    }
}

fn is_storable((name, value): (&String, &Value)) -> bool {
    !name.contains('\0') && has_no_nul(value)
}

fn has_no_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(parts) => parts.iter().all(has_no_nul),
        Value::Object(fields) => fields.iter().all(is_storable),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The name under which a document holds a field, however it is written.
#[must_use]
pub fn find_name(fields: &Map<String, Value>, name: &str) -> Option<String> {
    if fields.contains_key(name) {
        return Some(name.to_owned());
    }
    let mut names = fields.keys();
    names
        .find(|known| known.eq_ignore_ascii_case(name))
        .cloned()
}

impl Fields {
    /// The fields of an object.
    #[must_use]
    pub const fn of(fields: Map<String, Value>) -> Self {
        Self {
            place: String::new(),
            fields,
        }
    }

    /// The place of a field, for what is said of it.
    #[must_use]
    pub fn name(&self, field: &str) -> String {
        match self.place.as_str() {
            "" => field.to_owned(),
            place => format!("{place}.{field}"),
        }
    }

    /// Whether the field stands there, with a value or with none.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        find_name(&self.fields, field).is_some()
    }

    /// Takes a value; `null` is none (RFC 7643 section 2.5).
    pub fn take(&mut self, field: &str) -> Option<Value> {
        let name = find_name(&self.fields, field)?;
        self.fields.remove(&name).filter(|value| !value.is_null())
    }

    /// Takes an object.
    ///
    /// # Errors
    /// [`Problem`] for another type.
    pub fn take_object(&mut self, field: &str) -> Result<Option<Self>, Problem> {
        let place = self.name(field);
        match self.take(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self { place, fields })),
            Some(_) => Err(wrong(&place, "it must be an object")),
        }
    }

    /// Takes a text.
    ///
    /// # Errors
    /// [`Problem`] for another type.
    pub fn take_text(&mut self, field: &str) -> Result<Option<String>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(&self.name(field), "it must be a text")),
        }
    }

    /// Takes a yes or no, which some clients send as a text.
    ///
    /// # Errors
    /// [`Problem`] for another type.
    pub fn take_flag(&mut self, field: &str) -> Result<Option<bool>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(value) => match as_flag(&value) {
                Some(flag) => Ok(Some(flag)),
                None => Err(wrong(&self.name(field), "it must be true or false")),
            },
        }
    }

    /// Takes a list; one object stands for a list of it.
    ///
    /// # Errors
    /// [`Problem`] for another type.
    pub fn take_list(&mut self, field: &str) -> Result<Option<Vec<Value>>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(value @ Value::Object(_)) => Ok(Some(vec![value])),
            Some(_) => Err(wrong(&self.name(field), "it must be a list")),
        }
    }

    /// What is left.
    #[must_use]
    pub fn rest(self) -> Map<String, Value> {
        self.fields
    }
}

/// A yes or no: as itself, or as the text of one.
#[must_use]
pub fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn wrong(place: &str, what: &str) -> Problem {
    Problem::of(Kind::InvalidValue, format!("{place}: {what}"))
}
