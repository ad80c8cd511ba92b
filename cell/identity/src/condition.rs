//! Conditions on things of the directory: what they mean, and how they fall apart into what one walk of an index answers.
//!
//! Texts are compared without regard to case unless they are exact, moments by the millisecond, as they are shown.

use std::cmp::Ordering;
use vocab::time::Timestamp;

/// Most alternatives that a condition may fall apart into: each is a walk of its own.
pub const ALTERNATIVES_MAX: usize = 16;

const MICROS_PER_MILLI: i64 = 1_000;

/// A condition on attributes of type `A`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition<A> {
    /// All of these.
    All(Vec<Self>),
    /// One of these.
    Any(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// The attribute has a value.
    Present(A),
    /// The attribute compared.
    Compare(A, Comparison, Operand),
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Another one, or none at all.
    NotEqual,
    /// Begins so.
    Begins,
    /// Contains it.
    Contains,
    /// Ends so.
    Ends,
    /// Greater, or later.
    Greater,
    /// Not less.
    GreaterOrEqual,
    /// Less, or earlier.
    Less,
    /// Not greater.
    LessOrEqual,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A text whose case counts.
    Exact(String),
    /// A moment.
    Moment(Timestamp),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

/// Why a condition cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// Part of it names nothing that is indexed, so that everything there is would have to be read.
    #[error("each alternative must name something that is indexed, by eq, sw or a span of time")]
    NoIndex,
    /// It falls apart into more than [`ALTERNATIVES_MAX`].
    #[error("it has more than {ALTERNATIVES_MAX} alternatives")]
    TooManyAlternatives,
    /// What it names is not walked in the order that is asked for.
    #[error("this condition is not answered in that order")]
    Order,
    /// It names to whom something is assigned in a way that no walk answers.
    #[error("to whom an app is assigned is asked for once, by eq, joined to the rest by and")]
    Assignment,
}

/// The order of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From the least.
    #[default]
    Ascending,
    /// From the greatest.
    Descending,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The alternative.
    pub alternative: usize,
    /// The value in the index.
    pub key: String,
    /// The id beside it.
    pub id: String,
}

impl Place {
    /// Behind the thing of that id, in a list by id.
    #[must_use]
    pub fn at(id: &str) -> Self {
        Self {
            alternative: 0,
            key: String::new(),
            id: id.to_owned(),
        }
    }
}

/// Moments from the first to the last, both included, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    pub(crate) const ALL: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    /// What conditions that all must hold leave of an attribute.
    pub(crate) fn of<A: PartialEq>(conditions: &[Condition<A>], of: &A) -> Self {
        conditions
            .iter()
            .fold(Self::ALL, |span, condition| match condition {
                Condition::Compare(attribute, comparison, Operand::Moment(moment))
                    if attribute == of =>
                {
                    span.narrowed(*comparison, *moment)
                }
                _ => span,
            })
    }

    /// Keeps of this span what a comparison leaves; as it is for one that bounds nothing.
    fn narrowed(self, comparison: Comparison, moment: Timestamp) -> Self {
        let first = millis(moment).saturating_mul(MICROS_PER_MILLI);
        let last = first.saturating_add(MICROS_PER_MILLI - 1);
        let (from, to) = match comparison {
            Comparison::Equal => (first, last),
            Comparison::Greater => (last.saturating_add(1), i64::MAX),
            Comparison::GreaterOrEqual => (first, i64::MAX),
            Comparison::Less => (i64::MIN, first.saturating_sub(1)),
            Comparison::LessOrEqual => (i64::MIN, last),
            _ => (i64::MIN, i64::MAX),
        };
        Self {
            from: self.from.max(from),
            to: self.to.min(to),
        }
    }
}

const fn millis(moment: Timestamp) -> i64 {
    moment.micros().div_euclid(MICROS_PER_MILLI)
}

