//! Which attributes of a resource are shown (RFC 7644 section 3.9): those that are named, or all but those that are.

use crate::scim::path::AttributePath;
use crate::scim::problem::{Kind, Problem};
use crate::scim::{NAMED_IN_PATHS, SHOWN_MAX};
use serde_json::{Map, Value};

/// What is always shown.
const ALWAYS: [&str; 2] = ["schemas", "id"];

/// What a request wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Projection {
    /// What is shown unless it is said.
    #[default]
    Usual,
    /// These alone.
    Only(Vec<AttributePath>),
    /// The usual without these.
    Without(Vec<AttributePath>),
}

impl Projection {
    /// Reads the two lists of names, of which there may be one.
    ///
    /// # Errors
    /// [`Problem`] for both of them, for too many names, and for what is no name.
    pub fn parse<'n>(
        attributes: impl IntoIterator<Item = &'n str>,
        excluded: impl IntoIterator<Item = &'n str>,
    ) -> Result<Self, Problem> {
        let (attributes, excluded) = (parse_names(attributes)?, parse_names(excluded)?);
        match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) => Ok(Self::Usual),
            (false, true) => Ok(Self::Only(attributes)),
            (true, false) => Ok(Self::Without(excluded)),
            (false, false) => Err(Problem::of(
                Kind::InvalidValue,
                "attributes and excludedAttributes exclude each other",
            )),
        }
    }

    /// Whether an attribute of the core schema that is shown on request alone is to be shown.
    #[must_use]
    pub fn wants_on_request(&self, attribute: &str) -> bool {
        match self {
            Self::Only(named) => named.iter().any(|path| path.is_core(attribute)),
            Self::Usual | Self::Without(_) => false,
        }
    }

    /// Whether an attribute of the core schema that is usually shown is to be shown, or a part of it.
    #[must_use]
    pub fn wants(&self, attribute: &str) -> bool {
        match self {
            Self::Usual => true,
            Self::Only(named) => named.iter().any(|path| path.is_core(attribute)),
            Self::Without(named) => !named
                .iter()
                .any(|path| path.is_core(attribute) && path.part.is_none()),
        }
    }

    /// Leaves of a resource what is to be seen.
    #[must_use]
    pub fn apply(&self, resource: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Usual => resource,
            Self::Only(named) => keep(resource, &|path| {
                // A part is seen if its whole was named; a whole, as far as one of its parts was.
                named.iter().any(|wanted| path.is_named_by(wanted))
            }),
            Self::Without(named) => keep(resource, &|path| {
                !named.iter().any(|unwanted| path.is_named_by(unwanted))
            }),
        }
    }
}

fn parse_names<'n>(
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<AttributePath>, Problem> {
    let mut paths = Vec::new();
    for name in names {
        let name = name.trim();
        if name.is_empty() {
            continue;
        }
        if paths.len() == SHOWN_MAX {
            let detail = format!("at most {SHOWN_MAX} attributes can be named");
            return Err(Problem::of(Kind::TooMany, detail));
        }
        paths.push(AttributePath::parse(name)?);
    }
    Ok(paths)
}

type Wanted<'w> = &'w dyn Fn(&AttributePath) -> bool;

fn keep(resource: Map<String, Value>, wanted: Wanted<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in resource {
        let is_schema = NAMED_IN_PATHS.contains(&name.as_str());
        match value {
            value if ALWAYS.contains(&name.as_str()) => {
                kept.insert(name, value);
            }
            Value::Object(parts) if is_schema => {
                let inner = keep_attributes(Some(&name), parts, wanted);
                if !inner.is_empty() {
                    kept.insert(name, Value::Object(inner));
                }
            }
            value => {
                if let Some(value) = keep_attribute(None, &name, value, wanted) {
                    kept.insert(name, value);
                }
            }
        }
    }
    kept
}

fn keep_attributes(
    schema: Option<&str>,
    fields: Map<String, Value>,
    wanted: Wanted<'_>,
) -> Map<String, Value> {
    let kept = fields.into_iter().filter_map(|(name, value)| {
        let value = keep_attribute(schema, &name, value, wanted)?;
        Some((name, value))
    });
    kept.collect()
}

fn keep_attribute(
    schema: Option<&str>,
    name: &str,
    value: Value,
    wanted: Wanted<'_>,
) -> Option<Value> {
    let path = |part: Option<&str>| AttributePath {
        schema: schema.map(str::to_owned),
        attribute: name.to_owned(),
        part: part.map(str::to_owned),
    };
    let parts = |fields: Map<String, Value>| -> Map<String, Value> {
        let kept = fields.into_iter();
        kept.filter(|(part, _)| wanted(&path(Some(part)))).collect()
    };
    match value {
        Value::Object(fields) => {
            let kept = parts(fields);
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(values) => {
            let kept: Vec<Value> = values
                .into_iter()
                .filter_map(|value| match value {
                    Value::Object(fields) => {
                        let kept = parts(fields);
                        (!kept.is_empty()).then_some(Value::Object(kept))
                    }
                    simple => wanted(&path(None)).then_some(simple),
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        simple => wanted(&path(None)).then_some(simple),
    }
}
