//! The filter language of the management API and of SCIM (RFC 7644 section 3.4.2.2): text to a tree and back.
//!
//! It says what was written and never what it means: which attributes there are, and what an index can answer, is known
//! above. Length, depth and count are bounded before anything is understood.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use std::fmt;

/// Longest filter.
pub const FILTER_BYTES_MAX: usize = 4_096;
/// Deepest nesting of parentheses.
pub const FILTER_DEPTH_MAX: usize = 16;
/// Most comparisons of one filter.
pub const FILTER_TERMS_MAX: usize = 50;
/// Longest name of an attribute.
pub const ATTRIBUTE_BYTES_MAX: usize = 128;

/// A filter as a tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these, of which there are at least two.
    And(Vec<Self>),
    /// One of these, of which there are at least two.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// Of one value of an attribute with several, all of this: `emails[type eq "work" and value co "@x"]`.
    Within {
        /// The attribute, as it was written.
        attribute: String,
        /// What holds of the value; the names in it are of its parts.
        filter: Box<Self>,
    },
    /// The attribute has a value.
    Present(String),
    /// The attribute compared with a literal.
    Compare {
        /// The attribute, as it was written.
        attribute: String,
        /// How it is compared.
        operator: Operator,
        /// With what.
        literal: Literal,
    },
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 9] = [
        Self::Equal,
        Self::NotEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The word in a filter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
        }
    }
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text; it holds no U+0000, which no store takes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than [`FILTER_BYTES_MAX`].
    #[error("it is longer than {FILTER_BYTES_MAX} bytes")]
    TooLong,
    /// Deeper than [`FILTER_DEPTH_MAX`].
    #[error("it is nested deeper than {FILTER_DEPTH_MAX} levels")]
    TooDeep,
    /// More comparisons than [`FILTER_TERMS_MAX`].
    #[error("it has more than {FILTER_TERMS_MAX} comparisons")]
    TooManyTerms,
    /// Something else was expected.
    #[error("expected {expected} at character {at}")]
    Expected {
        /// What would have been right.
        expected: &'static str,
        /// How many characters stand before the place.
        at: usize,
    },
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse_filter(text)
    }

    /// Reads what stands between the brackets of a value path, and in a path of a patch: a filter without such brackets.
    ///
    /// # Errors
    /// [`FilterError`] for anything else.
    pub fn parse_within(text: &str) -> Result<Self, FilterError> {
        parse::parse_value_filter(text)
    }

    /// `and` binds more closely than `or`: there it stands without parentheses, so that no spelling is nested more deeply
    /// than what was read.
    fn needs_parentheses(&self, within: &Self) -> bool {
        match self {
            Self::And(_) => matches!(within, Self::And(_)),
            Self::Or(_) => true,
            Self::Not(_) | Self::Within { .. } | Self::Present(_) | Self::Compare { .. } => false,
        }
    }
}

/// The filter in its one spelling, which parses to the same tree.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::And(parts) => (parts, " and "),
            Self::Or(parts) => (parts, " or "),
            Self::Not(inner) => return write!(formatter, "not ({inner})"),
            Self::Within { attribute, filter } => {
                return write!(formatter, "{attribute}[{filter}]");
            }
            Self::Present(attribute) => return write!(formatter, "{attribute} pr"),
            Self::Compare {
                attribute,
                operator,
                literal,
            } => return write!(formatter, "{attribute} {} {literal}", operator.as_str()),
        };
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                formatter.write_str(word)?;
            }
            if part.needs_parentheses(self) {
                write!(formatter, "({part})")?;
            } else {
                write!(formatter, "{part}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{}", Json::from(text.as_str())),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Flag(flag) => write!(formatter, "{flag}"),
        }
    }
}
