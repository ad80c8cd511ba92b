//! How a [`Value`] goes to PostgreSQL as whatever type the statement wants there.
//!
//! `Debug` shows the kind of a value and never the value: the driver logs its parameters when asked to.

use std::error::Error;
use std::fmt;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type};
use vocab::value::Value;

/// A numeric of PostgreSQL is a row of digits of this base.
const NUMERIC_BASE: u64 = 10_000;

/// A parameter on its way.
pub(crate) struct Bind<'v>(pub(crate) &'v Value);

/// A value that does not fit where the statement wants it.
#[derive(Debug, thiserror::Error)]
#[error("{value} does not fit {wanted}")]
pub(crate) struct Unfit {
    value: &'static str,
    wanted: String,
}

impl ToSql for Bind<'_> {
    fn to_sql(
        &self,
        wanted: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Integer(number) => put_integer(*number, wanted, out)?,
            Value::Real(number) => put_real(*number, wanted, out)?,
            Value::Text(text) => put_text(text, wanted, out)?,
            Value::Bytes(bytes) => match *wanted {
                Type::BYTEA => out.put_slice(bytes),
                _ => return Err(unfit("bytes", wanted).into()),
            },
        }
        Ok(IsNull::No)
    }

    // Which value meets which type is known only when both are: `to_sql` decides.
    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        wanted: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(wanted, out)
    }
}

impl fmt::Debug for Bind<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Value::Null => "null",
            Value::Integer(_) => "integer",
            Value::Real(_) => "real",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        })
    }
}

fn put_integer(number: i64, wanted: &Type, out: &mut BytesMut) -> Result<(), Unfit> {
    match *wanted {
        Type::INT8 => out.put_i64(number),
        Type::INT4 => {
            out.put_i32(i32::try_from(number).map_err(|_| unfit("a large integer", wanted))?)
        }
        Type::INT2 => {
            out.put_i16(i16::try_from(number).map_err(|_| unfit("a large integer", wanted))?)
        }
        Type::NUMERIC => put_numeric(number, out),
        _ => return Err(unfit("an integer", wanted)),
    }
    Ok(())
}

/// `sum(x) > $1` wants a numeric, for a sum of BIGINT is one.
fn put_numeric(number: i64, out: &mut BytesMut) {
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    while rest > 0 {
        digits.push(i16::try_from(rest % NUMERIC_BASE).unwrap_or_default());
        rest /= NUMERIC_BASE;
    }
    let count = i16::try_from(digits.len()).unwrap_or_default();
    out.put_i16(count);
    out.put_i16((count - 1).max(0));
    out.put_u16(if number < 0 { 0x4000 } else { 0 });
    out.put_u16(0);
    for digit in digits.iter().rev() {
        out.put_i16(*digit);
    }
}

fn put_real(number: f64, wanted: &Type, out: &mut BytesMut) -> Result<(), Unfit> {
    match *wanted {
        // SQLite stores it as NULL.
        _ if number.is_nan() => Err(unfit("not a number", wanted)),
        Type::FLOAT8 => {
            out.put_f64(number);
            Ok(())
        }
        _ => Err(unfit("a real number", wanted)),
    }
}

fn put_text(text: &str, wanted: &Type, out: &mut BytesMut) -> Result<(), Unfit> {
    match *wanted {
        // The server cannot store it.
        _ if text.contains('\0') => Err(unfit("text with a NUL character", wanted)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
            out.put_slice(text.as_bytes());
            Ok(())
        }
        _ => Err(unfit("text", wanted)),
    }
}

fn unfit(value: &'static str, wanted: &Type) -> Unfit {
    Unfit {
        value,
        wanted: wanted.name().to_owned(),
    }
}
