//! The JSON of a request, taken apart field by field: what nobody takes is refused.

use crate::error::{ApiError, ErrorCode};
use serde_json::{Map, Value};

/// An object whose fields are taken one after the other.
#[derive(Debug)]
pub struct Fields {
    place: String,
    fields: Map<String, Value>,
}

impl Fields {
    /// The object of a whole body.
    ///
    /// # Errors
    /// [`ApiError`] for anything but an object without U+0000, which no store takes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) if fields.values().all(is_storable) => Ok(Self {
                place: String::new(),
                fields,
            }),
            _ => Err(ApiError::of(ErrorCode::Malformed)),
        }
    }

    /// The objects of a whole body that is a list, or the one that it is.
    ///
    /// # Errors
    /// [`ApiError`] for anything else, and for more than so many.
    pub fn parse_list(bytes: &[u8], max: usize) -> Result<Vec<Self>, ApiError> {
        let malformed = || ApiError::of(ErrorCode::Malformed);
        let values = match serde_json::from_slice(bytes) {
            Ok(Value::Array(values)) => values,
            Ok(one @ Value::Object(_)) => vec![one],
            _ => return Err(malformed()),
        };
        if values.len() > max {
            let problem = format!("at most {max} are possible");
            return Err(ApiError::invalid("body", &problem));
        }
        let object = |value| match value {
            Value::Object(fields) if fields.values().all(is_storable) => Ok(Self {
                place: String::new(),
                fields,
            }),
            _ => Err(malformed()),
        };
        values.into_iter().map(object).collect()
    }

    /// An object that stands at a place.
    #[must_use]
    pub const fn at(place: String, fields: Map<String, Value>) -> Self {
        Self { place, fields }
    }

    fn name(&self, field: &str) -> String {
        if self.place.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.place)
        }
    }

    /// Takes a value; `null` is none.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    /// Takes an object.
    ///
    /// # Errors
    /// [`ApiError`] for another type.
    pub fn take_object(&mut self, field: &str) -> Result<Option<Self>, ApiError> {
        let place = self.name(field);
        match self.take(field) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self { place, fields })),
            Some(_) => Err(ApiError::invalid(&place, "it must be an object")),
        }
    }

    /// Takes a text.
    ///
    /// # Errors
    /// [`ApiError`] for another type.
    pub fn take_text(&mut self, field: &str) -> Result<Option<String>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::invalid(&self.name(field), "it must be a text")),
        }
    }

    /// Takes a list of texts.
    ///
    /// # Errors
    /// [`ApiError`] for another type.
    pub fn take_texts(&mut self, field: &str) -> Result<Option<Vec<String>>, ApiError> {
        let place = self.name(field);
        let wrong = || ApiError::invalid(&place, "it must be a list of texts");
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(wrong()),
        };
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(text)
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// Takes a number.
    ///
    /// # Errors
    /// [`ApiError`] for anything but a whole number.
    pub fn take_number(&mut self, field: &str) -> Result<Option<i64>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(value) => {
                let wrong = || self.refusal(field, "it must be a whole number");
                value.as_i64().map(Some).ok_or_else(wrong)
            }
        }
    }

    /// Takes what is true or false.
    ///
    /// # Errors
    /// [`ApiError`] for another type.
    pub fn take_flag(&mut self, field: &str) -> Result<Option<bool>, ApiError> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.refusal(field, "it must be true or false")),
        }
    }

    /// Takes a list of objects.
    ///
    /// # Errors
    /// [`ApiError`] for another type.
    pub fn take_objects(&mut self, field: &str) -> Result<Option<Vec<Self>>, ApiError> {
        let place = self.name(field);
        let wrong = || ApiError::invalid(&place, "it must be a list of objects");
        let object = |value: Value| match value {
            Value::Object(fields) => Ok(Self {
                place: place.clone(),
                fields,
            }),
            _ => Err(wrong()),
        };
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(object)
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// Takes a word that can only be one of these here: what it says is then what is done anyhow.
    ///
    /// # Errors
    /// [`ApiError`] for another word, with what would be right.
    pub fn take_only(
        &mut self,
        field: &str,
        words: &[&str],
        problem: &str,
    ) -> Result<(), ApiError> {
        match self.take_text(field)? {
            Some(word) if !words.contains(&word.as_str()) => Err(self.refusal(field, problem)),
            _ => Ok(()),
        }
    }

    /// The refusal of a field of this object.
    #[must_use]
    pub fn refusal(&self, field: &str, problem: &str) -> ApiError {
        ApiError::invalid(&self.name(field), problem)
    }

    /// Leaves out what a client sends back as it was shown to it, and cannot change.
    pub fn ignore_read_only(&mut self, fields: &[&str]) {
        for field in fields {
            self.fields.remove(*field);
        }
    }

    /// Whether a field is there, be it `null`.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// What is left, by name.
    #[must_use]
    pub fn rest(self) -> Map<String, Value> {
        self.fields
    }

    /// Refuses what is left.
    ///
    /// # Errors
    /// [`ApiError`] naming the first field.
    pub fn end(self) -> Result<(), ApiError> {
        match self.fields.keys().next() {
            Some(field) => Err(ApiError::not_supported(&self.name(field))),
            None => Ok(()),
        }
    }
}

fn is_storable(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(parts) => parts.iter().all(is_storable),
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| !name.contains('\0') && is_storable(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use crate::error::ErrorCode;

    #[test]
    fn only_objects_are_bodies() {
        for bad in [
            "",
            "[]",
            "1",
            "{",
            "{\"a\":1}x",
            "{\"a\":\"\\u0000\"}",
            &format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200)),
        ] {
            let error = Fields::parse(bad.as_bytes()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Malformed, "{bad}");
        }
    }

    #[test]
    fn what_nobody_takes_is_refused_by_its_place() {
        let text = br#"{"profile":{"name":"a","no":null,"list":["a",1]},"id":"x","other":1}"#;
        let mut fields = Fields::parse(text).unwrap();
        fields.ignore_read_only(&["id"]);
        let mut profile = fields.take_object("profile").unwrap().unwrap();
        assert_eq!(profile.take_text("name").unwrap().as_deref(), Some("a"));
        assert_eq!(profile.take_text("no").unwrap(), None);
        let error = profile.take_texts("list").unwrap_err().render("");
        assert_eq!(error["errorSummary"], "Api validation failed: profile.list");
        let error = fields.end().unwrap_err().render("");
        assert_eq!(
            error["errorCauses"][0]["errorSummary"],
            "other: it is not supported here"
        );
    }
}
