//! From filters to conditions of the directory, for whatever they are about: names and literals are given their kinds
//! here, and what is true or false of everything is taken out.

use crate::error::ScimError;
use identity::condition::{Comparison, Condition, Operand};
use protocol::filter::{Filter, Literal, Operator};
use protocol::scim::body::as_flag;
use protocol::scim::problem::Kind as Problem;
use serde_json::Value;
use vocab::time::Timestamp;

/// What an attribute is compared as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text whose case counts.
    Exact,
    /// A moment, written as text.
    Moment,
    /// Yes or no.
    Flag,
    /// Whatever the literal is.
    Any,
}

/// What a name of a filter stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<A> {
    /// An attribute of the directory.
    Attribute(A, Kind),
    /// The later of two moments.
    Later(A, A),
    /// A value that is the same everywhere.
    Fixed(Value),
}

/// What names stand for.
pub type Names<'n, A> = &'n dyn Fn(&str) -> Result<Named<A>, ScimError>;

/// What holds for everything.
pub const fn always<A>() -> Condition<A> {
    Condition::All(Vec::new())
}

/// What holds for nothing.
pub const fn never<A>() -> Condition<A> {
    Condition::Any(Vec::new())
}

/// Whether a condition holds for everything.
#[must_use]
pub const fn is_always<A>(condition: &Condition<A>) -> bool {
    matches!(condition, Condition::All(parts) if parts.is_empty())
}

/// Whether a condition holds for nothing.
#[must_use]
pub const fn is_never<A>(condition: &Condition<A>) -> bool {
    matches!(condition, Condition::Any(parts) if parts.is_empty())
}

/// Reads a filter as a tree.
///
/// # Errors
/// [`ScimError`] for anything else.
pub fn parse_filter(text: &str) -> Result<Filter, ScimError> {
    Filter::parse(text).map_err(|error| refuse(error.to_string()))
}

/// An error about a filter.
pub fn refuse(detail: impl Into<String>) -> ScimError {
    ScimError::bad(Problem::InvalidFilter, detail)
}

/// The condition that a filter stands for. As deep as the filter, whose depth is bounded.
///
/// # Errors
/// [`ScimError`] for names and literals that mean nothing.
pub fn translate<A: Clone>(
    filter: &Filter,
    names: Names<'_, A>,
) -> Result<Condition<A>, ScimError> {
    let all = |parts: &[Filter]| -> Result<Vec<Condition<A>>, ScimError> {
        parts.iter().map(|part| translate(part, names)).collect()
    };
    match filter {
        Filter::And(parts) => Ok(join(all(parts)?)),
        Filter::Or(parts) => Ok(choose(all(parts)?)),
        Filter::Not(inner) => Ok(match translate(inner, names)? {
            inner if is_always(&inner) => never(),
            inner if is_never(&inner) => always(),
            inner => Condition::Not(Box::new(inner)),
        }),
        // Of one value: what is said of its parts is said of the attribute with the part behind it.
        Filter::Within { attribute, filter } => {
            let within = |part: &str| names(&format!("{attribute}.{part}"));
            translate(filter, &within)
        }
        Filter::Present(name) => Ok(match names(name)? {
            Named::Attribute(attribute, _) => Condition::Present(attribute),
            Named::Later(..) => always(),
            Named::Fixed(value) if value.is_null() => never(),
            Named::Fixed(_) => always(),
        }),
        Filter::Compare {
            attribute,
            operator,
            literal,
        } => compare(attribute, *operator, literal, names),
    }
}

fn compare<A: Clone>(
    name: &str,
    operator: Operator,
    literal: &Literal,
    names: Names<'_, A>,
) -> Result<Condition<A>, ScimError> {
    let wrong = || refuse(format!("{name}: not its kind of value"));
    let comparison = comparison_of(operator);
    match names(name)? {
        Named::Attribute(attribute, kind) => {
            let operand = operand_of(&kind, literal).ok_or_else(wrong)?;
            Ok(Condition::Compare(attribute, comparison, operand))
        }
        Named::Later(one, other) => {
            let operand = operand_of(&Kind::Moment, literal).ok_or_else(wrong)?;
            later(one, other, comparison, &operand).ok_or_else(wrong)
        }
        Named::Fixed(value) => {
            let filter = Filter::Compare {
                attribute: "value".to_owned(),
                operator,
                literal: literal.clone(),
            };
            match protocol::scim::patch::apply::holds(&filter, &value) {
                true => Ok(always()),
                false => Ok(never()),
            }
        }
    }
}

/// The later of two moments compared: it is after one if either is, and before one if both are.
fn later<A: Clone>(
    one: A,
    other: A,
    comparison: Comparison,
    operand: &Operand,
) -> Option<Condition<A>> {
    let is = |attribute: &A, comparison| {
        Condition::Compare(attribute.clone(), comparison, operand.clone())
    };
    let both = |comparison| Condition::All(vec![is(&one, comparison), is(&other, comparison)]);
    Some(match comparison {
        Comparison::Greater | Comparison::GreaterOrEqual => {
            Condition::Any(vec![is(&one, comparison), is(&other, comparison)])
        }
        Comparison::Less | Comparison::LessOrEqual => both(comparison),
        Comparison::Equal => Condition::Any(vec![
            Condition::All(vec![
                is(&one, Comparison::Equal),
                is(&other, Comparison::LessOrEqual),
            ]),
            Condition::All(vec![
                is(&other, Comparison::Equal),
                is(&one, Comparison::LessOrEqual),
            ]),
        ]),
        _ => return None,
    })
}

fn join<A>(parts: Vec<Condition<A>>) -> Condition<A> {
    if parts.iter().any(is_never) {
        return never();
    }
    let mut parts: Vec<Condition<A>> = parts.into_iter().filter(|part| !is_always(part)).collect();
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Condition::All(parts)
        }
    }
}

fn choose<A>(parts: Vec<Condition<A>>) -> Condition<A> {
    if parts.iter().any(is_always) {
        return always();
    }
    let mut parts: Vec<Condition<A>> = parts.into_iter().filter(|part| !is_never(part)).collect();
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Condition::Any(parts)
        }
    }
}

fn operand_of(kind: &Kind, literal: &Literal) -> Option<Operand> {
    match (kind, literal) {
        (Kind::Text | Kind::Any, Literal::Text(text)) => Some(Operand::Text(text.clone())),
        (Kind::Exact, Literal::Text(text)) => Some(Operand::Exact(text.clone())),
        (Kind::Moment, Literal::Text(text)) => Timestamp::parse_rfc3339(text).map(Operand::Moment),
        (Kind::Flag, Literal::Text(text)) => {
            as_flag(&Value::from(text.as_str())).map(Operand::Flag)
        }
        (Kind::Any, Literal::Number(number)) => Some(Operand::Number(*number)),
        (Kind::Any | Kind::Flag, Literal::Flag(flag)) => Some(Operand::Flag(*flag)),
        _ => None,
    }
}

const fn comparison_of(operator: Operator) -> Comparison {
    match operator {
        Operator::Equal => Comparison::Equal,
        Operator::NotEqual => Comparison::NotEqual,
        Operator::Contains => Comparison::Contains,
        Operator::StartsWith => Comparison::Begins,
        Operator::EndsWith => Comparison::Ends,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
        Operator::Less => Comparison::Less,
        Operator::LessOrEqual => Comparison::LessOrEqual,
    }
}
