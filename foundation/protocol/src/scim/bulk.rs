//! Several operations at once (RFC 7644 section 3.7): what they are, in which order they can be done, and what stands for
//! a resource that one of them makes.

use crate::scim::body::{Fields, parse_object};
use crate::scim::problem::{Kind, Problem};
use crate::scim::{BULK_BYTES_MAX, BULK_ID_BYTES_MAX, BULK_OPERATIONS_MAX, BULK_REQUEST};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a reference to a resource of the same request begins with.
const REFERENCE: &str = "bulkId:";

/// The methods of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Make a resource.
    Post,
    /// Replace one.
    Put,
    /// Change one.
    Patch,
    /// Remove one.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// What it does.
    pub method: Method,
    /// Where, below the address of the server: `/Users`, `/Users/00u…`, `/Groups/bulkId:a`.
    pub path: String,
    /// What the resource that it makes is called in this request.
    pub bulk_id: Option<String>,
    /// The version that it is made on condition of.
    pub version: Option<String>,
    /// What it brings.
    pub data: Map<String, Value>,
}

/// A whole request.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After so many errors the rest is left undone.
    pub fail_on_errors: Option<usize>,
    /// The operations.
    pub operations: Vec<BulkOperation>,
}

/// Reads a request.
///
/// # Errors
/// [`Problem`] for anything else, or too much.
pub fn parse_bulk(bytes: &[u8]) -> Result<BulkRequest, Problem> {
    if bytes.len() > BULK_BYTES_MAX {
        let detail = format!("a request has at most {BULK_BYTES_MAX} bytes");
        return Err(Problem::of(Kind::TooMany, detail));
    }
    let mut fields = Fields::of(parse_object(bytes)?);
    if let Some(schemas) = fields.take_list("schemas")?
        && !schemas.iter().any(|schema| schema == BULK_REQUEST)
    {
        let detail = format!("schemas: several operations are of {BULK_REQUEST}");
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    }
    let fail_on_errors = match fields.take("failOnErrors") {
        None => None,
        Some(value) => {
            let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
            let detail = "failOnErrors: use a whole number from 1 on";
            Some(
                count
                    .filter(|count| *count > 0)
                    .ok_or_else(|| Problem::of(Kind::InvalidValue, detail))?,
            )
        }
    };
    let listed = fields.take_list("Operations")?.unwrap_or_default();
    if listed.is_empty() {
        let detail = "Operations: at least one is required";
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    }
    if listed.len() > BULK_OPERATIONS_MAX {
        let detail = format!("Operations: at most {BULK_OPERATIONS_MAX} are done at once");
        return Err(Problem::of(Kind::TooMany, detail));
    }
    let mut operations = Vec::with_capacity(listed.len());
    let mut names = BTreeSet::new();
    for operation in listed {
        let operation = read_operation(operation)?;
        if let Some(name) = &operation.bulk_id
            && !names.insert(name.clone())
        {
            let detail = format!("bulkId: {name:?} stands there twice");
            return Err(Problem::of(Kind::InvalidValue, detail));
        }
        operations.push(operation);
    }
    Ok(BulkRequest {
        fail_on_errors,
        operations,
    })
}

fn read_operation(operation: Value) -> Result<BulkOperation, Problem> {
    let Value::Object(operation) = operation else {
        let detail = "Operations: each is an object";
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    };
    let mut fields = Fields::of(operation);
    let word = fields.take_text("method")?.unwrap_or_default();
    let method = match word.to_ascii_uppercase().as_str() {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => {
            let detail = "method: use POST, PUT, PATCH or DELETE";
            return Err(Problem::of(Kind::InvalidSyntax, detail));
        }
    };
    let path = fields.take_text("path")?.unwrap_or_default();
    let bulk_id = fields.take_text("bulkId")?;
    let is_named = bulk_id
        .as_deref()
        .is_some_and(|name| !name.is_empty() && name.len() <= BULK_ID_BYTES_MAX);
    if (method == Method::Post || bulk_id.is_some()) && !is_named {
        let detail = format!("bulkId: a POST needs one of 1 to {BULK_ID_BYTES_MAX} bytes");
        return Err(Problem::of(Kind::InvalidValue, detail));
    }
    let version = fields.take_text("version")?;
    let data = match fields.take("data") {
        None => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => {
            let detail = "data: it must be an object";
            return Err(Problem::of(Kind::InvalidSyntax, detail));
        }
    };
    Ok(BulkOperation {
        method,
        path,
        bulk_id,
        version,
        data,
    })
}

