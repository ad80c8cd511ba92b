//! Runs one statement on a SQLite connection: cached, bound by the number in each parameter's name, rows as values.
//!
//! SQLite takes `$2` for a *named* parameter and numbers names by first appearance: `SET a = $2 WHERE b = $1` bound by
//! position would silently swap the two. So every parameter is bound by the number in its name, never by its place.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, ErrorCode, ffi};
use vocab::value::Value;

use crate::dialect::without_row_lock;
use crate::fault::{DatabaseFault, FaultKind, render_attempt};
use crate::row::Row;
use crate::sql::Sql;

/// Runs a statement that returns rows.
pub(crate) fn query(
    connection: &Connection,
    sql: Sql<'_>,
    params: &[Value],
) -> Result<Vec<Row>, DatabaseFault> {
    let mut statement = prepare(connection, sql.text, params)?;
    let columns = statement.column_count();
    let mut cursor = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = cursor.next().map_err(|error| fault_of(error, sql.text))? {
        let mut values = Vec::with_capacity(columns);
        for index in 0..columns {
            let cell = row
                .get_ref(index)
                .map_err(|error| fault_of(error, sql.text))?;
            values.push(value_of(cell, sql.text)?);
        }
        rows.push(Row::new(values, sql.name));
    }
    Ok(rows)
}

/// Runs a statement that returns no rows, and says how many rows it touched.
pub(crate) fn execute(
    connection: &Connection,
    sql: Sql<'_>,
    params: &[Value],
) -> Result<u64, DatabaseFault> {
    let mut statement = prepare(connection, sql.text, params)?;
    if statement.column_count() > 0 {
        return Err(refuse_rows(sql.text));
    }
    let touched = statement
        .raw_execute()
        .map_err(|error| fault_of(error, sql.text))?;
    Ok(u64::try_from(touched).unwrap_or(u64::MAX))
}

/// Runs a change of the schema.
pub(crate) fn change_schema(connection: &Connection, sql: &str) -> Result<(), DatabaseFault> {
    connection
        .execute_batch(sql)
        .map_err(|error| fault_of(error, sql))
}

/// `execute` is for statements without rows, on both engines.
pub(crate) fn refuse_rows(sql: &str) -> DatabaseFault {
    let attempted = format!("{} (returns rows: ask with query)", render_attempt(sql));
    DatabaseFault::new(FaultKind::Other, attempted)
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    params: &[Value],
) -> Result<CachedStatement<'c>, DatabaseFault> {
    let mut statement = connection
        .prepare_cached(without_row_lock(sql))
        .map_err(|error| fault_of(error, sql))?;
    let count = statement.parameter_count();
    // Each distinct `$N` is one parameter, so with equal counts and every number in range each value has its place.
    if count != params.len() {
        return Err(wrong_count(sql, count, params.len()));
    }
    let in_order = is_in_order(sql, count);
    for index in 1..=count {
        let number = if in_order {
            Some(index)
        } else {
            statement
                .parameter_name(index)
                .and_then(parse_parameter_number)
        };
        let value = number
            .and_then(|number| params.get(number - 1))
            .ok_or_else(|| wrong_name(sql, index))?;
        bind(&mut statement, index, value, sql)?;
    }
    Ok(statement)
}

/// Whether the parameters `$1` to `$count` appear first in this order, so that the number in each name is its place: to ask
/// for each name would cost more than many a statement does. It is not said of texts that could hide a mark.
pub(crate) fn is_in_order(sql: &str, count: usize) -> bool {
    let bytes = sql.as_bytes();
    let (mut highest, mut before, mut is_quoted) = (0, b' ', false);
    for (at, byte) in bytes.iter().copied().enumerate() {
        match (byte, before) {
            (b'\'', _) => is_quoted = !is_quoted,
            (b'"' | b'`' | b'[', _) | (b'-', b'-') | (b'*', b'/') => return false,
            (b'$', _) if is_quoted => return false,
            // SQLite takes the mark for a part of a name.
            (b'$', b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..) => return false,
            (b'$', _) => match parse_plain_number(bytes.get(at + 1..).unwrap_or_default()) {
                Some(number) if number <= highest + 1 => highest = highest.max(number),
                _ => return false,
            },
            _ => {}
        }
        before = byte;
    }
    highest == count
}

