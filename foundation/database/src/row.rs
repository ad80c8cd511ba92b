//! One row of an answer, the same for both engines: a list of [`Value`]s.

use vocab::value::{FromValue, Value};

use crate::fault::{DatabaseFault, FaultKind, render_attempt};

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    values: Vec<Value>,
    sql: &'static str,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>, sql: &'static str) -> Self {
        Self { values, sql }
    }

    /// The value of the column at `index`, counted from zero.
    ///
    /// # Errors
    /// [`FaultKind::TypeMismatch`] when there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, DatabaseFault> {
        let Some(value) = self.values.get(index) else {
            let attempted = format!(
                "column {index} of {} in {}",
                self.values.len(),
                render_attempt(self.sql)
            );
            return Err(DatabaseFault::new(FaultKind::TypeMismatch, attempted));
        };
        T::from_value(value).map_err(|error| {
            let attempted = format!("column {index} of {}", render_attempt(self.sql));
            DatabaseFault::caused(FaultKind::TypeMismatch, attempted, error)
        })
    }

    /// All values, in order.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// How many columns the row has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the row has no column at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// The values of a statement's `$1`, `$2`, … in order, as `&[Value]`.
#[macro_export]
macro_rules! params {
    () => { &[] as &[::vocab::value::Value] };
    ($($value:expr),+ $(,)?) => { &[$(::vocab::value::Value::from($value)),+] as &[::vocab::value::Value] };
}
