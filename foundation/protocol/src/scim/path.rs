//! Paths (RFC 7644 sections 3.5.2 and 3.10): which attribute, which of its values, and which part of them.

use crate::filter::Filter;
use crate::scim::problem::{Kind, Problem};
use crate::scim::{NAMED_IN_PATHS, PATH_BYTES_MAX};
use std::fmt;

/// An attribute, with the schema before it where it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema, in its one spelling where it is a known one.
    pub schema: Option<String>,
    /// The attribute; empty where the path is of the schema as a whole.
    pub attribute: String,
    /// The part of it.
    pub part: Option<String>,
}

/// Where an operation of a patch applies.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPath {
    /// The attribute; its part is the one behind the brackets, where there are any.
    pub at: AttributePath,
    /// Which of its values; all of them where there are no brackets.
    pub filter: Option<Filter>,
}

fn wrong(text: &str) -> Problem {
    let shown: String = text.chars().take(100).collect();
    Problem::of(Kind::InvalidPath, format!("{shown:?} is no path"))
}

fn is_name(text: &str) -> bool {
    let mut signs = text.chars();
    signs
        .next()
        .is_some_and(|sign| sign.is_ascii_alphabetic() || sign == '$')
        && signs.all(|sign| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_')
}

/// Takes the schema off the beginning. A version like `2.0` has a dot, so that the known ones are looked for first.
fn split_schema(text: &str) -> (Option<String>, &str) {
    for known in NAMED_IN_PATHS {
        let Some((head, rest)) = text.split_at_checked(known.len()) else {
            continue;
        };
        if head.eq_ignore_ascii_case(known) {
            if rest.is_empty() {
                return (Some(known.to_owned()), rest);
            }
            if let Some(rest) = rest.strip_prefix(':') {
                return (Some(known.to_owned()), rest);
            }
        }
    }
    match text.rsplit_once(':') {
        Some((schema, rest)) => (Some(schema.to_owned()), rest),
        None => (None, text),
    }
}

impl AttributePath {
    /// Reads `attribute`, `attribute.part`, each with or without a schema and a colon before it, or a schema alone.
    ///
    /// # Errors
    /// [`Problem`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > PATH_BYTES_MAX {
            return Err(wrong(text));
        }
        let (schema, rest) = split_schema(text);
        if rest.is_empty() {
            let is_known = schema.is_some() && !text.ends_with(':');
            return match is_known {
                true => Ok(Self {
                    schema,
                    attribute: String::new(),
                    part: None,
                }),
                false => Err(wrong(text)),
            };
        }
        let (attribute, part) = match rest.split_once('.') {
            Some((attribute, part)) => (attribute, Some(part)),
            None => (rest, None),
        };
        let is_good = is_name(attribute) && part.is_none_or(is_name);
        let schema_is_good = schema
            .as_deref()
            .is_none_or(|schema| schema.len() > 4 && is_urn(schema));
        if !is_good || !schema_is_good {
            return Err(wrong(text));
        }
        Ok(Self {
            schema,
            attribute: attribute.to_owned(),
            part: part.map(str::to_owned),
        })
    }

    /// Whether it is that attribute of the core schema, whichever part of it.
    #[must_use]
    pub fn is_core(&self, attribute: &str) -> bool {
        let core = self.schema.as_deref();
        matches!(core, None | Some(super::USER | super::GROUP))
            && self.attribute.eq_ignore_ascii_case(attribute)
    }

    /// Whether the whole of it, or a part, is what the other names or lies in what that names.
    #[must_use]
    pub fn is_named_by(&self, other: &Self) -> bool {
        let same_schema = match (self.schema.as_deref(), other.schema.as_deref()) {
            (own, named) if own == named => true,
            (None, Some(super::USER | super::GROUP)) | (Some(super::USER | super::GROUP), None) => {
                true
            }
            _ => false,
        };
        let same_attribute = self.attribute.eq_ignore_ascii_case(&other.attribute);
        let same_part = match (&self.part, &other.part) {
            (_, None) => true,
            (Some(own), Some(named)) => own.eq_ignore_ascii_case(named),
            (None, Some(_)) => false,
        };
        same_schema && (other.attribute.is_empty() || (same_attribute && same_part))
    }
}

fn is_urn(text: &str) -> bool {
    let begins = text
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("urn:"));
    begins
        && text
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || ":._-".contains(sign))
}

impl PatchPath {
    /// Reads an attribute path, or one with a filter in brackets behind the attribute and a part behind that.
    ///
    /// # Errors
    /// [`Problem`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > PATH_BYTES_MAX {
            return Err(wrong(text));
        }
        let Some((before, rest)) = text.split_once('[') else {
            return Ok(Self {
                at: AttributePath::parse(text)?,
                filter: None,
            });
        };
        let (inside, behind) = rest.rsplit_once(']').ok_or_else(|| wrong(text))?;
        let filter = Filter::parse_within(inside).map_err(|error| {
            Problem::of(Kind::InvalidPath, format!("between brackets: {error}"))
        })?;
        let part = match behind {
            "" => None,
            behind => Some(behind.strip_prefix('.').ok_or_else(|| wrong(text))?),
        };
        let mut at = AttributePath::parse(before)?;
        if at.attribute.is_empty() || at.part.is_some() || !part.is_none_or(is_name) {
            return Err(wrong(text));
        }
        at.part = part.map(str::to_owned);
        Ok(Self {
            at,
            filter: Some(filter),
        })
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            formatter.write_str(schema)?;
            if self.attribute.is_empty() {
                return Ok(());
            }
            formatter.write_str(":")?;
        }
        formatter.write_str(&self.attribute)?;
        match &self.part {
            Some(part) => write!(formatter, ".{part}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else {
            return write!(formatter, "{}", self.at);
        };
        let whole = AttributePath {
            part: None,
            ..self.at.clone()
        };
        write!(formatter, "{whole}[{filter}]")?;
        match &self.at.part {
            Some(part) => write!(formatter, ".{part}"),
            None => Ok(()),
        }
    }
}