impl<A: Clone> Condition<A> {
    /// Whether it holds for a thing whose values are told by `value`.
    pub fn holds(&self, value: &dyn Fn(&A) -> Option<Operand>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(value)),
            Self::Not(inner) => !inner.holds(value),
            Self::Present(attribute) => match value(attribute) {
                Some(Operand::Text(text)) => !text.is_empty(),
                found => found.is_some(),
            },
            Self::Compare(attribute, comparison, wanted) => {
                compare(value(attribute).as_ref(), *comparison, wanted)
            }
        }
    }

    /// The same with other values in comparisons.
    #[must_use]
    pub fn with_operands(self, change: &dyn Fn(&A, Operand) -> Operand) -> Self {
        let each = |parts: Vec<Self>| {
            let parts = parts.into_iter();
            parts.map(|part| part.with_operands(change)).collect()
        };
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.with_operands(change))),
            Self::Present(attribute) => Self::Present(attribute),
            Self::Compare(attribute, comparison, operand) => {
                let operand = change(&attribute, operand);
                Self::Compare(attribute, comparison, operand)
            }
        }
    }

    /// The alternatives, in their order: each is a list of conditions that all must hold.
    ///
    /// # Errors
    /// [`Unanswerable::TooManyAlternatives`].
    pub fn alternatives(&self) -> Result<Vec<Vec<Self>>, Unanswerable> {
        let alternatives = match self {
            Self::Any(parts) => {
                let mut found = Vec::new();
                for part in parts {
                    found.extend(part.alternatives()?);
                    if found.len() > ALTERNATIVES_MAX {
                        return Err(Unanswerable::TooManyAlternatives);
                    }
                }
                found
            }
            Self::All(parts) => {
                let mut found = vec![Vec::new()];
                for part in parts {
                    let part = part.alternatives()?;
                    if found.len() * part.len() > ALTERNATIVES_MAX {
                        return Err(Unanswerable::TooManyAlternatives);
                    }
                    found = cross(&found, &part);
                }
                found
            }
            Self::Not(_) | Self::Present(_) | Self::Compare(..) => vec![vec![self.clone()]],
        };
        Ok(alternatives)
    }
}

fn cross<A: Clone>(
    left: &[Vec<Condition<A>>],
    right: &[Vec<Condition<A>>],
) -> Vec<Vec<Condition<A>>> {
    left.iter()
        .flat_map(|one| {
            right
                .iter()
                .map(|other| [one.as_slice(), other.as_slice()].concat())
        })
        .collect()
}

fn compare(found: Option<&Operand>, comparison: Comparison, wanted: &Operand) -> bool {
    let is_other = comparison == Comparison::NotEqual;
    match (found, wanted) {
        (Some(Operand::Text(found)), Operand::Text(wanted)) => {
            compare_texts(&found.to_lowercase(), comparison, &wanted.to_lowercase())
        }
        (Some(Operand::Exact(found)), Operand::Exact(wanted)) => {
            compare_texts(found, comparison, wanted)
        }
        (Some(Operand::Moment(found)), Operand::Moment(wanted)) => {
            decide_order(millis(*found).cmp(&millis(*wanted)), comparison)
        }
        (Some(Operand::Number(found)), Operand::Number(wanted)) => {
            decide_order(found.cmp(wanted), comparison)
        }
        (Some(Operand::Flag(found)), Operand::Flag(wanted)) => (found == wanted) != is_other,
        _ => is_other,
    }
}

fn compare_texts(found: &str, comparison: Comparison, wanted: &str) -> bool {
    match comparison {
        Comparison::Begins => found.starts_with(wanted),
        Comparison::Contains => found.contains(wanted),
        Comparison::Ends => found.ends_with(wanted),
        _ => decide_order(found.cmp(wanted), comparison),
    }
}

