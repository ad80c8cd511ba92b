//! What an operation does to a document. The document is what is shown of the resource; whoever applies a patch reads the
//! outcome as if it had been sent whole, so that a patch can do nothing that a replacement could not.

use crate::filter::{Filter, Literal, Operator};
use crate::scim::body::{as_flag, find_name};
use crate::scim::patch::{Op, Operation};
use crate::scim::path::{AttributePath, PatchPath};
use crate::scim::problem::{Kind, Problem};
use crate::scim::{GROUP, USER, VALUES_MAX};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Applies an operation.
///
/// # Errors
/// [`Problem`] if there is nothing at its place; the document may then be half changed and is of no use.
pub fn apply(document: &mut Map<String, Value>, operation: &Operation) -> Result<(), Problem> {
    let Operation { op, path, value } = operation;
    match path.at.schema.as_deref() {
        None | Some(USER | GROUP) => {
            if path.at.attribute.is_empty() {
                return apply_each(document, *op, value);
            }
            apply_within(document, *op, path, value)
        }
        Some(schema) => {
            let name = find_name(document, schema).unwrap_or_else(|| schema.to_owned());
            if path.at.attribute.is_empty() && (*op == Op::Remove || value.is_null()) {
                document.remove(&name);
                return Ok(());
            }
            let extension = object_at(document, &name)?;
            if path.at.attribute.is_empty() {
                return apply_each(extension, *op, value);
            }
            apply_within(extension, *op, path, value)?;
            if extension.is_empty() {
                document.remove(&name);
            }
            Ok(())
        }
    }
}

/// The object under a name, made where there is none.
fn object_at<'d>(
    fields: &'d mut Map<String, Value>,
    name: &str,
) -> Result<&'d mut Map<String, Value>, Problem> {
    let found = fields
        .entry(name.to_owned())
        .or_insert_with(|| Value::Object(Map::new()));
    if found.is_null() {
        *found = Value::Object(Map::new());
    }
    match found {
        Value::Object(inner) => Ok(inner),
        _ => Err(Problem::of(
            Kind::InvalidPath,
            format!("{name}: it has no parts"),
        )),
    }
}

/// Each member of an object as an operation of its own.
fn apply_each(fields: &mut Map<String, Value>, op: Op, value: &Value) -> Result<(), Problem> {
    let Value::Object(values) = value else {
        let detail = "a schema as a whole takes an object";
        return Err(Problem::of(Kind::InvalidValue, detail));
    };
    for (name, value) in values {
        // What a document says it is of is no attribute of it.
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let path = PatchPath {
            at: AttributePath {
                schema: None,
                attribute: name.clone(),
                part: None,
            },
            filter: None,
        };
        apply_within(fields, op, &path, value)?;
    }
    Ok(())
}

fn apply_within(
    fields: &mut Map<String, Value>,
    op: Op,
    path: &PatchPath,
    value: &Value,
) -> Result<(), Problem> {
    let name = find_name(fields, &path.at.attribute).unwrap_or_else(|| path.at.attribute.clone());
    match (&path.filter, &path.at.part) {
        (None, None) => set_whole(fields, op, name, value),
        (None, Some(part)) => set_part(fields, op, &name, part, value),
        (Some(filter), part) => {
            let list = fields
                .entry(name.clone())
                .or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = list else {
                let detail = format!("{name}: it has no values to choose from");
                return Err(Problem::of(Kind::InvalidPath, detail));
            };
            set_chosen(list, op, filter, part.as_deref(), value)?;
            if list.is_empty() {
                fields.remove(&name);
            }
            Ok(())
        }
    }
}

