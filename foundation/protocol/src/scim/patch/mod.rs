//! A patch (RFC 7644 section 3.5.2): its operations, also in the forms that clients in the field send.
//!
//! Tolerated beyond the RFC: operations in any case (`Replace`), an object without a path whose names are paths themselves
//! (`{"name.givenName": "A"}`), and the removal of values that are named by `value` rather than by a filter.

pub mod apply;

use crate::scim::body::{Fields, parse_object};
use crate::scim::path::PatchPath;
use crate::scim::problem::{Kind, Problem};
use crate::scim::{BODY_BYTES_MAX, PATCH_OP, PATCH_OPERATIONS_MAX};
use serde_json::{Map, Value};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Adds a value beside others, or sets the only one.
    Add,
    /// Takes values away.
    Remove,
    /// Sets a value in place of another.
    Replace,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// Where.
    pub path: PatchPath,
    /// With what; `null` where nothing was said.
    pub value: Value,
}

/// Reads the body of a patch.
///
/// # Errors
/// [`Problem`] for anything else, or too much.
pub fn parse_patch(bytes: &[u8]) -> Result<Vec<Operation>, Problem> {
    if bytes.len() > BODY_BYTES_MAX {
        let detail = format!("a patch has at most {BODY_BYTES_MAX} bytes");
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    }
    read_patch(parse_object(bytes)?)
}

/// Reads a patch that is part of a message.
///
/// # Errors
/// As [`parse_patch`].
pub fn read_patch(body: Map<String, Value>) -> Result<Vec<Operation>, Problem> {
    let mut fields = Fields::of(body);
    if let Some(schemas) = fields.take_list("schemas")?
        && !schemas.iter().any(|schema| schema == PATCH_OP)
    {
        let detail = format!("schemas: a patch is of {PATCH_OP}");
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    }
    let operations = fields
        .take_list("Operations")?
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| Problem::of(Kind::InvalidSyntax, "Operations: at least one is required"))?;
    let mut read = Vec::new();
    for operation in operations {
        let Value::Object(operation) = operation else {
            return Err(Problem::of(
                Kind::InvalidSyntax,
                "Operations: each is an object",
            ));
        };
        read_operation(Fields::of(operation), &mut read)?;
        if read.len() > PATCH_OPERATIONS_MAX {
            let detail = format!("Operations: a patch has at most {PATCH_OPERATIONS_MAX}");
            return Err(Problem::of(Kind::TooMany, detail));
        }
    }
    Ok(read)
}

fn read_operation(mut fields: Fields, read: &mut Vec<Operation>) -> Result<(), Problem> {
    let word = fields.take_text("op")?.unwrap_or_default();
    let op = match word.to_ascii_lowercase().as_str() {
        "add" => Op::Add,
        "remove" => Op::Remove,
        "replace" => Op::Replace,
        _ => {
            let detail = "op: use add, remove or replace";
            return Err(Problem::of(Kind::InvalidSyntax, detail));
        }
    };
    let path = fields.take_text("path")?.filter(|path| !path.is_empty());
    let is_named = fields.names("value");
    let value = fields.take("value").unwrap_or_default();
    if op != Op::Remove && !is_named {
        let detail = "value: it is required";
        return Err(Problem::of(Kind::InvalidValue, detail));
    }
    match (path, value) {
        (Some(path), value) => {
            let path = PatchPath::parse(&path)?;
            read.push(Operation { op, path, value });
        }
        (None, _) if op == Op::Remove => {
            let detail = "path: what is removed is named by it";
            return Err(Problem::of(Kind::NoTarget, detail));
        }
        (None, Value::Object(values)) => {
            let before = read.len();
            for (name, value) in values {
                if name.eq_ignore_ascii_case("schemas") {
                    continue;
                }
                let path = PatchPath::parse(&name)?;
                read.push(Operation { op, path, value });
            }
            if read.len() == before {
                let detail = "value: without a path it names at least one attribute";
                return Err(Problem::of(Kind::InvalidValue, detail));
            }
        }
        (None, _) => {
            let detail = "value: without a path it is an object";
            return Err(Problem::of(Kind::InvalidValue, detail));
        }
    }
    Ok(())
}
