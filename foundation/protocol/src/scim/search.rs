//! What a list is asked for (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865): by a query or by a body, the same.

use crate::scim::SEARCH_REQUEST;
use crate::scim::body::{Fields, parse_object};
use crate::scim::problem::{Kind, Problem};
use crate::scim::projection::Projection;
use serde_json::Value;

/// Most parameters of a query.
pub const PARAMETERS_MAX: usize = 32;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At a number, counted from 1.
    Index(usize),
    /// Behind what a cursor says; at the beginning for an empty one.
    Cursor(String),
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// From the least.
    #[default]
    Ascending,
    /// From the greatest.
    Descending,
}

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// What must hold.
    pub filter: Option<String>,
    /// By which attribute it is sorted.
    pub sort_by: Option<String>,
    /// In which direction.
    pub sort_order: SortOrder,
    /// Where the page begins.
    pub start: Start,
    /// How long it may be.
    pub count: Option<usize>,
    /// What is shown of each.
    pub projection: Projection,
}

/// What a list may be asked by, before it is understood.
#[derive(Default)]
struct Said {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<i64>,
    cursor: Option<String>,
    count: Option<i64>,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

fn is(name: &str, word: &str) -> bool {
    name.eq_ignore_ascii_case(word)
}

fn number(name: &str, kind: Kind, text: &str) -> Result<i64, Problem> {
    text.parse()
        .map_err(|_| Problem::of(kind, format!("{name}: use a whole number")))
}

/// Reads a query. Parameters that nobody knows are refused: what is asked for is done, or it is told that it is not.
///
/// # Errors
/// [`Problem`] for anything that means nothing here, and for what stands twice.
pub fn parse_query(query: &str) -> Result<SearchRequest, Problem> {
    let mut said = Said::default();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let folded = name.to_ascii_lowercase();
        if seen.len() == PARAMETERS_MAX || seen.contains(&folded) || value.contains('\0') {
            let detail = format!("{name}: it stands there twice, or is one too many");
            return Err(Problem::of(Kind::InvalidValue, detail));
        }
        let list = || value.split(',').map(str::to_owned).collect();
        match name.as_ref() {
            name if is(name, "filter") => said.filter = Some(value.into_owned()),
            name if is(name, "sortBy") => said.sort_by = Some(value.into_owned()),
            name if is(name, "sortOrder") => said.sort_order = Some(value.into_owned()),
            name if is(name, "startIndex") => {
                said.start_index = Some(number(name, Kind::InvalidValue, &value)?);
            }
            name if is(name, "count") => {
                said.count = Some(number(name, Kind::InvalidCount, &value)?);
            }
            name if is(name, "cursor") => said.cursor = Some(value.into_owned()),
            name if is(name, "attributes") => said.attributes = list(),
            name if is(name, "excludedAttributes") => said.excluded = list(),
            name => {
                let detail = format!("{name}: it is not supported here");
                return Err(Problem::of(Kind::InvalidValue, detail));
            }
        }
        seen.push(folded);
    }
    understand(said)
}

/// Reads the body of a search by POST.
///
/// # Errors
/// [`Problem`] for anything else.
pub fn parse_body(bytes: &[u8]) -> Result<SearchRequest, Problem> {
    let mut fields = Fields::of(parse_object(bytes)?);
    if let Some(schemas) = fields.take_list("schemas")?
        && !schemas.iter().any(|schema| schema == SEARCH_REQUEST)
    {
        let detail = format!("schemas: a search is of {SEARCH_REQUEST}");
        return Err(Problem::of(Kind::InvalidSyntax, detail));
    }
    let said = Said {
        filter: fields.take_text("filter")?,
        sort_by: fields.take_text("sortBy")?,
        sort_order: fields.take_text("sortOrder")?,
        start_index: take_number(&mut fields, "startIndex", Kind::InvalidValue)?,
        cursor: fields.take_text("cursor")?,
        count: take_number(&mut fields, "count", Kind::InvalidCount)?,
        attributes: take_names(&mut fields, "attributes")?,
        excluded: take_names(&mut fields, "excludedAttributes")?,
    };
    match fields.rest().keys().next() {
        Some(name) => {
            let detail = format!("{name}: it is not supported here");
            Err(Problem::of(Kind::InvalidValue, detail))
        }
        None => understand(said),
    }
}

fn take_number(fields: &mut Fields, name: &str, kind: Kind) -> Result<Option<i64>, Problem> {
    match fields.take(name) {
        None => Ok(None),
        Some(Value::Number(value)) if value.is_i64() => Ok(value.as_i64()),
        Some(_) => Err(Problem::of(kind, format!("{name}: use a whole number"))),
    }
}

fn take_names(fields: &mut Fields, name: &str) -> Result<Vec<String>, Problem> {
    let mut names = Vec::new();
    for value in fields.take_list(name)?.unwrap_or_default() {
        match value {
            Value::String(text) => names.push(text),
            _ => {
                let detail = format!("{name}: it must be a list of texts");
                return Err(Problem::of(Kind::InvalidValue, detail));
            }
        }
    }
    Ok(names)
}

fn understand(said: Said) -> Result<SearchRequest, Problem> {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let sort_order = match filled(said.sort_order).as_deref() {
        None => SortOrder::Ascending,
        Some(word) if is(word, "ascending") => SortOrder::Ascending,
        Some(word) if is(word, "descending") => SortOrder::Descending,
        Some(_) => {
            let detail = "sortOrder: use ascending or descending";
            return Err(Problem::of(Kind::InvalidValue, detail));
        }
    };
    let start = match (said.cursor, said.start_index) {
        (Some(_), Some(_)) => {
            let detail = "cursor: it excludes startIndex";
            return Err(Problem::of(Kind::InvalidCursor, detail));
        }
        (Some(cursor), None) => Start::Cursor(cursor),
        // What is less than 1 is 1 (RFC 7644 section 3.4.2.4).
        (None, index) => {
            let index = usize::try_from(index.unwrap_or(1).max(1));
            Start::Index(index.unwrap_or(usize::MAX))
        }
    };
    // What is negative is 0.
    let count = said
        .count
        .map(|count| usize::try_from(count.max(0)).unwrap_or(usize::MAX));
    let projection = Projection::parse(
        said.attributes.iter().map(String::as_str),
        said.excluded.iter().map(String::as_str),
    )?;
    Ok(SearchRequest {
        filter: filled(said.filter),
        sort_by: filled(said.sort_by),
        sort_order,
        start,
        count,
        projection,
    })
}