/// The number with which a text begins, if nothing follows it that could belong to the same name.
fn parse_plain_number(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b' ' | b',' | b')' | b'\n'));
    let digits = text.get(..end.unwrap_or(text.len()))?;
    let is_number = digits.first() != Some(&b'0') && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    digits.parse().ok()
}

/// `$7` is the seventh value; any other name is refused.
pub(crate) fn parse_parameter_number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('$')?;
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}

fn bind(
    statement: &mut CachedStatement<'_>,
    index: usize,
    value: &Value,
    sql: &str,
) -> Result<(), DatabaseFault> {
    let bound = match value {
        Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null),
        Value::Integer(number) => statement.raw_bind_parameter(index, number),
        Value::Real(number) if number.is_nan() => return Err(unfit(sql, index, "not a number")),
        Value::Real(number) => statement.raw_bind_parameter(index, number),
        // PostgreSQL cannot store it; refusing it here too keeps the engines alike.
        Value::Text(text) if text.contains('\0') => {
            return Err(unfit(sql, index, "text with a NUL character"));
        }
        Value::Text(text) => statement.raw_bind_parameter(index, text.as_str()),
        Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes.as_slice()),
    };
    bound.map_err(|error| fault_of(error, sql))
}

fn value_of(cell: ValueRef<'_>, sql: &str) -> Result<Value, DatabaseFault> {
    Ok(match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|error| {
                DatabaseFault::caused(FaultKind::Corrupt, render_attempt(sql), error)
            })?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

pub(crate) fn wrong_count(sql: &str, wanted: usize, given: usize) -> DatabaseFault {
    let attempted = format!(
        "{} takes {wanted} parameters, not {given}",
        render_attempt(sql)
    );
    DatabaseFault::new(FaultKind::Other, attempted)
}

fn wrong_name(sql: &str, index: usize) -> DatabaseFault {
    let attempted = format!(
        "{}: parameter {index} is not one of $1, $2, … without a gap",
        render_attempt(sql)
    );
    DatabaseFault::new(FaultKind::Other, attempted)
}

pub(crate) fn unfit(sql: &str, number: usize, what: &str) -> DatabaseFault {
    let attempted = format!("{}: parameter {number} is {what}", render_attempt(sql));
    DatabaseFault::new(FaultKind::TypeMismatch, attempted)
}

/// What a SQLite error means to us.
pub(crate) fn fault_of(error: rusqlite::Error, attempted: &str) -> DatabaseFault {
    let kind = match &error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            kind_of_failure(*failure, message.as_deref().unwrap_or_default())
        }
        _ => FaultKind::Other,
    };
    DatabaseFault::caused(kind, render_attempt(attempted), error)
}

fn kind_of_failure(failure: ffi::Error, message: &str) -> FaultKind {
    match failure.code {
        ErrorCode::ConstraintViolation => kind_of_constraint(failure.extended_code, message),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => FaultKind::Corrupt,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => FaultKind::Retryable,
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed => FaultKind::Unavailable,
        ErrorCode::TypeMismatch | ErrorCode::TooBig => FaultKind::TypeMismatch,
        _ => FaultKind::Other,
    }
}

fn kind_of_constraint(extended_code: std::ffi::c_int, message: &str) -> FaultKind {
    // "UNIQUE constraint failed: people.org, people.login", or "…: index 'people_by_login'" for an expression index.
    let hint = message.split_once(": ").map_or(message, |(_, hint)| hint);
    match extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => {
            let table = hint.split_once('.').map_or(hint, |(table, _)| table);
            FaultKind::UniqueViolation {
                table: table.to_owned(),
                hint: hint.to_owned(),
            }
        }
        // A STRICT table: "cannot store TEXT value in INT column people.age".
        ffi::SQLITE_CONSTRAINT_DATATYPE => FaultKind::TypeMismatch,
        _ => FaultKind::ConstraintViolation {
            hint: hint.to_owned(),
        },
    }
}