fn set_whole(
    fields: &mut Map<String, Value>,
    op: Op,
    name: String,
    value: &Value,
) -> Result<(), Problem> {
    match (op, fields.get_mut(&name), value) {
        (Op::Remove, Some(Value::Array(present)), Value::Array(gone)) => {
            present.retain(|one| !gone.iter().any(|named| is_same(one, named)));
            if present.is_empty() {
                fields.remove(&name);
            }
        }
        (Op::Remove, ..) | (Op::Replace, _, Value::Null) => {
            fields.remove(&name);
        }
        (Op::Add, _, Value::Null) => {}
        (Op::Add, Some(Value::Array(present)), value) => {
            let added = match value {
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            for one in added {
                if !present.contains(one) {
                    present.push(one.clone());
                }
            }
            if present.len() > VALUES_MAX {
                let detail = format!("{name}: at most {VALUES_MAX} values are possible");
                return Err(Problem::of(Kind::TooMany, detail));
            }
        }
        (Op::Add | Op::Replace, Some(Value::Object(present)), Value::Object(parts)) => {
            // A replacement of a complex value replaces the parts that are named (RFC 7644 section 3.5.2.3).
            for (part, value) in parts {
                put(present, part, value);
            }
        }
        (Op::Add | Op::Replace, _, value) => {
            fields.insert(name, value.clone());
        }
    }
    Ok(())
}

/// Whether a value is the one that is named: by its `value`, else as a whole.
fn is_same(one: &Value, named: &Value) -> bool {
    match (one.get("value"), named.get("value")) {
        (Some(own), Some(named)) => own == named,
        _ => one == named,
    }
}

fn put(fields: &mut Map<String, Value>, part: &str, value: &Value) {
    let name = find_name(fields, part).unwrap_or_else(|| part.to_owned());
    if value.is_null() {
        fields.remove(&name);
    } else {
        fields.insert(name, value.clone());
    }
}

fn set_part(
    fields: &mut Map<String, Value>,
    op: Op,
    name: &str,
    part: &str,
    value: &Value,
) -> Result<(), Problem> {
    let gone = &Value::Null;
    let value = if op == Op::Remove { gone } else { value };
    if let Some(Value::Array(list)) = fields.get_mut(name) {
        for one in list.iter_mut() {
            if let Value::Object(one) = one {
                put(one, part, value);
            }
        }
        return Ok(());
    }
    if op == Op::Remove && !fields.contains_key(name) {
        return Ok(());
    }
    let object = object_at(fields, name)?;
    put(object, part, value);
    if object.is_empty() {
        fields.remove(name);
    }
    Ok(())
}

fn set_chosen(
    list: &mut Vec<Value>,
    op: Op,
    filter: &Filter,
    part: Option<&str>,
    value: &Value,
) -> Result<(), Problem> {
    if !list.iter().any(|one| holds(filter, one)) {
        let made = match op {
            Op::Add => make_value(filter, part, value),
            Op::Remove | Op::Replace => None,
        };
        let detail = format!("[{filter}]: no value is so");
        list.push(made.ok_or_else(|| Problem::of(Kind::NoTarget, detail))?);
        return Ok(());
    }
    if op == Op::Remove && part.is_none() {
        list.retain(|one| !holds(filter, one));
        return Ok(());
    }
    let gone = &Value::Null;
    let value = if op == Op::Remove { gone } else { value };
    for one in list.iter_mut().filter(|one| holds(filter, one)) {
        match (part, one, value) {
            (Some(part), Value::Object(one), value) => put(one, part, value),
            (None, Value::Object(one), Value::Object(parts)) if op == Op::Add => {
                for (part, value) in parts {
                    put(one, part, value);
                }
            }
            (None, one, value) => *one = value.clone(),
            (Some(part), ..) => {
                let detail = format!("{part}: the value has no parts");
                return Err(Problem::of(Kind::InvalidPath, detail));
            }
        }
    }
    Ok(())
}

/// A value for which the filter holds, where it says by `eq` alone what that is like.
fn make_value(filter: &Filter, part: Option<&str>, value: &Value) -> Option<Value> {
    let mut fields = Map::new();
    let terms = match filter {
        Filter::And(terms) => terms.as_slice(),
        one => std::slice::from_ref(one),
    };
    for term in terms {
        let Filter::Compare {
            attribute,
            operator: Operator::Equal,
            literal,
        } = term
        else {
            return None;
        };
        let literal = match literal {
            Literal::Text(text) => Value::from(text.as_str()),
            Literal::Number(number) => Value::from(*number),
            Literal::Flag(flag) => Value::from(*flag),
        };
        fields.insert(attribute.clone(), literal);
    }
    match (part, value) {
        (Some(part), value) => put(&mut fields, part, value),
        (None, Value::Object(parts)) => {
            for (part, value) in parts {
                put(&mut fields, part, value);
            }
        }
        (None, _) => return None,
    }
    Some(Value::Object(fields))
}

/// Whether a filter over the parts of a value holds for it; a simple value is its own part `value`.
#[must_use]
pub fn holds(filter: &Filter, value: &Value) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| holds(part, value)),
        Filter::Or(parts) => parts.iter().any(|part| holds(part, value)),
        Filter::Not(inner) => !holds(inner, value),
        Filter::Within { .. } => false,
        Filter::Present(name) => part_of(value, name).is_some_and(|part| !part.is_null()),
        Filter::Compare {
            attribute,
            operator,
            literal,
        } => match part_of(value, attribute) {
            Some(part) => compare(part, *operator, literal),
            None => *operator == Operator::NotEqual,
        },
    }
}

fn part_of<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.get(&find_name(fields, name)?),
        simple => name.eq_ignore_ascii_case("value").then_some(simple),
    }
}

fn compare(found: &Value, operator: Operator, literal: &Literal) -> bool {
    let order = match (found, literal) {
        (Value::String(found), Literal::Text(wanted)) => {
            let (found, wanted) = (found.to_lowercase(), wanted.to_lowercase());
            match operator {
                Operator::StartsWith => return found.starts_with(&wanted),
                Operator::Contains => return found.contains(&wanted),
                Operator::EndsWith => return found.ends_with(&wanted),
                _ => Some(found.cmp(&wanted)),
            }
        }
        (Value::Number(found), Literal::Number(wanted)) => {
            found.as_i64().map(|found| found.cmp(wanted))
        }
        (found, wanted) => match (as_flag(found), as_wanted_flag(wanted)) {
            (Some(found), Some(wanted)) => {
                return (found == wanted) == (operator != Operator::NotEqual);
            }
            _ => None,
        },
    };
    match (operator, order) {
        (Operator::NotEqual, order) => order != Some(Ordering::Equal),
        (Operator::Equal, order) => order == Some(Ordering::Equal),
        (Operator::Greater, Some(order)) => order.is_gt(),
        (Operator::GreaterOrEqual, Some(order)) => order.is_ge(),
        (Operator::Less, Some(order)) => order.is_lt(),
        (Operator::LessOrEqual, Some(order)) => order.is_le(),
        _ => false,
    }
}

/// Some clients write `primary eq "True"`.
fn as_wanted_flag(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Flag(flag) => Some(*flag),
        Literal::Text(text) => as_flag(&Value::from(text.as_str())),
        Literal::Number(_) => None,
    }
}
