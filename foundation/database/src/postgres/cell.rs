//! How a column of PostgreSQL comes back as a [`Value`]. What SQLite would answer as an integer is one here too:
//! booleans, counts, and the numerics that PostgreSQL makes of a sum.

use std::error::Error;

use tokio_postgres::types::{FromSql, Type};
use vocab::value::Value;

/// A numeric of PostgreSQL is a row of digits of this base.
const NUMERIC_BASE: i128 = 10_000;
/// Digits after which no i64 fits any more.
const NUMERIC_DIGITS_MAX: i32 = 6;
const NUMERIC_POSITIVE: u16 = 0x0000;
const NUMERIC_NEGATIVE: u16 = 0x4000;

/// A column on its way back.
pub(crate) struct Cell(pub(crate) Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let value = match *kind {
            Type::INT8 => Value::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Value::Integer(i64::from(i32::from_sql(kind, raw)?)),
            Type::INT2 => Value::Integer(i64::from(i16::from_sql(kind, raw)?)),
            Type::BOOL => Value::Integer(i64::from(bool::from_sql(kind, raw)?)),
            Type::FLOAT8 => Value::Real(f64::from_sql(kind, raw)?),
            Type::FLOAT4 => Value::Real(f64::from(f32::from_sql(kind, raw)?)),
            Type::NUMERIC => parse_numeric(raw).ok_or("a numeric that is no number")?,
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(std::str::from_utf8(raw)?.to_owned())
            }
            _ => return Err(format!("a column of type {kind}").into()),
        };
        Ok(Self(value))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    // `from_sql` names the type that it does not know.
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Digits of base 10,000 with the weight of the first: an integer where it is one and fits, else a real.
fn parse_numeric(raw: &[u8]) -> Option<Value> {
    let mut words = raw
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair));
    let count = i32::from(words.next()?);
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let _scale = words.next()?;
    let digits: Vec<u16> = words.collect();
    if sign != NUMERIC_POSITIVE && sign != NUMERIC_NEGATIVE
        || i32::try_from(digits.len()).ok()? != count
    {
        return None;
    }
    let fraction = usize::try_from((weight + 1).max(0)).ok()?;
    let is_whole = digits.iter().skip(fraction).all(|digit| *digit == 0);
    if is_whole && weight < NUMERIC_DIGITS_MAX {
        let whole = (0..=weight).try_fold(0_i128, |sum, place| {
            let digit = digits
                .get(usize::try_from(place).ok()?)
                .copied()
                .unwrap_or(0);
            Some(sum * NUMERIC_BASE + i128::from(digit))
        })?;
        let signed = if sign == NUMERIC_NEGATIVE {
            -whole
        } else {
            whole
        };
        if let Ok(number) = i64::try_from(signed) {
            return Some(Value::Integer(number));
        }
    }
    let size = digits.iter().zip(0_i32..).fold(0.0, |sum, (digit, place)| {
        sum + f64::from(*digit) * 10_f64.powi(4 * (weight - place))
    });
    Some(Value::Real(if sign == NUMERIC_NEGATIVE {
        -size
    } else {
        size
    }))
}
