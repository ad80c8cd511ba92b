//! From the filter language to conditions of the directory: names and literals are given their types here.

use crate::error::ApiError;
use crate::query::Query;
use identity::condition::{Comparison, Condition, Direction, Operand};
use protocol::filter::{Filter, Literal, Operator};
use vocab::time::Timestamp;

/// What an attribute is compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A moment, written as text.
    Moment,
    /// A text whose case counts.
    Exact,
    /// Whatever the literal is.
    Any,
}

/// Reads a filter over attributes that `known` gives the names of.
///
/// # Errors
/// [`ApiError`] for what is no filter, and for names and literals that mean nothing.
pub fn parse_condition<A>(
    text: &str,
    known: &dyn Fn(&str) -> Option<(A, Kind)>,
) -> Result<Condition<A>, ApiError> {
    let filter = Filter::parse(text).map_err(|error| ApiError::search(&error))?;
    translate(&filter, known)
}

/// As deep as the filter, whose depth is bounded.
fn translate<A>(
    filter: &Filter,
    known: &dyn Fn(&str) -> Option<(A, Kind)>,
) -> Result<Condition<A>, ApiError> {
    let all = |parts: &[Filter]| -> Result<Vec<Condition<A>>, ApiError> {
        parts.iter().map(|part| translate(part, known)).collect()
    };
    let find = |name: &str| {
        known(name).ok_or_else(|| ApiError::search(&format!("{name}: it cannot be searched for")))
    };
    Ok(match filter {
        Filter::And(parts) => Condition::All(all(parts)?),
        Filter::Or(parts) => Condition::Any(all(parts)?),
        Filter::Not(inner) => Condition::Not(Box::new(translate(inner, known)?)),
        Filter::Within { attribute, .. } => {
            let cause = format!("{attribute}: it has no values to choose from");
            return Err(ApiError::search(&cause));
        }
        Filter::Present(name) => Condition::Present(find(name)?.0),
        Filter::Compare {
            attribute,
            operator,
            literal,
        } => {
            let (found, kind) = find(attribute)?;
            let operand = operand_of(kind, literal)
                .ok_or_else(|| ApiError::search(&format!("{attribute}: not its kind of value")))?;
            Condition::Compare(found, comparison_of(*operator), operand)
        }
    })
}

fn operand_of(kind: Kind, literal: &Literal) -> Option<Operand> {
    match (kind, literal) {
        (Kind::Text | Kind::Any, Literal::Text(text)) => Some(Operand::Text(text.clone())),
        (Kind::Exact, Literal::Text(text)) => Some(Operand::Exact(text.clone())),
        (Kind::Moment, Literal::Text(text)) => Timestamp::parse_rfc3339(text).map(Operand::Moment),
        (Kind::Any, Literal::Number(number)) => Some(Operand::Number(*number)),
        (Kind::Any, Literal::Flag(flag)) => Some(Operand::Flag(*flag)),
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

/// Which of the three ways of asking a list is used; no two of them together.
///
/// # Errors
/// [`ApiError`] for two.
pub fn asked(query: &Query) -> Result<Asked<'_>, ApiError> {
    use crate::error::ErrorCode::SearchAndFilter;
    match (query.get("q"), query.get("filter"), query.get("search")) {
        (None, None, None) => Ok(Asked::Everything),
        (Some(beginning), None, None) => Ok(Asked::Beginning(beginning)),
        (None, Some(filter), None) | (None, None, Some(filter)) => Ok(Asked::Condition(filter)),
        _ => Err(ApiError::of(SearchAndFilter)),
    }
}

/// What a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'q> {
    /// All there is.
    Everything,
    /// What begins so.
    Beginning(&'q str),
    /// What a filter holds for.
    Condition(&'q str),
}

/// The direction of `sortOrder`.
///
/// # Errors
/// [`ApiError`] for another word, and where nothing is sorted by.
pub fn direction(query: &Query) -> Result<Direction, ApiError> {
    let word = query.get("sortOrder").map(str::to_ascii_lowercase);
    match word.as_deref() {
        None => Ok(Direction::Ascending),
        Some(_) if query.get("sortBy").is_none() => {
            Err(ApiError::invalid("sortOrder", "it needs sortBy beside it"))
        }
        Some("asc") => Ok(Direction::Ascending),
        Some("desc") => Ok(Direction::Descending),
        Some(_) => Err(ApiError::invalid("sortOrder", "use asc or desc")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Kind, asked, direction, parse_condition};
    use crate::query::Query;
    use identity::condition::Direction;

    fn known(name: &str) -> Option<(&'static str, Kind)> {
        match name {
            "status" => Some(("status", Kind::Text)),
            "created" => Some(("created", Kind::Moment)),
            "profile.level" => Some(("level", Kind::Any)),
            _ => None,
        }
    }

    #[test]
    fn names_and_values_have_their_kinds() {
        for (text, is_good) in [
            (r#"status eq "A" and not (profile.level pr)"#, true),
            (r#"created gt "2026-11-23T20:31:41.123Z""#, true),
            (r#"profile.level ge 3 or profile.level eq true"#, true),
            (r#"created gt "Mon Nov 23 2026 18:18:42 GMT+0000""#, false),
            (r#"profile.level[type eq "a"]"#, false),
            ("created gt 3", false),
            ("status eq 3", false),
            (r#"Status eq "A""#, false),
            (r#"nobody eq "A""#, false),
            ("status", false),
        ] {
            assert_eq!(parse_condition(text, &known).is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn a_list_is_asked_in_one_way() {
        let read = |text: &str| Query::parse(text).unwrap();
        assert_eq!(asked(&read("")).unwrap(), Asked::Everything);
        assert_eq!(asked(&read("q=a")).unwrap(), Asked::Beginning("a"));
        assert_eq!(asked(&read("filter=a")).unwrap(), Asked::Condition("a"));
        for both in ["q=a&filter=b", "filter=a&search=b", "q=a&search=b"] {
            assert!(asked(&read(both)).is_err(), "{both}");
        }
        let seen = direction(&read("sortBy=x&sortOrder=DESC")).unwrap();
        assert_eq!(seen, Direction::Descending);
        for bad in ["sortOrder=desc", "sortBy=x&sortOrder=up"] {
            assert!(direction(&read(bad)).is_err(), "{bad}");
        }
    }
}
