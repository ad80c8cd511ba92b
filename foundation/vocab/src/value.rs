//! What a column of a table can hold, on any engine.

/// A column's value. Times are integers (microseconds), flags are 0 or 1, JSON and ids are text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A column did not hold what the reader wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the column does not hold a {wanted}")]
pub struct ValueError {
    /// What was wanted.
    pub wanted: &'static str,
}

/// A type that can be read from a column.
pub trait FromValue: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`ValueError`] if the column holds another type or shape.
    fn from_value(value: &Value) -> Result<Self, ValueError>;
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(ValueError { wanted: "text" }),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Integer(number) => Ok(*number),
            _ => Err(ValueError {
                wanted: "whole number",
            }),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Real(number) => Ok(*number),
            _ => Err(ValueError { wanted: "number" }),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            _ => Err(ValueError { wanted: "flag" }),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => Err(ValueError {
                wanted: "byte string",
            }),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&i64> for Value {
    fn from(number: &i64) -> Self {
        Self::Integer(*number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value
where
    T: OwnedColumn,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Marks owned types whose absence is stored as NULL.
pub trait OwnedColumn {}
impl OwnedColumn for String {}
impl OwnedColumn for i64 {}
impl OwnedColumn for bool {}
impl OwnedColumn for Vec<u8> {}
impl OwnedColumn for crate::time::Timestamp {}
impl OwnedColumn for crate::secret::SecretHash {}

#[cfg(test)]
mod tests {
    use super::{FromValue, Value};

    #[test]
    fn a_value_is_read_as_its_own_type_alone() {
        assert_eq!(String::from_value(&Value::from("a")).unwrap(), "a");
        assert!(i64::from_value(&Value::from("1")).is_err());
        assert!(bool::from_value(&Value::from(2_i64)).is_err());
        assert!(bool::from_value(&Value::from(true)).unwrap());
        assert_eq!(Option::<i64>::from_value(&Value::Null).unwrap(), None);
        assert_eq!(Value::from(None::<String>), Value::Null);
        assert!(String::from_value(&Value::Null).is_err());
    }
}