/// The resources of the same request that an operation names.
#[must_use]
pub fn references(operation: &BulkOperation) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some((_, name)) = operation.path.split_once(REFERENCE) {
        found.insert(name.to_owned());
    }
    for value in operation.data.values() {
        collect(value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.extend(text.strip_prefix(REFERENCE).map(str::to_owned));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, found)),
        Value::Object(fields) => fields.values().for_each(|part| collect(part, found)),
        _ => {}
    }
}

/// The operation with ids in place of the names that stand for them.
#[must_use]
pub fn resolve(operation: &BulkOperation, ids: &BTreeMap<String, String>) -> BulkOperation {
    let path = match operation.path.split_once(REFERENCE) {
        Some((before, name)) => match ids.get(name) {
            Some(id) => format!("{before}{id}"),
            None => operation.path.clone(),
        },
        None => operation.path.clone(),
    };
    let data = operation.data.iter();
    BulkOperation {
        path,
        data: data
            .map(|(name, value)| (name.clone(), replace(value, ids)))
            .collect(),
        ..operation.clone()
    }
}

fn replace(value: &Value, ids: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let id = text.strip_prefix(REFERENCE).and_then(|name| ids.get(name));
            Value::from(id.unwrap_or(text).as_str())
        }
        Value::Array(parts) => parts.iter().map(|part| replace(part, ids)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, part)| (name.clone(), replace(part, ids)))
            .collect(),
        simple => simple.clone(),
    }
}

/// When an operation can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The one at this place of the request is next.
    Do(usize),
    /// The one at this place waits for one that waits for it, or for a name that nobody has (409).
    Refuse(usize),
}

/// The order in which operations are done: as they stand there, but one that names a resource is done after the one that
/// makes it. The walk goes down no further than there are operations, and looks at each once.
#[must_use]
pub fn plan_turns(operations: &[BulkOperation]) -> Vec<Turn> {
    let needs: Vec<BTreeSet<String>> = operations.iter().map(references).collect();
    let makers: BTreeMap<&str, usize> = operations
        .iter()
        .enumerate()
        .filter_map(|(place, operation)| Some((operation.bulk_id.as_deref()?, place)))
        .filter(|(_, place)| {
            operations
                .get(*place)
                .is_some_and(|one| one.method == Method::Post)
        })
        .collect();
    let mut planned = Planner {
        needs: &needs,
        makers: &makers,
        seen: vec![Seen::Not; operations.len()],
        turns: Vec::with_capacity(operations.len()),
    };
    for place in 0..operations.len() {
        planned.visit(place);
    }
    planned.turns
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    Waiting,
    Planned,
    Refused,
}

struct Planner<'o> {
    needs: &'o [BTreeSet<String>],
    makers: &'o BTreeMap<&'o str, usize>,
    seen: Vec<Seen>,
    turns: Vec<Turn>,
}

impl Planner<'_> {
    /// With a stack of its own: a chain may be as long as the request.
    fn visit(&mut self, first: usize) {
        let mut stack = vec![first];
        while let Some(place) = stack.last().copied() {
            match self.state(place) {
                Seen::Planned | Seen::Refused => {
                    stack.pop();
                }
                Seen::Not => {
                    self.set(place, Seen::Waiting);
                    let waiting: Vec<usize> = self
                        .makers_of(place)
                        .flatten()
                        .filter(|maker| self.state(*maker) == Seen::Not)
                        .collect();
                    stack.extend(waiting);
                }
                Seen::Waiting => {
                    // Everything that could be done before it is done: whoever still waits waits for this one.
                    let is_ready = self
                        .makers_of(place)
                        .all(|maker| maker.is_some_and(|maker| self.state(maker) == Seen::Planned));
                    let (seen, turn) = match is_ready {
                        true => (Seen::Planned, Turn::Do(place)),
                        false => (Seen::Refused, Turn::Refuse(place)),
                    };
                    self.set(place, seen);
                    self.turns.push(turn);
                    stack.pop();
                }
            }
        }
    }

    fn makers_of(&self, place: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        let names = self.needs.get(place).into_iter().flatten();
        names.map(|name| self.makers.get(name.as_str()).copied())
    }

    fn state(&self, place: usize) -> Seen {
        self.seen.get(place).copied().unwrap_or(Seen::Refused)
    }

    fn set(&mut self, place: usize, seen: Seen) {
        if let Some(slot) = self.seen.get_mut(place) {
            *slot = seen;
        }
    }
}
