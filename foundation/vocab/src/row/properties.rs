//! What must hold of the reader of rows for any bytes whatever. Run by property tests of this crate on random input
//! and by a fuzz target on searched input. A check never panics: it returns what was violated.

use crate::row::{ROW_BYTES_MAX, ROWS_MAX, decode_row, decode_rows, encode_row, encode_rows};

/// A property that does not hold, in words.
pub type Violation = &'static str;

fn hold(is_held: bool, violation: Violation) -> Result<(), Violation> {
    if is_held { Ok(()) } else { Err(violation) }
}

/// Bytes that are read as a row, or as rows, are the one spelling of what was read.
///
/// # Errors
/// The property that does not hold.
pub fn check_row(bytes: &[u8]) -> Result<(), Violation> {
    if let Ok(values) = decode_row(bytes) {
        hold(
            bytes.len() <= ROW_BYTES_MAX,
            "a row over its bound was read",
        )?;
        let again = encode_row(&values).map_err(|_| "a row that was read has no bytes")?;
        hold(again == bytes, "a row has a second spelling")?;
    }
    if let Ok(rows) = decode_rows(bytes) {
        hold(
            rows.len() <= ROWS_MAX,
            "more rows were read than there may be",
        )?;
        let again = encode_rows(rows.iter().map(Vec::as_slice))
            .map_err(|_| "rows that were read have no bytes")?;
        hold(again == bytes, "rows have a second spelling")?;
    }
    Ok(())
}
