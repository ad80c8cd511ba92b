//! Rows of values as bytes: one spelling for each row, bounded, and the same whatever engine held it, so that equal rows
//! have equal digests. Reads foreign bytes; never panics and never allocates more than it was given bytes for.
//!
//! A row is a version, the number of its values, and the values. A value is a tag and its bytes. The low half of a tag
//! counts the bytes of the number that follows: an integer itself (two's complement), or the length of a text. Numbers
//! are big-endian and as short as they can be.

pub mod properties;
#[cfg(test)]
mod tests;

use crate::value::Value;

/// The form of the rows; another number is another form.
const VERSION: u8 = 1;
/// Values of one row.
pub const VALUES_MAX: usize = 128;
/// Bytes of one row.
pub const ROW_BYTES_MAX: usize = 8 << 20;
/// Rows of one list.
pub const ROWS_MAX: usize = 4096;

const NULL: u8 = 0x00;
const INTEGER: u8 = 0x10;
const REAL: u8 = 0x20;
const TEXT: u8 = 0x30;
const BYTES: u8 = 0x40;
const KIND: u8 = 0xf0;
const COUNT: u8 = 0x0f;

/// Why bytes are no row, or a row has no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The bytes end before the row does.
    #[error("a row that breaks off")]
    BrokenOff,
    /// The bytes go on after the row.
    #[error("a row with more behind it")]
    MoreBehind,
    /// Another form, an unknown tag, or a second spelling.
    #[error("a row in another form")]
    OtherForm,
    /// More values, rows or bytes than there may be.
    #[error("a row larger than a row may be")]
    TooLarge,
    /// A value that no database of ours holds: not a number, a NUL character, text that is not UTF-8.
    #[error("a row with a value that cannot be stored")]
    Unstorable,
}

/// The bytes of a row.
///
/// # Errors
/// When the row is larger than a row may be, or holds what cannot be stored.
pub fn encode_row(values: &[Value]) -> Result<Vec<u8>, RowError> {
    let mut out = Vec::new();
    put_row(values, &mut out)?;
    if out.len() > ROW_BYTES_MAX {
        return Err(RowError::TooLarge);
    }
    Ok(out)
}

/// The values of a row.
///
/// # Errors
/// When the bytes are not exactly one row in its one spelling.
pub fn decode_row(bytes: &[u8]) -> Result<Vec<Value>, RowError> {
    if bytes.len() > ROW_BYTES_MAX {
        return Err(RowError::TooLarge);
    }
    let mut rest = bytes;
    if take_byte(&mut rest)? != VERSION {
        return Err(RowError::OtherForm);
    }
    let count = usize::from(take_byte(&mut rest)?);
    if count > VALUES_MAX {
        return Err(RowError::TooLarge);
    }
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(take_value(&mut rest)?);
    }
    if !rest.is_empty() {
        return Err(RowError::MoreBehind);
    }
    Ok(values)
}

/// Appends a row, framed by its length.
fn put_framed(values: &[Value], out: &mut Vec<u8>) -> Result<(), RowError> {
    let row = encode_row(values)?;
    let length = u32::try_from(row.len()).map_err(|_| RowError::TooLarge)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&row);
    Ok(())
}

/// Several rows in one, each framed by its length.
///
/// # Errors
/// As of [`encode_row`], or when there are more than [`ROWS_MAX`].
pub fn encode_rows<'r>(rows: impl IntoIterator<Item = &'r [Value]>) -> Result<Vec<u8>, RowError> {
    let mut out = Vec::new();
    for (row, count) in rows.into_iter().zip(1..) {
        if count > ROWS_MAX {
            return Err(RowError::TooLarge);
        }
        put_framed(row, &mut out)?;
    }
    Ok(out)
}

/// The rows of [`encode_rows`].
///
/// # Errors
/// As of [`decode_row`], or when there are more than [`ROWS_MAX`].
pub fn decode_rows(bytes: &[u8]) -> Result<Vec<Vec<Value>>, RowError> {
    let mut rest = bytes;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        if rows.len() >= ROWS_MAX {
            return Err(RowError::TooLarge);
        }
        let length = take_array::<4>(&mut rest).map(u32::from_be_bytes)?;
        let length = usize::try_from(length).map_err(|_| RowError::TooLarge)?;
        rows.push(decode_row(take(&mut rest, length)?)?);
    }
    Ok(rows)
}

