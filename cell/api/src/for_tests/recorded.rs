//! Writes down what the tests were answered, so that it can be held against the description that clients in the field are made
//! of: `cargo xtask test` does that when the tests of this crate are through.

use crate::for_tests::described::Seen;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Names the file; without it nothing is written down.
const PLACE: &str = "TESTUDO_ANSWERS";

static FILE: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let place = std::env::var_os(PLACE)?;
    let file = OpenOptions::new().create(true).append(true).open(place);
    Some(Mutex::new(file.unwrap()))
});

/// Writes down an answer of the operation at that path, on a line of its own.
pub(crate) fn record(path: &str, seen: &Seen<'_>) {
    let Some(file) = &*FILE else { return };
    let body: Value = serde_json::from_slice(seen.answered).unwrap_or_default();
    let line = json!({
        "method": seen.method,
        "path": path,
        "status": seen.status.as_u16(),
        "body": body,
    });
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(file, "{line}").unwrap();
}