fn decide_order(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Begins | Comparison::Contains | Comparison::Ends => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{ALTERNATIVES_MAX, Comparison, Condition, Operand, Span, Unanswerable};
    use vocab::time::Timestamp;

    type Named = Condition<&'static str>;

    fn is(attribute: &'static str, text: &str) -> Named {
        Condition::Compare(attribute, Comparison::Equal, Operand::Text(text.into()))
    }

    fn value(attribute: &&'static str) -> Option<Operand> {
        match *attribute {
            "name" => Some(Operand::Text("Ada".into())),
            "level" => Some(Operand::Number(3)),
            "is_guest" => Some(Operand::Flag(false)),
            "since" => Some(Operand::Moment(Timestamp::from_micros(5_000_999))),
            "empty" => Some(Operand::Text(String::new())),
            "exact" => Some(Operand::Exact("Ada".into())),
            _ => None,
        }
    }

    #[test]
    fn values_are_compared_by_their_kind() {
        use Comparison as Is;
        let text = |text: &str| Operand::Text(text.into());
        let moment = |micros| Operand::Moment(Timestamp::from_micros(micros));
        for (attribute, comparison, wanted, expected) in [
            ("name", Is::Equal, text("ADA"), true),
            ("name", Is::NotEqual, text("ada"), false),
            ("name", Is::Begins, text("aD"), true),
            ("name", Is::Contains, text("d"), true),
            ("name", Is::Ends, text("A"), true),
            ("name", Is::Less, text("bob"), true),
            ("name", Is::Equal, Operand::Number(1), false),
            ("name", Is::NotEqual, Operand::Number(1), true),
            ("level", Is::Greater, Operand::Number(2), true),
            ("level", Is::LessOrEqual, Operand::Number(2), false),
            ("level", Is::Begins, Operand::Number(3), false),
            ("is_guest", Is::Equal, Operand::Flag(false), true),
            ("is_guest", Is::NotEqual, Operand::Flag(false), false),
            // What is shown is the millisecond: what was shown is not later than itself.
            ("since", Is::Greater, moment(5_000_000), false),
            ("since", Is::Equal, moment(5_000_000), true),
            ("since", Is::Greater, moment(4_999_999), true),
            ("exact", Is::Equal, Operand::Exact("Ada".into()), true),
            ("exact", Is::Equal, Operand::Exact("ADA".into()), false),
            ("exact", Is::Begins, Operand::Exact("A".into()), true),
            ("exact", Is::NotEqual, Operand::Exact("ada".into()), true),
            ("exact", Is::Equal, text("Ada"), false),
            ("unknown", Is::Equal, text(""), false),
            ("unknown", Is::NotEqual, text("x"), true),
        ] {
            let condition = Named::Compare(attribute, comparison, wanted.clone());
            let seen = condition.holds(&value);
            assert_eq!(seen, expected, "{attribute} {comparison:?} {wanted:?}");
        }
        assert!(Named::Present("name").holds(&value));
        assert!(!Named::Present("empty").holds(&value));
        assert!(!Named::Present("unknown").holds(&value));
    }

    #[test]
    fn conditions_join_and_fall_apart() {
        let (a, b, c) = (
            is("name", "ada"),
            is("name", "bob"),
            Named::Present("level"),
        );
        let both = Named::All(vec![Named::Any(vec![a.clone(), b.clone()]), c.clone()]);
        assert!(both.holds(&value));
        assert!(!Named::Not(Box::new(both.clone())).holds(&value));
        assert_eq!(
            both.alternatives().unwrap(),
            [vec![a.clone(), c.clone()], vec![b.clone(), c]]
        );
        let most = Named::Any(vec![a.clone(); ALTERNATIVES_MAX]);
        assert_eq!(most.alternatives().unwrap().len(), ALTERNATIVES_MAX);
        let pair = Named::Any(vec![a, b]);
        let many = Named::All(vec![pair; 40]);
        assert_eq!(many.alternatives(), Err(Unanswerable::TooManyAlternatives));
    }

    #[test]
    fn spans_hold_whole_milliseconds() {
        use Comparison as Is;
        let moment = Timestamp::from_micros(5_000_500);
        for (comparison, from, to) in [
            (Is::Equal, 5_000_000, 5_000_999),
            (Is::Greater, 5_001_000, i64::MAX),
            (Is::GreaterOrEqual, 5_000_000, i64::MAX),
            (Is::Less, i64::MIN, 4_999_999),
            (Is::LessOrEqual, i64::MIN, 5_000_999),
            (Is::NotEqual, i64::MIN, i64::MAX),
        ] {
            let span = Span::ALL.narrowed(comparison, moment);
            assert_eq!((span.from, span.to), (from, to), "{comparison:?}");
        }
    }
}
