//! JSON from strangers: bounded in size and depth, and a member may appear once only.
//!
//! Two parsers that disagree on which of two equal members counts are an attack (RFC 8725 section 2.4 and
//! RFC 7515 section 4), so a repeated member is refused rather than resolved. Never use `serde_json::from_slice`
//! on bytes that came from outside; use this.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The deepest nesting that a token, key or metadata document may have.
pub const DEPTH_MAX: usize = 8;

/// Why a JSON text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text has more bytes than its bound.
    #[error("the JSON text is too large")]
    TooLarge,
    /// Not JSON, nested too deep, or with a repeated member.
    #[error("the JSON text is malformed, nested too deep, or repeats a member")]
    Malformed,
    /// The text is JSON, but not an object.
    #[error("the JSON text is not an object")]
    NotAnObject,
}

/// Parses a JSON object of at most `bytes_max` bytes.
///
/// # Errors
/// [`JsonError`] when the text is over its bound, malformed, nested too deep, repeats a member or is no object.
pub fn parse_object(bytes: &[u8], bytes_max: usize) -> Result<Map<String, Value>, JsonError> {
    match parse_value(bytes, bytes_max)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Parses any JSON value of at most `bytes_max` bytes.
///
/// # Errors
/// [`JsonError`] when the text is over its bound, malformed, nested too deep or repeats a member.
pub fn parse_value(bytes: &[u8], bytes_max: usize) -> Result<Value, JsonError> {
    parse_value_within(bytes, bytes_max, DEPTH_MAX)
}

/// The same with a depth of one's own, for messages that hold others.
///
/// # Errors
/// As [`parse_value`].
pub fn parse_value_within(
    bytes: &[u8],
    bytes_max: usize,
    depth_max: usize,
) -> Result<Value, JsonError> {
    if bytes.len() > bytes_max {
        return Err(JsonError::TooLarge);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = StrictValue {
        depth_left: depth_max,
    };
    let value = seed
        .deserialize(&mut deserializer)
        .map_err(|_| JsonError::Malformed)?;
    deserializer.end().map_err(|_| JsonError::Malformed)?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct StrictValue {
    depth_left: usize,
}

impl StrictValue {
    fn descend<E: de::Error>(self) -> Result<StrictValue, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(StrictValue { depth_left }),
            None => Err(E::custom("nested too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("a member is repeated"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, JsonError, parse_object, parse_value};

    #[test]
    fn accepts_every_kind_of_value() {
        let text = br#"{"a":[1,-2,3.5,true,null,"x"],"b":{"c":{}}}"#;
        let strict = parse_value(text, 100).unwrap();
        assert_eq!(
            strict,
            serde_json::from_slice::<serde_json::Value>(text).unwrap()
        );
    }

    #[test]
    fn refuses_repeats_depth_size_and_tails() {
        let deep =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        let table: &[(String, JsonError)] = &[
            (r#"{"a":1,"a":1}"#.into(), JsonError::Malformed),
            (r#"{"a":1,"\u0061":1}"#.into(), JsonError::Malformed),
            (r#"{"o":{"a":1,"a":2}}"#.into(), JsonError::Malformed),
            (deep(DEPTH_MAX), JsonError::Malformed),
            (r#"{"a":1} {}"#.into(), JsonError::Malformed),
            (r#"{"a":1e999}"#.into(), JsonError::Malformed),
            (r#"["a"]"#.into(), JsonError::NotAnObject),
            (
                format!("{{\"a\":\"{}\"}}", "x".repeat(200)),
                JsonError::TooLarge,
            ),
        ];
        for (text, error) in table {
            assert_eq!(
                parse_object(text.as_bytes(), 100).unwrap_err(),
                *error,
                "{text}"
            );
        }
        assert!(parse_object(deep(DEPTH_MAX - 1).as_bytes(), 100).is_ok());
    }
}