fn put_row(values: &[Value], out: &mut Vec<u8>) -> Result<(), RowError> {
    let count = u8::try_from(values.len()).map_err(|_| RowError::TooLarge)?;
    if values.len() > VALUES_MAX {
        return Err(RowError::TooLarge);
    }
    out.extend_from_slice(&[VERSION, count]);
    for value in values {
        match value {
            Value::Null => out.push(NULL),
            Value::Integer(number) => {
                put_number(INTEGER, shortest_signed(&number.to_be_bytes()), out)
            }
            Value::Real(number) if number.is_nan() => return Err(RowError::Unstorable),
            Value::Real(number) => {
                out.push(REAL);
                out.extend_from_slice(&without_sign_of_zero(*number).to_bits().to_be_bytes());
            }
            Value::Text(text) if text.contains('\0') => return Err(RowError::Unstorable),
            Value::Text(text) => put_string(TEXT, text.as_bytes(), out)?,
            Value::Bytes(bytes) => put_string(BYTES, bytes, out)?,
        }
    }
    Ok(())
}

/// SQLite stores a negative zero as zero, PostgreSQL keeps its sign; compared, they are equal.
#[must_use]
pub fn without_sign_of_zero(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number }
}

fn put_number(kind: u8, digits: &[u8], out: &mut Vec<u8>) {
    // At most eight.
    let count = u8::try_from(digits.len()).unwrap_or(COUNT);
    out.push(kind | count);
    out.extend_from_slice(digits);
}

fn put_string(kind: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RowError> {
    let length = u32::try_from(bytes.len()).map_err(|_| RowError::TooLarge)?;
    put_number(kind, shortest_unsigned(&length.to_be_bytes()), out);
    out.extend_from_slice(bytes);
    Ok(())
}

/// Without the leading bytes that only repeat the sign; zero has no byte at all.
fn shortest_signed(digits: &[u8]) -> &[u8] {
    let mut shortest = digits;
    while let Some((first, rest)) = shortest.split_first() {
        let negative = rest.first().is_some_and(|next| next & 0x80 != 0);
        match (*first, negative) {
            (0x00, false) | (0xff, true) => shortest = rest,
            _ => break,
        }
    }
    shortest
}

fn shortest_unsigned(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    digits.get(zeros..).unwrap_or_default()
}

fn take_value(rest: &mut &[u8]) -> Result<Value, RowError> {
    let tag = take_byte(rest)?;
    let count = tag & COUNT;
    match tag & KIND {
        NULL if count == 0 => Ok(Value::Null),
        INTEGER => take_integer(rest, usize::from(count)).map(Value::Integer),
        REAL if count == 0 => take_real(rest).map(Value::Real),
        TEXT => {
            let text = std::str::from_utf8(take_string(rest, usize::from(count))?)
                .map_err(|_| RowError::Unstorable)?;
            if text.contains('\0') {
                return Err(RowError::Unstorable);
            }
            Ok(Value::Text(text.to_owned()))
        }
        BYTES => take_string(rest, usize::from(count)).map(|bytes| Value::Bytes(bytes.to_vec())),
        _ => Err(RowError::OtherForm),
    }
}

fn take_integer(rest: &mut &[u8], count: usize) -> Result<i64, RowError> {
    let digits = take_digits::<8>(rest, count)?;
    let negative = digits.first().is_some_and(|first| first & 0x80 != 0);
    let mut whole = [if negative { 0xff } else { 0x00 }; 8];
    fill_end(&mut whole, digits);
    if shortest_signed(&whole).len() != count {
        return Err(RowError::OtherForm);
    }
    Ok(i64::from_be_bytes(whole))
}

fn take_real(rest: &mut &[u8]) -> Result<f64, RowError> {
    let number = f64::from_bits(take_array::<8>(rest).map(u64::from_be_bytes)?);
    if number.is_nan() {
        return Err(RowError::Unstorable);
    }
    if number == 0.0 && number.is_sign_negative() {
        return Err(RowError::OtherForm);
    }
    Ok(number)
}

fn take_string<'b>(rest: &mut &'b [u8], count: usize) -> Result<&'b [u8], RowError> {
    let digits = take_digits::<4>(rest, count)?;
    let mut whole = [0_u8; 4];
    fill_end(&mut whole, digits);
    if shortest_unsigned(&whole).len() != count {
        return Err(RowError::OtherForm);
    }
    let length = usize::try_from(u32::from_be_bytes(whole)).map_err(|_| RowError::TooLarge)?;
    take(rest, length)
}

fn take_digits<'b, const N: usize>(
    rest: &mut &'b [u8],
    count: usize,
) -> Result<&'b [u8], RowError> {
    if count > N {
        return Err(RowError::OtherForm);
    }
    take(rest, count)
}

/// Puts the digits at the end of a number that is as long or longer.
fn fill_end(whole: &mut [u8], digits: &[u8]) {
    for (place, digit) in whole.iter_mut().rev().zip(digits.iter().rev()) {
        *place = *digit;
    }
}

fn take_byte(rest: &mut &[u8]) -> Result<u8, RowError> {
    take_array::<1>(rest).map(|[byte]| byte)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], RowError> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(RowError::BrokenOff)?;
    *rest = after;
    Ok(*taken)
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], RowError> {
    let (taken, after) = rest.split_at_checked(length).ok_or(RowError::BrokenOff)?;
    *rest = after;
    Ok(taken)
}
