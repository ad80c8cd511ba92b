//! What names a row among those of its org: the columns of the primary key but the owner, and their text form, a JSON
//! array. Bytes stand in it as lower-case hex.

use std::fmt;

use serde_json::Value as Json;
use vocab::value::Value;

use crate::tenancy::fault::TenancyError;
use crate::tenancy::record::Record;
use crate::tenancy::shape::{ColumnType, Shape};

/// The longest text of a key that is looked at.
const KEY_BYTES_MAX: usize = 64 << 10;

/// The key of a row within its org. Empty for a table that has one row for each org.
#[derive(Clone, PartialEq)]
pub struct Key(Vec<Value>);

impl Key {
    /// The values, in the order of the primary key without its owner.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.0
    }
}

/// Keys hold hashes and names: shown is only how many values there are.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", self.0.len())
    }
}

impl Shape {
    /// The key of a row.
    #[must_use]
    pub fn key_of(&self, record: &Record) -> Key {
        Key(self
            .key_indexes()
            .iter()
            .filter_map(|index| record.values().get(*index).cloned())
            .collect())
    }

    /// Takes the values of a key, in the order of the primary key without its owner.
    ///
    /// # Errors
    /// [`TenancyError::UnfitKey`] when they do not fit.
    pub fn key(&self, values: Vec<Value>) -> Result<Key, TenancyError> {
        let fits = |(value, kind): (&Value, ColumnType)| match (value, kind) {
            (Value::Text(text), ColumnType::Text) => !text.contains('\0'),
            (Value::Integer(_), ColumnType::Integer) | (Value::Bytes(_), ColumnType::Bytes) => true,
            _ => false,
        };
        if values.len() != self.key_indexes().len()
            || !values.iter().zip(self.key_kinds()).all(fits)
        {
            return Err(self.unfit_key());
        }
        Ok(Key(values))
    }

    /// Reads the text of a key, also as the engines write it when they capture a change.
    ///
    /// # Errors
    /// [`TenancyError::UnfitKey`] when it is not the key of a row of this table.
    pub fn parse_key(&self, text: &str) -> Result<Key, TenancyError> {
        if text.len() > KEY_BYTES_MAX {
            return Err(self.unfit_key());
        }
        let parts: Vec<Json> = serde_json::from_str(text).map_err(|_| self.unfit_key())?;
        if parts.len() != self.key_indexes().len() {
            return Err(self.unfit_key());
        }
        let values = parts
            .into_iter()
            .zip(self.key_kinds())
            .map(|(part, kind)| parse_part(part, kind))
            .collect::<Option<Vec<Value>>>()
            .ok_or_else(|| self.unfit_key())?;
        self.key(values)
    }

    /// The text of a key.
    #[must_use]
    pub fn render_key(&self, key: &Key) -> String {
        Json::Array(key.0.iter().map(render_part).collect()).to_string()
    }

    fn key_kinds(&self) -> impl Iterator<Item = ColumnType> {
        self.key_columns().map(|column| column.kind())
    }

    fn unfit_key(&self) -> TenancyError {
        TenancyError::UnfitKey {
            table: self.table().to_owned(),
        }
    }
}

fn parse_part(part: Json, kind: ColumnType) -> Option<Value> {
    match (part, kind) {
        (Json::String(text), ColumnType::Text) => Some(Value::Text(text)),
        (Json::String(text), ColumnType::Bytes) => parse_hex(&text).map(Value::Bytes),
        (Json::Number(number), ColumnType::Integer) => number.as_i64().map(Value::Integer),
        _ => None,
    }
}

fn render_part(value: &Value) -> Json {
    match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Bytes(bytes) => Json::from(render_hex(bytes)),
        // `Shape::key` lets neither in.
        Value::Null | Value::Real(_) => Json::Null,
    }
}

/// Lower-case hex.
pub(crate) fn render_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?))
        .collect()
}
