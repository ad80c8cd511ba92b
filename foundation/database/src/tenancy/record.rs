//! A row on its way from one database to another: its values in the order of the shape's columns.

use aws_lc_rs::digest;
use vocab::row::{decode_row, encode_row, without_sign_of_zero};
use vocab::value::Value;

use crate::tenancy::fault::TenancyError;
use crate::tenancy::shape::{Column, ColumnType, Shape};

/// A row of one table, checked against its shape. It has no debug form: rows hold what no log may show.
#[derive(Clone, PartialEq)]
pub struct Record {
    values: Vec<Value>,
    bytes: Vec<u8>,
}

impl Record {
    /// The values, in the order of [`Shape::columns`].
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values themselves.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The row as bytes, in its one spelling.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the row's bytes: equal for equal rows on both engines.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest_of(&self.bytes)
    }
}

/// SHA-256.
pub(crate) fn digest_of(bytes: &[u8]) -> [u8; 32] {
    let mut whole = [0_u8; 32];
    let digest = digest::digest(&digest::SHA256, bytes);
    for (place, byte) in whole.iter_mut().zip(digest.as_ref()) {
        *place = *byte;
    }
    whole
}

impl Shape {
    /// Takes the values of a row, in the order of [`Shape::columns`].
    ///
    /// # Errors
    /// [`TenancyError::UnfitRecord`] when they do not fit the columns; a fit value may still break a CHECK.
    pub fn record(&self, mut values: Vec<Value>) -> Result<Record, TenancyError> {
        if values.len() != self.columns().len() {
            return Err(self.unfit_record("it has another number of columns"));
        }
        for (column, value) in self.columns().iter().zip(&mut values) {
            if let Value::Real(number) = value {
                *number = without_sign_of_zero(*number);
            }
            if !fits(column, value) {
                return Err(self.unfit_record(&format!("its column {}", column.name())));
            }
        }
        let bytes = encode_row(&values).map_err(|error| self.unfit_record(&error.to_string()))?;
        Ok(Record { values, bytes })
    }

    /// Takes a row from its bytes.
    ///
    /// # Errors
    /// When the bytes are no row, or the row does not fit the columns.
    pub fn decode(&self, bytes: &[u8]) -> Result<Record, TenancyError> {
        self.record(decode_row(bytes)?)
    }

    pub(crate) fn unfit_record(&self, reason: &str) -> TenancyError {
        TenancyError::UnfitRecord {
            table: self.table().to_owned(),
            reason: reason.to_owned(),
        }
    }
}

fn fits(column: &Column, value: &Value) -> bool {
    match value {
        Value::Null => column.is_nullable(),
        Value::Integer(_) => column.kind() == ColumnType::Integer,
        Value::Real(_) => column.kind() == ColumnType::Real,
        Value::Text(_) => column.kind() == ColumnType::Text,
        Value::Bytes(_) => column.kind() == ColumnType::Bytes,
    }
}
